"""Reads single fields that several upstreams write alike: counts, announced days, citations. Knows no whole record."""

from __future__ import annotations

from datetime import date
from typing import Any

from digest.sources.formats.dates import iso_day
from digest.sources.formats.page import UnusableRecordError
from digest.sources.formats.records import as_text
from digest.sources.formats.text import clean

_MOST_DIGITS = 9


def read_count(value: Any) -> int | None:
    """A count written as a number or in digits; None if it is neither or can't be believed."""
    text = str(value) if type(value) is int else as_text(value).strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS else None


def read_announced(value: Any) -> date:
    """The announced day in an ISO date or time. Raises UnusableRecordError if it is missing or can't be right."""
    day = iso_day(as_text(value))
    if day is None:
        shown = clean(as_text(value), most_characters=40)
        raise UnusableRecordError(f"the announced day {shown!r} can't be right" if shown else "it has no announced day")
    return day


def cite(journal: str, *, volume: str = "", issue: str = "", pages: str = "", year: str = "") -> str:
    """Where an article stands, such as `J Invented Res 12(3), 45-67 (2026)`; nothing without a journal."""
    if not journal.strip():
        return ""
    number = volume + (f"({issue})" if issue else "")
    place = ", ".join(part for part in (f"{journal} {number}".strip(), pages) if part)
    return f"{place} ({year})" if year else place
