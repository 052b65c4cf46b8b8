"""Whom the running service serves when: mail deferred around midnight, and hours before the site's own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest

from digest.cli.serving import serve_waiting
from digest.composing import open_composer
from digest.config import Config, load_config
from digest.domain import Letterhead
from tests.delivery.hostile import FaultServer, running
from tests.delivery.world import DAY, World, open_world, reader

LETTERHEAD = Letterhead("Papers", "Papers <digest@papers.example>", "https://papers.example", ("key",))
NEXT_DAY = DAY + timedelta(days=1)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with open_world(tmp_path, open_composer(LETTERHEAD), names=()) as opened:
        yield opened


@pytest.fixture
def config() -> Config:
    return load_config(None, {})


def at(hour: int, minute: int, *, days: int = 0) -> datetime:
    return datetime(2026, 6, 30, hour, minute, tzinfo=UTC) + timedelta(days=days)


def test_mail_deferred_shortly_before_midnight_is_tried_again_after_it(world: World, config: Config) -> None:
    world.readers.append(replace(reader("ada"), send_at=time(23, 57)))
    with running(FaultServer({"RCPT": ["450 4.2.0 greylisted"]})) as server:
        world.relay_to(server)
        world.moment = at(23, 57)
        serve_waiting(config, world.parts)
        assert world.states() == {"deferred": 1}

        world.moment = at(0, 12, days=1)
        serve_waiting(config, world.parts)

    assert world.states() == {"sent": 1}
    assert world.rows(NEXT_DAY) == {}


def test_an_early_reader_does_not_close_the_edition_before_its_papers_are_announced(
    world: World, config: Config
) -> None:
    world.readers += [replace(reader("early"), send_at=time(0, 5)), reader("ada")]
    for announced in world.papers.iterdir():
        announced.unlink()
    with running(FaultServer({})) as server:
        world.relay_to(server)
        world.moment = at(0, 5)
        serve_waiting(config, world.parts)
        world.announce(DAY)  # at two in the morning
        world.moment = at(7, 30)
        serve_waiting(config, world.parts)

    assert {name: len(row.papers) for name, row in world.rows().items()} == {"early": 3, "ada": 3}
