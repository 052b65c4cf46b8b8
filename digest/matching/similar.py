"""Tells which papers of a day are nearly the same text, so that they don't fill a digest; judges by words alone."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import lru_cache
from itertools import combinations
from zlib import crc32

import numpy as np

from digest.matching.words import Words

SHINGLE = 4
"""Words in a row that are compared as one."""
SAMPLE = 4
"""One in so many shingles is looked at, the same ones in every paper."""
MOST_SHARING = 20
"""A shingle that more papers have is a figure of speech."""
LEAST_SHARED = 0.4
"""Papers that have this part of all their shingles in common are near-duplicates."""
FEWEST_SHINGLES = 5
_PRIME = 1_000_003


def group_similar(papers: Sequence[tuple[Words, Words]]) -> list[int]:
    """For each title with its abstract the place of the first that is much the same, maybe via a third; or its own."""
    shingles = [_shingles(title, abstract) for title, abstract in papers]
    having: defaultdict[int, list[int]] = defaultdict(list)
    for position, found in enumerate(shingles):
        for shingle in found:
            having[shingle].append(position)
    shared = Counter(
        pair
        for positions in having.values()
        if 1 < len(positions) <= MOST_SHARING
        for pair in combinations(positions, 2)
    )
    groups = list(range(len(papers)))
    for (one, other), count in sorted(shared.items()):
        union = len(shingles[one]) + len(shingles[other]) - count
        if count >= FEWEST_SHINGLES and count >= LEAST_SHARED * union:
            first, second = sorted((groups[one], groups[other]))
            groups = [first if group == second else group for group in groups]
    return groups


def _shingles(title: Words, abstract: Words) -> set[int]:
    """A sample of the runs of words in a text, as numbers that are the same on every machine."""
    words = title.folded + abstract.folded
    codes = np.fromiter((_code(word) for word in words), np.uint64, len(words))
    runs = np.zeros(max(len(words) - SHINGLE + 1, 0), np.uint64)
    for place in range(SHINGLE):
        runs = runs * np.uint64(_PRIME) + codes[place : place + len(runs)]
    return set(runs[runs % np.uint64(SAMPLE) == 0].tolist())


@lru_cache(maxsize=1 << 16)
def _code(word: str) -> int:
    return crc32(word.encode())
