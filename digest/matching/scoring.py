"""Scores a batch of profiles: what each interest's slots give to the papers they hit, as arrays; puts nothing in order.

A row is a slot's hit, then a paper under an interest, then a paper that matches a profile. Each has a number, made of
the profile, the paper and the interest; where rows are sorted by it, what belongs together stands together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from digest.matching.arrays import Flags, Floats, Numbers, spread
from digest.matching.crowd import Crowd, Slots
from digest.matching.interests import MOST_INTERESTS, Role
from digest.matching.postings import Lists, Postings

DIGITS = 10_000
"""Scores are whole numbers of ten-thousandths: what differs by less is equal."""
SCORE_BITS = 42
GREATEST_SCORE = (1 << SCORE_BITS) - 1
PAPER_BITS = 20
"""A profile, a paper and an interest share a number that sorts; so a day has at most a million papers."""
MOST_PAPERS = 1 << PAPER_BITS
_INTEREST_BITS = MOST_INTERESTS.bit_length()
_LAST_INTEREST = (1 << _INTEREST_BITS) - 1


@dataclass(frozen=True, slots=True)
class Batch:
    """A run of a crowd's profiles, numbered from 0."""

    profiles: int
    slots: Slots
    profile: Numbers
    """Each slot's."""
    least: Floats
    """Each profile's `min_score`."""


@dataclass(frozen=True, slots=True)
class Scored:
    """Papers that match profiles, in the order of the profiles, then of the papers."""

    profile: Numbers
    paper: Numbers
    interest: Numbers
    score: Numbers


def take_batch(crowd: Crowd, first: int, end: int) -> Batch:
    """The profiles from first to before end."""
    starts = crowd.starts[first : end + 1]
    profile = np.repeat(np.arange(end - first), np.diff(starts))
    return Batch(end - first, crowd.slots[starts[0] : starts[-1]], profile, crowd.least[first:end])


def evidence_of(postings: Postings) -> Lists:
    """The hits of all units, and behind them once more those that exclude, of which each counts one."""
    hits, certain = postings.hits, postings.certain
    return Lists(
        starts=np.concatenate((hits.starts[:-1], certain.starts + hits.starts[-1])),
        papers=np.concatenate((hits.papers, certain.papers)),
        impacts=np.concatenate((hits.impacts, np.ones(len(certain.papers)))),
    )


def score_batch(batch: Batch, evidence: Lists, postings: Postings) -> Scored:
    """What matches each profile, under the interest where it scores best, of equal ones the earlier."""
    rows, sums = _add_up(batch, evidence)
    passes = (sums >= 0) & _pass_filters(rows, batch, postings)
    return _best(rows[passes], sums[passes])


def changes(values: Numbers) -> Flags:
    """Which values aren't that before them."""
    found = np.ones(len(values), np.bool_)
    np.not_equal(values[1:], values[:-1], out=found[1:])
    return found


def _add_up(batch: Batch, evidence: Lists) -> tuple[Numbers, Floats]:
    """Each paper under each interest that a slot hits, and what its slots give together: less than 0 if one excludes.

    They are added up in their order, since with floats another one may bring another sum.
    """
    slots, excludes = batch.slots, batch.slots["role"] == Role.EXCLUDED
    unit = slots["unit"] + excludes * (len(evidence.starts) // 2)
    weight = np.where(excludes, -np.inf, slots["weight"])
    starts = evidence.starts.take(unit)
    counts = evidence.starts.take(unit + 1) - starts
    counts[slots["role"] == Role.FILTER] = 0
    at = spread(starts, counts)
    worth = evidence.impacts.take(at) * np.repeat(weight, counts)
    # the hit's own number comes last: what it counts is found by that when they are sorted
    bits, hits = len(at).bit_length(), np.arange(len(at))
    hits += np.repeat((batch.profile << PAPER_BITS + _INTEREST_BITS | _turned(slots["interest"])) << bits, counts)
    hits += evidence.papers.take(at) << _INTEREST_BITS + bits
    hits.sort()
    worth = worth.take(hits & (1 << bits) - 1)
    hits >>= bits
    is_first = changes(hits)
    return hits[is_first], np.bincount(np.cumsum(is_first) - 1, worth).astype(np.float64, copy=False)


def _turned(interests: Numbers) -> Numbers:
    """The last one first, and back: so the greatest of equal scores is that of the earlier interest."""
    return _LAST_INTEREST - interests


def _pass_filters(rows: Numbers, batch: Batch, postings: Postings) -> Flags | bool:
    """Which rows their interest's filters let pass; where nobody knows a paper's categories they do."""
    filters = np.flatnonzero(batch.slots["role"] == Role.FILTER)
    if not len(filters):
        return True
    interests = batch.profile[filters] << _INTEREST_BITS | _turned(batch.slots["interest"][filters])
    filtered, number = np.unique(interests, return_inverse=True)
    passing = np.tile(postings.uncategorised, (len(filtered) + 1, 1))
    passing[-1] = True  # of interests without filters
    for one, unit in zip(number.tolist(), batch.slots["unit"][filters].tolist(), strict=True):
        passing[one, postings.hits.papers[postings.hits.starts[unit] : postings.hits.starts[unit + 1]]] = True
    whose = np.full(batch.profiles << _INTEREST_BITS, len(filtered))
    whose[filtered] = np.arange(len(filtered))
    profile, paper = rows >> PAPER_BITS + _INTEREST_BITS, rows >> _INTEREST_BITS & MOST_PAPERS - 1
    found: Flags = passing[whose[profile << _INTEREST_BITS | rows & _LAST_INTEREST], paper]
    return found


def _best(rows: Numbers, sums: Floats) -> Scored:
    """Each paper of each profile once."""
    # whatever is hit is a match, however little it counts
    score = np.clip(sums * DIGITS + 0.5, 1, GREATEST_SCORE).astype(np.int64)
    score <<= _INTEREST_BITS
    score |= rows & _LAST_INTEREST
    rows = rows >> _INTEREST_BITS
    firsts = np.flatnonzero(changes(rows))
    best = np.maximum.reduceat(score, firsts) if len(firsts) else score
    rows = rows.take(firsts)
    return Scored(rows >> PAPER_BITS, rows & MOST_PAPERS - 1, _turned(best & _LAST_INTEREST), best >> _INTEREST_BITS)
