"""Scores and ranks a crowd against a day's postings, over numbers only; knows neither words nor reasons.

The loops from `_rank_profiles` on are what `compiling` compiles: they keep to numbers, tuples and columns. A mark that
equals the number of the reader or interest at work means "set"; so no column is ever cleared.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from digest.matching.compiling import column, compiled
from digest.matching.crowd import Crowd
from digest.matching.interests import Role
from digest.matching.postings import Postings

DIGITS = 10_000
"""Scores are whole numbers of ten-thousandths: what differs by less is equal."""
DUPLICATE_SHARE = 0.25
"""What is left of a score for the second of several near-duplicates; the third has a quarter of that, and so on."""
PAPER_BITS = 20
"""A score and a paper share a number that sorts; so a day has at most a million papers."""
MOST_PAPERS = 1 << PAPER_BITS
GREATEST_SCORE = (1 << (62 - PAPER_BITS)) - 1
ENTRIES_A_BATCH = 1 << 21
"""Room for results that is held at once."""

WANTED, EXCLUDED, FILTER = (int(role) for role in Role)


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


class _Slots(NamedTuple):
    """A crowd's columns."""

    starts: Any
    unit: Any
    weight: Any
    interest: Any
    role: Any
    least: Any


class _Hits(NamedTuple):
    """A day's columns."""

    starts: Any
    papers: Any
    impacts: Any
    certain_starts: Any
    certain: Any
    uncategorised: Any
    group: Any
    is_grouped: Any


class _Scratch(NamedTuple):
    """What is known so far of each paper, for the interest and the reader at work."""

    sums: Any
    summed: Any
    struck: Any
    passed: Any
    touched: Any
    best: Any
    scored: Any
    interest: Any
    found: Any
    duplicates: Any
    counted: Any
    keys: Any


class _Room(NamedTuple):
    """Where results go."""

    papers: Any
    interests: Any
    scores: Any


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
        room = _Room(*(np.zeros(count * most, np.int64) for _ in _Room._fields))
        shown, matched = np.zeros(count, np.int64), np.zeros(count, np.int64)
        total = _rank_profiles(first, slots, hits, scratch, room, shown, matched, most)
        yield Ranking(first, shown, matched, room.papers[:total], room.interests[:total], room.scores[:total] / DIGITS)


def _slots(crowd: Crowd) -> _Slots:
    names = ("unit", "weight", "interest", "role")
    unit, weight, interest, role = (column(np.ascontiguousarray(crowd.slots[name])) for name in names)
    return _Slots(column(crowd.starts), unit, weight, interest, role, column(crowd.least))


def _hits(postings: Postings) -> _Hits:
    return _Hits(
        column(postings.hits.starts),
        column(postings.hits.papers),
        column(postings.hits.impacts),
        column(postings.certain.starts),
        column(postings.certain.papers),
        column(postings.uncategorised),
        column(postings.group),
        column(postings.is_grouped),
    )


def _scratch(papers: int) -> _Scratch:
    numbers = [column(np.full(papers, -1, np.int64)) for _ in _Scratch._fields]
    return _Scratch(column(np.zeros(papers)), *numbers[1:])


@compiled
def _rank_profiles(
    first: int, slots: _Slots, hits: _Hits, scratch: _Scratch, room: _Room, shown: Any, matched: Any, most: int
) -> int:
    """Ranks as many profiles as `shown` has places. Returns how many matches are given."""
    total = 0
    for number in range(len(shown)):
        matched[number] = _rank_profile(first + number, most, slots, hits, scratch)
        shown[number] = min(matched[number], most)
        for place in range(shown[number]):
            key = scratch.keys[place]
            paper = key & (MOST_PAPERS - 1)
            room.papers[total] = paper
            room.interests[total] = scratch.interest[paper]
            room.scores[total] = GREATEST_SCORE - (key >> PAPER_BITS)
            total += 1
    return total


@compiled
def _rank_profile(profile: int, most: int, slots: _Slots, hits: _Hits, scratch: _Scratch) -> int:
    """Puts a profile's matches into `keys`, best first. Returns how many there are."""
    found = 0
    slot, end = slots.starts[profile], slots.starts[profile + 1]
    while slot < end:
        following = slot + 1
        while following < end and slots.interest[following] == slots.interest[slot]:
            following += 1
        touched = _add_up(slot, following, slots, hits, scratch)
        found = _keep_best(profile, slots.interest[slot], touched, found, scratch)
        slot = following
    return _sort(profile, found, most, slots.least[profile], hits, scratch)


@compiled
def _add_up(first: int, end: int, slots: _Slots, hits: _Hits, scratch: _Scratch) -> int:
    """Sums up one interest's slots, which mark by the number of the first. Returns how many papers may match."""
    touched = 0
    is_filtered = False
    for slot in range(first, end):
        unit, role = slots.unit[slot], slots.role[slot]
        if role == EXCLUDED:
            for at in range(hits.certain_starts[unit], hits.certain_starts[unit + 1]):
                scratch.struck[hits.certain[at]] = first
            continue
        is_filtered = is_filtered or role == FILTER
        for at in range(hits.starts[unit], hits.starts[unit + 1]):
            paper = hits.papers[at]
            if role == FILTER:
                scratch.passed[paper] = first
            elif scratch.summed[paper] == first:
                scratch.sums[paper] += slots.weight[slot] * hits.impacts[at]
            else:
                scratch.summed[paper] = first
                scratch.sums[paper] = slots.weight[slot] * hits.impacts[at]
                scratch.touched[touched] = paper
                touched += 1
    kept = 0
    for place in range(touched):
        paper = scratch.touched[place]
        passes = not is_filtered or scratch.passed[paper] == first or hits.uncategorised[paper]
        if passes and scratch.struck[paper] != first:
            scratch.touched[kept] = paper
            kept += 1
    return kept


@compiled
def _keep_best(profile: int, interest: int, touched: int, found: int, scratch: _Scratch) -> int:
    """Takes over what scores better under this interest than under those before. Returns how many papers match now."""
    for place in range(touched):
        paper = scratch.touched[place]
        # whatever is hit is a match, however little it counts
        score = min(max(int(scratch.sums[paper] * DIGITS + 0.5), 1), GREATEST_SCORE)
        is_new = scratch.scored[paper] != profile
        if is_new:
            scratch.found[found] = paper
            found += 1
        if is_new or score > scratch.best[paper]:
            scratch.scored[paper] = profile
            scratch.best[paper] = score
            scratch.interest[paper] = interest
    return found


@compiled
def _sort(profile: int, found: int, most: int, least: float, hits: _Hits, scratch: _Scratch) -> int:
    """Puts the best of the papers found in order, those of too low a score left out. Returns how many there are."""
    has_duplicates = False
    for place in range(found):
        paper = scratch.found[place]
        scratch.keys[place] = ((GREATEST_SCORE - scratch.best[paper]) << PAPER_BITS) | paper
        has_duplicates = has_duplicates or hits.is_grouped[paper]
    if has_duplicates:
        _sort_keys(found, scratch)
        _demote(profile, found, hits, scratch)
    kept = 0
    for place in range(found):
        key = scratch.keys[place]
        if (GREATEST_SCORE - (key >> PAPER_BITS)) / DIGITS >= least:
            scratch.keys[kept] = key
            kept += 1
    if kept > most:
        _select(kept, most, scratch)
    _sort_keys(min(kept, most), scratch)
    return kept


@compiled
def _sort_keys(found: int, scratch: _Scratch) -> None:
    keys = scratch.keys[:found]
    keys.sort()
    scratch.keys[:found] = keys


@compiled
def _select(found: int, most: int, scratch: _Scratch) -> None:
    """Moves the least `most` keys to the front, in any order: Hoare's selection. All keys differ."""
    low, high = 0, found - 1
    while low < high:
        pivot = scratch.keys[(low + high) // 2]
        left, right = low, high
        while left <= right:
            while scratch.keys[left] < pivot:
                left += 1
            while scratch.keys[right] > pivot:
                right -= 1
            if left <= right:
                scratch.keys[left], scratch.keys[right] = scratch.keys[right], scratch.keys[left]
                left += 1
                right -= 1
        if most <= right:
            high = right
        elif most >= left:
            low = left
        else:
            return


@compiled
def _demote(profile: int, found: int, hits: _Hits, scratch: _Scratch) -> None:
    """Lowers the scores of all but the best of near-duplicates."""
    for place in range(found):
        key = scratch.keys[place]
        paper = key & (MOST_PAPERS - 1)
        group = hits.group[paper]
        if scratch.counted[group] != profile:
            scratch.counted[group] = profile
            scratch.duplicates[group] = 0
        score = (GREATEST_SCORE - (key >> PAPER_BITS)) * DUPLICATE_SHARE ** scratch.duplicates[group]
        scratch.duplicates[group] += 1
        scratch.keys[place] = ((GREATEST_SCORE - max(int(score + 0.5), 1)) << PAPER_BITS) | paper
