"""How batches are written as they come: in groups, in parts, and with what a failure leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from digest.domain import Batch, BatchState, Edition, Refusal
from digest.storage import Store
from digest.storage.collecting import PAPERS_A_GROUP

DAY = date(2026, 6, 30)
EVE = date(2026, 6, 29)

Make = Callable[..., Any]

pytestmark = pytest.mark.usefixtures("settle")


def test_a_batch_in_parts_is_one_line_of_the_ledger_and_one_report(
    store: Store, collect: Make, batch: Make, paper: Make
) -> None:
    refusals = [Refusal(f"record {number}", "it has no title") for number in range(3)]
    parts = [
        batch(paper(number), records=2, refused=(refusals[number],), part=number, state=BatchState.PARTIAL)
        for number in range(3)
    ]
    parts[2] = replace(parts[2], state=BatchState.OK, expected=6)

    (report,) = collect(*parts, batch(paper(1), category="cs.CL"))[:1]

    assert (report.new, report.batch.records, report.batch.refused) == (3, 6, tuple(refusals))
    assert not report.needs_attention
    (entry,) = (entry for entry in store.ledger.entries(DAY, DAY) if entry.batch.category == "cs.LG")
    assert (entry.batch.state, entry.batch.records, entry.batch.expected) == (BatchState.OK, 6, 6)
    assert (entry.new, entry.known, entry.batch.refused) == (3, 0, tuple(refusals))
    assert store.ledger.faults(DAY, DAY) == ()


def test_a_second_whole_batch_of_a_collecting_is_an_attempt_of_its_own(
    store: Store, collect: Make, batch: Make, paper: Make
) -> None:
    first, second = collect(batch(state=BatchState.BROKEN, reasons=("cut",)), batch(paper(1)))

    assert (first.batch.state, second.batch.state) == (BatchState.BROKEN, BatchState.OK)
    assert [fault.batch.reasons for fault in store.ledger.faults(DAY, DAY)] == [("cut",)]


def test_batches_are_written_as_they_come_and_nothing_is_asked_for_while_a_transaction_is_open(
    store: Store, batch: Make, paper: Make, open_again: Callable[[], AbstractContextManager[Store]]
) -> None:
    sizes = []

    def come() -> Iterator[Batch]:
        for number in range(5):
            papers = [paper(1000 * number + other) for other in range(PAPERS_A_GROUP // 2)]
            yield batch(*papers, part=number)
            with open_again() as other:  # as a source would, which reads what is remembered
                sizes.append(other.papers.count(DAY))
                other.ledger.close_edition(date(2026, 5, 1))  # and a writer isn't kept waiting

    (report,) = store.ledger.add_batches(Edition(DAY, EVE), come())

    assert sizes == [0, 2000, 2000, 4000, 4000]
    assert (report.new, report.batch.papers) == (5000, ())
    assert store.papers.count(DAY) == 5000
    (entry,) = store.ledger.entries(DAY, DAY)
    assert (entry.new, entry.known, entry.batch.records) == (5000, 0, 5000)


def test_what_was_written_before_a_failure_is_kept_and_the_rest_comes_with_the_next_collecting(
    store: Store, batch: Make, paper: Make
) -> None:
    whole = [batch(*(paper(number) for number in range(PAPERS_A_GROUP))), batch(paper(9000), category="cs.CL")]

    def come() -> Iterator[Batch]:
        yield whole[0]
        raise RuntimeError("the machine goes off")

    with pytest.raises(RuntimeError, match="goes off"):
        store.ledger.add_batches(Edition(DAY, EVE), come())
    assert not store.ledger.is_collected(DAY)

    reports = store.ledger.add_batches(Edition(DAY, EVE), whole)

    assert [(report.new, report.known) for report in reports] == [(0, PAPERS_A_GROUP), (1, 0)]
    assert store.papers.count(DAY) == PAPERS_A_GROUP + 1


def test_batches_of_a_day_are_taken_by_the_names_of_their_sources_whichever_answered_first(
    store: Store, collect: Make, batch: Make, paper: Make
) -> None:
    reports = collect(*(batch(paper(1, sources=(name,)), source=name, category="") for name in ("b", "c", "a")))

    assert [report.batch.source for report in reports] == ["a", "b", "c"]
    (held,) = store.papers.of_edition(DAY, as_of=DAY)
    assert held.sources == ("a", "b", "c")


def test_what_several_sources_say_of_a_past_day_at_once_is_one_paper_without_revisions(
    store: Store, collect: Make, batch: Make, paper: Make
) -> None:
    collect(batch(paper(9)))
    store.ledger.close_edition(DAY)
    past = paper(1, announced=EVE)

    collect(
        batch(past, source="arxiv"),
        batch(replace(past, comment="Accepted at ICML", version=2, aliases=("doi:10.1016/x",)), source="openalex"),
        since=EVE,
        backfill=True,
    )

    (held,) = store.papers.all_of_edition(EVE)
    assert (held.comment, held.version) == ("Accepted at ICML", 2)
    assert store.papers.revisions_of(DAY) == store.papers.revisions_of(date(2026, 7, 1)) == ()


def test_what_was_there_before_a_source_was_first_asked_is_held_and_announced_to_nobody(
    store: Store, collect: Make, batch: Make, paper: Make
) -> None:
    eve = date(2026, 6, 22)
    (report,) = collect(batch(paper(1, announced=eve), is_baseline=True))
    assert (report.new, report.known) == (0, 1)

    (again,) = collect(batch(paper(1)))

    assert (again.new, again.known) == (0, 1)
    assert store.papers.of_edition(DAY, as_of=DAY) == ()
    assert store.ledger.memory("arxiv", Edition(DAY, EVE)).seen["arxiv:2606.00001"] == eve
