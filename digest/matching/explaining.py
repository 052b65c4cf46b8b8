"""Says why a paper was chosen, from the same hits that scored it: keywords, fields and places; chooses nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from digest.domain import Doubt, Note, Reason
from digest.matching.day import Day, Hits
from digest.matching.expressions import Like, Person, Tag, Term
from digest.matching.interests import ReadInterest, Role, Slot, Unit
from digest.matching.units import Findings, counting_terms


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for papers under one interest; looked up once for all the papers that one reader is told of."""

    day: Day
    terms: tuple[tuple[int, Term, Hits, dict[int, tuple[Reason, ...]]], ...]
    """Of each slot that holds for some papers, a bitmap of these; with each of its terms what that hits and tells."""
    filters: str
    """The categories asked for, as the reader wrote them."""

    def reasons(self, position: int) -> tuple[Reason, ...]:
        """Each keyword that speaks for a paper, as the reader wrote it, with its places: title before abstract."""
        reasons: list[Reason] = []
        for papers, term, hits, told in self.terms:
            if papers & hits.papers & 1 << position:
                if position not in told:
                    told[position] = tuple(_reasons(term, self.day, position))
                reasons += told[position]
        return tuple(dict.fromkeys(reasons))

    def notes(self, position: int) -> tuple[Note, ...]:
        """What the reader should know of the choice: filters that could not be checked, authors by initials only."""
        notes = []
        if self.filters and self.day.uncategorised & 1 << position:
            notes.append(Note(Doubt.CATEGORIES, self.filters))
        for papers, _, hits, _ in self.terms:
            if hits.notes and papers & 1 << position and position in hits.notes:
                notes.append(hits.notes[position])
        return tuple(dict.fromkeys(notes))


def adding_terms(slot: Slot) -> Iterator[Term]:
    """The terms of a slot that add to the score, as the reader wrote them."""
    return counting_terms(Unit(slot.expression, slot.unit.counted))


def gather_evidence(interest: ReadInterest, findings: Findings) -> Evidence:
    """What was found for an interest."""
    filters = [term.written for slot in interest.of(Role.FILTER) if isinstance(term := slot.expression, Term)]
    terms = [
        (papers, term, findings.day.hits(term), findings.told(term))
        for slot in interest.of(Role.WANTED)
        if (papers := findings.hits(slot.unit).papers)
        for term in adding_terms(slot)
    ]
    return Evidence(findings.day, tuple(terms), ", ".join(filters))


def _reasons(term: Term, day: Day, position: int) -> Iterator[Reason]:
    if isinstance(term.target, Person):
        yield Reason(term.written, "author")
    elif isinstance(term.target, Tag):
        yield Reason(term.written, term.target.kind)
    elif not isinstance(term.target, Like):
        for name, hits in day.places(term.target, term.field, position):
            yield Reason(term.written, name, tuple((hit.start, hit.end) for hit in hits))
