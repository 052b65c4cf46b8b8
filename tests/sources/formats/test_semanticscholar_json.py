import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from digest.domain import Authority
from digest.errors import SourceError
from digest.sources.formats import Dating, Page
from digest.sources.formats.semanticscholar_json import parse_page

DAY = date(2026, 3, 11)
ASKED = Dating(undated=DAY, latest=DAY)


def _row(**fields: Any) -> dict[str, Any]:
    return {"externalIds": {"ArXiv": "2603.01001"}, "title": "T", "publicationDate": "2026-03-11"} | fields


def _parse(*rows: Any, **answer: Any) -> Page:
    return parse_page(json.dumps({"total": len(rows), "token": None, "data": rows} | answer).encode(), ASKED)


def test_a_paper_is_announced_when_published(page: Callable[[str], bytes]) -> None:
    paper = parse_page(page("semanticscholar_bulk.json"), ASKED).papers[0]
    assert (paper.announced, paper.published) == (date(2026, 3, 10), date(2026, 3, 10))
    assert (paper.id, paper.aliases) == ("arxiv:2603.01001", ("doi:10.5555/jic.2026.7", "pmid:91000001"))
    assert paper.authors == ("Ada Example", "Béla Minta")
    assert paper.journal_ref == "Journal of Invented Cookery 4, 11-19 (2026)"
    assert (paper.authority, paper.categories) == (Authority.AGGREGATOR, ())


def test_an_abstract_that_is_withheld_is_normal_and_an_archive_is_no_journal(page: Callable[[str], bytes]) -> None:
    paper = parse_page(page("semanticscholar_bulk.json"), ASKED).papers[1]
    assert (paper.id, paper.aliases) == ("arxiv:2603.01002", ())
    assert (paper.abstract, paper.journal_ref) == ("", "")


def test_a_conference_is_where_it_was_published(page: Callable[[str], bytes]) -> None:
    paper = parse_page(page("semanticscholar_bulk.json"), ASKED).papers[2]
    assert (paper.id, paper.pdf_url) == ("doi:10.5555/cookery.2026.3", "https://cookery.example.org/3.pdf")
    assert paper.journal_ref == "Invented Conference on Cookery (2026)"


def test_without_any_other_id_the_title_is_the_identity(page: Callable[[str], bytes]) -> None:
    paper = parse_page(page("semanticscholar_bulk.json"), ASKED).papers[3]
    assert paper.id.startswith("title:")
    assert paper.url.startswith("https://www.semanticscholar.org/paper/3123456789abcdef")


def test_a_paper_without_a_day_is_refused_by_its_place(page: Callable[[str], bytes]) -> None:
    parsed = parse_page(page("semanticscholar_bulk.json"), ASKED)
    assert [(refusal.place, refusal.reason) for refusal in parsed.refused] == [("record 5", "it has no announced day")]
    assert (parsed.records, parsed.expected, parsed.next) == (5, 2_100, "PCOINVENTED")


@pytest.mark.parametrize(
    "broken", [_row(title=None), _row(title=" "), _row(publicationDate="1970-01-01"), "text", None, 1]
)
def test_a_broken_record_costs_no_other(broken: Any) -> None:
    parsed = _parse(_row(), broken)
    assert (len(parsed.papers), [refusal.place for refusal in parsed.refused]) == (1, ["record 2"])


def test_values_of_a_wrong_type_count_as_missing() -> None:
    [paper] = _parse(
        _row(externalIds=[], authors={}, abstract=7, journal="x", venue=3, openAccessPdf=[], year="n/a")
    ).papers
    assert (paper.authors, paper.abstract, paper.journal_ref, paper.pdf_url) == ((), "", "", "")


def test_no_hit_is_an_empty_list() -> None:
    assert _parse() == parse_page(b'{"total": 0, "token": null}', ASKED) == Page(day=DAY, expected=0)


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (b'{"error": "Bad query parameters: [query=(]"}', "answered with an error: Bad query parameters"),
        (b'{"message": "Too Many Requests", "code": "429"}', "answered with an error: Too Many Requests"),
        (b'{"data": []}', "its data or their total is missing"),
        (b'{"total": 3}', "its data or their total is missing"),
        (b'{"total": 1, "data": null, "error": " "}', "its data or their total is missing"),
        (b"[]", "its data or their total is missing"),
        (b"<html>Sorry</html>", "not valid JSON"),
        (b'{"total": 1, "data": [{"paperId"', "not valid JSON"),
        (b"\xff", "not UTF-8"),
    ],
)
def test_what_is_no_list_is_refused_with_its_cause(content: bytes, cause: str) -> None:
    with pytest.raises(SourceError, match=cause):
        parse_page(content, ASKED)
