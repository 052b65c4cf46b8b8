"""Whom the running service serves when: mail deferred around midnight, and hours before the site's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest

from digest.cli.serving import RETRY_EVERY, log_what_lies_ahead, serve_waiting
from digest.cli.working import LOOKS_EVERY, look
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


def test_a_clock_that_leaps_years_ahead_runs_nothing_and_costs_nothing_once_it_is_mended(
    world: World, config: Config, caplog: pytest.LogCaptureFixture
) -> None:
    world.readers.append(reader("ada"))
    with running(FaultServer({})) as server:
        world.relay_to(server)
        world.moment = at(7, 30)
        serve_waiting(config, world.parts)
        world.moment = datetime(2036, 1, 1, 7, 30, tzinfo=UTC)
        serve_waiting(config, world.parts)
        assert "the clock may be wrong" in caplog.text
        world.moment = at(7, 30, days=1)
        world.announce(NEXT_DAY)
        serve_waiting(config, world.parts)

    assert (world.states(), world.states(NEXT_DAY)) == ({"sent": 1}, {"sent": 1})


def test_yesterdays_copy_of_the_database_sends_nothing_of_yesterday_again(world: World, config: Config) -> None:
    world.readers.append(reader("ada"))
    world.moment = at(7, 30)
    world.plan_only()  # what the copy holds: who was to get mail, and not that it went
    with running(FaultServer({})) as server:
        world.relay_to(server)
        world.moment = at(6, 0, days=1)
        serve_waiting(config, world.parts)

    assert server.accepted == []


def test_a_long_break_ends_with_a_run_for_which_somebody_names_the_day(world: World, config: Config) -> None:
    world.readers.append(reader("ada"))
    with running(FaultServer({})) as server:
        world.relay_to(server)
        world.run_unchecked()
        world.pass_time(days=60)
        day = world.moment.date()
        world.run_unchecked(day, is_day_named=True)
        world.announce(day + timedelta(days=1))
        world.pass_time(days=1)
        serve_waiting(config, world.parts)

    assert world.states(day + timedelta(days=1)) == {"sent": 1}


def test_an_edition_in_the_future_is_told_in_the_log(
    world: World, config: Config, caplog: pytest.LogCaptureFixture
) -> None:
    world.readers.append(reader("ada"))
    with running(FaultServer({})) as server:
        world.relay_to(server)
        world.run_unchecked()
        log_what_lies_ahead(config, world.parts)
        assert caplog.text == ""
        world.pass_time(days=-3)
        log_what_lies_ahead(config, world.parts)

    assert "an edition after today's, 2026-06-27, is closed" in caplog.text
    assert "1 reader served beyond today" in caplog.text


def test_a_worker_looks_again_soon_but_leaves_a_relay_that_is_down_alone_as_long_as_serve_does(
    world: World, config: Config
) -> None:
    world.readers.append(reader("ada"))
    with running(FaultServer({})) as server:
        world.relay_to(server)
        world.moment = at(7, 30)
        world.plan_only()
    assert look(config, world.parts) == RETRY_EVERY
    assert world.states() == {"pending": 1}

    with running(FaultServer({})) as server:
        world.relay_to(server)
        assert look(config, world.parts) == LOOKS_EVERY < RETRY_EVERY
    assert world.states() == {"sent": 1}


def test_a_worker_outlives_a_database_that_can_not_be_used_for_a_while(
    world: World, config: Config, caplog: pytest.LogCaptureFixture
) -> None:
    world.readers.append(reader("ada"))
    with running(FaultServer({})) as server:
        world.relay_to(server)
        world.moment = at(7, 30)
        world.plan_only()
        file = world.papers.with_name("digest.db")
        with unreachable(file, world):
            assert look(config, world.parts) == RETRY_EVERY
            assert "the database can't be used" in caplog.text
        assert look(config, world.parts) == LOOKS_EVERY
    assert world.states() == {"sent": 1}


@contextmanager
def unreachable(file: Path, world: World) -> Iterator[None]:
    """A folder in the file's place, and no connection left that has it open."""
    away = file.with_name("away.db")
    world.store.deliveries.engine.dispose()
    file.rename(away)
    file.mkdir()
    try:
        yield
    finally:
        world.store.deliveries.engine.dispose()
        file.rmdir()
        away.rename(file)
