"""Reads an interest: its texts become slots, each with a unit that many readers may share; looks at no paper."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import lru_cache

from digest.domain import Interest, Profile
from digest.matching.expressions import AnyOf, Expression, Like, Meaning, Term, map_terms, terms_of
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
    """As it was read; each term has the reader's own writing of it."""
    written: str
    """The whole text as the reader wrote it."""


@dataclass(frozen=True, slots=True)
class ReadInterest:
    """An interest with its texts read. What can't be read is left out; `check_interest` tells the reader."""

    name: str
    weight: float
    slots: tuple[Slot, ...]

    def of(self, role: Role) -> tuple[Slot, ...]:
        """The slots with this role."""
        return tuple(slot for slot in self.slots if slot.role is role)


ParsedText = tuple[str, Expression | Unreadable]
"""A keyword, name or query as written and as read."""
ReadTerm = tuple[str, Term]
"""The whole text as the reader wrote it, which is a single term."""
NOTHING_LIKED: Mapping[str, tuple[Term, ...]] = {}


def read_profile(profile: Profile, liked: Mapping[str, tuple[Term, ...]] = NOTHING_LIKED) -> tuple[ReadInterest, ...]:
    """A profile's interests, read. `liked` has the terms of papers that readers want more like of."""
    return tuple(read_interest(interest, liked) for interest in profile.interests)


def read_interest(interest: Interest, liked: Mapping[str, tuple[Term, ...]] = NOTHING_LIKED) -> ReadInterest:
    """An interest's texts as slots. If it has nothing but categories, these are what it wants; else they filter."""
    texts = [(text, parse_keyword(text)) for text in interest.keywords]
    texts += [(text, parse_author(text)) for text in interest.authors]
    texts += [(interest.query, parse_query(interest.query))] if interest.query.strip() else []
    categories = [(text, Term(text.strip(), read_category(text))) for text in interest.categories]
    excluded = [(text, parse_keyword(text)) for text in interest.exclude]
    slots = (
        *_slots([_with_likes(text, liked) for text in texts] or categories, Role.WANTED),
        *_slots([_with_likes(text, liked) for text in excluded], Role.EXCLUDED),
        *_slots(categories if texts else (), Role.FILTER),
    )
    return ReadInterest(interest.name, interest.weight, slots if is_weight(interest.weight) else ())


def _with_likes(text: ParsedText, liked: Mapping[str, tuple[Term, ...]]) -> ParsedText:
    written, parsed = text
    likes_nothing = isinstance(parsed, Term) and not isinstance(parsed.target, Like)
    return text if likes_nothing or isinstance(parsed, Unreadable) else (written, put_in_likes(parsed, liked))


def is_weight(weight: float) -> bool:
    """Whether a number can be an interest's weight; with another one it matches nothing."""
    return math.isfinite(weight) and 0 < weight <= GREATEST_INTEREST_WEIGHT


def terms_in(units: Iterable[Unit]) -> dict[Meaning, Term]:
    """Everything that the day must look for, each meaning once."""
    return {term.meaning: term for unit in units for term in terms_of(unit.expression)}


def _slots(texts: Iterable[ParsedText], role: Role) -> Iterator[Slot]:
    """Each theme once: where the writings of it differ in what they hit, one slot of which the best term counts."""
    themes: defaultdict[object, list[ReadTerm]] = defaultdict(list)
    compounds: dict[Expression, tuple[str, Expression]] = {}
    for written, expression in texts:
        if isinstance(expression, Term):
            themes[expression.theme].append((written, expression))
        elif not isinstance(expression, Unreadable):
            compounds.setdefault(_bare(expression), (written, expression))
    for writings in themes.values():
        yield _theme_slot(role, tuple(writings))
    for bare, (written, expression) in compounds.items():
        shared = {term.theme for term in terms_of(bare)} & themes.keys()
        counted = (replace(term, written="") for theme in shared for term in _heaviest(themes[theme]))
        yield Slot(role, Unit(bare, frozenset(counted)), 1.0, expression, written)


@lru_cache(maxsize=1 << 17)
def _theme_slot(role: Role, writings: tuple[ReadTerm, ...]) -> Slot:
    """One slot for all readers who wrote a keyword alike."""
    terms = _heaviest(writings)
    written = ", ".join(dict.fromkeys(text for text, _ in writings))
    if len(terms) == 1:
        return Slot(role, Unit(replace(terms[0], written="", weight=1.0)), terms[0].weight, terms[0], written)
    return Slot(role, Unit(_bare(AnyOf(terms))), 1.0, AnyOf(terms), written)


def _heaviest(writings: Iterable[ReadTerm]) -> tuple[Term, ...]:
    """Each meaning once, as it was written first, with the greatest weight."""
    meanings: dict[object, Term] = {}
    for _, term in writings:
        first = meanings.setdefault(term.meaning, term)
        if term.weight > first.weight:
            meanings[term.meaning] = replace(first, weight=term.weight)
    return tuple(meanings.values())


@lru_cache(maxsize=1 << 14)
def _bare(expression: Expression) -> Expression:
    return map_terms(expression, lambda term: replace(term, written=""))
