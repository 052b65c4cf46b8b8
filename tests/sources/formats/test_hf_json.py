import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from digest.errors import SourceError
from digest.sources.formats import Dating
from digest.sources.formats.hf_json import parse_page

DAY = date(2026, 3, 11)
ASKED = Dating(undated=DAY, latest=DAY)


def _item(**inner: Any) -> dict[str, Any]:
    return {"paper": {"id": "2603.01001", "title": "A title", "summary": "Words.", **inner}}


def _parse(*items: Any) -> Any:
    return parse_page(json.dumps(items).encode(), ASKED)


def test_a_listed_paper_brings_votes_picker_code_and_links(page: Callable[[str], bytes]) -> None:
    first, second = parse_page(page("hf_list.json"), ASKED).papers
    assert first.id == "arxiv:2603.01001"
    assert first.title == "Kestrel: Sparse Routing for Very Long Recipes"
    assert first.authors == ("Ada Example", "Béla Minta")
    assert (first.published, first.announced) == (date(2026, 3, 9), date(2026, 3, 11))
    assert (first.upvotes, first.picked_by, first.is_listed) == (41, "Cleo Curator", True)
    assert first.url == "https://arxiv.org/abs/2603.01001"
    assert first.pdf_url == "https://arxiv.org/pdf/2603.01001"
    assert first.code_url == "https://github.com/example/kestrel"
    assert (second.picked_by, second.code_url) == ("Dana Lister", "")


def test_a_record_without_a_list_day_takes_the_day_asked_for_and_never_the_outer_time(
    page: Callable[[str], bytes],
) -> None:
    asked = Dating(undated=date(2026, 3, 2), latest=date(2026, 3, 20))
    parsed = parse_page(page("hf_list.json"), asked)
    assert [paper.announced for paper in parsed.papers] == [date(2026, 3, 11), date(2026, 3, 2)]


def test_strings_that_look_like_python_are_refused_as_a_whole_file() -> None:
    with pytest.raises(SourceError, match="items are strings that look like Python literals, not JSON objects"):
        _parse("{'paper': {'id': '2412.00001'}}", "{'paper': {}}")


def test_the_wrapped_form_is_accepted_with_its_own_date_and_count() -> None:
    wrapped = {"status": "success", "date": "2026-3-5", "count": 2, "data": [_item()]}
    parsed = parse_page(json.dumps(wrapped).encode(), ASKED)
    assert parsed.papers[0].announced == parsed.day == date(2026, 3, 5)
    assert (parsed.records, parsed.expected) == (1, 2)


@pytest.mark.parametrize(
    ("value", "cause"),
    [
        ({"status": "success", "data": ["{'paper': 1}"]}, "Python literals"),
        ({"error": "Invalid date"}, "Invalid date"),
        ({"url": "u", "body": "b"}, "url, body is no known format"),
        ([1, 2], "type int"),
        (7, "no known format"),
    ],
)
def test_another_json_document_is_refused_with_what_it_is(value: Any, cause: str) -> None:
    with pytest.raises(SourceError, match=cause):
        parse_page(json.dumps(value).encode(), ASKED)


@pytest.mark.parametrize(
    "broken",
    [
        {"paper": {"id": "2603.01002"}},
        {"paper": {"id": "../etc", "title": "T"}},
        {"paper": {"id": 2603.01002, "title": "T"}},
        {"paper": []},
        _item(title="<b></b>"),
        _item(submittedOnDailyAt="2106-01-01T00:00:00Z"),
        _item(submittedOnDailyAt=17),
        "text",
        None,
    ],
)
def test_a_broken_record_is_refused_and_the_others_go_on(broken: Any) -> None:
    parsed = _parse(_item(), broken)
    assert [paper.id for paper in parsed.papers] == ["arxiv:2603.01001"]
    assert [refusal.place for refusal in parsed.refused] == ["record 2"]
    assert parsed.records == 2


def test_values_of_a_wrong_type_count_as_missing() -> None:
    [paper] = _parse(_item(authors="Ada", upvotes=True, summary=["x"], publishedAt="3026-01-01", githubRepo=1)).papers
    assert (paper.authors, paper.upvotes, paper.abstract, paper.published, paper.code_url) == ((), None, "", None, "")


def test_an_unpadded_date_is_a_date() -> None:
    [paper] = _parse(_item(submittedOnDailyAt="2026-3-9", publishedAt="2026-3-1")).papers
    assert (paper.announced, paper.published) == (date(2026, 3, 9), date(2026, 3, 1))
