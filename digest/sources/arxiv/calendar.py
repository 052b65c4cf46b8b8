"""When arXiv announces: its week, its holidays, and the first day on which a submission can appear. Asks no clock.

Source: https://info.arxiv.org/help/availability.html; all of its times are Eastern.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from importlib import resources
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

from digest.errors import SourceError

EASTERN = ZoneInfo("America/New_York")
DEADLINE = time(14)
"""Submissions until this hour belong to that day's announcement."""
_MOST_BYTES = 100_000


def has_feed(day: date) -> bool:
    """Whether a feed of that day may hold papers: what is announced on Sunday evening is dated Monday, and so on."""
    return day.isoweekday() <= 5  # noqa: PLR2004 - Friday


def earliest_feed(submitted: datetime) -> date:
    """The first feed day on which a paper submitted then can appear; moderation may hold it for days."""
    local = submitted.astimezone(EASTERN)
    deadline = local.date() + timedelta(days=local.time() >= DEADLINE)
    announced = next(day for day in _days_from(deadline) if has_feed(day))  # no deadline falls on a weekend
    return next(day for day in _days_from(announced + timedelta(days=1)) if has_feed(day))


def load_holidays(path: Path | None) -> frozenset[date]:
    """The days without a mailing, from a file of one's own or the one that comes with the program.

    Raises SourceError if the file can't be read or holds something else.
    """
    file = path or resources.files(__package__).joinpath("holidays.toml")
    try:
        with file.open("rb") as opened:
            days = tomllib.loads(opened.read(_MOST_BYTES).decode()).get("days")
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SourceError(f"the holidays in {file} can't be read: {error}") from error
    if not isinstance(days, list) or not all(type(day) is date for day in days):
        raise SourceError(f"{file} holds no list of dates: write days = [2026-01-01]")
    return frozenset(days)


def why_nothing(day: date, holidays: frozenset[date]) -> str:
    """Why the calendar expects an empty feed that day; empty if it expects papers."""
    if not has_feed(day):
        return f"arXiv announces nothing on a {day:%A}"
    return f"arXiv lists {day} as a holiday" if day in holidays else ""


def follows_holiday(day: date, holidays: frozenset[date]) -> str:
    """A hint where the day before is listed: arXiv doesn't say whether it lists an evening or the morning after it.

    It explains an empty feed but doesn't prove it right: of the two mornings one has papers.
    """
    eve = day - timedelta(days=1)
    return f"arXiv lists {eve}, the day before, as a holiday" if eve in holidays else ""


def _days_from(first: date) -> Iterator[date]:
    return (first + timedelta(days=days) for days in count())
