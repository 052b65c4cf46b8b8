"""What the ledger says of batches: what was new, what is complete, and what needs attention."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
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

    (entry,) = store.ledger.entries(DAY, DAY)

    held = entry.batch
    assert (held.source, held.category, held.day, held.state) == ("arxiv", "cs.LG", DAY, BatchState.OK)
    assert (entry.new, entry.known, entry.revised, entry.edition) == (1, 0, 0, DAY)
    assert entry.fetched_at == datetime(2026, 6, 30, 5, 30, tzinfo=UTC)
    assert (held.records, held.expected, held.refused, held.reasons) == (3, 3, refused, ("1 of 3 can't be used",))


def test_a_batch_collected_again_adds_up_what_was_new(store: Store, collect: Make, batch: Make, paper: Make) -> None:
    collect(batch(paper(1)))
    collect(batch(paper(1), paper(2)))

    (entry,) = store.ledger.entries(DAY, DAY)
    assert (entry.batch.records, entry.new, entry.known) == (2, 2, 0)


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


def test_a_fetch_that_brings_nothing_takes_no_proof_back(store: Store, collect: Make, batch: Make, paper: Make) -> None:
    collect(batch(paper(1), expected=1))

    (report,) = collect(batch(state=BatchState.BLOCKED, reasons=("429",)))

    (entry,) = store.ledger.entries(DAY, DAY)
    assert (entry.batch.state, entry.batch.records, entry.batch.expected) == (BatchState.OK, 1, 1)
    assert report.needs_attention
    assert store.ledger.memory("arxiv", Edition(DAY, EVE)).closed == {("cs.LG", DAY)}
    assert [fault.batch.reasons for fault in store.ledger.faults(DAY, DAY)] == [("429",)]


def test_a_failing_fetch_settles_nothing(store: Store, collect: Make, batch: Make, paper: Make) -> None:
    later = date(2026, 7, 2)
    collect(batch(paper(1)))

    collect(batch(state=BatchState.BROKEN), day=later)

    assert store.ledger.memory("arxiv", Edition(later, EVE)).settled == set()


def test_a_list_that_turns_out_to_hold_more_is_judged_by_the_latest_fetch(
    store: Store, collect: Make, batch: Make, paper: Make
) -> None:
    collect(batch(paper(1)))

    collect(batch(paper(1), paper(2), expected=3, state=BatchState.PARTIAL))

    assert store.ledger.memory("arxiv", Edition(DAY, EVE)).closed == set()
    (hole,) = store.ledger.holes(DAY, DAY)
    assert (hole.batch.records, hole.batch.expected) == (2, 3)


def test_days_before_the_first_edition_need_no_attention(collect: Make, batch: Make) -> None:
    (report,) = collect(batch(day=date(2026, 5, 31), state=BatchState.BROKEN), since=date(2026, 5, 30))

    assert not report.needs_attention


def test_what_failed_and_then_came_needs_no_attention(store: Store, collect: Make, batch: Make, paper: Make) -> None:
    collect(batch(state=BatchState.BROKEN, reasons=("no answer",)))

    (report,) = collect(batch(paper(1)))

    assert not report.needs_attention
    assert store.ledger.memory("arxiv", Edition(DAY, EVE)).closed == {("cs.LG", DAY)}
    assert store.ledger.entries(DAY, DAY)[0].batch.reasons == ()


def test_a_batch_outside_the_days_asked_for_is_reported_and_not_written(
    store: Store, collect: Make, batch: Make, paper: Make
) -> None:
    (report,) = collect(batch(paper(1, announced=NEXT_DAY), state=BatchState.PARTIAL))

    assert report.outside == 1
    assert not report.needs_attention
    assert store.ledger.entries(NEXT_DAY, NEXT_DAY) == ()


def test_the_newest_editions_come_first(store: Store, collect: Make) -> None:
    for day in (EVE, NEXT_DAY, DAY):
        collect(day=day)

    assert store.ledger.newest_editions(2) == (NEXT_DAY, DAY)


def test_the_first_day_that_a_category_was_asked_for_is_remembered_whatever_came(
    store: Store, collect: Make, batch: Make
) -> None:
    collect(batch(day=EVE, state=BatchState.BROKEN), batch(day=EVE, source="files"), day=EVE)
    collect(batch(day=DAY), batch(day=DAY, category="cs.CL"))

    assert store.ledger.memory("arxiv", Edition(DAY, EVE)).begun == {"cs.LG": EVE, "cs.CL": DAY}


def test_every_fault_keeps_its_name_after_it_was_mended(
    store: Store, collect: Make, batch: Make, paper: Make, clock: Any
) -> None:
    moments = [clock.moment + timedelta(hours=hours) for hours in range(3)]
    for moment, state in zip(moments, (BatchState.BROKEN, BatchState.PARTIAL, BatchState.OK), strict=True):
        clock.moment = moment
        reasons = () if state.is_closed else (f"it was {state}",)
        (report,) = collect(batch(paper(1), day=EVE, state=state, reasons=reasons))

    assert (report.before, report.is_mended) == (BatchState.PARTIAL, True)
    assert store.ledger.holes(EVE, DAY) == ()
    faults = store.ledger.faults(EVE, DAY)
    assert [(fault.batch.state, fault.batch.reasons, fault.fetched_at, fault.edition) for fault in faults] == [
        (BatchState.BROKEN, ("it was broken",), moments[0], DAY),
        (BatchState.PARTIAL, ("it was partial",), moments[1], DAY),
    ]
    assert [fault.new for fault in faults] == [1, 0]


def test_trouble_that_a_fetch_overcame_is_a_fault_and_what_explains_a_quiet_day_is_none(
    store: Store, collect: Make, batch: Make, paper: Make
) -> None:
    why, trouble = "nothing is announced on a Saturday", "answered 503, tried again"
    for told in ((), (trouble,), ()):
        collect(batch(paper(1), reasons=told))
    for because in ((why,), (why, trouble)):
        collect(batch(category="cs.CL", state=BatchState.QUIET, reasons=because))

    faults = store.ledger.faults(DAY, DAY)

    assert [(fault.batch.state, fault.batch.reasons) for fault in faults] == [
        (BatchState.OK, (trouble,)),
        (BatchState.QUIET, (why, trouble)),
    ]


def test_a_hole_stays_open_until_its_day_comes_and_its_papers_come_late_and_once(
    store: Store, collect: Make, batch: Make, paper: Make
) -> None:
    missed = paper(1, announced=EVE)
    collect(batch(day=EVE, state=BatchState.BLOCKED), batch(paper(2, announced=EVE), category="cs.CL"), day=EVE)
    store.ledger.close_edition(EVE)
    assert [hole.batch.category for hole in store.ledger.holes(EVE, EVE)] == ["cs.LG"]

    (late,) = collect(batch(missed))
    store.ledger.close_edition(DAY)
    (again,) = collect(batch(missed), day=NEXT_DAY)

    assert (late.new, late.before, late.is_mended) == (1, BatchState.BLOCKED, True)
    assert (again.new, again.known, again.is_mended) == (0, 1, False)
    (held,) = store.papers.of_edition(DAY, as_of=DAY)
    assert (held.id, held.is_late) == (missed.id, True)
    assert store.papers.of_edition(NEXT_DAY, as_of=NEXT_DAY) == ()
    assert store.ledger.holes(EVE, NEXT_DAY) == ()


def test_a_stale_or_expected_batch_is_a_hole_too(store: Store, collect: Make, batch: Make) -> None:
    collect(*(batch(category=state.value, state=state) for state in BatchState))

    assert {hole.batch.state for hole in store.ledger.holes(EVE, DAY)} == set(BatchState) - {
        BatchState.OK,
        BatchState.QUIET,
    }


def test_nobody_waits_for_days_before_the_first_edition(store: Store, collect: Make, batch: Make) -> None:
    before = date(2026, 5, 31)
    collect(batch(day=before, state=BatchState.BROKEN), since=before - timedelta(days=1))

    assert store.ledger.holes(before, DAY) == ()
    assert len(store.ledger.faults(before, DAY)) == 1


def test_a_day_of_a_backfill_that_can_not_be_had_needs_attention(store: Store, collect: Make, batch: Make) -> None:
    before = date(2026, 5, 30)

    (report,) = collect(batch(day=before, state=BatchState.BROKEN), since=before, backfill=True)

    assert report.needs_attention
    assert [hole.batch.day for hole in store.ledger.holes(before, DAY)] == [before]


def test_a_failure_of_a_whole_source_is_settled_when_its_categories_come_and_keeps_its_name(
    store: Store, collect: Make, batch: Make, paper: Make
) -> None:
    for day in (EVE, DAY):
        collect(
            batch(category="", day=day, state=BatchState.BROKEN, reasons=("the list of holidays is gone",)), day=day
        )
    assert [hole.batch.day for hole in store.ledger.holes(EVE, DAY)] == [EVE, DAY]

    collect(batch(paper(1)), batch(category="cs.CL", state=BatchState.PARTIAL))

    assert [hole.batch.category for hole in store.ledger.holes(EVE, DAY)] == ["cs.CL"]
    assert [fault.batch.category for fault in store.ledger.faults(EVE, DAY)] == ["", "", "cs.CL"]


def test_a_failure_of_a_whole_source_stays_open_until_a_sound_batch_of_its_day_or_a_later_one_comes(
    store: Store, collect: Make, batch: Make, paper: Make
) -> None:
    failed = batch(category="", state=BatchState.BROKEN)
    collect(batch(paper(1)), failed)  # what came before the failure, in the same collecting

    collect(batch(paper(2, announced=EVE)), day=EVE)
    collect(batch(category="cs.CL", state=BatchState.BLOCKED))
    collect(batch(paper(3), source="files"))
    assert "" in {hole.batch.category for hole in store.ledger.holes(DAY, DAY)}

    collect(batch(paper(4, announced=NEXT_DAY)), day=NEXT_DAY)
    assert {hole.batch.category for hole in store.ledger.holes(DAY, DAY)} == {"cs.CL"}


def test_a_source_without_categories_keeps_its_holes(store: Store, collect: Make, batch: Make, paper: Make) -> None:
    collect(batch(category="", state=BatchState.BROKEN, day=EVE), day=EVE)

    collect(batch(paper(1), category=""))

    assert [hole.batch.day for hole in store.ledger.holes(EVE, DAY)] == [EVE]
