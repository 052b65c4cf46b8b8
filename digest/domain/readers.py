"""Who reads, and what they want to read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Interest:
    """One named part of a profile; a section of the mail.

    Keywords, authors and query are alternatives. `categories` is a filter, and alone it takes all of its papers.
    `exclude` beats everything in its interest.
    """

    name: str = ""
    keywords: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    query: str = ""
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Profile:
    """What one subscriber wants to read. Without interests it is the trending digest."""

    interests: tuple[Interest, ...] = ()
    max_papers: int = 15
    min_score: float = 0.0
    trending: int = 3
    """How many of the day's most upvoted papers close the digest; 0 turns the section off."""


class Frequency(StrEnum):
    """How often a subscriber is due."""

    DAILY = "daily"
    WEEKDAYS = "weekdays"
    WEEKLY = "weekly"


class Status(StrEnum):
    """Whether mail may go to a subscriber."""

    PENDING = "pending"  # signed up, not confirmed
    ACTIVE = "active"
    PAUSED = "paused"
    UNSUBSCRIBED = "unsubscribed"


WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, slots=True)
class Subscriber:
    """One inbox: a stable id, an address, what it wants and when."""

    id: str
    """Made from the normalised address; stable, and the only thing about a person that stands in a link."""
    email: str
    profile: Profile
    name: str = ""
    timezone: str = "UTC"
    send_at: time = time(7, 30)
    frequency: Frequency = Frequency.DAILY
    weekday: str = "monday"
    language: str = "en"
    origin: str = "file"
    """`file` or `signup`."""
    status: Status = Status.ACTIVE
    cursor: date | None = None
    """The last edition delivered; None before the first plan."""
    is_new: bool = True
    """Whether no digest was ever planned: the first one goes out at once, whatever the frequency."""
    file: str = ""
    """The subscriber file, where there is one."""
