"""Traces one paper through the matching of one profile, by the numbers that ranked it; scores and chooses nothing.

Whether an interest takes the paper, and the score, are the ranking's own. What each term adds is shared out in whole
ten-thousandths, as scores are, so that it sums up to the score exactly.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

import numpy as np

from digest.domain import Paper, Profile
from digest.matching.day import Day
from digest.matching.explanation import Cut, Explanation, Place, TracedInterest, TracedSlot
from digest.matching.expressions import Like, Person, Tag, Term, terms_of
from digest.matching.hints import near_miss
from digest.matching.interests import ReadInterest, Role, Slot, Unit
from digest.matching.postings import prior_of
from digest.matching.ranking import rank_crowd
from digest.matching.reading import Reading, read_day, rows_of
from digest.matching.scoring import DIGITS
from digest.matching.statistics import Statistics
from digest.matching.units import Findings, contributions

UPVOTES, NEAR_DUPLICATE = "upvotes", "near-duplicate"


@dataclass(frozen=True, slots=True)
class _Ranked:
    """A profile's ranking of some papers, which are numbers here."""

    findings: Findings
    group: Sequence[int]
    """Papers with one number are near-duplicates."""
    interests: Sequence[ReadInterest]
    alone: Sequence[Mapping[int, float]]
    """For each interest the scores that it gives, as if it were the whole profile and no text resembled another."""
    best: Mapping[int, tuple[int, float]]
    """For each paper that matches, best first, the interest under which it counts, and its score."""


def explain_papers(
    paper_ids: Collection[str],
    papers: Sequence[Paper],
    profile: Profile,
    *,
    covered: Collection[str],
    statistics: Statistics,
    liked: Iterable[Paper] = (),
) -> Iterator[Explanation]:
    """Why those of these papers were or weren't chosen, in the papers' order.

    Only papers of the `covered` ids compete for the places.
    """
    alone = [Profile((interest,)) for interest in profile.interests]
    profiles = [replace(profile, min_score=0.0), *alone]
    ranked = _rank(read_day(papers, profiles, statistics=statistics, liked=liked))
    rivals = [position for position in ranked.best if papers[position].id in covered]
    ranks = {position: rank for rank, position in enumerate(rivals, start=1)}
    matched = sum(ranked.best[position][1] >= profile.min_score for position in rivals)
    for position, paper in enumerate(papers):
        if paper.id in paper_ids:
            explanation = _explain(ranked, position, rank=ranks.get(position), matched=matched)
            yield replace(explanation, cut=explanation.cut or _cut_by(explanation, profile))


def _rank(reading: Reading) -> _Ranked:
    """The ranking by a profile and by each of its interests alone, as they are in the reading."""
    best, *_ = _rows(reading)
    postings = replace(reading.postings, is_grouped=np.zeros_like(reading.postings.is_grouped))
    _, *alone = _rows(replace(reading, postings=postings))
    return _Ranked(
        findings=reading.findings,
        group=reading.postings.group.tolist(),
        interests=reading.interests[0],
        alone=[{paper: score for paper, _, score in rows} for rows in alone],
        best={paper: (interest, score) for paper, interest, score in best},
    )


def _rows(reading: Reading) -> Iterator[list[tuple[int, int, float]]]:
    return (rows for ranking in rank_crowd(reading.crowd, reading.postings) for rows in rows_of(ranking))


def _explain(ranked: _Ranked, position: int, *, rank: int | None, matched: int) -> Explanation:
    """What the interests make of one paper, and what comes of it."""
    paper = ranked.findings.day.papers[position]
    traced = [
        _trace(interest, ranked.findings, position, scores.get(position))
        for interest, scores in zip(ranked.interests, ranked.alone, strict=True)
    ]
    if position not in ranked.best:
        return Explanation(paper, tuple(traced), None, 0.0, None, matched, _cut_of(traced))
    number, score = ranked.best[position]
    traced[number] = _demoted(traced[number], score, _better_twins(ranked, position))
    return Explanation(paper, tuple(traced), traced[number], score, rank, matched, None)


def _cut_by(explanation: Explanation, profile: Profile) -> Cut | None:
    """What keeps a paper that an interest takes from being shown."""
    if explanation.rank is None:
        return Cut.NOT_COVERED
    if explanation.score < profile.min_score:
        return Cut.MIN_SCORE
    return Cut.MAX_PAPERS if explanation.rank > profile.max_papers else None


def _cut_of(interests: Sequence[TracedInterest]) -> Cut:
    """Why no interest takes a paper: the reason of the one that came closest."""
    reasons = {interest.cut for interest in interests}
    return next((cut for cut in (Cut.EXCLUDED, Cut.FILTERED) if cut in reasons), Cut.NO_HIT)


def _trace(interest: ReadInterest, findings: Findings, position: int, score: float | None) -> TracedInterest:
    """One interest with the score that it gives the paper, shared out; None if it doesn't take it."""
    slots = tuple(_trace_slot(slot, findings, position) for slot in interest.slots)
    upvotes = findings.day.papers[position].upvotes
    traced = TracedInterest(
        name=interest.name,
        cut=_cut_in(slots) if score is None else None,
        slots=slots,
        is_unchecked=bool(interest.of(Role.FILTER) and findings.day.uncategorised >> position & 1),
    )
    if upvotes and score is not None:
        share = (prior_of(findings.day.papers[position]) - 1.0) * sum(place.impact for place in traced.places)
        traced = replace(traced, further=(Place(UPVOTES, UPVOTES, upvotes, share),))
    return _shared_out(traced, score or 0.0)


def _cut_in(slots: Sequence[TracedSlot]) -> Cut:
    holding = {slot.role for slot in slots if slot.holds}
    if Role.WANTED not in holding:
        return Cut.NO_HIT
    return Cut.EXCLUDED if Role.EXCLUDED in holding else Cut.FILTERED


def _trace_slot(slot: Slot, findings: Findings, position: int) -> TracedSlot:
    """A slot with each of its terms; what they add is still unrounded, without the interest's weight and upvotes."""
    hits = findings.hits(slot.unit)
    holds = bool((hits.certain if slot.role is Role.EXCLUDED else hits.papers) >> position & 1)
    unit = Unit(slot.expression, slot.unit.counted)
    added = contributions(unit, findings.day, position) if holds and slot.role is Role.WANTED else {}
    places = [
        place
        for term in dict.fromkeys(terms_of(slot.expression))
        for place in _places(term, added.get(term, 0.0), findings.day, position)
    ]
    return TracedSlot(slot.role, slot.written, not isinstance(slot.expression, Term), holds, tuple(places))


def _places(term: Term, added: float, day: Day, position: int) -> Iterator[Place]:
    """The fields in which a term stands, each with its part of what it adds; or that it stands nowhere."""
    hits, target = day.hits(term), term.target
    if not hits.papers >> position & 1 or isinstance(target, Like):
        yield Place(term.written, hint=near_miss(term, day, position))
    elif isinstance(target, Person | Tag):
        field = target.kind if isinstance(target, Tag) else "author"
        yield Place(term.written, field, 1, added, note=hits.notes.get(position))
    else:
        for field, there, part in day.parts(target, term, position):
            yield Place(term.written, field, len(there), added * part, tuple((hit.start, hit.end) for hit in there))


def _shared_out(traced: TracedInterest, score: float) -> TracedInterest:
    """The interest with impacts in whole ten-thousandths that sum up to the score."""
    parts = iter(apportion(round(score * DIGITS), [place.impact for place in traced.places]))

    def rounded(places: Iterable[Place]) -> tuple[Place, ...]:
        return tuple(replace(place, impact=next(parts) / DIGITS) for place in places)

    slots = tuple(
        replace(slot, places=rounded(slot.places)) if slot.role is Role.WANTED else slot for slot in traced.slots
    )
    return replace(traced, slots=slots, further=rounded(traced.further))


def apportion(total: int, shares: Sequence[float]) -> list[int]:
    """A whole number in parts as near to the shares as whole numbers get: the largest remainders round up."""
    whole = sum(shares) or 1.0
    exact = [share / whole * total for share in shares]
    parts = [int(part) for part in exact]
    by_remainder = sorted(range(len(parts)), key=lambda place: parts[place] - exact[place])
    for place in by_remainder[: total - sum(parts)]:
        parts[place] += 1
    return parts


def _better_twins(ranked: _Ranked, position: int) -> list[Paper]:
    """The near-duplicates that rank before a paper."""
    before = takewhile(lambda other: other != position, ranked.best)
    return [ranked.findings.day.papers[p] for p in before if ranked.group[p] == ranked.group[position]]


def _demoted(traced: TracedInterest, score: float, twins: Sequence[Paper]) -> TracedInterest:
    lost = round(score - traced.score, 4)
    if not lost:
        return traced
    return replace(traced, further=(*traced.further, Place(twins[0].id, NEAR_DUPLICATE, len(twins), lost)))
