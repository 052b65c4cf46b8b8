import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from digest.domain import Authority
from digest.errors import SourceError
from digest.sources.formats import Dating, Page
from digest.sources.formats.europepmc_json import parse_page

DAY = date(2026, 3, 11)
ASKED = Dating(undated=DAY, latest=DAY)


def _row(**fields: Any) -> dict[str, Any]:
    return {
        "id": "90000001",
        "source": "MED",
        "pmid": "90000001",
        "title": "T",
        "firstIndexDate": "2026-03-11",
    } | fields


def _parse(*rows: Any, **answer: Any) -> Page:
    document = {"hitCount": len(rows), "resultList": {"result": rows}} | answer
    return parse_page(json.dumps(document).encode(), ASKED)


def test_an_article_is_announced_when_first_indexed_whenever_it_is_published(page: Callable[[str], bytes]) -> None:
    paper = parse_page(page("europepmc_search.json"), ASKED).papers[0]
    assert (paper.announced, paper.published) == (date(2026, 3, 10), date(2026, 12, 1))
    assert (paper.id, paper.aliases) == ("doi:10.5555/jib.2026.21", ("pmid:90000001",))
    assert paper.authors == ("Ada Example", "Minta B", "Snail Study Group")
    assert paper.journal_ref == "Journal of Invented Biology 12(3), 45-67 (2026)"
    assert (paper.authority, paper.is_withdrawn) == (Authority.AGGREGATOR, False)


def test_tags_go_whether_escaped_or_not_and_headings_stay(page: Callable[[str], bytes]) -> None:
    paper = parse_page(page("europepmc_search.json"), ASKED).papers[0]
    assert paper.title == "How Helix inventa finds the lettuce: a & b < c."
    assert paper.abstract == "Background: Lettuce is far away. Results: CO₂ shows the way."


def test_a_preprint_has_the_id_of_its_own_server(page: Callable[[str], bytes]) -> None:
    paper = parse_page(page("europepmc_search.json"), ASKED).papers[1]
    assert (paper.id, paper.journal_ref) == ("doi:10.64898/2026.03.08.700001", "")
    assert paper.authors == ("Example A", "Minta BC")


def test_a_later_version_of_a_preprint_is_revised(page: Callable[[str], bytes]) -> None:
    [paper] = parse_page(page("europepmc_search.json"), ASKED).revised
    assert (paper.id, paper.is_withdrawn) == ("doi:10.64898/2026.02.20.690003", True)


def test_without_a_doi_the_pubmed_id_is_the_identity_and_without_both_the_title(page: Callable[[str], bytes]) -> None:
    retracted, central = parse_page(page("europepmc_search.json"), ASKED).papers[2:]
    assert (retracted.id, retracted.is_withdrawn) == ("pmid:90000004", True)
    assert central.id.startswith("title:")
    assert central.url == "https://europepmc.org/article/PMC/PMC80000005"


@pytest.mark.parametrize(
    ("doi", "paper_id"), [("n/a", "pmid:90000001"), ("10.48550/arXiv.2603.01001", "arxiv:2603.01001")]
)
def test_a_doi_counts_if_it_is_one(doi: str, paper_id: str) -> None:
    [paper] = _parse(_row(doi=doi)).papers
    assert paper.id == paper_id


def test_a_record_without_a_day_is_refused_by_its_place(page: Callable[[str], bytes]) -> None:
    parsed = parse_page(page("europepmc_search.json"), ASKED)
    assert [(refusal.place, refusal.reason) for refusal in parsed.refused] == [("record 6", "it has no announced day")]
    assert (parsed.records, parsed.expected, parsed.next) == (6, 6, "AoInventedCursor==")


@pytest.mark.parametrize(
    "broken", [_row(title=""), _row(title=None), _row(firstIndexDate="1970-01-01"), "text", None, 1]
)
def test_a_broken_record_costs_no_other(broken: Any) -> None:
    parsed = _parse(_row(), broken)
    assert (len(parsed.papers), [refusal.place for refusal in parsed.refused]) == (1, ["record 2"])


def test_values_of_a_wrong_type_count_as_missing() -> None:
    [paper] = _parse(
        _row(doi=7, authorList=[], journalInfo="x", abstractText=None, pubTypeList={"pubType": "x"})
    ).papers
    assert (paper.id, paper.authors, paper.journal_ref, paper.abstract) == ("pmid:90000001", (), "", "")


def test_no_hit_is_an_empty_list() -> None:
    assert _parse() == parse_page(b'{"hitCount": 0}', ASKED) == Page(day=DAY, expected=0)


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (b'{"errCode": 404, "errMsg": "Invalid page size"}', "answered with an error: Invalid page size"),
        (b'{"version": "6.9", "errCode": 500}', "no reason given"),
        (b'{"hitCount": 3}', "its list of results or its hit count is missing"),
        (b'{"resultList": {"result": []}}', "its list of results or its hit count is missing"),
        (b"[]", "its list of results or its hit count is missing"),
        (b"<html>Sorry</html>", "not valid JSON"),
        (b'{"hitCount": 1, "resultList": {"result": [{"id"', "not valid JSON"),
        (b"\xff", "not UTF-8"),
    ],
)
def test_what_is_no_list_is_refused_with_its_cause(content: bytes, cause: str) -> None:
    with pytest.raises(SourceError, match=cause):
        parse_page(content, ASKED)
