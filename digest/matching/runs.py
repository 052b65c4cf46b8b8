"""Finds runs of words that may be one of many keys, as arrays; by hashes, so it finds too much, but never too little.

A run's hash is made of its words': hash(`pre` + `training`) is hash(`pre`) times a power of the multiplier plus
hash(`training`), modulo 2⁶⁴. All runs of one word are looked up at once, then those of two, and so on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digest.matching.arrays import Flags, Numbers
from digest.matching.words import Joint, Words

Hashes = NDArray[np.uint64]
Run = tuple[int, int, int, bool]
"""A passage, the run's first and last word in it, all by number, and whether it may begin with an opened key."""

_MULTIPLIER = 0x9E3779B97F4A7C15
_TABLE_BITS = 22


@dataclass(frozen=True, slots=True)
class Passage:
    """Words to be searched for runs that begin no later, and end no earlier, than certain words."""

    words: Words
    text: int
    """The position of the text it is of."""
    places: Sequence[int]
    """For each word its number in the text."""
    latest_first: int
    earliest_last: int
    earliest_place: int
    """The number in the text of the word with which a run ends that ends no later than it must."""


class KeySet:
    """Keys that are asked for by their hashes."""

    def __init__(self, keys: Sequence[str]) -> None:
        self.lengths = sorted(set(map(len, keys)))
        spelt = _spell(keys, self.longest)
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
class _Spellings:
    """Distinct words with the hashes of their beginnings, up to the longest that matters."""

    words: Sequence[str]
    sizes: Numbers
    """The letters of each, or one more than matter."""
    starts: Numbers
    """Where the hashes of each begin: that of no letter, of one, of two, and so on."""
    hashes: Hashes

    @property
    def whole(self) -> Hashes:
        """The hash of each word."""
        return self.hashes.take(self.starts + self.sizes)


@dataclass(frozen=True, slots=True)
class Columns:
    """All words of all passages in a row, with an end that no run crosses."""

    folded: tuple[_Spellings, Numbers]
    """The distinct spellings, and each word's number among them."""
    exact: tuple[_Spellings, Numbers]
    is_apart: Flags
    """Whether a gap, or the edge of a passage, lies before the word."""
    looks: Numbers
    """A number that words share which are written alike, joined to the words around alike."""
    starts: Numbers
    """Where each passage begins."""
    may_begin: Numbers
    """The words with which a run may begin."""
    earliest_last: Numbers
    """For each word the first with which a run from there may end."""
    powers: Hashes
    """The multiplier's, by letters."""

    def passage_of(self, words: Numbers) -> Numbers:
        """The passage in which each word stands."""
        return np.searchsorted(self.starts, words, "right") - 1


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


def read_columns(passages: Sequence[Passage], longest: int) -> Columns:
    """The passages to be searched for keys of at most so many letters."""
    sizes = np.array([len(passage.words) for passage in passages], np.int64)
    ends = np.cumsum(sizes)
    starts = ends - sizes
    joints = np.frombuffer(bytes(chain.from_iterable(passage.words.joints for passage in passages)), np.uint8)
    is_apart = np.append(joints == Joint.GAP, True)
    is_apart[starts] = True
    folded = _number(chain.from_iterable(passage.words.folded for passage in passages), longest)
    exact = _number(chain.from_iterable(passage.words.exact for passage in passages), longest)
    capitals = np.fromiter(chain.from_iterable(passage.words.capitals for passage in passages), np.int64)
    is_before_tight = np.append(joints[1:] == Joint.TIGHT, False)[: len(joints)] & ~is_apart[1:]
    latest_first = starts + [passage.latest_first for passage in passages]
    places = np.arange(len(joints))
    return Columns(
        folded=folded,
        exact=exact,
        is_apart=is_apart,
        looks=_combine(exact[1], folded[1], capitals, joints, is_before_tight),
        starts=starts,
        may_begin=places[places <= np.repeat(latest_first, sizes)],
        earliest_last=np.repeat(starts + [passage.earliest_last for passage in passages], sizes),
        powers=np.multiply.accumulate(np.array([1] + [_MULTIPLIER] * (longest + 1), np.uint64)),
    )


def _combine(*columns: NDArray[Any]) -> Numbers:
    """One number for each row of several."""
    combined = np.zeros(len(columns[0]), np.int64)
    for column in columns:
        combined = combined * (int(column.max(initial=0)) + 1) + column
    return combined


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


def _number(words: Iterable[str], longest: int) -> tuple[_Spellings, Numbers]:
    """The distinct ones among the words, and for each word its number among these."""
    numbers: defaultdict[str, int] = defaultdict()
    numbers.default_factory = numbers.__len__
    found = np.fromiter(map(numbers.__getitem__, words), np.int64)
    return _spell(list(numbers), longest), found


def _spell(words: Sequence[str], longest: int) -> _Spellings:
    """The hashes of the words' beginnings; of longer words than the longest key only one letter more counts."""
    sizes = np.minimum(np.fromiter(map(len, words), np.int64, len(words)), longest + 1)
    starts = np.cumsum(sizes + 1) - (sizes + 1)
    letters = np.frombuffer("".join(f"{word[: longest + 1]} " for word in words).encode("utf-32-le"), np.uint32)
    hashes = np.zeros(len(letters), np.uint64)
    for size in range(1, int(sizes.max(initial=0)) + 1):
        at = starts[sizes >= size] + size
        hashes[at] = hashes[at - 1] * np.uint64(_MULTIPLIER) + letters[at - 1]
    return _Spellings(words, sizes, starts, hashes)


def _table(hashes: Hashes) -> Flags:
    table = np.zeros(1 << _TABLE_BITS, np.bool_)
    table[_places(hashes)] = True
    return table


def _places(hashes: Hashes) -> Numbers:
    return (hashes >> np.uint64(64 - _TABLE_BITS)).astype(np.int64)
