"""Tells which papers of a day are nearly the same text, so that they don't fill a digest; judges by words alone."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import combinations
from zlib import crc32

import numpy as np

from digest.matching.words import Words

SHINGLE = 4
"""Words in a row that are compared as one."""
SAMPLE = 4
"""One in so many shingles of a long text is looked up, the same ones in every paper."""
FEWEST_TO_SAMPLE = 100
MOST_SHARING = 20
"""A shingle that more papers have is mostly a figure of speech: each is compared with the first of them only."""
FEWEST_LOOKED_UP = 2
LEAST_SHARED = 0.4
"""Papers that have this part of all their shingles in common are near-duplicates."""
FEWEST_SHINGLES = 5
_PRIME = 1_000_003


def group_similar(papers: Sequence[tuple[Words, Words]]) -> list[int]:
    """For each title with its abstract the place of the first that is much the same, maybe via a third; or its own."""
    texts = [title.folded + abstract.folded for title, abstract in papers]
    first = {text: position for position, text in reversed(list(enumerate(texts)))}
    groups = [first[text] if text else position for position, text in enumerate(texts)]
    distinct = sorted(set(groups))
    for one, other in _similar_pairs([texts[position] for position in distinct]):
        kept, merged = sorted((groups[distinct[one]], groups[distinct[other]]))
        groups = [kept if group == merged else group for group in groups]
    return groups


def _similar_pairs(texts: Sequence[Sequence[str]]) -> Iterator[tuple[int, int]]:
    """Those of some different texts that have much in common."""
    shingles = [_shingles(text) for text in texts]
    having: defaultdict[int, list[int]] = defaultdict(list)
    for position, found in enumerate(shingles):
        for shingle in _sample(found):
            having[shingle].append(position)
    candidates = Counter(pair for positions in having.values() for pair in _pairs(positions))
    for (one, other), looked_up in sorted(candidates.items()):
        if looked_up >= FEWEST_LOOKED_UP:
            shared = len(shingles[one] & shingles[other])
            if shared >= max(FEWEST_SHINGLES, LEAST_SHARED * len(shingles[one] | shingles[other])):
                yield one, other


def _pairs(positions: Sequence[int]) -> Iterable[tuple[int, int]]:
    if len(positions) <= MOST_SHARING:
        return combinations(positions, 2)
    return ((positions[0], other) for other in positions[1:])


def _sample(shingles: set[int]) -> Iterable[int]:
    if len(shingles) < FEWEST_TO_SAMPLE:
        return shingles
    return (shingle for shingle in shingles if shingle % SAMPLE == 0)


def _shingles(words: Sequence[str]) -> set[int]:
    """The runs of words in a text, as numbers that are the same on every machine."""
    codes = np.fromiter((_code(word) for word in words), np.uint64, len(words))
    runs = np.zeros(max(len(words) - SHINGLE + 1, 0), np.uint64)
    for place in range(SHINGLE):
        runs = runs * np.uint64(_PRIME) + codes[place : place + len(runs)]
    return set(runs.tolist())


@lru_cache(maxsize=1 << 16)
def _code(word: str) -> int:
    return crc32(word.encode())
