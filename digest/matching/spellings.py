"""Numbers distinct words and hashes them letter by letter, so that run together they hash as one; knows no text.

hash(`pretraining`) is hash(`pre`) times a power of the multiplier plus hash(`training`), modulo 2⁶⁴.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digest.matching.arrays import Numbers

Hashes = NDArray[np.uint64]

_MULTIPLIER = 0x9E3779B97F4A7C15


@dataclass(frozen=True, slots=True)
class Spellings:
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


def number_words(words: Iterable[str], longest: int) -> tuple[Spellings, Numbers]:
    """The distinct ones among the words, and for each word its number among these."""
    numbers: defaultdict[str, int] = defaultdict()
    numbers.default_factory = numbers.__len__
    found = np.fromiter(map(numbers.__getitem__, words), np.int64)
    return spell(list(numbers), longest), found


def spell(words: Sequence[str], longest: int) -> Spellings:
    """The hashes of the words' beginnings; of words longer than the longest that matters one letter more counts."""
    sizes = np.minimum(np.fromiter(map(len, words), np.int64, len(words)), longest + 1)
    starts = np.cumsum(sizes + 1) - (sizes + 1)
    letters = np.frombuffer("".join(f"{word[: longest + 1]} " for word in words).encode("utf-32-le"), np.uint32)
    hashes = np.zeros(len(letters), np.uint64)
    for size in range(1, int(sizes.max(initial=0)) + 1):
        at = starts[sizes >= size] + size
        hashes[at] = hashes[at - 1] * np.uint64(_MULTIPLIER) + letters[at - 1]
    return Spellings(words, sizes, starts, hashes)


def powers_of_multiplier(longest: int) -> Hashes:
    """By letters, what a hash is multiplied by when so many letters more follow."""
    return np.multiply.accumulate(np.array([1] + [_MULTIPLIER] * (longest + 1), np.uint64))
