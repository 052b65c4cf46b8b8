"""A day's hits as arrays: for each unit of a crowd the papers it hits and what that is worth; knows no reader."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from digest.domain import Paper
from digest.matching.arrays import Flags, Floats, Numbers
from digest.matching.day import positions
from digest.matching.interests import Unit
from digest.matching.similar import group_similar
from digest.matching.units import Findings

UPVOTES_SHARE = 0.01
"""How much an e-fold of upvotes adds to a score: 100 upvotes add 5 %. More of it costs relevance."""


@dataclass(frozen=True, slots=True)
class Lists:
    """For each unit a list of papers, by position; all lists lie one after the other."""

    starts: Numbers
    papers: Numbers
    impacts: Floats
    """Times the paper's prior."""


@dataclass(frozen=True, slots=True)
class Postings:
    """What the readers of one day are scored by."""

    papers: int
    hits: Lists
    certain: Lists
    """The hits of which no doubt is left; only these may exclude."""
    uncategorised: Flags
    group: Numbers
    """Papers with one number are near-duplicates."""
    is_grouped: Flags
    """Whether a paper has near-duplicates."""


def read_postings(findings: Findings, units: Sequence[Unit]) -> Postings:
    """Evaluates each unit once, for all the readers who ask for it."""
    day = findings.day
    found = [findings.hits(unit) for unit in units]
    certain = [
        hits.impacts if hits.certain == hits.papers else dict.fromkeys(positions(hits.certain), 0.0) for hits in found
    ]
    group = np.array(group_similar(day.words), np.int64)
    return Postings(
        papers=len(day.papers),
        hits=_lists([hits.impacts for hits in found], np.array([prior_of(paper) for paper in day.papers])),
        certain=_lists(certain, np.zeros(len(day.papers))),
        uncategorised=_mask(day.uncategorised, len(day.papers)),
        group=group,
        is_grouped=np.bincount(group, minlength=1)[group] > 1,
    )


def prior_of(paper: Paper) -> float:
    """What a paper's scores are multiplied by: 1 where nobody counts upvotes."""
    return 1.0 + UPVOTES_SHARE * math.log1p(max(paper.upvotes or 0, 0))


def _lists(found: Sequence[Mapping[int, float]], prior: Floats) -> Lists:
    starts = np.zeros(len(found) + 1, np.int64)
    np.cumsum([len(impacts) for impacts in found], out=starts[1:])
    papers = np.fromiter(chain.from_iterable(found), np.int64, starts[-1])
    impacts = np.fromiter(chain.from_iterable(each.values() for each in found), np.float64, starts[-1])
    return Lists(starts, papers, impacts * prior[papers])


def _mask(papers: int, length: int) -> Flags:
    mask = np.zeros(length, np.bool_)
    mask[list(positions(papers))] = True
    return mask
