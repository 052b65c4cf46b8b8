"""Ranks a crowd by a day's postings, a batch of profiles at a time; knows neither words nor reasons."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from digest.matching.arrays import Floats, Numbers, spread
from digest.matching.crowd import Crowd
from digest.matching.postings import Postings
from digest.matching.scoring import (
    DIGITS,
    GREATEST_SCORE,
    MOST_PAPERS,
    SCORE_BITS,
    Batch,
    Scored,
    changes,
    evidence_of,
    score_batch,
    take_batch,
)

DUPLICATE_SHARE = 0.25
"""What is left of a score for the second of several near-duplicates; the third has a quarter of that, and so on."""
MOST_PROFILES = 256
"""So many are ranked at once: with more the arrays outgrow the processor's cache, with fewer Python takes longer."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """Matches of a run of profiles, each profile's best first; one entry a match in each of the arrays."""

    first: int
    """The number of the first profile in the crowd."""
    shown: Numbers
    """For each profile how many matches are given."""
    matched: Numbers
    """For each profile how many papers match, given or not."""
    papers: Numbers
    interests: Numbers
    scores: Floats


def rank_crowd(crowd: Crowd, postings: Postings, *, most: int | None = None) -> Iterator[Ranking]:
    """The matches of all profiles in their order, batch by batch; at most so many of each, if `most` says so.

    A paper's score under an interest is the sum of its slots' weights times impacts. It counts for the interest where
    it is greatest, of equal ones the earlier. Equal scores are in the order of the papers. Of near-duplicates only the
    best keeps its score.
    """
    if postings.papers > MOST_PAPERS:
        raise ValueError(f"{postings.papers} papers at once; at most {MOST_PAPERS}")
    most = postings.papers if most is None else most
    evidence = evidence_of(postings)
    # a profile, a score and a paper share a number that sorts
    size = min(MOST_PROFILES, 1 << 63 - SCORE_BITS - postings.papers.bit_length())
    for first in range(0, len(crowd), size):
        batch = take_batch(crowd, first, min(first + size, len(crowd)))
        scored = _demote(score_batch(batch, evidence, postings), postings)
        yield _ranking(first, batch, scored, most)


def _demote(scored: Scored, postings: Postings) -> Scored:
    """Lowers the scores of all but the best of near-duplicates."""
    rows = np.flatnonzero(postings.is_grouped.take(scored.paper))
    if not len(rows):
        return scored
    before = scored.score[rows]
    group = scored.profile[rows] * postings.papers + postings.group[scored.paper[rows]]
    order = np.lexsort((-before, group))
    score = scored.score.copy()
    score[rows[order]] = np.maximum(before[order] * DUPLICATE_SHARE ** _places(group[order]) + 0.5, 1)
    return replace(scored, score=score)


def _ranking(first: int, batch: Batch, scored: Scored, most: int) -> Ranking:
    """The best of the matches that score enough, each profile's in the order of their scores."""
    found = np.bincount(scored.profile, minlength=batch.profiles)
    is_enough = scored.score / DIGITS >= np.repeat(batch.least, found)
    matched = found - np.bincount(scored.profile[~is_enough], minlength=batch.profiles)
    shown = np.minimum(matched, most)
    place = spread(0, found)
    bits = int(place.max(initial=0)).bit_length()
    keys = (scored.profile << SCORE_BITS | GREATEST_SCORE - scored.score) << bits | place
    keys.sort()
    chosen = np.flatnonzero(place < np.repeat(shown, found))
    best = chosen - place.take(chosen) + (keys.take(chosen) & (1 << bits) - 1)
    papers, interests, score = (column.take(best) for column in (scored.paper, scored.interest, scored.score))
    return Ranking(first, shown, matched, papers, interests, score / DIGITS)


def _places(values: Numbers) -> Numbers:
    """Each row's place among those of the same value, which stand together."""
    starts = np.flatnonzero(changes(values))
    return spread(0, np.diff(starts, append=len(values)))
