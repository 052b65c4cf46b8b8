"""Which records are one paper, in the store, whatever brings them and in whatever order."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from digest.domain import Batch, Paper
from digest.identity import parse_arxiv_id, parse_doi, title_id
from digest.storage import Store

DAY = date(2026, 6, 30)
NEXT_DAY = date(2026, 7, 1)
LONG = "Gentle Pruning of Very Large Gardens"
SHORT = "Gentle Pruning"

Make = Callable[..., Any]


def of_title(title: str, **details: Any) -> Paper:
    values: dict[str, Any] = {"id": title_id(title), "title": title, "announced": DAY}
    return Paper(**values | details)


@pytest.mark.parametrize(
    "spelling",
    [
        "2606.00001",
        "2606.00001v1",
        "arXiv:2606.00001v2",
        "https://arxiv.org/abs/2606.00001v3",
        "http://www.arxiv.org/pdf/2606.00001v2.pdf",
        "oai:arXiv.org:2606.00001",
        "https://doi.org/10.48550/arXiv.2606.00001",
        "10.48550/ARXIV.2606.00001",
    ],
)
def test_an_arxiv_id_is_one_paper_however_it_is_written(
    spelling: str, store: Store, collect: Make, batch: Make, paper: Make
) -> None:
    collect(batch(paper(1)))
    found = parse_arxiv_id(spelling)
    assert found is not None

    again = paper(title="Another wording of the title", id=f"arxiv:{found[0]}", version=found[1])
    (report,) = collect(batch(again, source="files", category=""))

    assert (report.new, report.known) == (0, 1)
    (held,) = store.papers.of_edition(DAY, as_of=DAY)
    assert held.id == "arxiv:2606.00001"
    assert held.sources == again.sources


def test_one_doi_is_one_paper_however_it_is_written(store: Store, collect: Make, batch: Make, paper: Make) -> None:
    ids = [
        f"doi:{parse_doi(spelling)}"
        for spelling in ("10.1101/AB.12", "doi: 10.1101/ab.12", "https://doi.org/10.1101/aB.12.")
    ]

    collect(batch(*(paper(number, id=doi) for number, doi in enumerate(ids))))

    assert [held.id for held in store.papers.of_edition(DAY, as_of=DAY)] == ["doi:10.1101/ab.12"]


@pytest.mark.parametrize("first_known_by", ["title", "id"])
def test_a_record_without_an_identifier_and_an_arxiv_record_of_one_long_title_are_one_paper(
    first_known_by: str, store: Store, collect: Make, batch: Make, paper: Make
) -> None:
    by_title, by_id = of_title(LONG), paper(1, title=LONG.upper() + "!")
    first, second = (by_title, by_id) if first_known_by == "title" else (by_id, by_title)

    collect(batch(first))
    collect(batch(second, source="files"), day=NEXT_DAY)

    (held,) = store.papers.of_edition(DAY, as_of=DAY)
    assert held.id == "arxiv:2606.00001"
    assert title_id(LONG) in held.aliases
    assert held.edition == DAY


def test_a_title_of_twenty_five_letters_and_digits_identifies_and_one_of_twenty_four_does_not(
    store: Store, collect: Make, batch: Make, paper: Make
) -> None:
    enough, too_short = "abcde fghij klmno pqrst uvwx1", "abcde fghij klmno pqrst uvwx"

    collect(batch(of_title(enough), of_title(too_short)))
    collect(batch(paper(1, title=enough), paper(2, title=too_short)))

    ids = [held.id for held in store.papers.of_edition(DAY, as_of=DAY)]
    assert ids == ["arxiv:2606.00001", title_id(too_short), "arxiv:2606.00002"]


@pytest.mark.parametrize("title", [LONG, SHORT])
def test_two_records_without_identifier_are_one_paper_whatever_the_length_of_their_title(
    title: str, store: Store, collect: Make, batch: Make
) -> None:
    collect(batch(of_title(title)))
    collect(batch(of_title(title.lower()), source="files"))

    assert len(store.papers.of_edition(DAY, as_of=DAY)) == 1


def test_an_author_may_speak_against_a_common_title(store: Store, collect: Make, batch: Make, paper: Make) -> None:
    collect(batch(of_title(LONG, authors=("Bo Other",))))
    collect(batch(paper(1, title=LONG, authors=("Ines Feld",))))

    assert len(store.papers.of_edition(DAY, as_of=DAY)) == 2


def test_spellings_of_one_author_do_not_speak_against_a_common_title(
    store: Store, collect: Make, batch: Make, paper: Make
) -> None:
    collect(batch(of_title(LONG, authors=("FÉLD, I.",))))
    collect(batch(paper(1, title=LONG, authors=("Ines Feld",))))

    assert len(store.papers.of_edition(DAY, as_of=DAY)) == 1


def test_another_arxiv_id_speaks_against_a_common_title(store: Store, collect: Make, batch: Make, paper: Make) -> None:
    collect(batch(paper(1, title=LONG), paper(2, title=LONG)))

    assert len(store.papers.of_edition(DAY, as_of=DAY)) == 2


@pytest.mark.parametrize("come", ["at once", "one after the other"])
def test_another_doi_speaks_against_a_common_title_although_the_paper_goes_by_its_arxiv_id(
    come: str, store: Store, collect: Make, batch: Make, paper: Make
) -> None:
    first = batch(paper(1, title=LONG, aliases=("doi:10.1101/one",)))
    second = batch(paper(2, id="doi:10.1101/two", title=LONG), source="files")
    if come == "at once":
        collect(first, second)
    else:
        collect(first)
        collect(second)

    assert len(store.papers.of_edition(DAY, as_of=DAY)) == 2


def test_a_doi_learned_from_a_second_source_speaks_against_a_third(
    store: Store, collect: Make, batch: Make, paper: Make
) -> None:
    collect(
        batch(paper(1, title=LONG)),
        batch(paper(1, title=LONG, aliases=("doi:10.1101/one",)), source="files"),
        batch(paper(2, id="doi:10.1101/two", title=LONG), source="more"),
    )

    assert len(store.papers.of_edition(DAY, as_of=DAY)) == 2


def test_two_records_that_share_the_id_made_of_their_title_are_one_paper_even_if_their_authors_differ(
    store: Store, collect: Make, batch: Make
) -> None:
    collect(batch(of_title(LONG, authors=("Ines Feld",))))

    (report,) = collect(batch(of_title(LONG, authors=("Tomás Prado", "Ines Feld")), source="files"))

    assert report.known == 1
    assert len(store.papers.of_edition(DAY, as_of=DAY)) == 1


def test_a_paper_is_found_by_an_alias_it_came_with(store: Store, collect: Make, batch: Make, paper: Make) -> None:
    collect(batch(paper(1, aliases=("doi:10.1101/one",))))

    collect(batch(paper(2, id="doi:10.1101/one", title="Its title in the journal")), day=NEXT_DAY)

    assert [held.id for held in store.papers.of_edition(DAY, as_of=DAY)] == ["arxiv:2606.00001"]
    assert store.papers.of_edition(NEXT_DAY, as_of=NEXT_DAY) == ()


def test_a_paper_takes_the_better_id_and_keeps_the_older_ones(
    store: Store, collect: Make, batch: Make, paper: Make
) -> None:
    collect(batch(of_title(LONG)))
    collect(batch(paper(id="doi:10.1101/one", title=LONG)))
    collect(batch(paper(1, title=LONG, aliases=("doi:10.1101/one",))))

    (held,) = store.papers.of_edition(DAY, as_of=DAY)

    assert held.id == "arxiv:2606.00001"
    assert set(held.aliases) == {"doi:10.1101/one", title_id(LONG)}


def test_a_preprint_s_doi_does_not_speak_against_the_publisher_s(
    store: Store, collect: Make, batch: Make, paper: Make
) -> None:
    collect(batch(paper(1, id="doi:10.1101/2026.06.01.000001", title=LONG)))
    collect(batch(paper(2, id="doi:10.1016/j.garden.2026.1", title=LONG), source="crossref"))

    (held,) = store.papers.of_edition(DAY, as_of=DAY)
    assert held.id == "doi:10.1101/2026.06.01.000001"
    assert "doi:10.1016/j.garden.2026.1" in held.aliases


def test_another_pubmed_id_speaks_against_a_common_title(store: Store, collect: Make, batch: Make, paper: Make) -> None:
    collect(batch(paper(1, id="pmid:1", title=LONG), paper(2, id="pmid:2", title=LONG)))

    assert len(store.papers.of_edition(DAY, as_of=DAY)) == 2


def test_a_pubmed_id_is_better_than_a_title_and_a_doi_better_than_that(
    store: Store, collect: Make, batch: Make, paper: Make
) -> None:
    ids: list[str] = []
    for record in (of_title(LONG), paper(id="pmid:7", title=LONG), paper(id="doi:10.1016/x", aliases=("pmid:7",))):
        collect(batch(record))
        ids.extend(held.id for held in store.papers.of_edition(DAY, as_of=DAY))

    assert ids == [title_id(LONG), "pmid:7", "doi:10.1016/x"]


def test_different_dois_do_not_part_what_one_arxiv_id_joins(
    store: Store, collect: Make, batch: Make, paper: Make
) -> None:
    records = [
        paper(1, aliases=("doi:10.1016/one",)),
        paper(1, aliases=("doi:10.1016/two",)),
        paper(2, id="doi:10.1016/two", title="Its title in the journal"),
    ]

    collect(*map(batch, records))

    (held,) = store.papers.of_edition(DAY, as_of=DAY)
    assert {"doi:10.1016/one", "doi:10.1016/two"} < set(held.aliases)


def test_a_doi_that_two_papers_of_arxiv_share_does_not_join_them(
    store: Store, collect: Make, batch: Make, paper: Make
) -> None:
    shared = ("doi:10.1016/proceedings",)

    collect(batch(paper(1, aliases=shared)))
    (report,) = collect(batch(paper(2, aliases=shared)))

    assert report.new == 1
    assert len(store.papers.of_edition(DAY, as_of=DAY)) == 2


def test_a_batch_that_holds_one_paper_twice_brings_it_once(
    store: Store, collect: Make, batch: Make, paper: Make
) -> None:
    twice: Batch = batch(paper(1), paper(1, version=2))

    (report,) = collect(twice)

    assert (report.new, report.known) == (1, 1)
    assert len(store.papers.of_edition(DAY, as_of=DAY)) == 1
