"""Tells which papers of a day are nearly the same text, so that they don't fill a digest; judges by words alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, chain, combinations
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from digest.matching.arrays import Flags
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

Shingles = NDArray[np.uint64]


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
    shingles = _shingles(texts)
    candidates = Counter(pair for positions in _sharing(shingles) for pair in _pairs(positions))
    for (one, other), looked_up in sorted(candidates.items()):
        if looked_up >= FEWEST_LOOKED_UP:
            these, those = np.unique(shingles[one]), np.unique(shingles[other])
            shared = len(np.intersect1d(these, those, assume_unique=True))
            if shared >= max(FEWEST_SHINGLES, LEAST_SHARED * (len(these) + len(those) - shared)):
                yield one, other


def _shingles(texts: Sequence[Sequence[str]]) -> list[Shingles]:
    """For each text the runs of words in it, as numbers that are the same on every machine."""
    codes = {word: crc32(word.encode()) for word in set(chain.from_iterable(texts))}
    numbers = np.fromiter(map(codes.__getitem__, chain.from_iterable(texts)), np.uint64)
    runs = np.zeros(max(len(numbers) - SHINGLE + 1, 0), np.uint64)
    for place in range(SHINGLE):
        runs = runs * np.uint64(_PRIME) + numbers[place : place + len(runs)]
    ends = accumulate(map(len, texts))
    return [runs[end - len(text) : max(end - SHINGLE + 1, 0)] for text, end in zip(texts, ends, strict=True)]


def _sharing(shingles: Sequence[Shingles]) -> Iterator[list[int]]:
    """For each shingle that is looked up the texts that have it, where there are several."""
    sizes = np.array([len(found) for found in shingles], np.int64)
    runs, texts = np.concatenate([np.zeros(0, np.uint64), *shingles]), np.repeat(np.arange(len(sizes)), sizes)
    looked_up = np.flatnonzero((runs % np.uint64(SAMPLE) == 0) | (sizes[texts] < FEWEST_TO_SAMPLE))
    order = looked_up[np.lexsort((texts[looked_up], runs[looked_up]))]
    is_other = _differs_from_next(runs[order])
    is_distinct = is_other | _differs_from_next(texts[order])
    texts, ends = texts[order][is_distinct], np.flatnonzero(is_other[is_distinct]) + 1
    starts = np.append(0, ends[:-1])
    is_shared = ends - starts > 1
    for start, end in zip(starts[is_shared].tolist(), ends[is_shared].tolist(), strict=True):
        yield texts[start:end].tolist()


def _differs_from_next(values: NDArray[Any]) -> Flags:
    return np.append(values[1:] != values[:-1], True)[: len(values)]


def _pairs(positions: Sequence[int]) -> Iterable[tuple[int, int]]:
    if len(positions) <= MOST_SHARING:
        return combinations(positions, 2)
    return ((positions[0], other) for other in positions[1:])
