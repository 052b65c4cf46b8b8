"""Tells which papers of a day are nearly the same text, so that they don't fill a digest; judges by words alone."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import combinations
from zlib import crc32

from digest.domain import Paper
from digest.matching.words import read_words

SHINGLE = 4
"""Words in a row that are compared as one."""
SAMPLE = 4
"""One in so many shingles is looked at, the same ones in every paper."""
MOST_SHARING = 20
"""A shingle that more papers have is a figure of speech."""
LEAST_SHARED = 0.4
"""Papers that have this part of all their shingles in common are near-duplicates."""
FEWEST_SHINGLES = 5


def group_similar(papers: Sequence[Paper]) -> list[int]:
    """For each paper the position of the first that it is nearly the same as, perhaps via a third; else its own."""
    shingles = [_shingles(paper) for paper in papers]
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


def _shingles(paper: Paper) -> set[int]:
    """A sample of the runs of words in a text, as numbers that are the same on every machine."""
    words = [*read_words(paper.title).folded, *read_words(paper.abstract).folded]
    runs = (crc32(" ".join(words[n : n + SHINGLE]).encode()) for n in range(len(words) - SHINGLE + 1))
    return {run for run in runs if run % SAMPLE == 0}
