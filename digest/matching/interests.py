"""Reads an interest: its texts become slots, each with a unit that many readers may share; looks at no paper."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

from digest.domain import Interest
from digest.matching.expressions import AnyOf, Expression, Target, Term, map_terms, terms_of
from digest.matching.language import Unreadable, parse_author, parse_keyword, parse_query, read_category
from digest.matching.liking import put_in_likes

GREATEST_INTEREST_WEIGHT = 100.0
MOST_INTERESTS = 100
"""Of one profile; further ones match nothing."""


@dataclass(frozen=True, slots=True)
class Unit:
    """What is looked for once for all readers who ask for it: an expression without its readers' writing."""

    expression: Expression
    counted: frozenset[Term] = frozenset()
    """What the same interest counts already, as keywords of their own: here it adds only what it is worth more."""


class Role(IntEnum):
    """What a slot does for its interest."""

    WANTED = 0
    EXCLUDED = 1
    FILTER = 2


@dataclass(frozen=True, slots=True)
class Slot:
    """One keyword, author, query, exclusion or category of an interest."""

    role: Role
    unit: Unit
    weight: float
    expression: Expression
    """As the reader wrote it."""


@dataclass(frozen=True, slots=True)
class ReadInterest:
    """An interest with its texts read. What can't be read is left out; `check_interest` tells the reader."""

    name: str
    weight: float
    slots: tuple[Slot, ...]

    def of(self, role: Role) -> tuple[Slot, ...]:
        """The slots with this role."""
        return tuple(slot for slot in self.slots if slot.role is role)


NOTHING_LIKED: Mapping[str, tuple[Term, ...]] = {}


def read_interest(interest: Interest, liked: Mapping[str, tuple[Term, ...]] = NOTHING_LIKED) -> ReadInterest:
    """An interest's texts as slots. If it has nothing but categories, these are what it wants; else they filter.

    `liked` has the terms of papers that readers want more like of.
    """
    texts = [parse_keyword(text) for text in interest.keywords] + [parse_author(text) for text in interest.authors]
    texts += [parse_query(interest.query)] if interest.query.strip() else []
    categories = [Term(text.strip(), read_category(text)) for text in interest.categories]
    excluded = [parse_keyword(text) for text in interest.exclude]
    slots = (
        *_slots([_with_likes(text, liked) for text in texts] or categories, Role.WANTED),
        *_slots([_with_likes(text, liked) for text in excluded], Role.EXCLUDED),
        *_slots(categories if texts else (), Role.FILTER),
    )
    return ReadInterest(interest.name, interest.weight, slots if is_weight(interest.weight) else ())


def _with_likes(parsed: Expression | Unreadable, liked: Mapping[str, tuple[Term, ...]]) -> Expression | Unreadable:
    return parsed if isinstance(parsed, Unreadable) else put_in_likes(parsed, liked)


def is_weight(weight: float) -> bool:
    """Whether a number can be an interest's weight; with another one it matches nothing."""
    return math.isfinite(weight) and 0 < weight <= GREATEST_INTEREST_WEIGHT


def targets_of(units: Iterable[Unit]) -> set[Target]:
    """Everything that the day must look for."""
    return {term.target for unit in units for term in terms_of(unit.expression)}


def _slots(expressions: Sequence[Expression | Unreadable], role: Role) -> Iterator[Slot]:
    """Each theme once: its first spelling, or where its terms differ, one slot of which the best term counts."""
    readable = [expression for expression in expressions if not isinstance(expression, Unreadable)]
    themes: dict[object, dict[object, Term]] = {}
    for term in (expression for expression in readable if isinstance(expression, Term)):
        meanings = themes.setdefault(term.theme, {})
        first = meanings.setdefault(term.meaning, term)
        meanings[term.meaning] = replace(first, weight=max(first.weight, term.weight))
    for terms in (tuple(meanings.values()) for meanings in themes.values()):
        if len(terms) == 1:
            yield Slot(role, Unit(replace(terms[0], written="", weight=1.0)), terms[0].weight, terms[0])
        else:
            yield Slot(role, Unit(_bare(AnyOf(terms))), 1.0, AnyOf(terms))
    compounds = {_bare(e): e for e in reversed(readable) if not isinstance(e, Term)}
    for bare, written in reversed(compounds.items()):
        shared = {term.theme for term in terms_of(bare)} & themes.keys()
        counted = (replace(term, written="") for theme in shared for term in themes[theme].values())
        yield Slot(role, Unit(bare, frozenset(counted)), 1.0, written)


def _bare(expression: Expression) -> Expression:
    return map_terms(expression, lambda term: replace(term, written=""))
