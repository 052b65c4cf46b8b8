"""What an edition says of its sources: as the ledger has it while it is open, and unchanged once it is closed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from digest.domain import BatchState, Edition, SourceAccount
from digest.storage import Store

EVE = date(2026, 6, 29)
DAY = date(2026, 6, 30)
NEXT_DAY = date(2026, 7, 1)

Make = Callable[..., Any]

pytestmark = pytest.mark.usefixtures("settle")


def test_a_paper_in_two_categories_is_announced_once(store: Store, collect: Make, batch: Make, paper: Make) -> None:
    collect(batch(paper(1), paper(2)), batch(paper(2), paper(3), category="cs.CL"))

    assert store.papers.accounts(EVE, DAY) == (SourceAccount("arxiv", DAY, announced=3),)


def test_each_source_counts_what_it_announced_whoever_was_first(
    store: Store, collect: Make, batch: Make, paper: Make
) -> None:
    collect(batch(paper(1), paper(2)), batch(paper(2), source="huggingface", category=""))

    assert store.papers.accounts(EVE, DAY) == (
        SourceAccount("arxiv", DAY, announced=2),
        SourceAccount("huggingface", DAY, announced=1),
    )


def test_what_has_not_come_is_late_and_what_came_in_part_is_said_to(
    store: Store, collect: Make, batch: Make, paper: Make
) -> None:
    late = (BatchState.NOT_YET, BatchState.BROKEN, BatchState.BLOCKED)
    collect(
        batch(paper(1)),
        *(batch(category=state.value, state=state) for state in late),
        batch(paper(2), category="cut", state=BatchState.PARTIAL),
        batch(category="missed", state=BatchState.PARTIAL),
    )

    (account,) = store.papers.accounts(EVE, DAY)

    assert account == SourceAccount("arxiv", DAY, 2, late=("blocked", "broken", "missed", "not-yet"), partial=("cut",))
    assert account.is_open


def test_a_stale_list_announces_nothing_even_after_the_right_one_came(
    store: Store, collect: Make, batch: Make, paper: Make
) -> None:
    collect(batch(paper(1, announced=EVE)), day=EVE)
    collect(batch(paper(1), state=BatchState.STALE))
    assert store.papers.accounts(EVE, DAY) == (SourceAccount("arxiv", DAY, 0, late=("cs.LG",)),)

    collect(batch(paper(2)))

    assert store.papers.accounts(EVE, DAY) == (SourceAccount("arxiv", DAY, 1),)


def test_days_that_had_no_edition_are_told_by_the_next_one(
    store: Store, collect: Make, batch: Make, paper: Make
) -> None:
    collect(batch(paper(1, announced=EVE)), day=EVE)
    missed = batch(paper(2, announced=DAY)), batch(day=DAY, category="cs.CL", state=BatchState.BLOCKED)

    collect(*missed, batch(day=NEXT_DAY, state=BatchState.QUIET), day=NEXT_DAY)

    assert store.papers.accounts(EVE, NEXT_DAY) == (
        SourceAccount("arxiv", DAY, 1, late=("cs.CL",)),
        SourceAccount("arxiv", NEXT_DAY, 0),
    )


def test_a_holiday_is_told_from_a_quiet_day(store: Store, collect: Make, batch: Make) -> None:
    reasons = ("arXiv lists 2026-06-30 as a holiday",)
    collect(batch(state=BatchState.QUIET, reasons=reasons), batch(state=BatchState.QUIET, source="biorxiv"))

    assert [account.is_holiday for account in store.papers.accounts(EVE, DAY)] == [True, False]


def test_what_an_edition_said_when_it_closed_stays(store: Store, collect: Make, batch: Make, paper: Make) -> None:
    collect(batch(paper(1)), batch(category="cs.CL", state=BatchState.BROKEN))
    store.ledger.close_edition(DAY)
    said = store.papers.accounts(EVE, DAY)

    collect(batch(paper(2), category="cs.CL"))
    store.ledger.close_edition(DAY)

    assert said == (SourceAccount("arxiv", DAY, 1, late=("cs.CL",)),)
    assert store.papers.accounts(EVE, DAY) == said


def test_a_later_edition_says_that_what_was_late_has_come(
    store: Store, collect: Make, batch: Make, paper: Make
) -> None:
    collect(batch(paper(1)), batch(category="cs.CL", state=BatchState.BROKEN))
    store.ledger.close_edition(DAY)

    collect(batch(paper(2), category="cs.CL"), batch(paper(3, announced=NEXT_DAY)), day=NEXT_DAY)

    come = SourceAccount("arxiv", DAY, 2)
    today = SourceAccount("arxiv", NEXT_DAY, 1)
    assert store.papers.accounts(DAY, NEXT_DAY) == (come, today)
    assert store.papers.accounts(EVE, NEXT_DAY) == (come, today)
    store.ledger.close_edition(NEXT_DAY)
    assert store.papers.accounts(DAY, NEXT_DAY) == (come, today)
    collect(day=date(2026, 7, 2))
    assert store.papers.accounts(NEXT_DAY, date(2026, 7, 2)) == ()


def test_closing_an_edition_fixes_what_those_before_it_say(
    store: Store, collect: Make, batch: Make, paper: Make
) -> None:
    collect(batch(paper(1, announced=EVE)), day=EVE)
    collect(batch(paper(2)))
    store.ledger.close_edition(DAY)
    said = store.papers.accounts(date(2026, 6, 1), DAY)

    collect(batch(paper(3, announced=EVE)), batch(paper(4)))

    assert [account.announced for account in said] == [1, 1]
    assert store.papers.accounts(date(2026, 6, 1), DAY) == said


@pytest.mark.parametrize("backfill", [False, True])
def test_a_past_day_that_is_collected_afterwards_adds_nothing_to_what_digests_said(
    *, backfill: bool, store: Store, collect: Make, batch: Make, paper: Make
) -> None:
    collect(batch(paper(1)))
    store.ledger.close_edition(DAY)
    said = store.papers.accounts(date(2026, 6, 20), DAY)

    collect(batch(paper(2, announced=EVE)), day=DAY if backfill else EVE, since=EVE, backfill=backfill)

    assert store.ledger.is_collected(EVE)
    assert store.papers.accounts(date(2026, 6, 20), DAY) == said


def test_a_rehearsal_tells_what_its_batches_would_say(store: Store, batch: Make, paper: Make) -> None:
    with store.ledger.rehearse(Edition(DAY, EVE), [batch(paper(1))]) as papers:
        assert papers.accounts(EVE, DAY) == (SourceAccount("arxiv", DAY, 1),)

    assert store.papers.accounts(EVE, DAY) == ()
