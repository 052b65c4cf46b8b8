"""Scores and ranks a crowd against a day's postings, over numbers only; knows neither words nor reasons."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digest.matching.columns import DIGITS, MOST_PAPERS, Hits, Room, Scratch, Slots, column
from digest.matching.crowd import Crowd
from digest.matching.postings import Postings

ENTRIES_A_BATCH = 1 << 18
"""Room for results that is held at once."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """Matches of a run of profiles, each profile's best first; one entry a match in each of the arrays."""

    first: int
    """The number of the first profile in the crowd."""
    shown: NDArray[np.int64]
    """For each profile how many matches are given."""
    matched: NDArray[np.int64]
    """For each profile how many papers match, given or not."""
    papers: NDArray[np.int64]
    interests: NDArray[np.int64]
    scores: NDArray[np.float64]


def rank_crowd(crowd: Crowd, postings: Postings, *, most: int | None = None) -> Iterator[Ranking]:
    """The matches of all profiles in their order, batch by batch; at most so many of each, if `most` says so.

    A paper's score under an interest is the sum of its slots' weights times impacts. It counts for the interest where
    it is greatest, of equal ones the earlier. Equal scores are in the order of the papers. Of near-duplicates only the
    best keeps its score.
    """
    if postings.papers > MOST_PAPERS:
        raise ValueError(f"{postings.papers} papers at once; at most {MOST_PAPERS}")
    most = postings.papers if most is None else min(most, postings.papers)
    slots, hits, scratch = _slots(crowd), _hits(postings), _scratch(postings.papers)
    batch = max(ENTRIES_A_BATCH // max(most, 1), 1)
    for first in range(0, len(crowd), batch):
        count = min(batch, len(crowd) - first)
        room = Room(*(np.zeros(count * most, np.int64) for _ in Room._fields))
        shown, matched = np.zeros(count, np.int64), np.zeros(count, np.int64)
        total = _kernel().rank_profiles(first, slots, hits, scratch, room, shown, matched, most)
        yield Ranking(first, shown, matched, room.papers[:total], room.interests[:total], room.scores[:total] / DIGITS)


def _slots(crowd: Crowd) -> Slots:
    names = ("unit", "weight", "interest", "role")
    unit, weight, interest, role = (column(crowd.slots[name].copy()) for name in names)
    return Slots(column(crowd.starts), unit, weight, interest, role, column(crowd.least))


def _hits(postings: Postings) -> Hits:
    return Hits(
        column(postings.hits.starts),
        column(postings.hits.papers),
        column(postings.hits.impacts),
        column(postings.certain.starts),
        column(postings.certain.papers),
        column(postings.uncategorised),
        column(postings.group),
        column(postings.is_grouped),
    )


def _scratch(papers: int) -> Scratch:
    numbers = [column(np.full(papers, -1, np.int64)) for _ in Scratch._fields]
    return Scratch(column(np.zeros(papers)), *numbers[1:])


@cache
def _kernel() -> Any:
    """The loops, which may mean numba: only who ranks should wait for it."""
    return import_module("digest.matching.kernel")
