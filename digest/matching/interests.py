"""Matches one interest against the day's index: what it takes, what it leaves out, the score; reads no text of a paper.

Order of the rules: alternatives (keywords, authors, query), then the filter of categories, then exclusions.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce

from digest.domain import Interest, Match, Reason
from digest.matching.index import DayIndex, positions
from digest.matching.language import (
    AllOf,
    Expression,
    Not,
    Term,
    Unreadable,
    parse_author,
    parse_keyword,
    parse_query,
    read_category,
    terms_of,
    wanted_terms_of,
)


@dataclass(frozen=True, slots=True)
class ReadInterest:
    """An interest with its texts read. What can't be read is left out; `check_interest` tells the reader."""

    name: str
    weight: float
    alternatives: tuple[Term, ...]
    query: Expression | None
    excluded: tuple[Term, ...]
    filters: tuple[Term, ...]
    is_filter_alone: bool
    """Whether the reader wrote nothing but categories, which then take all of their papers."""

    @property
    def terms(self) -> tuple[Term, ...]:
        """Every term that the index must know."""
        asked = terms_of(self.query) if self.query else ()
        return self.alternatives + self.excluded + asked


def read_interest(interest: Interest) -> ReadInterest:
    """An interest's texts as terms and expressions."""
    keywords = [parse_keyword(text) for text in interest.keywords] + [parse_author(text) for text in interest.authors]
    query = parse_query(interest.query) if interest.query.strip() else None
    return ReadInterest(
        name=interest.name,
        weight=interest.weight,
        alternatives=_distinct(keywords),
        query=None if isinstance(query, Unreadable) else query,
        excluded=_distinct([parse_keyword(text) for text in interest.exclude]),
        filters=tuple(Term(text.strip(), read_category(text)) for text in interest.categories),
        is_filter_alone=not (interest.keywords or interest.authors or interest.query.strip()),
    )


def match_interest(interest: ReadInterest, day: DayIndex) -> dict[int, Match]:
    """The interest's matches by the paper's position."""
    by_query = _evaluate(interest.query, day) if interest.query else 0
    filtered = _any_of(interest.filters, day)
    taken = filtered if interest.is_filter_alone else by_query | _any_of(interest.alternatives, day)
    if interest.filters and not interest.is_filter_alone:
        taken &= filtered | day.uncategorised
    for term in interest.excluded:
        taken &= ~day.hits(term).certain
    return _score(interest, day, taken, by_query) if taken else {}


def _evaluate(expression: Expression, day: DayIndex, *, is_certain: bool = False) -> int:
    """Bitmap of the papers of which an expression holds. What a NOT keeps out must be certain."""
    if isinstance(expression, Term):
        hits = day.hits(expression)
        return hits.certain if is_certain else hits.papers
    if isinstance(expression, Not):
        return day.everything & ~_evaluate(expression.part, day, is_certain=not is_certain)
    join = operator.and_ if isinstance(expression, AllOf) else operator.or_
    return reduce(join, (_evaluate(part, day, is_certain=is_certain) for part in expression.parts))


def _any_of(terms: Iterable[Term], day: DayIndex) -> int:
    return reduce(operator.or_, (day.hits(term).papers for term in terms), 0)


def _score(interest: ReadInterest, day: DayIndex, taken: int, by_query: int) -> dict[int, Match]:
    """The papers taken as matches: impacts times the reader's weights, and each reason."""
    scores: dict[int, float] = {}
    reasons: dict[int, tuple[Reason, ...]] = {}
    notes = _unchecked(interest, day, taken)
    for term, papers in _terms_that_count(interest, taken, by_query):
        hits, why = day.hits(term), day.reasons(term)
        weight = interest.weight * term.weight
        for position in positions(hits.papers & papers):
            scores[position] = scores.get(position, 0.0) + weight * hits.impacts[position]
            reasons[position] = reasons.get(position, ()) + why[position]
        for position in positions(hits.papers & papers & ~hits.certain):
            notes[position] = (*notes.get(position, ()), hits.notes[position])
    return {
        position: Match(
            day.papers[position], interest.name, round(score, 4), reasons[position], notes.get(position, ())
        )
        for position, score in scores.items()
    }


def _unchecked(interest: ReadInterest, day: DayIndex, taken: int) -> dict[int, tuple[str, ...]]:
    """The note for each paper that passed the filter because its categories are unknown."""
    written = ", ".join(term.written for term in interest.filters)
    note = f"categories unknown: the filter {written} could not be checked"
    return dict.fromkeys(positions(taken & day.uncategorised), (note,)) if interest.filters else {}


def _terms_that_count(interest: ReadInterest, taken: int, by_query: int) -> Iterator[tuple[Term, int]]:
    """The terms that score, each with the papers in which it does; a query's only where the query holds."""
    if interest.is_filter_alone:
        yield from ((term, taken) for term in interest.filters)
        return
    yield from ((term, taken) for term in interest.alternatives)
    known = {_meaning(term) for term in interest.alternatives}
    asked = wanted_terms_of(interest.query) if interest.query else ()
    yield from ((term, taken & by_query) for term in _distinct(asked) if _meaning(term) not in known)


def _distinct(terms: Sequence[Term | Unreadable]) -> tuple[Term, ...]:
    """The readable terms, each meaning once: the first spelling with the greatest weight anybody gave it."""
    kept: dict[object, Term] = {}
    for term in terms:
        if isinstance(term, Term):
            first = kept.setdefault(_meaning(term), term)
            if term.weight > first.weight:
                kept[_meaning(term)] = replace(first, weight=term.weight)
    return tuple(kept.values())


def _meaning(term: Term) -> tuple[object, str]:
    return term.target, term.field
