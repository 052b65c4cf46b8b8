"""The small form of `soak`: a few kills."""

from __future__ import annotations

import random
from pathlib import Path

from tests.delivery.soak import soak


def test_a_sender_killed_at_random_moments_loses_and_doubles_nothing(tmp_path: Path) -> None:
    found = soak(tmp_path, readers=60, kills=4, chance=random.Random(7))  # noqa: S311 - repeatable
    assert found.is_sound, found.told()
    assert found.kills == 4
