"""The words in which it is told why a paper was or wasn't chosen for a profile: values only, decides nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from digest.domain import Note, Paper
from digest.matching.interests import Role


class Cut(StrEnum):
    """Why a paper isn't among those shown."""

    NO_HIT = "no hit"
    EXCLUDED = "excluded"
    FILTERED = "filtered"
    NOT_COVERED = "not covered"  # it is in none of the editions that the digest covers
    MIN_SCORE = "min_score"
    MAX_PAPERS = "max_papers"


@dataclass(frozen=True, slots=True)
class Place:
    """A term in one field of the paper, or one that stands nowhere in it; or what else changed the score."""

    keyword: str
    """The term as the reader wrote it."""
    field: str = ""
    """`title`, `abstract`, `author`, `category` or `source`; empty where it doesn't stand.

    `upvotes` and `near-duplicate` are what the paper's standing adds, and what a text like it takes away.
    """
    count: int = 0
    impact: float = 0.0
    """What it adds to the score under its interest, the reader's weights included."""
    spans: tuple[tuple[int, int], ...] = ()
    """(start, end) offsets in the title or abstract."""
    note: Note | None = None
    hint: str = ""
    """What is nearly a hit, where there is none."""


@dataclass(frozen=True, slots=True)
class TracedSlot:
    """One keyword, author, query, exclusion or category, with what became of it."""

    role: Role
    written: str
    is_compound: bool
    """Whether it joins several terms: some may stand in the paper, and it needn't hold."""
    holds: bool
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class TracedInterest:
    """One interest, with what became of each of its slots."""

    name: str
    cut: Cut | None
    """Why it doesn't take the paper; None where it does."""
    slots: tuple[TracedSlot, ...]
    further: tuple[Place, ...] = ()
    """What beside its slots changed the score."""
    is_unchecked: bool = False
    """Whether its category filter could not be checked, since nobody knows the paper's categories."""

    def of(self, role: Role) -> tuple[TracedSlot, ...]:
        """The slots with this role."""
        return tuple(slot for slot in self.slots if slot.role is role)

    @property
    def places(self) -> tuple[Place, ...]:
        """All that adds to the score, and the terms that might have."""
        return tuple(place for slot in self.of(Role.WANTED) for place in slot.places) + self.further

    @property
    def score(self) -> float:
        """What the paper scores under this interest; 0 where it doesn't take it."""
        return round(sum(place.impact for place in self.places), 4)


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why one paper was or wasn't chosen for one profile."""

    paper: Paper
    interests: tuple[TracedInterest, ...]
    best: TracedInterest | None
    """The interest under which it counts; None if none takes it."""
    score: float
    rank: int | None
    """Its place among the covered papers that match, those below `min_score` last; None if it isn't among them."""
    matched: int
    """How many of the covered papers match."""
    cut: Cut | None
    """None if it is among the papers shown."""

    @property
    def excluded_by(self) -> tuple[TracedSlot, ...]:
        """The exclusions that keep it from interests that look for it."""
        return tuple(slot for slot in self._deciding(Cut.EXCLUDED, Role.EXCLUDED) if slot.holds)

    @property
    def filtered_by(self) -> tuple[TracedSlot, ...]:
        """The category filters, none of which it passes, of interests that look for it."""
        return tuple(self._deciding(Cut.FILTERED, Role.FILTER))

    def _deciding(self, cut: Cut, role: Role) -> Iterator[TracedSlot]:
        return (slot for interest in self.interests if interest.cut is cut for slot in interest.of(role))
