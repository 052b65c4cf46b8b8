"""Writes a keyword with another weight: heavier, lighter. Says nothing of when that is right."""

from __future__ import annotations

import math
from collections.abc import Callable

from digest.changes import split_weight
from digest.matching.expressions import Expression, terms_of
from digest.matching.language import LEAST_WEIGHT, Unreadable, parse_keyword

GREATEST_LEARNT = 5.0
"""Learning raises no weight above this one; a reader may."""
_RAISE, _LEAST_RAISE = 1.2, 0.1
_LOWER = 0.5

Step = Callable[[float], float]


def raise_weight(weight: float) -> float:
    """A slightly higher weight; the same one if it is as high as learning goes."""
    return max(weight, min(max(round(weight * _RAISE, 1), round(weight + _LEAST_RAISE, 1)), GREATEST_LEARNT))


def lower_weight(weight: float) -> float:
    """Half the weight; the same one if it is the lowest there is."""
    return max(round(weight * _LOWER, 1), LEAST_WEIGHT)


def reweigh(keyword: str, step: Step) -> str | None:
    """The keyword with all of its weights changed by one step; None if that can't be written or makes no difference.

    A weight at its end is replaced; what several terms are joined to gets a bracket.
    """
    text = keyword.strip()
    bare, weight = split_weight(text)
    before, after = float(weight), step(float(weight))
    wanted = _read(text)
    if wanted is None or before == after:
        return None
    ways = {write_weight(bare, after): after / before, write_weight(f"({text})", step(1.0)): step(1.0)}
    for written, factor in ways.items():
        changed = _read(written)
        if changed and _is_same(wanted, changed, factor):
            return written
    return None


def write_weight(keyword: str, weight: float) -> str:
    """A keyword that has no weight with one; that of 1 is not written."""
    return keyword if weight == 1 else f"{keyword}^{weight:g}"


def _read(text: str) -> Expression | None:
    parsed = parse_keyword(text)
    return None if isinstance(parsed, Unreadable) else parsed


def _is_same(one: Expression, other: Expression, factor: float) -> bool:
    """Whether two keywords differ by their weights alone, and all of them by that factor."""
    terms, changed = terms_of(one), terms_of(other)
    return [term.meaning for term in terms] == [term.meaning for term in changed] and all(
        math.isclose(after.weight, before.weight * factor) for before, after in zip(terms, changed, strict=True)
    )
