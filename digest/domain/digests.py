"""What one reader is told: matches, their reasons, and the digest made of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from digest.domain.batches import SourceAccount
from digest.domain.papers import Paper, Revision
from digest.domain.readers import Subscriber


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a paper was chosen: the keyword as the reader wrote it and the field where it stands.

    `spans` are (start, end) offsets of the hits in the paper's title or abstract, for marking.
    """

    keyword: str
    field: str
    """`title`, `abstract`, `author`, `category`, `source` or `upvotes`."""
    spans: tuple[tuple[int, int], ...] = ()


class Doubt(StrEnum):
    """What isn't certain about a choice."""

    CATEGORIES = "categories"  # the paper has none, so a filter could not be checked
    INITIALS = "initials"  # an author's initials alone agree
    NAMESAKE = "namesake"  # an author's name agrees as far as it is given
    FAMILY_NAME = "family-name"  # an author's family name alone is known


@dataclass(frozen=True, slots=True)
class Note:
    """What the reader should know of a choice."""

    doubt: Doubt
    about: str
    """The author, or the filter."""


@dataclass(frozen=True, slots=True)
class Match:
    """A paper, the interest it fits, a score, and the reasons."""

    paper: Paper
    interest: str
    score: float
    reasons: tuple[Reason, ...]
    notes: tuple[Note, ...] = ()
    revisions: tuple[Revision, ...] = ()
    """What became known of a paper that the reader was sent before; only in the section of revisions."""


class SectionKind(StrEnum):
    """What a section of a digest holds."""

    INTEREST = "interest"
    TRENDING = "trending"
    LATE = "late"
    AGAIN = "again"
    REVISED = "revised"


@dataclass(frozen=True, slots=True)
class Section:
    """A titled run of matches, best first."""

    kind: SectionKind
    title: str
    matches: tuple[Match, ...]
    note: str = ""
    day: date | None = None
    """The edition of all its papers, in a weekly digest; else None."""


@dataclass(frozen=True, slots=True)
class Digest:
    """One subscriber's matches over the editions it covers; content only, no look yet."""

    subscriber: Subscriber
    edition: date
    covers: tuple[date, ...]
    """The editions it covers, oldest first; the last is `edition`."""
    sections: tuple[Section, ...]
    considered: int
    """Papers of the covered editions."""
    matched: int
    """How many of them fit the profile, shown or not."""
    older_papers: int = 0
    """Papers of editions beyond the fourteen a digest covers: counted, not shown."""
    account: tuple[SourceAccount, ...] = ()
    """The account of the covered days: what the sources brought, what was late or missing."""
    again_through: date | None = None
    """Of editions up to this one it says that an earlier mail may have brought their papers."""

    @property
    def shown(self) -> tuple[Match, ...]:
        """Every match in the order in which the reader sees it."""
        return tuple(match for section in self.sections for match in section.matches)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to say."""
        return not any(section.matches for section in self.sections)


@dataclass(frozen=True, slots=True)
class Letterhead:
    """What every email of this installation shares."""

    site_name: str
    sender: str
    base_url: str
    secrets: tuple[str, ...] = field(repr=False)
    """Keys that sign links, newest first; older ones still verify."""
    reply_to: str = ""
    postal_address: str = ""
    bounce_address: str = ""
    """To which mail comes back, each under a signed address of its own; empty: to the sender."""
    mails_when_empty: bool = False
    """Whether a reader for whom nothing matched gets a short mail that says so."""
