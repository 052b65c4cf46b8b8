"""Which edition takes a paper: the first, the ones after outages, closed ones, and those made afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from digest.domain import Authority, Edition
from digest.storage import Store

DAY = date(2026, 6, 30)
EVE = date(2026, 6, 29)
NEXT_DAY = date(2026, 7, 1)

Make = Callable[..., Any]


def ids_of(store: Store, day: date) -> list[str]:
    return [paper.id for paper in store.papers.of_edition(day, as_of=date.max)]


@pytest.mark.usefixtures("settle")
def test_a_paper_belongs_to_the_edition_that_first_brought_it_whatever_comes_later(
    store: Store, collect: Make, batch: Make, paper: Make
) -> None:
    collect(batch(paper(1, version=1)))

    (report,) = collect(batch(paper(1, announced=NEXT_DAY, version=2), source="huggingface"), day=NEXT_DAY)

    assert (report.new, report.known) == (0, 1)
    assert ids_of(store, DAY) == ["arxiv:2606.00001"]
    assert ids_of(store, NEXT_DAY) == []
    assert store.papers.of_edition(DAY, as_of=DAY)[0].announced == DAY


def test_the_first_edition_takes_its_own_day_and_knows_what_was_before(
    store: Store, collect: Make, batch: Make, paper: Make
) -> None:
    (today, before) = sorted(
        collect(batch(paper(1)), batch(paper(2, announced=EVE))), key=lambda report: report.batch.day, reverse=True
    )

    assert (today.new, before.new, before.known) == (1, 0, 1)
    assert ids_of(store, DAY) == ["arxiv:2606.00001"]
    assert ids_of(store, EVE) == []
    assert [paper.id for paper in store.papers.all_of_edition(EVE)] == ["arxiv:2606.00002"]
    assert store.papers.days_between(date(2026, 6, 1), DAY) == (DAY,)


def test_what_is_older_than_the_first_edition_is_mailed_to_nobody_even_if_it_comes_a_day_later(
    store: Store, collect: Make, batch: Make, paper: Make
) -> None:
    collect(batch(paper(1)))

    (report,) = collect(batch(paper(2, announced=EVE)), day=NEXT_DAY)

    assert (report.new, report.known) == (0, 1)
    assert ids_of(store, NEXT_DAY) == []


def test_a_paper_that_was_known_before_the_first_edition_is_never_mailed(
    store: Store, collect: Make, batch: Make, paper: Make
) -> None:
    collect(batch(paper(1)), batch(paper(2, announced=EVE)))

    collect(batch(paper(2, announced=NEXT_DAY), source="huggingface"), day=NEXT_DAY)

    assert ids_of(store, NEXT_DAY) == []


@pytest.mark.usefixtures("settle")
def test_days_missed_in_an_outage_go_into_the_next_edition_as_late(
    store: Store, collect: Make, batch: Make, paper: Make
) -> None:
    missed = date(2026, 6, 26)

    collect(batch(paper(1)), batch(paper(2, announced=missed)), day=DAY)

    held = {paper.id: paper for paper in store.papers.of_edition(DAY, as_of=DAY)}
    assert held["arxiv:2606.00002"].is_late
    assert held["arxiv:2606.00002"].announced == missed
    assert not held["arxiv:2606.00001"].is_late
    assert not store.ledger.is_collected(missed)


@pytest.mark.usefixtures("settle")
@pytest.mark.parametrize("announced", [NEXT_DAY, date(2026, 6, 22)])
def test_what_is_announced_after_the_edition_or_before_the_lookback_is_outside_and_not_stored(
    announced: date, store: Store, collect: Make, batch: Make, paper: Make
) -> None:
    (report,) = collect(batch(paper(1, announced=announced), day=DAY))

    assert (report.new, report.known, report.outside) == (0, 0, 1)
    assert store.papers.all_of_edition(DAY) == store.papers.all_of_edition(announced) == ()


@pytest.mark.usefixtures("settle")
def test_a_closed_edition_keeps_its_papers_and_late_arrivals_go_to_the_first_open_one(
    store: Store, collect: Make, batch: Make, paper: Make
) -> None:
    collect(batch(paper(1)))
    store.ledger.close_edition(DAY)

    collect(batch(paper(2)))

    assert ids_of(store, DAY) == ["arxiv:2606.00001"]
    (late,) = store.papers.of_edition(NEXT_DAY, as_of=NEXT_DAY)
    assert (late.id, late.announced, late.is_late) == ("arxiv:2606.00002", DAY, True)


@pytest.mark.usefixtures("settle")
def test_a_day_of_long_ago_that_is_collected_again_brings_nobody_its_papers(
    store: Store, collect: Make, batch: Make, paper: Make
) -> None:
    collect(batch(paper(1)))
    store.ledger.close_edition(DAY)
    long_ago = date(2026, 1, 5)

    collect(batch(paper(2, announced=long_ago)), day=long_ago)

    assert store.papers.days_between(long_ago - timedelta(days=1), date(2026, 12, 31)) == (DAY,)
    assert [paper.id for paper in store.papers.all_of_edition(long_ago)] == ["arxiv:2606.00002"]


def test_closing_a_day_closes_all_before_it(store: Store, collect: Make, batch: Make, paper: Make) -> None:
    collect(batch(paper(1, announced=EVE)), day=EVE)
    collect(batch(paper(2)))

    store.ledger.close_edition(DAY)
    collect(batch(paper(3, announced=EVE)), day=EVE)

    assert [store.ledger.is_closed(day) for day in (EVE, DAY, NEXT_DAY)] == [True, True, False]
    assert ids_of(store, EVE) == ["arxiv:2606.00001"]
    assert ids_of(store, DAY) == ["arxiv:2606.00002"]
    assert ids_of(store, NEXT_DAY) == ["arxiv:2606.00003"]


@pytest.mark.usefixtures("settle")
def test_the_papers_of_a_closed_edition_stay_as_they_were_shown(
    store: Store, collect: Make, batch: Make, paper: Make
) -> None:
    collect(
        batch(paper(1, abstract="As it was shown.", is_listed=True, upvotes=3, picked_by="Bo", ai_summary="Short."))
    )
    store.ledger.close_edition(DAY)
    (shown,) = store.papers.of_edition(DAY, as_of=DAY)

    later = paper(
        1,
        title="Another title",
        abstract="A much longer abstract of another day.",
        comment="Accepted at ICML",
        version=2,
        is_withdrawn=True,
        authority=Authority.ARCHIVE,
        is_listed=True,
        upvotes=90,
        picked_by="Cleo",
        ai_summary="Other words.",
        organization="The Garden",
    )
    collect(batch(later), day=NEXT_DAY)

    (held,) = store.papers.of_edition(DAY, as_of=DAY)
    assert replace(held, aliases=shown.aliases) == shown
    assert (shown.upvotes, shown.picked_by, shown.ai_summary) == (3, "Bo", "Short.")


@pytest.mark.usefixtures("settle")
def test_an_open_edition_still_learns(store: Store, collect: Make, batch: Make, paper: Make) -> None:
    collect(batch(paper(1, is_listed=True, upvotes=0, code_stars=5, organization="The Garden")))
    collect(batch(paper(1, abstract="Found later.", is_listed=True, upvotes=7, code_stars=4, ai_summary="Short.")))

    (held,) = store.papers.of_edition(DAY, as_of=DAY)
    assert (held.abstract, held.upvotes, held.code_stars) == ("Found later.", 7, 5)
    assert (held.organization, held.ai_summary) == ("The Garden", "Short.")


@pytest.mark.usefixtures("settle")
def test_no_upvotes_are_a_count_too(store: Store, collect: Make, batch: Make, paper: Make) -> None:
    collect(batch(paper(1, is_listed=True, upvotes=0)))
    collect(batch(paper(1, is_listed=True, upvotes=None), source="trending"))

    assert store.papers.of_edition(DAY, as_of=DAY)[0].upvotes == 0


def test_closing_twice_keeps_the_first_time(store: Store, collect: Make) -> None:
    collect()
    store.ledger.close_edition(DAY)
    store.ledger.close_edition(DAY)

    assert store.ledger.is_closed(DAY)


def test_past_editions_made_afterwards_are_closed_and_mailed_to_nobody(
    store: Store, collect: Make, batch: Make, paper: Make
) -> None:
    since = date(2026, 6, 27)

    (earlier, today) = collect(batch(paper(1)), batch(paper(2, announced=since)), since=since, backfill=True)

    assert (earlier.new, today.new) == (1, 1)
    assert all(store.ledger.is_collected(since + timedelta(days=n)) for n in range(4))
    assert store.ledger.is_closed(EVE)
    assert not store.ledger.is_closed(DAY)
    assert [paper.id for paper in store.papers.all_of_edition(since)] == ["arxiv:2606.00002"]
    assert ids_of(store, since) == []
    assert ids_of(store, DAY) == ["arxiv:2606.00001"]
    assert store.papers.days_between(date(2026, 6, 1), DAY) == (DAY,)


def test_a_second_backfill_brings_nothing_new(collect: Make, batch: Make, paper: Make) -> None:
    batches = [batch(paper(number, announced=EVE - timedelta(days=number))) for number in range(3)]

    first = collect(*batches, backfill=True)
    second = collect(*batches, backfill=True)

    assert sum(report.new for report in first) == 3
    assert sum(report.new for report in second) == 0
    assert sum(report.known for report in second) == 3


def test_batches_that_come_out_of_order_give_a_paper_to_the_earlier_day(
    store: Store, collect: Make, batch: Make, paper: Make
) -> None:
    collect(batch(paper(1, announced=DAY)), batch(paper(1, announced=EVE)), backfill=True)

    assert [paper.id for paper in store.papers.all_of_edition(EVE)] == ["arxiv:2606.00001"]
    assert store.papers.all_of_edition(DAY) == ()


def test_a_rehearsal_shows_what_would_be_held_and_keeps_nothing(
    store: Store, collect: Make, batch: Make, paper: Make
) -> None:
    collect(batch(paper(1, announced=EVE)), day=EVE)

    with store.ledger.rehearse(Edition(DAY, EVE), [batch(paper(2)), batch(paper(1))]) as papers:
        shown = papers.of_edition(DAY, as_of=DAY)

    assert [paper.id for paper in shown] == ["arxiv:2606.00002"]
    assert ids_of(store, DAY) == []
    assert not store.ledger.is_collected(DAY)
    assert store.ledger.entries(DAY, DAY) == ()


def test_a_rehearsal_that_fails_keeps_nothing_either(store: Store, batch: Make, paper: Make) -> None:
    with (
        pytest.raises(RuntimeError, match="composing failed"),
        store.ledger.rehearse(Edition(DAY, EVE), [batch(paper(1))]),
    ):
        raise RuntimeError("composing failed")

    assert not store.ledger.is_collected(DAY)
    assert ids_of(store, DAY) == []


def test_replaying_past_days_in_their_order_gives_what_happened_then(
    store: Store, collect: Make, batch: Make, paper: Make
) -> None:
    everything = [batch(paper(n, announced=date(2026, 6, 25 + n))) for n in range(1, 5)]

    for day in (date(2026, 6, 26), date(2026, 6, 27), date(2026, 6, 29)):
        collect(*(replace(one) for one in everything), day=day)
        store.ledger.close_edition(day)

    assert ids_of(store, date(2026, 6, 26)) == ["arxiv:2606.00001"]
    assert ids_of(store, date(2026, 6, 27)) == ["arxiv:2606.00002"]
    assert ids_of(store, date(2026, 6, 29)) == ["arxiv:2606.00003", "arxiv:2606.00004"]
