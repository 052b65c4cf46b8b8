import gzip
import json
from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.errors import SourceError
from digest.sources.formats import Dating, Page, arxiv_atom, arxiv_feed, hf_json, json_lines, parse_content, recognise
from digest.sources.formats import trending_page as trending

ASKED = Dating(undated=date(2026, 3, 20), latest=date(2026, 3, 20))
PARSERS = (arxiv_atom, arxiv_feed, hf_json, json_lines, trending)


@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("trending.txt", trending),
        ("hf_list.json", hf_json),
        ("arxiv_rss.xml", arxiv_feed),
        ("arxiv_rss_weekend.xml", arxiv_feed),
        ("arxiv_feed_atom.xml", arxiv_feed),
        ("arxiv_api.xml", arxiv_atom),
        ("arxiv_api_error.xml", arxiv_atom),
        ("arxiv_dump.jsonl", json_lines),
    ],
)
def test_a_format_is_recognised_by_its_content(page: Callable[[str], bytes], name: str, module: object) -> None:
    assert recognise(page(name)) is getattr(module, "parse_page")  # noqa: B009 - the modules share no type
    assert recognise(b"\xef\xbb\xbf" + page(name)) is getattr(module, "parse_page")  # noqa: B009 - as above


@pytest.mark.parametrize("indent", [None, 2])
def test_a_wrapped_list_is_told_from_a_dump(indent: int | None) -> None:
    wrapped = {"status": "success", "count": 1, "data": [{"paper": {"id": "2603.01001", "title": "T"}}]}
    assert len(parse_content(json.dumps(wrapped, indent=indent).encode(), ASKED).papers) == 1


def test_a_packed_page_reads_like_the_plain_one(page: Callable[[str], bytes]) -> None:
    plain = page("trending.txt")
    assert parse_content(gzip.compress(plain), ASKED) == parse_content(plain, ASKED)


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (b"", "empty"),
        (b" \n\n", "empty"),
        (gzip.compress(b"", mtime=0), "empty"),
        (b"<!DOCTYPE html><html><body>Sorry</body></html>", "HTML page"),
        (b"<HTML><body>Sorry", "HTML page"),
        (b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"/>', "HTML page"),
        (b"<opml/>", "root element is opml"),
        (b"<!-- nothing -->", "XML"),
        (b"\x89PNG\r\n\x1a\n\0\0", "not UTF-8"),
        (b"%PDF-1.7\0", "NUL"),
        (b"Dear reader,\n\nno papers today.", "no known format"),
        (b"[{'paper': {'id': None}}]", "Python literal"),
        (b'{"url": "u", "status_code": 200, "body": "<feed/>"}', "no known format"),
    ],
)
def test_what_is_no_known_format_is_refused_with_what_it_seems_to_be(content: bytes, cause: str) -> None:
    with pytest.raises(SourceError, match=cause):
        parse_content(content, ASKED)


def _becomes_a_page_or_a_source_error(content: bytes, parse: Callable[[bytes, Dating], Page]) -> None:
    try:
        parsed = parse(content, ASKED)
    except SourceError:
        return
    assert len(parsed.papers) + len(parsed.refused) + len(parsed.cross) + len(parsed.revised) <= parsed.records
    assert sum(part.records for part in parsed.by_day()) == parsed.records


@given(st.binary(max_size=400))
def test_any_bytes_become_a_page_or_a_source_error(content: bytes) -> None:
    _becomes_a_page_or_a_source_error(content, parse_content)
    for module in PARSERS:
        _becomes_a_page_or_a_source_error(content, module.parse_page)


@given(
    name=st.sampled_from(["trending.txt", "hf_list.json", "arxiv_rss.xml", "arxiv_feed_atom.xml", "arxiv_dump.jsonl"]),
    start=st.integers(0, 4_000),
    length=st.integers(0, 300),
    patch=st.binary(max_size=40),
)
def test_any_damage_to_a_page_leaves_a_page_or_a_source_error(
    pages: dict[str, bytes], name: str, start: int, length: int, patch: bytes
) -> None:
    content = pages[name]
    _becomes_a_page_or_a_source_error(content[:start] + patch + content[start + length :], parse_content)


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)
KEYS = st.sampled_from(
    ["id", "title", "summary", "authors", "publishedAt", "submittedOnDailyAt", "submittedOnDailyBy", "upvotes", "doi"]
)


@settings(max_examples=40)
@given(st.lists(st.dictionaries(KEYS, ANY_JSON), max_size=6))
def test_any_json_in_the_right_places_is_a_page(papers: list[dict[str, object]]) -> None:
    for content in (
        json.dumps([{"paper": paper} for paper in papers]),
        "\n".join(json.dumps(paper) for paper in papers),
    ):
        _becomes_a_page_or_a_source_error(content.encode(), parse_content)
