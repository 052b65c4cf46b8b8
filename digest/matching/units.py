"""What units hit: expressions evaluated over a day's papers, each once for all readers; knows no reader.

Sets of papers are bitmaps in an int, as in `day`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache, reduce

from digest.domain import Reason
from digest.matching.day import NO_HITS, Day, Hits, positions
from digest.matching.expressions import AllOf, AnyOf, Expression, Not, Term, wanted_terms_of
from digest.matching.interests import Unit

TERMS_TOLD = 1_000
"""Of so many terms the reasons are kept that they gave, lest a day and a crowd fill the memory."""


class Findings:
    """A day's hits of every unit asked for."""

    def __init__(self, day: Day) -> None:
        self.day = day
        self._hits: dict[Unit, Hits] = {}
        self._told = lru_cache(maxsize=TERMS_TOLD)(_nothing_told)

    def hits(self, unit: Unit) -> Hits:
        """The papers of which a unit holds; a hit is worth as much as its wanted terms are together."""
        if isinstance(unit.expression, Term):
            return self.day.hits(unit.expression)
        found = self._hits.get(unit)
        if found is None:
            found = self._hits[unit] = _evaluate(unit, self.day)
        return found

    def told(self, term: Term) -> dict[int, tuple[Reason, ...]]:
        """Where reasons are kept that a term gave, by the paper's position: readers share their words."""
        return self._told(term)


def _nothing_told(_term: Term) -> dict[int, tuple[Reason, ...]]:
    return {}


def counting_terms(unit: Unit) -> Iterator[Term]:
    """The terms that may add to a unit's score: each meaning once, with its greatest weight."""
    heaviest: dict[object, Term] = {}
    for term in wanted_terms_of(unit.expression):
        known = heaviest.get(term.meaning)
        if known is None or term.weight > known.weight:
            heaviest[term.meaning] = term
    counted: dict[object, float] = {term.meaning: term.weight for term in unit.counted}
    return (term for meaning, term in heaviest.items() if term.weight > counted.get(meaning, 0.0))


def contributions(unit: Unit, day: Day, position: int) -> dict[Term, float]:
    """What each term adds to a unit's score in a paper: of one theme the best alone, less what is counted elsewhere."""
    return {term: added for term, worths in _contributions(unit, day) if (added := worths.get(position, 0.0)) > 0}


def _contributions(unit: Unit, day: Day) -> Iterator[tuple[Term, Mapping[int, float]]]:
    """The same for each paper hit, by position."""
    elsewhere = _by_theme(unit.counted)
    for theme, terms in _by_theme(counting_terms(unit)).items():
        if len(terms) == 1 and theme not in elsewhere:  # nearly always
            yield terms[0], _worths(terms[0], day)
        else:
            yield from _shared_out(terms, _best(elsewhere[theme], day), day)


def _shared_out(
    terms: Iterable[Term], counted: Mapping[int, tuple[float, Term]], day: Day
) -> Iterator[tuple[Term, dict[int, float]]]:
    """In each paper the best term's worth, less what is counted there already; nothing for the others."""
    best = _best(terms, day)
    for term in terms:
        yield (
            term,
            {
                position: worth - counted.get(position, (0.0, term))[0]
                for position, (worth, whose) in best.items()
                if whose is term
            },
        )


def _worths(term: Term, day: Day) -> dict[int, float]:
    return {position: term.weight * impact for position, impact in day.hits(term).impacts.items()}


def _by_theme(terms: Iterable[Term]) -> defaultdict[object, list[Term]]:
    themes: defaultdict[object, list[Term]] = defaultdict(list)
    for term in terms:
        themes[term.theme].append(term)
    return themes


def _best(terms: Iterable[Term], day: Day) -> dict[int, tuple[float, Term]]:
    """In each paper hit the term that is worth most there, of equal ones the first."""
    best: dict[int, tuple[float, Term]] = {}
    for term in terms:
        for position, worth in _worths(term, day).items():
            if position not in best or worth > best[position][0]:
                best[position] = worth, term
    return best


def _evaluate(unit: Unit, day: Day) -> Hits:
    taken, certain = _holding(unit.expression, day)
    if not taken:
        return NO_HITS
    impacts = dict.fromkeys(positions(taken), 0.0)
    for _, worths in _contributions(unit, day):
        for position, worth in worths.items():
            if position in impacts:
                impacts[position] += max(worth, 0.0)
    return Hits(taken, certain, impacts)


def _holding(expression: Expression, day: Day) -> tuple[int, int]:
    """Bitmaps of the papers of which an expression holds, and certainly holds. What a NOT keeps out must be certain."""
    if isinstance(expression, Term):
        hits = day.hits(expression)
        return hits.papers, hits.certain
    if isinstance(expression, Not):
        taken, certain = _holding(expression.part, day)
        return day.everything & ~certain, day.everything & ~taken
    parts = zip(*(_holding(part, day) for part in expression.parts), strict=True)
    taken, certain = (_joined(expression, list(papers)) for papers in parts)
    return taken, certain


def _joined(expression: AllOf | AnyOf, parts: list[int]) -> int:
    return reduce(int.__and__, parts) if isinstance(expression, AllOf) else _at_least(expression, parts)


def _at_least(expression: AnyOf, parts: list[int]) -> int:
    """The papers of which `fewest` of the parts hold: level n has those that n + 1 parts or more have taken so far."""
    levels = [0] * expression.fewest
    for part in parts:
        for level in range(len(levels) - 1, 0, -1):
            levels[level] |= levels[level - 1] & part
        levels[0] |= part
    return levels[-1]
