"""The small form of `soak`: a few kills."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.delivery.soak import soak


@pytest.mark.parametrize("helpers", [0, 1])
def test_senders_killed_at_random_moments_lose_and_double_nothing(helpers: int, tmp_path: Path) -> None:
    chance = random.Random(7)  # noqa: S311 - repeatable
    found = soak(tmp_path, readers=60, kills=4, chance=chance, helpers=helpers)
    assert found.is_sound, found.told()
    assert found.kills == 4
