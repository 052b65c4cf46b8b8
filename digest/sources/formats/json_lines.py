"""Parses JSON Lines dumps: one arXiv record a line. Refuses Python's notation and cut files as a whole."""

from __future__ import annotations

from typing import Any

from digest.domain import Authority, Paper
from digest.errors import SourceError
from digest.sources.formats.decoding import looks_like_python, read_json, read_text
from digest.sources.formats.page import Dating, Page, UnusableRecordError, read_each, unique_papers
from digest.sources.formats.records import as_list, as_text, make_paper


def parse_page(content: bytes, dating: Dating) -> Page:
    """The papers of a dump; the format has no announced day. A broken line is refused by its number.

    Raises SourceError if the file holds Python literals or if its last line is broken, which means that it was cut.
    """
    lines = [(number, line) for number, line in enumerate(read_text(content).split("\n"), 1) if line.strip()]
    if not lines:
        raise SourceError("the file is empty")
    _refuse_unsound(lines)
    papers, refused = read_each(
        ((f"line {number}", line) for number, line in lines), lambda line: _read_line(line, dating)
    )
    return Page(day=dating.undated, papers=unique_papers(papers), refused=refused, records=len(lines))


def _refuse_unsound(lines: list[tuple[int, str]]) -> None:
    first, last = lines[0], lines[-1]
    if looks_like_python(first[1]):
        raise SourceError(f"line {first[0]} looks like a Python literal ({{'…': …}}), not a JSON object")
    try:
        read_json(last[1])
    except SourceError as error:
        raise SourceError(f"the last line ({last[0]}) is broken, so the file was cut: {error}") from error


def _read_line(line: str, dating: Dating) -> Paper:
    try:
        record: Any = read_json(line)
    except SourceError as error:
        raise UnusableRecordError(str(error)) from error
    if not isinstance(record, dict):
        raise UnusableRecordError("the line is not a JSON object")
    return make_paper(
        as_text(record.get("id")),
        title=record.get("title"),
        announced=dating.undated,
        authors=as_list(record.get("authors")),
        abstract=record.get("summary") or record.get("abstract"),
        categories=as_list(record.get("categories")),
        comment=record.get("comment"),
        other_ids=[record.get("doi")],
        authority=Authority.ARCHIVE,
    )
