"""Parses JSON Lines dumps of any length: one arXiv record a line. Keeps none of the papers that it has given.

A dump in Python's notation is refused as a whole; of one that breaks off, what came before that is given.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from digest.domain import Authority, Paper
from digest.errors import SourceError
from digest.sources.formats.decoding import looks_like_python, read_json, read_text
from digest.sources.formats.page import Dating, Page, UnusableRecordError, join_pages, read_each, unique_papers
from digest.sources.formats.records import as_list, as_text, make_paper

LONGEST_LINE = 1024 * 1024
"""Bytes of a line, its end not counted, that can be a record; none in use comes near it."""
RECORDS_A_PART = 500


def parse_page(content: bytes, dating: Dating) -> Page:
    """The papers of a dump; the format has no announced day. A broken line is refused by its number.

    Raises SourceError if the file holds Python literals or if its last line is broken, which means that it was cut.
    """
    return join_pages(list(read_parts(content.split(b"\n"), dating)))


def read_parts(lines: Iterable[bytes], dating: Dating) -> Iterator[Page]:
    """The dump as one page after another, each paper on the first that holds it; only ids are kept in between.

    What `parse_page` raises, or what `lines` raise, is raised after the page of what came before it.
    """
    records = _read_records(lines)
    given: set[str] = set()
    is_whole, fault = False, None
    while not is_whole and fault is None:
        part: list[tuple[str, Any]] = []
        try:
            for record in islice(records, RECORDS_A_PART):
                part.append(record)  # noqa: PERF402 - what came before a fault is kept
        except SourceError as error:
            fault = error
        is_whole = len(part) < RECORDS_A_PART
        if part:
            yield _make_page(part, given, dating)
    if fault is not None:
        raise fault


def _make_page(part: list[tuple[str, Any]], given: set[str], dating: Dating) -> Page:
    papers, refused = read_each(part, lambda value: _read_record(value, dating))
    fresh = tuple(paper for paper in unique_papers(papers) if paper.id not in given)
    given.update(paper.id for paper in fresh)
    return Page(day=dating.undated, papers=fresh, refused=refused, records=len(part))


def _read_records(lines: Iterable[bytes]) -> Iterator[tuple[str, Any]]:
    """Each line's place and its value, or the error that came instead; that of the last line is raised."""
    last, broken = 0, None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        if broken is not None:  # not the last line, so the file wasn't cut there
            yield f"line {last}", broken
        is_first, last, broken = not last, number, None
        try:
            value = _read_line(line)
        except SourceError as error:
            broken = error
            if is_first and looks_like_python(line.decode(errors="replace")):
                raise SourceError(
                    f"line {number} looks like a Python literal ({{'…': …}}), not a JSON object"
                ) from error
        else:
            yield f"line {number}", value
    if not last:
        raise SourceError("the file is empty")
    if broken is not None:
        raise SourceError(f"the last line ({last}) is broken, so the file was cut: {broken}") from broken


def _read_line(line: bytes) -> Any:
    if len(line) > LONGEST_LINE:
        raise SourceError(f"longer than {LONGEST_LINE} bytes")
    return read_json(read_text(line))


def _read_record(value: Any, dating: Dating) -> Paper:
    if isinstance(value, SourceError):
        raise UnusableRecordError(str(value)) from value
    if not isinstance(value, dict):
        raise UnusableRecordError("the line is not a JSON object")
    return make_paper(
        as_text(value.get("id")),
        title=value.get("title"),
        announced=dating.undated,
        authors=as_list(value.get("authors")),
        abstract=value.get("summary") or value.get("abstract"),
        categories=as_list(value.get("categories")),
        comment=value.get("comment"),
        other_ids=[value.get("doi")],
        authority=Authority.ARCHIVE,
    )
