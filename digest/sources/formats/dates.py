"""Reads the dates upstream writes; asks no clock and shifts nothing to another zone."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from email.utils import parsedate, parsedate_to_datetime
from functools import lru_cache

EARLIEST_YEAR, LATEST_YEAR = 1990, 2100
"""arXiv began in 1991; upstream is known to carry dates of the far future, which nobody can trust."""

_ISO_DATE = re.compile(r"(?<!\d)(\d{4})-(\d{1,2})-(\d{1,2})(?!\d)", re.ASCII)
_MONTH_AND_DAY = re.compile(r"([A-Z][a-z]{2,8})\.? (\d{1,2})", re.ASCII)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_YEARS_TO_A_LEAP_DAY = 8  # 2096 to 2104


def iso_day(text: str) -> date | None:
    """The date at the start of an ISO date or time, as written; padding may be missing, as in 2026-6-30."""
    return _leading_day(text.strip()[:11])


@lru_cache(maxsize=1024)
def _leading_day(text: str) -> date | None:
    """The date in ten characters and one more, which must be no digit; a page has few and each many times."""
    found = _ISO_DATE.match(text)
    return _trusted_date(*(int(part) for part in found.groups())) if found else None


def day_in_name(name: str) -> date | None:
    """The first ISO date anywhere in a file's name."""
    days = (_trusted_date(*(int(part) for part in found.groups())) for found in _ISO_DATE.finditer(name))
    return next((day for day in days if day), None)


def mail_day(text: str) -> date | None:
    """The date of an RFC 822 time such as `Wed, 29 Jul 2026 00:00:00 -0400`, as written there."""
    parts = parsedate(text[:100])
    return _trusted_date(*parts[:3]) if parts else None


def iso_moment(text: str) -> datetime | None:
    """An ISO time such as `2026-03-09T21:02:00Z`; None if it names no zone or can't be right."""
    try:
        moment = datetime.fromisoformat(text[:40].strip())
    except ValueError:
        return None
    return moment if moment.tzinfo and EARLIEST_YEAR <= moment.year <= LATEST_YEAR else None


def mail_moment(text: str) -> datetime | None:
    """An RFC 822 time such as `Mon, 14 Apr 2008 21:02:00 GMT` with its zone, UTC where it names none."""
    try:
        moment = parsedate_to_datetime(text[:100].strip())
    except (ValueError, OverflowError):
        return None
    if not EARLIEST_YEAR <= moment.year <= LATEST_YEAR:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def newest_day(text: str, *, latest: date) -> date | None:
    """The newest day such as `Mar 11` that isn't after `latest`; the text carries no year."""
    found = _MONTH_AND_DAY.fullmatch(text.strip())
    if found is None or found[1][:3] not in _MONTHS:
        return None
    month, day = _MONTHS.index(found[1][:3]) + 1, int(found[2])
    days = (_trusted_date(latest.year - years, month, day) for years in range(_YEARS_TO_A_LEAP_DAY + 1))
    return next((candidate for candidate in days if candidate and candidate <= latest), None)


def _trusted_date(year: int, month: int, day: int) -> date | None:
    if not EARLIEST_YEAR <= year <= LATEST_YEAR:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None
