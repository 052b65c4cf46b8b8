import gzip
import json
from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.errors import SourceError
from digest.sources.formats import (
    Dating,
    Page,
    arxiv_atom,
    arxiv_feed,
    arxiv_oai,
    biorxiv_json,
    crossref_json,
    europepmc_json,
    feed,
    hf_json,
    json_lines,
    openalex_json,
    parse_content,
    pubmed_xml,
    recognise,
    semanticscholar_json,
)
from digest.sources.formats import trending_page as trending

ASKED = Dating(undated=date(2026, 3, 20), latest=date(2026, 3, 20))
PARSERS = (
    *(arxiv_atom, arxiv_feed, arxiv_oai, biorxiv_json, crossref_json, europepmc_json, feed, hf_json, json_lines),
    *(openalex_json, pubmed_xml, semanticscholar_json, trending),
)


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
        ("arxiv_oai.xml", arxiv_oai),
        ("biorxiv_list.json", biorxiv_json),
        ("crossref_works.json", crossref_json),
        ("europepmc_search.json", europepmc_json),
        ("feed_atom.xml", feed),
        ("feed_journal.xml", feed),
        ("feed_preprints.xml", feed),
        ("openalex_works.json", openalex_json),
        ("pubmed_articles.xml", pubmed_xml),
        ("semanticscholar_bulk.json", semanticscholar_json),
    ],
)
def test_a_format_is_recognised_by_its_content(page: Callable[[str], bytes], name: str, module: object) -> None:
    assert recognise(page(name)) is getattr(module, "parse_page")  # noqa: B009 - the modules share no type
    assert recognise(b"\xef\xbb\xbf" + page(name)) is getattr(module, "parse_page")  # noqa: B009 - as above


@pytest.mark.parametrize("indent", [None, 2])
def test_a_wrapped_list_is_told_from_a_dump(indent: int | None) -> None:
    wrapped = {"status": "success", "count": 1, "data": [{"paper": {"id": "2603.01001", "title": "T"}}]}
    assert len(parse_content(json.dumps(wrapped, indent=indent).encode(), ASKED).papers) == 1


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("end", ["", "\n", "\r\n\n"])
@pytest.mark.parametrize(
    ("document", "module"),
    [
        ({"data": [{"paperId": "x"}], "total": 1}, semanticscholar_json),
        ({"data": [], "total": 0}, semanticscholar_json),
        ({"data": []}, hf_json),
        ({"error": "no such day"}, hf_json),
        ({"status": "failed", "message-type": "validation-failure", "message": []}, crossref_json),
        ({"results": []}, openalex_json),
        ({"messages": [{"status": "no posts found"}], "collection": []}, biorxiv_json),
        ({"hitCount": 0, "resultList": {"result": []}}, europepmc_json),
        ({"id": "2603.01001", "title": "T"}, json_lines),
    ],
)
def test_a_document_is_known_by_its_keys_on_one_line_and_on_many(
    document: dict[str, object], module: object, end: str, indent: int | None
) -> None:
    content = (json.dumps(document, indent=indent) + end).encode()
    assert recognise(content) is getattr(module, "parse_page")  # noqa: B009 - the modules share no type


def test_a_dump_whose_records_have_a_documents_keys_is_a_dump() -> None:
    line = b'{"id": "2603.01001", "title": "T", "results": [], "data": []}\n'
    assert recognise(line * 2) is json_lines.parse_page


def test_the_beginning_of_a_dump_is_enough_to_know_it_by(page: Callable[[str], bytes]) -> None:
    content = page("arxiv_dump.jsonl")
    for end in range(content.index(b"\n") + 2, len(content), 50):
        assert recognise(content[:end]) is json_lines.parse_page


@pytest.mark.parametrize("content", [b'{"a": 1, "b": [', b'{"a"' + b" " * 1_100_000, b"{\n"])
def test_an_object_that_breaks_off_is_no_dump_if_its_first_line_is_no_record(content: bytes) -> None:
    with pytest.raises(SourceError, match="not valid JSON"):
        recognise(content)


@pytest.mark.parametrize(
    "feed_of_arxiv",
    [b"<id>http://rss.arxiv.org/atom/cs.AI</id>", b"<entry><arxiv:announce_type>new</arxiv:announce_type></entry>"],
)
def test_what_arxiv_announces_is_told_from_other_feeds(feed_of_arxiv: bytes) -> None:
    atom = b'<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title>%s</feed>'
    assert recognise(atom % feed_of_arxiv) is arxiv_feed.parse_page
    assert recognise(atom % b"<id>tag:arxiv.example</id>") is feed.parse_page


def test_a_sloppy_feed_is_known_for_a_feed() -> None:
    assert recognise(b"<rss><channel><title>Salt & pepper</title></channel></rss>") is feed.parse_page


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
