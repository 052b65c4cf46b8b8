"""Finds runs of words that may be one of many keys, as arrays; by hashes, so it finds too much, but never too little.

All runs of one word are looked up at once, then those of two, and so on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields

import numpy as np

from digest.matching.arrays import Flags, Numbers
from digest.matching.columns import Columns
from digest.matching.spellings import Hashes, spell

Run = tuple[int, int, int, bool]
"""A passage, the run's first and last word in it, all by number, and whether it may begin with an opened key."""

_TABLE_BITS = 22


class KeySet:
    """Keys that are asked for by their hashes."""

    def __init__(self, keys: Sequence[str]) -> None:
        self.lengths = sorted(set(map(len, keys)))
        spelt = spell(keys, self.longest)
        self._hashes = np.sort(spelt.whole)
        self._table = _table(self._hashes)
        self._beginnings = _table(spelt.hashes)

    @property
    def longest(self) -> int:
        """The letters of the longest key."""
        return self.lengths[-1] if self.lengths else 0

    def has(self, hashes: Hashes) -> Flags:
        """Which of the hashes are a key's."""
        found: Flags = self._table[_places(hashes)]
        likely = np.flatnonzero(found)
        if len(likely):
            at = np.searchsorted(self._hashes, hashes[likely])
            found[likely] = self._hashes[np.minimum(at, len(self._hashes) - 1)] == hashes[likely]
        return found

    def may_begin(self, hashes: Hashes) -> Flags:
        """Which of the hashes may be those of a key's beginning."""
        return self._beginnings[_places(hashes)]


@dataclass(frozen=True, slots=True)
class Found:
    """Runs that may be a key, by their first and last words in the row."""

    first: Numbers
    last: Numbers
    is_opening: Flags
    """Whether it may begin with an opened one."""

    def located(self, rows: Numbers, columns: Columns) -> Iterator[Run]:
        """Some of them, by the words of their passages."""
        passage = columns.passage_of(self.first[rows])
        start = columns.starts[passage]
        found = (passage, self.first[rows] - start, self.last[rows] - start, self.is_opening[rows])
        return zip(*(column.tolist() for column in found), strict=True)


@dataclass(frozen=True, slots=True)
class _Runs:
    """Runs of equally many words."""

    first: Numbers
    last: Numbers
    before: Hashes
    """The hash of the words before the last,"""
    letters_before: Numbers
    """and how many letters they have."""


def find_runs(columns: Columns, closed: KeySet, opened: KeySet, *, is_exact: bool) -> Found:
    """The runs that may be a key, each with whether it may begin with an opened one.

    A run may be one of the `closed` keys as it stands, and one of the `opened` by a beginning that ends in its last
    word, which may then be spelt exactly. No run crosses a gap.
    """
    longest = max(closed.longest, opened.longest)
    words, numbers = columns.exact if is_exact else columns.folded
    whole = words.whole
    begin = columns.may_begin
    runs = _Runs(begin, begin, np.zeros(len(begin), np.uint64), np.zeros(len(begin), np.int64))
    nothing = np.zeros(0, np.int64)
    found = [Found(nothing, nothing, nothing.astype(np.bool_))]
    while len(runs.first):
        number = numbers[runs.last]
        letters = runs.letters_before + words.sizes[number]
        hashes = runs.before * columns.powers[words.sizes[number]] + whole[number]
        may_end = runs.last >= columns.earliest_last[runs.first]
        is_closed = closed.has(hashes) & (letters <= closed.longest) & may_end
        is_opening = _opening(runs, columns, opened, is_exact=is_exact) & may_end
        chosen = np.flatnonzero(is_closed | is_opening)
        found.append(Found(runs.first[chosen], runs.last[chosen], is_opening[chosen]))
        goes_on = (letters < longest) & ~columns.is_apart[runs.last + 1]
        goes_on &= closed.may_begin(hashes) | opened.may_begin(hashes)
        runs = _Runs(runs.first[goes_on], runs.last[goes_on] + 1, hashes[goes_on], letters[goes_on])
    return Found(*(np.concatenate([getattr(some, field.name) for some in found]) for field in fields(Found)))


def group_alike(codes: Numbers, first: Numbers, last: Numbers) -> tuple[Numbers, Numbers]:
    """Of runs with the same codes from first to last an example, and for each run the number of its example."""
    numbers = np.zeros(len(first), np.int64)
    for place in range(int((last - first).max(initial=-1)) + 1):
        reached = np.flatnonzero(first + place <= last)
        code = np.unique(codes[first[reached] + place], return_inverse=True)[1]
        pairs = numbers[reached] * (len(code) + 1) + code
        numbers[reached] = numbers.max() + 1 + np.unique(pairs, return_inverse=True)[1]
    return np.unique(numbers, return_index=True, return_inverse=True)[1:]


def _opening(runs: _Runs, columns: Columns, opened: KeySet, *, is_exact: bool) -> Flags:
    """Which runs begin with an opened key that ends in their last word."""
    found = np.zeros(len(runs.first), np.bool_)
    for words, numbers in (columns.exact,) if is_exact else (columns.folded, columns.exact):
        number = numbers[runs.last]
        for length in opened.lengths:
            wanted = length - runs.letters_before
            possible = np.flatnonzero((wanted > 0) & (wanted <= words.sizes[number]))
            beginning = words.hashes[words.starts[number[possible]] + wanted[possible]]
            found[possible] |= opened.has(runs.before[possible] * columns.powers[wanted[possible]] + beginning)
    return found


def _table(hashes: Hashes) -> Flags:
    table = np.zeros(1 << _TABLE_BITS, np.bool_)
    table[_places(hashes)] = True
    return table


def _places(hashes: Hashes) -> Numbers:
    return (hashes >> np.uint64(64 - _TABLE_BITS)).astype(np.int64)
