"""Whatever a server sends, a parser gives a page or a SourceError and nothing else."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.errors import SourceError
from digest.sources.formats import Dating, Page, parse_content

PAGES = sorted((Path(__file__).parents[2] / "pages").iterdir())
DOCUMENTS = [path for path in PAGES if path.suffix == ".json"]
DAY = date(2026, 3, 11)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
)


def _read(content: bytes) -> Page | None:
    try:
        page = parse_content(content, Dating(undated=DAY, latest=DAY))
    except SourceError:
        return None
    assert len(page.papers) + len(page.refused) <= page.records
    assert all(paper.title.strip() and paper.id for paper in page.papers)
    return page


@given(st.binary(max_size=2_000))
def test_any_bytes_are_a_page_or_a_source_error(content: bytes) -> None:
    _read(content)


@given(st.text(max_size=500))
def test_any_text_is_a_page_or_a_source_error(content: str) -> None:
    _read(content.encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
@given(st.data())
def test_a_damaged_page_is_a_page_or_a_source_error(path: Path, data: st.DataObject) -> None:
    sound = path.read_bytes()
    start = data.draw(st.integers(0, len(sound)))
    end = data.draw(st.integers(start, min(len(sound), start + 300)))
    _read(sound[:start] + data.draw(st.binary(max_size=30)) + sound[end:])


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
@given(st.data())
def test_a_cut_page_never_passes_for_a_whole_one(path: Path, data: st.DataObject) -> None:
    sound = path.read_bytes().rstrip()
    whole = _read(sound)
    page = _read(sound[: data.draw(st.integers(0, len(sound) - 1))])
    is_lines = path.suffix in (".jsonl", ".txt")  # a text that ends at the end of a paragraph or line shows no cut
    assert page is None or is_lines or (whole is not None and page.records < whole.records and page.expected)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
@given(st.data())
def test_a_document_with_any_values_anywhere_is_a_page_or_a_source_error(path: Path, data: st.DataObject) -> None:
    document = json.loads(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        holder, key = data.draw(st.sampled_from(list(_places(document)) or [({}, "")]))
        holder[key] = data.draw(VALUES)
    _read(json.dumps(document).encode("utf-8", "surrogatepass"))


def _places(value: Any) -> Any:
    """Every list or object in a document with each of its keys."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, held in inner:
        yield value, key
        yield from _places(held)
