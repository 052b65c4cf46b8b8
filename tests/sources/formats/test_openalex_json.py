import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.domain import Authority
from digest.errors import SourceError
from digest.sources.formats import Dating, Page
from digest.sources.formats.openalex_json import parse_page, rebuild_abstract

DAY = date(2026, 3, 11)
ASKED = Dating(undated=DAY, latest=DAY)


def _work(**fields: Any) -> dict[str, Any]:
    return {"doi": "https://doi.org/10.5555/jic.1", "title": "T", "created_date": "2026-03-11T00:00:00"} | fields


def _parse(*works: Any, **meta: Any) -> Page:
    document = {"meta": {"count": len(works), "next_cursor": None} | meta, "results": works}
    return parse_page(json.dumps(document).encode(), ASKED)


def test_a_work_is_announced_when_its_record_was_made_whenever_it_is_published(page: Callable[[str], bytes]) -> None:
    paper = parse_page(page("openalex_works.json"), ASKED).papers[0]
    assert (paper.announced, paper.published) == (date(2026, 3, 10), date(2027, 1, 1))
    assert paper.title == "Sparse cupboards for long recipes"
    assert paper.authors == ("Ada Example", "Béla Minta")
    assert paper.abstract == "Every third ingredient goes to a sparse ingredient"
    assert paper.journal_ref == "Journal of Invented Cookery 4(2), 11-19 (2027)"
    assert (paper.authority, paper.is_withdrawn, paper.categories) == (Authority.AGGREGATOR, False, ())


def test_the_preprint_among_its_places_is_the_identity_and_its_other_ids_stay_known(
    page: Callable[[str], bytes],
) -> None:
    paper = parse_page(page("openalex_works.json"), ASKED).papers[0]
    assert (paper.id, paper.url) == ("arxiv:2603.01001", "https://arxiv.org/abs/2603.01001")
    assert paper.aliases == ("doi:10.5555/jic.2026.7", "pmid:91000001")


def test_a_repository_is_no_journal_and_a_retracted_work_is_withdrawn(page: Callable[[str], bytes]) -> None:
    paper = parse_page(page("openalex_works.json"), ASKED).papers[1]
    assert (paper.id, paper.journal_ref) == ("doi:10.5281/zenodo.99900002", "")
    assert (paper.is_withdrawn, paper.abstract, paper.authors) == (True, "", ())
    assert paper.pdf_url == "https://zenodo.example.org/99900002.pdf"


def test_without_a_doi_the_pubmed_id_is_the_identity_and_without_both_the_title(page: Callable[[str], bytes]) -> None:
    medical, unknown = parse_page(page("openalex_works.json"), ASKED).papers[2:]
    assert medical.id == "pmid:91000003"
    assert unknown.id.startswith("title:")
    assert unknown.url == "https://openalex.org/W7900000004"


def test_records_without_title_or_day_are_refused_by_their_places(page: Callable[[str], bytes]) -> None:
    parsed = parse_page(page("openalex_works.json"), ASKED)
    assert [(refusal.place, refusal.reason) for refusal in parsed.refused] == [
        ("record 5", "the record has no title"),
        ("record 6", "it has no announced day"),
    ]
    assert (parsed.records, parsed.expected, parsed.next) == (6, 7, "IlsxNzcz")


@pytest.mark.parametrize("broken", [_work(title=["T"]), _work(created_date="1970-01-01"), "text", None, 1])
def test_a_broken_record_costs_no_other(broken: Any) -> None:
    parsed = _parse(_work(), broken)
    assert (len(parsed.papers), [refusal.place for refusal in parsed.refused]) == (1, ["record 2"])


def test_values_of_a_wrong_type_count_as_missing() -> None:
    [paper] = _parse(
        _work(
            authorships={}, biblio=[], primary_location="x", locations=7, is_retracted="no", abstract_inverted_index=[]
        )
    ).papers
    assert (paper.authors, paper.journal_ref, paper.is_withdrawn, paper.abstract) == ((), "", False, "")


def test_pages_of_one_number_are_told_once() -> None:
    source = {"source": {"display_name": "Snails", "type": "journal"}}
    one, same = (
        _parse(_work(primary_location=source, biblio=biblio)).papers[0].journal_ref
        for biblio in ({"first_page": "e7", "last_page": None}, {"first_page": "7", "last_page": "7"})
    )
    assert (one, same) == ("Snails, e7", "Snails, 7")


@given(st.lists(st.text("ab,", min_size=1, max_size=3), max_size=30))
def test_an_abstract_is_rebuilt_word_by_word(words: list[str]) -> None:
    index = {word: [place for place, other in enumerate(words) if other == word] for word in words}
    assert rebuild_abstract(index) == " ".join(words)


def test_an_abstract_with_holes_is_rebuilt_of_what_there_is() -> None:
    assert rebuild_abstract({"snails": [7], "Slow": [3], "x": ["1", -1, True, None, 10**9], "y": 4}) == "Slow snails"


@pytest.mark.parametrize("index", [None, [], "text", {}, {"word": None}])
def test_what_is_no_index_is_no_abstract(index: Any) -> None:
    assert rebuild_abstract(index) == ""


def test_an_index_can_not_swell_beyond_all_bounds() -> None:
    swollen = rebuild_abstract({"x" * 10_000: list(range(200_000))})
    assert len(swollen) < 1_100_000


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (b'{"error": "Invalid filter", "message": "snail is not a valid field"}', "error: snail is not a valid field"),
        (b'{"error": true, "HTTP_status_code": 500}', "no reason given"),
        (b'{"results": []}', "its results or their count is missing"),
        (b'{"meta": {"count": 3}}', "its results or their count is missing"),
        (b"[]", "its results or their count is missing"),
        (b"<html>Sorry</html>", "not valid JSON"),
        (b'{"meta": {"count": 1}, "results": [{"id"', "not valid JSON"),
        (b"\xff", "not UTF-8"),
    ],
)
def test_what_is_no_list_is_refused_with_its_cause(content: bytes, cause: str) -> None:
    with pytest.raises(SourceError, match=cause):
        parse_page(content, ASKED)
