"""Decides which edition takes a paper. Pure; knows no table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from digest.domain import Edition


@dataclass(frozen=True, slots=True)
class Placement:
    """Where the papers of one collecting go."""

    edition: Edition
    closed_through: date | None
    """The last closed edition; that day and all before it are closed."""
    first: date
    """The installation's first edition: what was announced before it is known, but mailed to nobody."""

    def place(self, announced: date) -> tuple[date, bool]:
        """The edition of a paper announced on that day, and whether it is archived: known, but mailed to nobody."""
        if announced < self.first or (self.edition.is_backfill and announced < self.edition.day):
            return announced, True
        if (
            announced < self.taking - self.lookback
        ):  # a day of long ago was collected again: nobody waits for its papers
            return announced, True
        return self.taking, False

    @property
    def taking(self) -> date:
        """The edition that takes what comes now: the one collected, or if that is closed the first open one."""
        if self.is_open(self.edition.day):
            return self.edition.day
        return (self.closed_through or self.edition.day) + timedelta(days=1)

    @property
    def lookback(self) -> timedelta:
        """How far back the edition takes papers, its own day included."""
        return self.edition.day - self.edition.since + timedelta(days=1)

    def is_open(self, edition: date) -> bool:
        """Whether what that edition holds may still change."""
        return self.closed_through is None or edition > self.closed_through

    def is_past(self, edition: date) -> bool:
        """Whether digests of that edition may be out, so that what becomes known now is a revision of its papers."""
        return edition < self.edition.day or not self.is_open(edition)
