"""What the ledger says of batches: what was new, what is complete, and what needs attention."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from digest.domain import BatchState, Edition, Refusal
from digest.storage import Store

DAY = date(2026, 6, 30)
EVE = date(2026, 6, 29)
NEXT_DAY = date(2026, 7, 1)

Make = Callable[..., Any]

pytestmark = pytest.mark.usefixtures("settle")


def test_the_ledger_keeps_what_a_batch_said_of_itself(store: Store, collect: Make, batch: Make, paper: Make) -> None:
    refused = (Refusal("record 2", "it has no title"),)
    collect(batch(paper(1), records=3, expected=3, refused=refused, reasons=("1 of 3 can't be used",)))

    ((held, new),) = store.ledger.batches_of(DAY)

    assert (held.source, held.category, held.day, held.state, new) == ("arxiv", "cs.LG", DAY, BatchState.OK, 1)
    assert (held.records, held.expected, held.refused, held.reasons) == (3, 3, refused, ("1 of 3 can't be used",))


def test_a_batch_collected_again_adds_up_what_was_new(store: Store, collect: Make, batch: Make, paper: Make) -> None:
    collect(batch(paper(1)))
    collect(batch(paper(1), paper(2)))

    ((held, new),) = store.ledger.batches_of(DAY)
    assert (held.records, new) == (2, 2)


def test_only_batches_that_proved_complete_are_remembered_as_closed(store: Store, collect: Make, batch: Make) -> None:
    collect(*(batch(category=state.value, state=state) for state in BatchState), batch(source="files"))

    assert store.ledger.memory("arxiv", Edition(DAY, EVE)).closed == {("ok", DAY), ("quiet", DAY)}


@pytest.mark.parametrize(("fetched_by", "is_settled"), [(DAY, False), (NEXT_DAY, False), (date(2026, 7, 2), True)])
def test_a_day_is_settled_when_it_was_fetched_after_it_was_over_everywhere(
    *, fetched_by: date, is_settled: bool, store: Store, collect: Make, batch: Make
) -> None:
    collect(batch(day=DAY), day=fetched_by)

    assert (("cs.LG", DAY) in store.ledger.memory("arxiv", Edition(DAY, EVE)).settled) is is_settled


def test_what_a_source_brought_is_remembered_by_every_id_with_its_first_day(
    store: Store, collect: Make, batch: Make, paper: Make
) -> None:
    collect(batch(paper(1, announced=EVE), paper(2, announced=EVE)), day=EVE)
    collect(batch(paper(1), paper(3)), batch(paper(4), source="huggingface"))

    seen = store.ledger.memory("arxiv", Edition(DAY, EVE)).seen

    assert {name: day for name, day in seen.items() if name.startswith("arxiv:")} == {
        paper(1).id: EVE,
        paper(2).id: EVE,
        paper(3).id: DAY,
    }


@pytest.mark.parametrize("state", [state for state in BatchState if state.needs_attention])
def test_a_batch_of_today_that_may_lack_papers_needs_attention_each_time(
    state: BatchState, collect: Make, batch: Make
) -> None:
    reports = [collect(batch(state=state))[0] for _ in range(2)]

    assert [report.needs_attention for report in reports] == [True, True]


def test_a_broken_batch_of_a_past_day_needs_attention_once(collect: Make, batch: Make) -> None:
    broken = batch(day=EVE, state=BatchState.BROKEN)

    reports = [collect(broken)[0] for _ in range(2)]

    assert [report.needs_attention for report in reports] == [True, False]


def test_a_past_day_that_breaks_in_another_way_needs_attention_again(collect: Make, batch: Make) -> None:
    states = (BatchState.BROKEN, BatchState.PARTIAL, BatchState.PARTIAL)

    reports = [collect(batch(day=EVE, state=state))[0] for state in states]

    assert [report.needs_attention for report in reports] == [True, True, False]


def test_what_a_list_held_is_judged_by_the_latest_fetch(store: Store, collect: Make, batch: Make, paper: Make) -> None:
    collect(batch(paper(1)))

    collect(batch(state=BatchState.BROKEN))

    assert store.ledger.memory("arxiv", Edition(DAY, EVE)).closed == set()


def test_days_before_the_first_edition_need_no_attention(collect: Make, batch: Make) -> None:
    (report,) = collect(batch(day=date(2026, 5, 31), state=BatchState.BROKEN), since=date(2026, 5, 30))

    assert not report.needs_attention


def test_what_failed_and_then_came_needs_no_attention(store: Store, collect: Make, batch: Make, paper: Make) -> None:
    collect(batch(state=BatchState.BROKEN, reasons=("no answer",)))

    (report,) = collect(batch(paper(1)))

    assert not report.needs_attention
    assert store.ledger.memory("arxiv", Edition(DAY, EVE)).closed == {("cs.LG", DAY)}
    assert store.ledger.batches_of(DAY)[0][0].reasons == ()


def test_a_batch_outside_the_days_asked_for_is_reported_and_not_written(
    store: Store, collect: Make, batch: Make, paper: Make
) -> None:
    (report,) = collect(batch(paper(1, announced=NEXT_DAY), state=BatchState.PARTIAL))

    assert report.outside == 1
    assert not report.needs_attention
    assert store.ledger.batches_of(NEXT_DAY) == ()


def test_the_newest_editions_come_first(store: Store, collect: Make) -> None:
    for day in (EVE, NEXT_DAY, DAY):
        collect(day=day)

    assert store.ledger.newest_editions(2) == (NEXT_DAY, DAY)
