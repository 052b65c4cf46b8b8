import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from digest.domain import Authority
from digest.errors import SourceError
from digest.sources.formats import Dating, Page
from digest.sources.formats.crossref_json import parse_page

DAY = date(2026, 3, 11)
ASKED = Dating(undated=DAY, latest=DAY)


def _item(**fields: Any) -> dict[str, Any]:
    return {"DOI": "10.5555/jic.1", "title": ["T"], "created": {"date-time": "2026-03-11T07:00:00Z"}} | fields


def _parse(*items: Any, **message: Any) -> Page:
    whole = {"total-results": len(items), "items": items} | message
    return parse_page(json.dumps({"status": "ok", "message-type": "work-list", "message": whole}).encode(), ASKED)


def test_an_article_is_announced_when_registered_however_far_ahead_it_is_dated(page: Callable[[str], bytes]) -> None:
    paper = parse_page(page("crossref_works.json"), ASKED).papers[0]
    assert (paper.announced, paper.published) == (date(2026, 3, 10), None)
    assert (paper.id, paper.url) == ("doi:10.5555/jic.2026.21", "https://doi.org/10.5555/jic.2026.21")
    assert paper.title == "How Helix inventa finds the lettuce"
    assert paper.authors == ("Ada Example", "Minta", "Snail Study Group")
    assert paper.journal_ref == "Journal of Invented Cookery & Snails 12(3), 45-67 (2029)"
    assert (paper.authority, paper.categories) == (Authority.REGISTRY, ())


def test_an_abstract_in_jats_keeps_its_headings_and_each_formula_once(page: Callable[[str], bytes]) -> None:
    paper = parse_page(page("crossref_works.json"), ASKED).papers[0]
    assert paper.abstract == "Background: Lettuce is far away. Results: CO₂ & α show the way."


def test_the_preprints_of_an_article_are_the_same_paper(page: Callable[[str], bytes]) -> None:
    paper = parse_page(page("crossref_works.json"), ASKED).papers[0]
    assert paper.aliases == ("doi:10.1101/2026.01.02.700001", "arxiv:2601.00007")


def test_what_a_publisher_left_out_is_missing_and_nothing_else(page: Callable[[str], bytes]) -> None:
    numbered, bare = parse_page(page("crossref_works.json"), ASKED).papers[1:]
    assert (numbered.published, numbered.journal_ref) == (
        date(2026, 3, 9),
        "Journal of Invented Cookery 12, e22 (2026)",
    )
    assert (bare.published, bare.journal_ref, bare.authors, bare.abstract) == (None, "", (), "")


def test_records_without_title_day_or_doi_are_refused_by_their_places(page: Callable[[str], bytes]) -> None:
    parsed = parse_page(page("crossref_works.json"), ASKED)
    assert [(refusal.place, refusal.reason) for refusal in parsed.refused] == [
        ("record 4", "the record has no title"),
        ("record 5", "it has no announced day"),
        ("record 6", "the record has no id"),
    ]
    assert (parsed.records, parsed.expected, parsed.next) == (6, 6, "DnF1ZXJ5VGhlbkludmVudGVk")


@pytest.mark.parametrize(
    ("jats", "abstract"),
    [
        ("<p>Plain.</p><p>Tags.</p>", "Plain. Tags."),
        ("<jats:p>a<jats:italic>b</jats:italic>c</jats:p>", "abc"),
        ('<jats:title id="t1">Aims:</jats:title><jats:p>None.</jats:p>', "Aims: None."),
        ("no markup, 1 < 2", "no markup, 1 < 2"),
        ("<jats:title>", ""),
    ],
)
def test_abstracts_come_with_and_without_markup(jats: str, abstract: str) -> None:
    [paper] = _parse(_item(abstract=jats)).papers
    assert paper.abstract == abstract


@pytest.mark.parametrize(
    "broken",
    [_item(title="T"), _item(title=[None, " "]), _item(DOI="n/a"), _item(created="2026-03-11"), "text", None, 1],
)
def test_a_broken_record_costs_no_other(broken: Any) -> None:
    parsed = _parse(_item(), broken)
    assert (len(parsed.papers), [refusal.place for refusal in parsed.refused]) == (1, ["record 2"])


def test_values_of_a_wrong_type_count_as_missing() -> None:
    [paper] = _parse(
        _item(author={}, abstract=["x"], relation=[], issued={"date-parts": [2026, 3, 1]}, volume=4, page=7)
    ).papers
    assert (paper.authors, paper.abstract, paper.aliases, paper.published) == ((), "", (), None)


def test_no_article_is_an_empty_list() -> None:
    assert _parse() == Page(day=DAY, expected=0)


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (
            b'{"status": "failed", "message-type": "validation-failure", "message": [{"message": "no filter"}, 7]}',
            "answered with an error: no filter",
        ),
        (b'{"status": "error", "message-type": "exception", "message": {"message": "too slow"}}', "error: too slow"),
        (b'{"status": "failed"}', "no reason given"),
        (b"Resource not found.", "answered with an error: Resource not found."),
        (b"<html><body>Sorry</body></html>", "answered with an error: Sorry"),
        (
            b'{"status": "ok", "message-type": "prefix", "message": {"name": "P"}}',
            "no list of works, but of type 'prefix'",
        ),
        (b'{"status": "ok", "message-type": "work-list", "message": {"items": []}}', "their total is missing"),
        (b'{"status": "ok", "message-type": "work-list", "message": {"total-results": 3}}', "total is missing"),
        (b"[]", "no reason given"),
        (b"", "not valid JSON"),
        (b'{"status": "ok", "message": {"items": [{"DOI"', "not valid JSON"),
        (b"\xff", "not UTF-8"),
    ],
)
def test_what_is_no_list_is_refused_with_its_cause(content: bytes, cause: str) -> None:
    with pytest.raises(SourceError, match=cause):
        parse_page(content, ASKED)
