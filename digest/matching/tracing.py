"""Traces one paper through the matching of one profile, by the numbers that ranked it; scores and chooses nothing.

Whether an interest takes the paper, and the score, are the ranking's own. What each term adds is shared out in whole
ten-thousandths, as scores are, so that it sums up to the score exactly.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from digest.domain import Paper, Profile
from digest.matching.day import Day
from digest.matching.explaining import adding_terms
from digest.matching.explanation import Cut, Explanation, Place, TracedInterest, TracedSlot
from digest.matching.expressions import Like, Person, Tag, Term, terms_of
from digest.matching.hints import near_miss
from digest.matching.interests import ReadInterest, Role, Slot
from digest.matching.postings import prior_of
from digest.matching.ranking import DIGITS, rank_crowd
from digest.matching.reading import Reading, read_day, rows_of
from digest.matching.statistics import Statistics
from digest.matching.units import Findings

UPVOTES, NEAR_DUPLICATE = "upvotes", "near-duplicate"


def explain_paper(
    paper_id: str,
    papers: Sequence[Paper],
    profile: Profile,
    *,
    covered: Collection[str],
    statistics: Statistics,
    liked: Iterable[Paper] = (),
) -> Explanation:
    """Why one of these papers was or wasn't chosen. Only those of the `covered` ids compete for the places."""
    position = next(number for number, paper in enumerate(papers) if paper.id == paper_id)
    whole, alone = replace(profile, min_score=0.0), [Profile((interest,)) for interest in profile.interests]
    reading = read_day(papers, [whole, *alone], statistics=statistics, liked=liked)
    ranked = next(_ranked(reading))
    interests = list(_trace_interests(reading, position))
    number, score = next(((number, score) for paper, number, score in ranked if paper == position), (None, 0.0))
    if number is not None:
        twins = _better_twins(reading, ranked, position)
        interests[number] = _demoted(interests[number], score, twins)
    rivals = [(paper, score) for paper, _, score in ranked if papers[paper].id in covered]
    rank = next((rank for rank, (paper, _) in enumerate(rivals, start=1) if paper == position), None)
    return Explanation(
        paper=papers[position],
        interests=tuple(interests),
        best=None if number is None else interests[number],
        score=score,
        rank=rank,
        matched=sum(score >= profile.min_score for _, score in rivals),
        cut=_cut_of(interests) if number is None else _cut_by(score, rank, profile),
    )


def _ranked(reading: Reading) -> Iterator[list[tuple[int, int, float]]]:
    """For each profile its matches, best first: the paper, the interest, the score."""
    return (rows for ranking in rank_crowd(reading.crowd, reading.postings) for rows in rows_of(ranking))


def _cut_by(score: float, rank: int | None, profile: Profile) -> Cut | None:
    """What keeps a paper that an interest takes from being shown."""
    if rank is None:
        return Cut.NOT_COVERED
    if score < profile.min_score:
        return Cut.MIN_SCORE
    return Cut.MAX_PAPERS if rank > profile.max_papers else None


def _cut_of(interests: Sequence[TracedInterest]) -> Cut:
    """Why no interest takes a paper: the reason of the one that came closest."""
    reasons = {interest.cut for interest in interests}
    return next((cut for cut in (Cut.EXCLUDED, Cut.FILTERED) if cut in reasons), Cut.NO_HIT)


def _trace_interests(reading: Reading, position: int) -> Iterator[TracedInterest]:
    """Each interest as if it were the whole profile, and no text like this one had come."""
    postings = replace(reading.postings, is_grouped=np.zeros_like(reading.postings.is_grouped))
    _, *alone = _ranked(replace(reading, postings=postings))
    for interest, ranked in zip(reading.interests_of(0), alone, strict=True):
        score = next((score for paper, _, score in ranked if paper == position), None)
        yield _trace(interest, reading.findings, position, score)


def _trace(interest: ReadInterest, findings: Findings, position: int, score: float | None) -> TracedInterest:
    """One interest with the score that it gives the paper, shared out; None if it doesn't take it."""
    slots = tuple(_trace_slot(slot, findings, position, interest.weight) for slot in interest.slots)
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


def _trace_slot(slot: Slot, findings: Findings, position: int, weight: float) -> TracedSlot:
    """A slot with each of its terms; what it adds is still unrounded and without upvotes."""
    hits = findings.hits(slot.unit)
    holds = bool((hits.certain if slot.role is Role.EXCLUDED else hits.papers) >> position & 1)
    adding = set(adding_terms(slot))
    adds = weight if holds and slot.role is Role.WANTED else 0.0
    places = [
        replace(place, impact=place.impact * adds * term.weight if term in adding else 0.0)
        for term in dict.fromkeys(terms_of(slot.expression))
        for place in _places(term, findings.day, position)
    ]
    return TracedSlot(slot.role, slot.written, not isinstance(slot.expression, Term), holds, tuple(places))


def _places(term: Term, day: Day, position: int) -> Iterator[Place]:
    """The fields in which a term stands, each with its part of the hit's impact; or that it stands nowhere."""
    hits, target = day.hits(term), term.target
    if not hits.papers >> position & 1 or isinstance(target, Like):
        yield Place(term.written, note=near_miss(term, day, position))
    elif isinstance(target, Person | Tag):
        field = target.kind if isinstance(target, Tag) else "author"
        yield Place(term.written, field, 1, hits.impacts[position], note=hits.notes.get(position, ""))
    else:
        found = day.places(target, term.field, position)
        worth = [day.weigh(there, position, field) for field, there in found]
        for (field, there), part in zip(found, worth, strict=True):
            impact = hits.impacts[position] * part / sum(worth)
            yield Place(term.written, field, len(there), impact, tuple((hit.start, hit.end) for hit in there))


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
    """A whole number in parts that are as near to the shares as whole numbers get: the largest remainders round up."""
    whole = sum(shares) or 1.0
    exact = [share / whole * total for share in shares]
    parts = [int(part) for part in exact]
    by_remainder = sorted(range(len(parts)), key=lambda place: parts[place] - exact[place])
    for place in by_remainder[: total - sum(parts)]:
        parts[place] += 1
    return parts


def _better_twins(reading: Reading, ranked: Sequence[tuple[int, int, float]], position: int) -> list[Paper]:
    """The near-duplicates that rank before a paper."""
    group = reading.postings.group
    order = [paper for paper, _, _ in ranked]
    before = order[: order.index(position)]
    return [reading.findings.day.papers[paper] for paper in before if group[paper] == group[position]]


def _demoted(traced: TracedInterest, score: float, twins: Sequence[Paper]) -> TracedInterest:
    lost = round(score - traced.score, 4)
    if not lost:
        return traced
    return replace(traced, further=(*traced.further, Place(twins[0].id, NEAR_DUPLICATE, len(twins), lost)))
