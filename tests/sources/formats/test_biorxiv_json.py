import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from digest.domain import Authority
from digest.errors import SourceError
from digest.sources.formats import Dating, Page
from digest.sources.formats.biorxiv_json import parse_page

DAY = date(2026, 3, 11)
ASKED = Dating(undated=DAY, latest=DAY)


def _row(**fields: Any) -> dict[str, Any]:
    return {"doi": "10.64898/2026.03.11.1", "title": "T", "date": "2026-03-11", "version": "1", **fields}


def _parse(*rows: Any, **message: Any) -> Page:
    told = {"status": "ok", "cursor": 0, "total": str(len(rows)), **message}
    return parse_page(json.dumps({"messages": [told], "collection": rows}).encode(), ASKED)


def test_a_first_version_is_a_paper_with_its_day_area_and_file(page: Callable[[str], bytes]) -> None:
    [paper] = parse_page(page("biorxiv_list.json"), ASKED).papers
    assert (paper.id, paper.version) == ("doi:10.64898/2026.03.08.700001", 1)
    assert paper.announced == date(2026, 3, 9)
    assert paper.authors == ("A. Example", "B. C. Minta", "D. van der Probe", "The Snail Consortium")
    assert paper.categories == ("animal behavior and cognition",)
    assert paper.url == "https://doi.org/10.64898/2026.03.08.700001"
    assert paper.pdf_url == "https://www.biorxiv.org/content/10.64898/2026.03.08.700001v1.full.pdf"
    assert (paper.authority, paper.aliases, paper.is_withdrawn) == (Authority.ARCHIVE, (), False)


def test_leftovers_of_the_typesetting_are_taken_out(page: Callable[[str], bytes]) -> None:
    [paper] = parse_page(page("biorxiv_list.json"), ASKED).papers
    assert paper.title == "Snails keep a calendar: SLIME traces count the days"
    assert paper.abstract == (
        "Background: Garden snails seem never to hurry. Results We watched 30 snails. All of them were late."
        " Results from other gardens agree."
    )


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("RESULTSWe counted.", "RESULTS: We counted."),
        ("We counted.\n\nMethods12 snails.", "We counted. Methods: 12 snails."),
        ("Methodsomething", "Methodsomething"),
        ("Our ResultsAll", "Our ResultsAll"),
        ("What is knownO_ST_ABSMuchC_ST_ABSLittle", "What is known Much Little"),
    ],
)
def test_a_heading_that_lost_its_blank_is_set_off(written: str, read: str) -> None:
    [paper] = _parse(_row(abstract=written)).papers
    assert paper.abstract == read


def test_a_later_version_is_revised_and_knows_its_journal(page: Callable[[str], bytes]) -> None:
    moss, stones = parse_page(page("biorxiv_list.json"), ASKED).revised
    assert (moss.id, moss.version, moss.announced) == ("doi:10.1101/2025.11.02.600002", 3, date(2026, 3, 10))
    assert moss.aliases == ("doi:10.5555/jib.2026.17",)
    assert (stones.version, stones.aliases, stones.announced) == (2, (), date(2026, 3, 11))


def test_a_withdrawal_is_a_state(page: Callable[[str], bytes]) -> None:
    moss, stones = parse_page(page("biorxiv_list.json"), ASKED).revised
    assert (moss.is_withdrawn, stones.is_withdrawn) == (False, True)
    assert stones.pdf_url == "https://www.medrxiv.org/content/10.64898/2026.02.20.690003v2.full.pdf"


def test_bad_rows_are_refused_by_their_place_and_all_rows_are_counted(page: Callable[[str], bytes]) -> None:
    parsed = parse_page(page("biorxiv_list.json"), ASKED)
    assert [(refusal.place, refusal.reason) for refusal in parsed.refused] == [
        ("record 4", "the announced day '0000-00-00' can't be right"),
        ("record 5", "the record has no title"),
    ]
    assert (parsed.records, parsed.expected, parsed.next) == (5, 5, "")


@pytest.mark.parametrize(
    "broken",
    [
        _row(doi=""),
        _row(doi="2603.01001"[:4]),
        _row(doi=None),
        _row(title=["T"]),
        _row(date=20260311),
        "text",
        None,
        [],
    ],
)
def test_a_broken_row_costs_no_other(broken: Any) -> None:
    parsed = _parse(_row(), broken)
    assert (len(parsed.papers), [refusal.place for refusal in parsed.refused]) == (1, ["record 2"])


def test_the_list_goes_on_by_as_many_rows_as_came() -> None:
    assert _parse(_row(), _row(doi="10.64898/2026.03.11.2"), cursor=30, total="873").next == "32"
    assert _parse(_row(), cursor="872", total=873).next == ""
    assert _parse(_row(doi=""), cursor=30, total=873).refused[0].place == "record 31"


def test_an_empty_page_of_a_list_that_promised_more_goes_on_where_it_is() -> None:
    parsed = _parse(total="3")
    assert (parsed.records, parsed.expected, parsed.next) == (0, 3, "0")


def test_nothing_found_is_an_empty_list() -> None:
    content = b'{"messages":[{"status":"no posts found"}],"collection":[]}'
    assert parse_page(content, ASKED) == Page(day=DAY, expected=0)


def test_a_row_without_a_version_is_a_first_one_without_a_file() -> None:
    [paper] = _parse(_row(version="x")).papers
    assert (paper.version, paper.pdf_url) == (None, "")


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (b'{"messages":[{"status":"Server not recognized"}],"collection":[]}', "answered 'Server not recognized'"),
        (b'{"messages":[{"status":"ok","total":1}]}', "its collection or its total is missing"),
        (b'{"messages":[{"status":"ok"}],"collection":[]}', "its collection or its total is missing"),
        (b'{"messages":[{"status":"ok","total":-1}],"collection":[]}', "its collection or its total is missing"),
        (b'{"messages":[],"collection":[]}', "it has no status"),
        (b"[]", "it has no status"),
        (b"", "not valid JSON"),
        (b"<html>Sorry</html>", "not valid JSON"),
        (b'{"messages":[{"status":"ok","total":1}],"collection":[{"doi"', "not valid JSON"),
    ],
)
def test_what_is_no_list_is_refused_with_its_cause(content: bytes, cause: str) -> None:
    with pytest.raises(SourceError, match=cause):
        parse_page(content, ASKED)
