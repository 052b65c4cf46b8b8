"""Reads RIS by rispy, a record at a time, so that a damaged one costs no other. Knows no other format."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import rispy

from digest.sources.formats.libraries.entries import Entry
from digest.sources.formats.page import UnusableRecordError

LONGEST_RECORD_CHARACTERS = 100_000
MOST_LINES = 2_000
"""rispy joins a value's lines one by one, which takes the square of their number."""

_START = re.compile(r"^TY {2}-", re.MULTILINE)


def read_entries(text: str) -> Iterator[tuple[str, Entry | UnusableRecordError]]:
    """Each record with its place; one without an end ends where the next begins."""
    starts = [found.start() for found in _START.finditer(text)]
    line, last = 1, 0
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        line, last = line + text.count("\n", last, start), start
        yield f"line {line}", _read(text[start:end])


def _read(record: str) -> Entry | UnusableRecordError:
    if len(record) > LONGEST_RECORD_CHARACTERS or record.count("\n") > MOST_LINES:
        return UnusableRecordError(f"the record is longer than {LONGEST_RECORD_CHARACTERS} characters or many lines")
    (fields, *_) = rispy.loads(f"{record}\nER  - \n")
    urls = fields.get("urls") or []
    return Entry(
        title=_first(fields, "title", "primary_title"),
        abstract=_first(fields, "abstract", "notes_abstract"),
        authors=fields.get("authors") or fields.get("first_authors") or (),
        ids=(fields.get("doi"), *urls, *fields.get("notes", ())),
        url=next(iter(urls), ""),
    )


def _first(fields: dict[str, Any], *names: str) -> Any:
    return next((fields[name] for name in names if fields.get(name)), "")
