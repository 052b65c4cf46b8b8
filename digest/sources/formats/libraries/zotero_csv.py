"""Reads Zotero's CSV export by the names of its columns. Knows no other format."""

from __future__ import annotations

import csv
from collections.abc import Iterator

from digest.sources.formats.libraries.entries import Entry
from digest.sources.formats.page import UnusableRecordError

_NEEDED = {"Item Type", "Title"}
_NO_WORKS = ("attachment", "note")


def is_header(line: str) -> bool:
    """Whether a first line names the columns that such an export has."""
    try:
        return _NEEDED.issubset(next(csv.reader([line]), []))
    except csv.Error:
        return False


def read_entries(text: str) -> Iterator[tuple[str, Entry | UnusableRecordError]]:
    """Each work with the line at which its row ends."""
    rows = csv.reader(text.lstrip().splitlines(keepends=True))
    columns = next(rows)
    while True:
        try:
            row = dict(zip(columns, next(rows), strict=False))
        except StopIteration:
            return
        except csv.Error as error:
            yield f"line {rows.line_num}", UnusableRecordError(f"no sound CSV: {error}")
            continue
        if row and row.get("Item Type") not in _NO_WORKS:
            yield f"line {rows.line_num}", _read(row)


def _read(row: dict[str, str]) -> Entry:
    return Entry(
        title=row.get("Title"),
        abstract=row.get("Abstract Note"),
        authors=(name.strip() for name in row.get("Author", "").split(";")),
        ids=tuple(row.get(name) for name in ("DOI", "Number", "Extra")),
        url=row.get("Url"),
    )
