"""Says why a paper was chosen, from the same hits that scored it: keywords, fields and places; chooses nothing."""

from __future__ import annotations

from collections.abc import Iterator

from digest.domain import Doubt, Note, Reason
from digest.matching.day import Day
from digest.matching.expressions import Like, Person, Tag, Term
from digest.matching.interests import ReadInterest, Role, Slot, Unit
from digest.matching.units import Findings, counting_terms


def adding_terms(slot: Slot) -> Iterator[Term]:
    """The terms of a slot that add to the score, as the reader wrote them."""
    return counting_terms(Unit(slot.expression, slot.unit.counted))


def reasons_of(interest: ReadInterest, findings: Findings, position: int) -> tuple[Reason, ...]:
    """Each keyword that speaks for a paper, as the reader wrote it, with its places: the title before the abstract."""
    reasons = (
        reason
        for slot in _holding_slots(interest, findings, position)
        for term in adding_terms(slot)
        for reason in _reasons(term, findings.day, position)
    )
    return tuple(dict.fromkeys(reasons))


def notes_of(interest: ReadInterest, findings: Findings, position: int) -> tuple[Note, ...]:
    """What the reader should know of the choice: filters that could not be checked, authors by initials only."""
    day = findings.day
    notes = []
    filters = [term.written for slot in interest.of(Role.FILTER) if isinstance(term := slot.expression, Term)]
    if filters and day.uncategorised >> position & 1:
        notes.append(Note(Doubt.CATEGORIES, ", ".join(filters)))
    for slot in _holding_slots(interest, findings, position):
        notes += [note for term in adding_terms(slot) if (note := day.hits(term).notes.get(position))]
    return tuple(dict.fromkeys(notes))


def _holding_slots(interest: ReadInterest, findings: Findings, position: int) -> Iterator[Slot]:
    return (slot for slot in interest.of(Role.WANTED) if findings.hits(slot.unit).papers >> position & 1)


def _reasons(term: Term, day: Day, position: int) -> Iterator[Reason]:
    if not day.hits(term).papers >> position & 1:
        return
    if isinstance(term.target, Person):
        yield Reason(term.written, "author")
    elif isinstance(term.target, Tag):
        yield Reason(term.written, term.target.kind)
    elif not isinstance(term.target, Like):
        for name, hits in day.places(term.target, term.field, position):
            yield Reason(term.written, name, tuple((hit.start, hit.end) for hit in hits))
