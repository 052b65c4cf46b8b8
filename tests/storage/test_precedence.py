"""Which record is believed where several tell of one paper."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from digest.domain import Authority, Paper
from digest.storage import Store

DAY = date(2026, 6, 30)

Make = Callable[..., Any]


def test_two_records_know_together_what_each_of_them_knows(
    store: Store, collect: Make, batch: Make, paper: Make
) -> None:
    fuller = paper(
        1,
        abstract="A long abstract.",
        authors=("Ines Feld", "Tomás Prado"),
        published=DAY,
        version=1,
        sources=("arxiv",),
    )
    other = paper(
        1, abstract="Short.", authors=("Ines Feld",), code_url="https://code.example/x", version=3, sources=("files",)
    )

    collect(batch(other), batch(fuller))

    (held,) = store.papers.of_edition(DAY, as_of=DAY)
    assert (held.abstract, held.authors, held.published) == (fuller.abstract, fuller.authors, DAY)
    assert (held.code_url, held.version, held.sources) == (other.code_url, 3, ("files", "arxiv"))


def held_after(store: Store, collect: Make, batch: Make, *records: Paper) -> Paper:
    """The one paper that some records become, each from a source of its own."""
    collect(*(batch(record, source=f"source {place}") for place, record in enumerate(records)))
    (held,) = store.papers.of_edition(DAY, as_of=DAY)
    return held


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_record_nearer_to_the_paper_s_home_is_believed_field_by_field_whatever_comes_first(
    order: tuple[int, int], store: Store, collect: Make, batch: Make, paper: Make
) -> None:
    home = paper(
        1,
        title="Its own title",
        abstract="Its own.",
        categories=("cs.LG",),
        comment="9 pages",
        authority=Authority.ARCHIVE,
    )
    gathered = paper(
        1,
        title="ITS TITLE AS GATHERED",
        abstract="A longer abstract, gathered elsewhere.",
        authors=("Ines Feld", "Tomás Prado", "A. N. Other"),
        categories=("Computer Science",),
        comment="",
        journal_ref="Garden Letters 3",
        authority=Authority.AGGREGATOR,
    )
    records = [home, gathered]

    held = held_after(store, collect, batch, *(records[place] for place in order))

    assert (held.title, held.abstract, held.authors) == (home.title, home.abstract, home.authors)
    assert (held.categories, held.comment, held.journal_ref) == (("cs.LG",), "9 pages", "Garden Letters 3")
    assert held.authority is Authority.ARCHIVE


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_whole_abstract_comes_before_one_that_is_cut_off(
    order: tuple[int, int], store: Store, collect: Make, batch: Make, paper: Make
) -> None:
    whole = paper(1, abstract="It is whole.")
    cut = paper(
        1, abstract="It is whole, and much longer, or would be if nobody had cut it o…", authority=Authority.ARCHIVE
    )

    held = held_after(store, collect, batch, *((whole, cut)[place] for place in order))

    assert held.abstract == whole.abstract


def test_the_higher_version_brings_its_history_and_a_withdrawal_is_believed_of_anybody(
    store: Store, collect: Make, batch: Make, paper: Make
) -> None:
    first, second = datetime(2026, 6, 27, 10, tzinfo=UTC), datetime(2026, 6, 29, 11, 30, tzinfo=UTC)
    older = paper(1, version=1, versions=(first,), authority=Authority.ARCHIVE)
    newer = paper(1, version=2, versions=(first, second), is_withdrawn=True)

    held = held_after(store, collect, batch, older, newer)

    assert (held.version, held.versions, held.is_withdrawn) == (2, (first, second), True)


def test_the_earlier_announced_day_wins_while_the_edition_is_open(
    store: Store, collect: Make, batch: Make, paper: Make
) -> None:
    collect(day=date(2026, 6, 1))
    collect(batch(paper(1)))
    collect(batch(paper(1, announced=date(2026, 6, 29)), source="files"))

    (held,) = store.papers.of_edition(DAY, as_of=DAY)
    assert (held.announced, held.edition) == (date(2026, 6, 29), DAY)
