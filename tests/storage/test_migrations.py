"""A store of the first schema, with rows in every table that changed, keeps them through the upgrade."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, text

from digest import storage
from digest.domain import BatchState, Edition, Subscriber
from digest.storage import Store, open_store, upgrade

EVE = date(2026, 6, 29)
DAY = date(2026, 6, 30)
NEXT_DAY = date(2026, 7, 1)
MOMENT = datetime(2026, 6, 30, 5, 30, tzinfo=UTC)

Make = Callable[..., Any]

ROWS_OF_THE_FIRST_SCHEMA = (
    """INSERT INTO papers (id, key, title, authors, abstract, categories, published, announced, url, pdf_url,
       code_url, comment, version, sources, edition, archived)
       VALUES (1000, 'arxiv:2606.00001', 'Gentle Pruning', '["Ines Feld"]',
       'We prune.', '["cs.LG"]', '2026-06-28', '2026-06-29', 'https://papers.example/1', '', '', '9 pages', 1,
       '["arxiv"]', '2026-06-29', false)""",
    "INSERT INTO aliases (alias, paper_id) VALUES ('arxiv:2606.00001', 1000)",
    """INSERT INTO listings (paper_id, edition, rank, upvotes, picked_by, code_url, archived)
       VALUES (1000, '2026-06-29', 0, 7, 'tove', '', false)""",
    "INSERT INTO sightings (source, category, day, paper_id) VALUES ('arxiv', 'cs.LG', '2026-06-29', 1000)",
    """INSERT INTO batches (source, category, day, state, records, new, expected, reasons, refused, edition, fetched_at)
       VALUES ('arxiv', 'cs.LG', '2026-06-29', 'ok', 1, 1, 1, '[]', '[]', '2026-06-29', '2026-06-29 05:30:00'),
              ('arxiv', 'cs.CL', '2026-06-29', 'broken', 0, 0, NULL, '["cut"]', '[["line 1", "no title"]]',
               '2026-06-29', '2026-06-29 05:31:00')""",
    """INSERT INTO editions (day, closed_at, empty) VALUES ('2026-06-28', NULL, 0),
       ('2026-06-29', '2026-06-29 05:32:00', 2), ('2026-06-30', NULL, 0)""",
)


@pytest.fixture
def upgraded(database_url: str) -> Iterator[Store]:
    """A store made with the first schema and upgraded to this version's."""
    engine = create_engine(database_url)
    with engine.begin() as connection:
        _migrate(connection, "0001")
        for statement in ROWS_OF_THE_FIRST_SCHEMA:
            connection.execute(text(statement))
    engine.dispose()
    upgrade(database_url)
    with open_store(database_url, now=lambda: MOMENT, read_signup=_no_signup) as store:
        yield store


def _migrate(connection: Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(storage.__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def _no_signup(_details: object) -> Subscriber:
    raise NotImplementedError


def test_papers_and_listings_keep_what_they_said_and_lack_the_rest(upgraded: Store) -> None:
    (paper,) = upgraded.papers.of_edition(EVE, as_of=DAY)

    assert (paper.id, paper.title, paper.comment, paper.version) == ("arxiv:2606.00001", "Gentle Pruning", "9 pages", 1)
    assert (paper.upvotes, paper.picked_by, paper.is_listed) == (7, "tove", True)
    assert (paper.journal_ref, paper.versions, paper.is_withdrawn, paper.ai_keywords) == ("", (), False, ())


def test_the_ledger_keeps_its_batches_and_they_are_its_first_attempts(upgraded: Store) -> None:
    broken, sound = upgraded.ledger.entries(EVE, EVE)

    assert (broken.batch.state, broken.batch.reasons, len(broken.batch.refused)) == (BatchState.BROKEN, ("cut",), 1)
    assert (sound.batch.state, sound.new, sound.known, sound.revised) == (BatchState.OK, 1, None, None)
    (fault,) = upgraded.ledger.faults(EVE, EVE)
    assert (fault.batch.category, fault.fetched_at) == ("cs.CL", datetime(2026, 6, 29, 5, 31, tzinfo=UTC))


def test_a_fault_that_was_told_before_the_upgrade_is_not_told_again(upgraded: Store, batch: Make) -> None:
    again = batch(day=EVE, category="cs.CL", state=BatchState.BROKEN)

    (report,) = upgraded.ledger.add_batches(Edition(DAY, EVE), [again])

    assert (report.needs_attention, report.before) == (False, BatchState.BROKEN)


def test_editions_closed_before_the_upgrade_go_on_saying_nothing_of_their_sources(upgraded: Store) -> None:
    assert upgraded.papers.accounts(date(2026, 6, 20), EVE) == ()


def test_the_upgraded_store_goes_on_collecting(upgraded: Store, batch: Make, paper: Make) -> None:
    later = paper(1, version=2, announced=NEXT_DAY, is_listed=True, upvotes=9, ai_keywords=("hedges",))
    batches = [batch(later, paper(2, announced=NEXT_DAY, is_listed=True, ai_keywords=("birds",)), day=NEXT_DAY)]

    (report,) = upgraded.ledger.add_batches(Edition(NEXT_DAY, EVE), batches)

    assert (report.new, report.known) == (1, 1)
    assert [revision.detail for revision in upgraded.papers.revisions_of(NEXT_DAY)] == ["v2"]
    (old,) = upgraded.papers.of_edition(EVE, as_of=NEXT_DAY)
    (new,) = upgraded.papers.of_edition(NEXT_DAY, as_of=NEXT_DAY)
    assert (old.version, old.upvotes, old.ai_keywords) == (1, 7, ())
    assert new.ai_keywords == ("birds",)


def test_the_words_of_editions_from_before_the_upgrade_are_still_to_be_counted(upgraded: Store) -> None:
    assert upgraded.papers.editions_before(DAY, papers=1) == (EVE,)
    assert upgraded.papers.word_counts([EVE]) == {}
