"""What the store tells of its papers: by edition, by listing, and as an earlier day saw them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from digest.domain import Authority, Paper, WordCounts
from digest.storage import Store

DAY = date(2026, 6, 30)
EVE = date(2026, 6, 29)
NEXT_DAY = date(2026, 7, 1)

Make = Callable[..., Any]

pytestmark = pytest.mark.usefixtures("settle")


def test_a_paper_comes_back_as_it_came(store: Store, collect: Make, batch: Make) -> None:
    whole = Paper(
        id="arxiv:2606.00001",
        title="Größe ≠ “Güte”: 𝛼-pruning",
        announced=DAY,
        authors=("Zoë Łuk", "李 明"),
        abstract="Hedges & <birds>.",
        categories=("cs.LG", "cs.CL"),
        published=date(2026, 6, 28),
        url="https://papers.example/abs/1",
        pdf_url="https://papers.example/pdf/1",
        code_url="https://code.example/1",
        comment="12 pages",
        journal_ref="Garden Letters 3",
        version=2,
        versions=(datetime(2026, 6, 27, 10, tzinfo=UTC), datetime(2026, 6, 28, 11, 30, tzinfo=UTC)),
        is_withdrawn=True,
        authority=Authority.ARCHIVE,
        upvotes=4,
        picked_by="Bo",
        is_listed=True,
        ai_summary="It prunes.",
        ai_keywords=("hedges", "birds"),
        organization="The Garden",
        project_url="https://garden.example",
        page_url="https://community.example/1",
        code_stars=12,
        sources=("arxiv", "huggingface"),
        aliases=("doi:10.1101/one",),
    )
    collect(batch(whole))

    (held,) = store.papers.of_edition(DAY, as_of=DAY)

    assert held.edition == DAY
    for name in Paper.__slots__:
        if name not in ("edition", "aliases"):
            assert getattr(held, name) == getattr(whole, name), name
    assert "doi:10.1101/one" in held.aliases


def test_papers_come_in_the_order_in_which_they_were_brought(
    store: Store, collect: Make, batch: Make, paper: Make
) -> None:
    collect(batch(*(paper(number) for number in (3, 1, 2))))

    assert [held.id[-1] for held in store.papers.of_edition(DAY, as_of=DAY)] == ["3", "1", "2"]


def test_a_listing_belongs_to_the_edition_that_first_brought_it_whatever_edition_has_the_paper(
    store: Store, collect: Make, batch: Make, paper: Make
) -> None:
    collect(batch(paper(1)))
    collect(batch(paper(1, announced=NEXT_DAY, is_listed=True, upvotes=9), source="huggingface"), day=NEXT_DAY)

    assert store.papers.listed_in(DAY, as_of=NEXT_DAY) == ()
    (listed,) = store.papers.listed_in(NEXT_DAY, as_of=NEXT_DAY)
    assert (listed.id, listed.edition, listed.upvotes) == ("arxiv:2606.00001", DAY, 9)


def test_an_edition_seen_as_of_its_day_knows_nothing_of_later_listings(
    store: Store, collect: Make, batch: Make, paper: Make
) -> None:
    collect(batch(paper(1)))
    collect(batch(paper(1, announced=NEXT_DAY, is_listed=True, upvotes=9), source="huggingface"), day=NEXT_DAY)

    (then,) = store.papers.of_edition(DAY, as_of=DAY)
    (now,) = store.papers.of_edition(DAY, as_of=NEXT_DAY)

    assert (then.is_listed, then.upvotes) == (False, None)
    assert (now.is_listed, now.upvotes) == (True, 9)


def test_a_community_s_list_keeps_its_own_order(store: Store, collect: Make, batch: Make, paper: Make) -> None:
    collect(batch(*(paper(number) for number in (1, 2, 3))))
    collect(batch(*(paper(number, is_listed=True) for number in (2, 3, 1)), source="trending"))

    assert [held.id[-1] for held in store.papers.listed_in(DAY, as_of=DAY)] == ["2", "3", "1"]


def test_a_paper_that_stays_on_a_list_is_listed_once(store: Store, collect: Make, batch: Make, paper: Make) -> None:
    for day in (EVE, DAY):
        collect(batch(paper(1, announced=day, is_listed=True, upvotes=day.day), source="huggingface"), day=day)
        store.ledger.close_edition(day)

    assert [held.upvotes for held in store.papers.listed_in(EVE, as_of=DAY)] == [29]
    assert store.papers.listed_in(DAY, as_of=DAY) == ()


def test_the_days_between_are_those_that_hold_a_paper_or_a_listing(
    store: Store, collect: Make, batch: Make, paper: Make
) -> None:
    collect(batch(paper(1, announced=date(2026, 6, 26))), day=date(2026, 6, 26))
    collect(day=date(2026, 6, 27))
    collect(batch(paper(1, announced=EVE, is_listed=True), source="huggingface"), day=EVE)
    collect(batch(paper(2)), day=DAY)

    assert store.papers.days_between(date(2026, 6, 25), DAY) == (date(2026, 6, 26), EVE, DAY)
    assert store.papers.days_between(date(2026, 6, 26), EVE) == (EVE,)
    assert store.papers.days_between(DAY, DAY) == ()


def test_more_papers_than_one_statement_may_name_are_held_and_known_again(
    store: Store, collect: Make, batch: Make, paper: Make
) -> None:
    many = batch(*(paper(number) for number in range(1, 1202)))

    first, second = collect(many)[0], collect(many)[0]

    assert (first.new, second.new, second.known) == (1201, 0, 1201)
    assert store.papers.count(DAY) == len(store.papers.of_edition(DAY, as_of=DAY)) == 1201


def test_the_newest_editions_before_a_day_are_those_that_hold_enough_papers(
    store: Store, collect: Make, batch: Make, paper: Make
) -> None:
    for day, numbers in ((date(2026, 6, 26), (1, 2)), (EVE, (3,)), (DAY, (4,))):
        collect(batch(*(paper(number, announced=day) for number in numbers), day=day), day=day)

    assert store.papers.editions_before(DAY, papers=1) == (EVE,)
    assert store.papers.editions_before(DAY, papers=2) == (EVE, date(2026, 6, 26))
    assert store.papers.editions_before(date(2026, 6, 26), papers=1) == ()


def test_word_counts_come_back_as_they_were_first_kept(store: Store) -> None:
    counts = WordCounts(2, {"pruning": 2, "剪": 1})

    store.ledger.keep_word_counts({EVE: counts})
    store.ledger.keep_word_counts({EVE: WordCounts(9, {}), DAY: WordCounts(0, {})})

    assert store.papers.word_counts([EVE, DAY]) == {EVE: counts, DAY: WordCounts(0, {})}
    assert store.papers.word_counts([date(2026, 6, 1)]) == {}


def test_the_newest_editions_that_hold_papers_are_told_oldest_first_those_of_the_past_included(
    store: Store, collect: Make, batch: Make, paper: Make
) -> None:
    collect(batch(paper(1)))
    collect(batch(paper(2, announced=NEXT_DAY)), day=NEXT_DAY)
    past = date(2026, 5, 4)
    collect(batch(paper(3, announced=past)), day=DAY, since=past, backfill=True)

    assert store.papers.latest_days(30) == (past, DAY, NEXT_DAY)
    assert store.papers.latest_days(2) == (DAY, NEXT_DAY)
    assert [held.id[-1] for held in store.papers.all_of_edition(past)] == ["3"]


def test_all_papers_of_an_edition_can_be_seen_as_of_their_day(
    store: Store, collect: Make, batch: Make, paper: Make
) -> None:
    collect(batch(paper(1)))
    collect(batch(paper(1, announced=NEXT_DAY, is_listed=True, upvotes=9), source="huggingface"), day=NEXT_DAY)

    assert [held.upvotes for held in store.papers.all_of_edition(DAY, as_of=DAY)] == [None]
    assert [held.upvotes for held in store.papers.all_of_edition(DAY)] == [9]
