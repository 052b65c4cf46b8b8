"""Scores and ranks a run of profiles: the loops that `compiling` compiles, over numbers alone.

They keep to numbers, tuples and columns. A mark that equals the number of the reader or interest at work means "set";
so no column is ever cleared. Only `ranking` loads this module, and only to rank: numba takes half a second and seventy
megabytes that a command without matching can do without.
"""

from __future__ import annotations

from typing import Any

from digest.matching.columns import (
    DIGITS,
    DUPLICATE_SHARE,
    GREATEST_SCORE,
    MOST_PAPERS,
    PAPER_BITS,
    Hits,
    Room,
    Scratch,
    Slots,
)
from digest.matching.compiling import compiled
from digest.matching.interests import Role

WANTED, EXCLUDED, FILTER = (int(role) for role in Role)


@compiled
def rank_profiles(
    first: int, slots: Slots, hits: Hits, scratch: Scratch, room: Room, shown: Any, matched: Any, most: int
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
def _rank_profile(profile: int, most: int, slots: Slots, hits: Hits, scratch: Scratch) -> int:
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
def _add_up(first: int, end: int, slots: Slots, hits: Hits, scratch: Scratch) -> int:
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
def _keep_best(profile: int, interest: int, touched: int, found: int, scratch: Scratch) -> int:
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
def _sort(profile: int, found: int, most: int, least: float, hits: Hits, scratch: Scratch) -> int:
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
def _sort_keys(found: int, scratch: Scratch) -> None:
    keys = scratch.keys[:found]
    keys.sort()
    scratch.keys[:found] = keys


@compiled
def _select(found: int, most: int, scratch: Scratch) -> None:
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
def _demote(profile: int, found: int, hits: Hits, scratch: Scratch) -> None:
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
