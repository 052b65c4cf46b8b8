"""Puts words in the place of `like:arxiv:2503.01234`: the paper's own most telling terms, weighted, for all to see.

It is told the papers; it looks none up. A paper it isn't told of hits nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from digest.domain import Paper, Profile
from digest.matching.expressions import AnyOf, Expression, Like, Term, map_terms, terms_of
from digest.matching.language import GREATEST_WEIGHT, LEAST_WEIGHT, Unreadable, parse_keyword, parse_query
from digest.matching.statistics import Statistics
from digest.matching.terminology import Telling, find_terms

MOST_TERMS = 12
FEWEST_SHARED = 3
"""A paper is similar that has so many of the terms: one alone says little."""
GREATEST_TERM_WEIGHT = 2.0


def liked_papers(profiles: Iterable[Profile]) -> set[str]:
    """The ids of the papers that profiles ask for more of."""
    found: set[str] = set()
    for interest in (interest for profile in profiles for interest in profile.interests):
        read = [parse_keyword(text) for text in interest.keywords + interest.exclude]
        read += [parse_query(interest.query)] if "like:" in interest.query.casefold() else []
        terms = (term for e in read if not isinstance(e, Unreadable) for term in terms_of(e))
        found.update(term.target.paper_id for term in terms if isinstance(term.target, Like))
    return found


def telling_terms(paper: Paper, statistics: Statistics, *, most: int = MOST_TERMS) -> tuple[Term, ...]:
    """The terms that say best what a paper is about, as keywords with weights, the most telling first."""
    terms = find_terms(paper, statistics)
    return tuple(_as_term(term, term.worth / terms[0].worth) for term in terms[:most])


def put_in_likes(expression: Expression, liked: Mapping[str, tuple[Term, ...]]) -> Expression:
    """The expression with the terms of liked papers in their place; their reasons name the paper too."""
    return map_terms(expression, lambda term: _put_in(term, liked))


def _put_in(term: Term, liked: Mapping[str, tuple[Term, ...]]) -> Expression:
    terms = liked.get(term.target.paper_id, ()) if isinstance(term.target, Like) else ()
    if not terms:
        return term
    parts = tuple(
        replace(each, written=f"{term.written}: {each.written}", weight=_bounded(each.weight * term.weight))
        for each in terms
    )
    return AnyOf(parts, fewest=min(FEWEST_SHARED, len(parts)))


def _as_term(term: Telling, share: float) -> Term:
    weight = _bounded(round(GREATEST_TERM_WEIGHT * share, 1))
    return Term(f"{term.text}^{weight:g}", term.phrase, weight=weight)


def _bounded(weight: float) -> float:
    return min(max(weight, LEAST_WEIGHT), GREATEST_WEIGHT)
