"""Tells which papers of a day are nearly the same text, so that they don't fill a digest; judges by words alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, chain, combinations
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

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
            shared = len(np.intersect1d(shingles[one], shingles[other], assume_unique=True))
            either = len(shingles[one]) + len(shingles[other]) - shared
            if shared >= max(FEWEST_SHINGLES, LEAST_SHARED * either):
                yield one, other


def _shingles(texts: Sequence[Sequence[str]]) -> list[Shingles]:
    """For each text the runs of words in it, as numbers that are the same on every machine, each once."""
    codes = {word: crc32(word.encode()) for word in set(chain.from_iterable(texts))}
    numbers = np.fromiter(map(codes.__getitem__, chain.from_iterable(texts)), np.uint64)
    runs = np.zeros(max(len(numbers) - SHINGLE + 1, 0), np.uint64)
    for place in range(SHINGLE):
        runs = runs * np.uint64(_PRIME) + numbers[place : place + len(runs)]
    ends = accumulate(map(len, texts))
    return [np.unique(runs[end - len(text) : max(end - SHINGLE + 1, 0)]) for text, end in zip(texts, ends, strict=True)]


def _sharing(shingles: Sequence[Shingles]) -> Iterator[list[int]]:
    """For each shingle that is looked up the texts that have it, where there are several."""
    sampled = [_sample(found) for found in shingles]
    texts = np.repeat(np.arange(len(sampled)), [len(found) for found in sampled])
    looked_up = np.concatenate([np.zeros(0, np.uint64), *sampled])
    order = np.argsort(looked_up, kind="stable")
    looked_up, texts = looked_up[order], texts[order]
    ends = np.flatnonzero(np.append(looked_up[1:] != looked_up[:-1], True)) + 1
    starts = np.append(0, ends[:-1])
    is_shared = ends - starts > 1
    for start, end in zip(starts[is_shared].tolist(), ends[is_shared].tolist(), strict=True):
        yield texts[start:end].tolist()


def _sample(shingles: Shingles) -> Shingles:
    return shingles if len(shingles) < FEWEST_TO_SAMPLE else shingles[shingles % np.uint64(SAMPLE) == 0]


def _pairs(positions: Sequence[int]) -> Iterable[tuple[int, int]]:
    if len(positions) <= MOST_SHARING:
        return combinations(positions, 2)
    return ((positions[0], other) for other in positions[1:])
