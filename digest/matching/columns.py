"""The columns that ranking works on and the whole numbers it counts in; computes nothing."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any, NamedTuple

from numpy.typing import NDArray

IS_COMPILED = find_spec("numba") is not None
DIGITS = 10_000
"""Scores are whole numbers of ten-thousandths: what differs by less is equal."""
DUPLICATE_SHARE = 0.25
"""What is left of a score for the second of several near-duplicates; the third has a quarter of that, and so on."""
PAPER_BITS = 20
"""A score and a paper share a number that sorts; so a day has at most a million papers."""
MOST_PAPERS = 1 << PAPER_BITS
GREATEST_SCORE = (1 << (62 - PAPER_BITS)) - 1


class Slots(NamedTuple):
    """A crowd's columns."""

    starts: Any
    unit: Any
    weight: Any
    interest: Any
    role: Any
    least: Any


class Hits(NamedTuple):
    """A day's columns."""

    starts: Any
    papers: Any
    impacts: Any
    certain_starts: Any
    certain: Any
    uncategorised: Any
    group: Any
    is_grouped: Any


class Scratch(NamedTuple):
    """What is known so far of each paper, for the interest and the reader at work."""

    sums: Any
    summed: Any
    struck: Any
    passed: Any
    touched: Any
    best: Any
    scored: Any
    interest: Any
    found: Any
    duplicates: Any
    counted: Any
    keys: Any


class Room(NamedTuple):
    """Where results go."""

    papers: Any
    interests: Any
    scores: Any


def column(values: NDArray[Any]) -> Any:
    """Numbers in the form whose items are fastest to reach: an array for compiled code, a list for plain Python."""
    return values if IS_COMPILED else values.tolist()
