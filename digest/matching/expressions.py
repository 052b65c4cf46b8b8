"""What readers ask for, as values: terms with their targets, joined by AND, OR and NOT; reads and matches nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from digest.matching.names import Name
from digest.matching.phrases import Phrase


@dataclass(frozen=True, slots=True)
class AnyPhrase:
    """One thing with several names, `reinforcement learning (RL)`: whichever stands there is a hit."""

    phrases: tuple[Phrase, ...]


@dataclass(frozen=True, slots=True)
class Near:
    """Two phrases in one field, in any order, with at most so many words between them."""

    one: Phrase | AnyPhrase
    other: Phrase | AnyPhrase
    distance: int


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who must be among the authors: the ways to read the name."""

    names: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class Tag:
    """A category or source that a paper must have."""

    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class Like:
    """Papers similar to this one. It hits nothing until `liking` has put the paper's own terms in its place."""

    paper_id: str


Wording = Phrase | AnyPhrase | Near
"""What stands in a title or abstract."""
Target = Wording | Person | Tag | Like
Meaning = tuple[Target, str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Term:
    """One thing to look for, as the reader wrote it, and what that means."""

    written: str
    target: Target
    field: str = ""
    """`title` or `abstract` if a wording must stand there; empty for both."""
    weight: float = 1.0
    forms: tuple[str, ...] = ()
    """The letters of its words as the reader wrote them; a hit in another form counts less. Empty if any will do."""

    @property
    def meaning(self) -> Meaning:
        """The same for two terms that hit the same, each hit worth the same, whatever the readers' weights."""
        return self.target, self.field, self.forms

    @property
    def theme(self) -> object:
        """The same for all writings of one thing: pre-training, "pretraining", title:pretraining. It counts once."""
        if isinstance(self.target, Phrase):
            return "".join(self.target.words)
        if isinstance(self.target, AnyPhrase):  # NF-kB and NF-κB
            return frozenset("".join(phrase.words) for phrase in self.target.phrases)
        return self.meaning


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part must hold."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least `fewest` of the parts must hold."""

    parts: tuple[Expression, ...]
    fewest: int = 1


@dataclass(frozen=True, slots=True)
class Not:
    """The part must not hold."""

    part: Expression


Expression = Term | AllOf | AnyOf | Not


def terms_of(expression: Expression) -> tuple[Term, ...]:
    """All of an expression's terms from left to right."""
    if isinstance(expression, Term):
        return (expression,)
    parts = (expression.part,) if isinstance(expression, Not) else expression.parts
    return tuple(term for part in parts for term in terms_of(part))


def wanted_terms_of(expression: Expression, *, is_wanted: bool = True) -> tuple[Term, ...]:
    """The terms that speak for a paper: those behind no NOT, or behind two."""
    if isinstance(expression, Term):
        return (expression,) if is_wanted else ()
    if isinstance(expression, Not):
        return wanted_terms_of(expression.part, is_wanted=not is_wanted)
    return tuple(term for part in expression.parts for term in wanted_terms_of(part, is_wanted=is_wanted))


def map_terms(expression: Expression, change: Callable[[Term], Expression]) -> Expression:
    """The expression with something else in the place of each term."""
    if isinstance(expression, Term):
        return change(expression)
    if isinstance(expression, Not):
        return Not(map_terms(expression.part, change))
    return replace(expression, parts=tuple(map_terms(part, change) for part in expression.parts))


def phrases_of(target: Target) -> tuple[Phrase, ...]:
    """The phrases that must be looked for in the papers' texts."""
    if isinstance(target, Phrase):
        return (target,)
    if isinstance(target, AnyPhrase):
        return target.phrases
    return phrases_of(target.one) + phrases_of(target.other) if isinstance(target, Near) else ()


def holds_of_nothing(expression: Expression) -> bool:
    """Whether it holds of a paper in which no term stands."""
    if isinstance(expression, Term):
        return False
    if isinstance(expression, Not):
        return not holds_of_nothing(expression.part)
    held = sum(map(holds_of_nothing, expression.parts))
    return held >= (len(expression.parts) if isinstance(expression, AllOf) else expression.fewest)
