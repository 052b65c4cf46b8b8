"""Finds runs of words that may be one of many keys, as arrays; by hashes, so it finds too much, but never too little.

A run's hash is made of its words': hash(`pre` + `training`) is hash(`pre`) times a power of the multiplier plus
hash(`training`), modulo 2⁶⁴. All runs of one word are looked up at once, then those of two, and so on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from digest.matching.words import Joint, Words

Numbers = NDArray[np.int64]
Hashes = NDArray[np.uint64]
Flags = NDArray[np.bool_]

_MULTIPLIER = 0x9E3779B97F4A7C15
_TABLE_BITS = 22


@dataclass(frozen=True, slots=True)
class Passage:
    """Words to be searched for runs that begin no later, and end no earlier, than certain words."""

    words: Words
    latest_first: int
    earliest_last: int


class KeySet:
    """Keys that are asked for by their hashes."""

    def __init__(self, keys: Sequence[str]) -> None:
        self.lengths = sorted(set(map(len, keys)))
        self._hashes = np.sort(_spell(keys, self.longest).whole)
        self._table = np.zeros(1 << _TABLE_BITS, np.bool_)
        self._table[_places(self._hashes)] = True

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


@dataclass(frozen=True, slots=True)
class _Spellings:
    """Distinct words with the hashes of their beginnings, up to the longest that matters."""

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
class _Columns:
    """All words of all passages in a row, with an end that no run crosses."""

    spellings: tuple[tuple[_Spellings, Numbers], ...]
    """The words' spellings, and each word's number among them; first those of which runs are made."""
    is_apart: Flags
    """Whether a gap, or the edge of a passage, lies before the word."""
    starts: Numbers
    """Where each passage begins."""
    may_begin: Numbers
    """The words with which a run may begin."""
    earliest_last: Numbers
    """For each word the first with which a run from there may end."""


@dataclass(frozen=True, slots=True)
class _Runs:
    """Runs of equally many words."""

    first: Numbers
    last: Numbers
    before: Hashes
    """The hash of the words before the last,"""
    letters_before: Numbers
    """and how many letters they have."""

    def only(self, which: Flags) -> _Runs:
        """Some of them."""
        return _Runs(self.first[which], self.last[which], self.before[which], self.letters_before[which])


def find_runs(
    passages: Sequence[Passage], closed: KeySet, opened: KeySet, *, is_exact: bool
) -> Iterator[tuple[int, int, int]]:
    """The runs that may be a key: the number of the passage, and those of the run's first and last word in it.

    A run may be one of the `closed` keys as it stands, and one of the `opened` by a beginning that ends in its last
    word, which may then be spelt exactly. No run crosses a gap.
    """
    longest = max(closed.longest, opened.longest)
    columns = _read_columns(passages, longest, is_exact=is_exact)
    powers = np.multiply.accumulate(np.array([1] + [_MULTIPLIER] * (longest + 1), np.uint64))
    words, numbers = columns.spellings[0]
    begin = columns.may_begin
    runs = _Runs(begin, begin, np.zeros(len(begin), np.uint64), np.zeros(len(begin), np.int64))
    while len(runs.first):
        number = numbers[runs.last]
        letters = runs.letters_before + words.sizes[number]
        hashes = runs.before * powers[words.sizes[number]] + words.whole[number]
        found = closed.has(hashes) & (letters <= closed.longest)
        for length in opened.lengths:
            found |= _opening(runs, columns, opened, length, powers)
        yield from _located(runs.only(found & (runs.last >= columns.earliest_last[runs.first])), columns)
        goes_on = (letters < longest) & ~columns.is_apart[runs.last + 1]
        runs = _Runs(runs.first[goes_on], runs.last[goes_on] + 1, hashes[goes_on], letters[goes_on])


def _opening(runs: _Runs, columns: _Columns, opened: KeySet, length: int, powers: Hashes) -> Flags:
    """Which runs begin with an opened key of so many letters that ends in their last word."""
    found = np.zeros(len(runs.first), np.bool_)
    for words, numbers in columns.spellings:
        number, wanted = numbers[runs.last], length - runs.letters_before
        possible = np.flatnonzero((wanted > 0) & (wanted <= words.sizes[number]))
        beginning = words.hashes[words.starts[number[possible]] + wanted[possible]]
        found[possible] |= opened.has(runs.before[possible] * powers[wanted[possible]] + beginning)
    return found


def _located(runs: _Runs, columns: _Columns) -> Iterator[tuple[int, int, int]]:
    passage = np.searchsorted(columns.starts, runs.first, "right") - 1
    start = columns.starts[passage]
    yield from zip(passage.tolist(), (runs.first - start).tolist(), (runs.last - start).tolist(), strict=True)


def _read_columns(passages: Sequence[Passage], longest: int, *, is_exact: bool) -> _Columns:
    sizes = np.array([len(passage.words) for passage in passages], np.int64)
    ends = np.cumsum(sizes)
    starts = ends - sizes
    joints = chain.from_iterable(passage.words.joints for passage in passages)
    is_apart = np.append(np.fromiter(joints, np.int8, ends[-1]) == Joint.GAP, True)
    is_apart[starts] = True
    latest_first = starts + [passage.latest_first for passage in passages]
    places = np.arange(ends[-1])
    spelt = [[passage.words.exact for passage in passages]]
    if not is_exact:
        spelt.insert(0, [passage.words.folded for passage in passages])
    return _Columns(
        spellings=tuple(_number(list(chain.from_iterable(words)), longest) for words in spelt),
        is_apart=is_apart,
        starts=starts,
        may_begin=places[places <= np.repeat(latest_first, sizes)],
        earliest_last=np.repeat(starts + [passage.earliest_last for passage in passages], sizes),
    )


def _number(words: Sequence[str], longest: int) -> tuple[_Spellings, Numbers]:
    """The distinct ones among the words, and for each word its number among these."""
    numbers = {word: number for number, word in enumerate(dict.fromkeys(words))}
    return _spell(list(numbers), longest), np.fromiter(map(numbers.__getitem__, words), np.int64, len(words))


def _spell(words: Sequence[str], longest: int) -> _Spellings:
    """The hashes of the words' beginnings; of longer words than the longest key only one letter more counts."""
    sizes = np.minimum(np.fromiter(map(len, words), np.int64, len(words)), longest + 1)
    starts = np.cumsum(sizes + 1) - (sizes + 1)
    letters = np.frombuffer("".join(f"{word[: longest + 1]} " for word in words).encode("utf-32-le"), np.uint32)
    hashes = np.zeros(len(letters), np.uint64)
    for size in range(1, int(sizes.max(initial=0)) + 1):
        at = starts[sizes >= size] + size
        hashes[at] = hashes[at - 1] * np.uint64(_MULTIPLIER) + letters[at - 1]
    return _Spellings(sizes, starts, hashes)


def _places(hashes: Hashes) -> Numbers:
    return (hashes >> np.uint64(64 - _TABLE_BITS)).astype(np.int64)
