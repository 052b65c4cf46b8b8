"""The language of keywords and queries: text becomes an expression, or says what is wrong; never raises, never matches.

A term is a phrase (words side by side), perhaps "quoted", perhaps ending in a wildcard, perhaps with a field before it
(`title:`) and a weight behind (`^2`). A keyword is one term. A query joins terms by AND, OR, NOT and brackets.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache

from lark import Token, Tree

from digest.matching.grammar import LONGEST_QUERY, parse_tree
from digest.matching.names import Name, read_name
from digest.matching.phrases import Phrase, UnreadableError, read_phrase

LONGEST_KEYWORD = 200
"""In characters."""
MOST_WORDS = 12
DEEPEST_NESTING = 20
LEAST_WEIGHT, GREATEST_WEIGHT = 0.1, 100.0

_FIELDS = {"ti": "title", "abs": "abstract", "au": "author", "cat": "category"}
"""arXiv's own names for the fields, which readers paste: https://info.arxiv.org/help/api/user-manual.html"""

_STRAY_WEIGHT = re.compile(r"\^(?!\{)")


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
class Term:
    """One thing to look for, as the reader wrote it, and what that means."""

    written: str
    target: Phrase | Person | Tag
    field: str = ""
    """`title` or `abstract` if a phrase must stand there; empty for both."""
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part must hold."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part must hold."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part must not hold."""

    part: Expression


Expression = Term | AllOf | AnyOf | Not


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why a text is no expression, and what would be."""

    problem: str
    repair: str


@lru_cache(maxsize=1 << 16)
def parse_keyword(text: str) -> Term | Unreadable:
    """One keyword, such as `structured pruning`, `"as written"`, `quantiz*` or `title:distillation^2`."""
    if len(text) > LONGEST_KEYWORD:
        return Unreadable(
            f"it has {len(text)} characters; a keyword has at most {LONGEST_KEYWORD}", "write a few short keywords"
        )
    expression = _parse(text)
    if isinstance(expression, Term | Unreadable):
        return expression
    return Unreadable("a keyword is one word or phrase, without AND, OR and NOT", "write it as the interest's query")


@lru_cache(maxsize=1 << 14)
def parse_query(text: str) -> Expression | Unreadable:
    """A query such as `("state space model" OR mamba) AND NOT survey`."""
    if len(text) > LONGEST_QUERY:
        return Unreadable(
            f"it has {len(text)} characters; a query has at most {LONGEST_QUERY}", "make several interests of it"
        )
    expression = _parse(text)
    if not isinstance(expression, Unreadable) and _holds_of_nothing(expression):
        return Unreadable("it takes papers in which none of its words stands", "join NOT to a wanted word by AND")
    return expression


@lru_cache(maxsize=1 << 14)
def parse_author(text: str) -> Term | Unreadable:
    """One author's name: `Song Han`, `S. Han` or `Han, Song`."""
    if len(text) > LONGEST_KEYWORD:
        return Unreadable(f"it has {len(text)} characters; a name has at most {LONGEST_KEYWORD}", "write one name")
    try:
        return Term(text.strip(), _person(text))
    except UnreadableError as error:
        return Unreadable(error.problem, error.repair)


def read_category(text: str) -> Tag:
    """A category filter: `cs.LG` alone, or the whole archive as `cs` or `cs.*`."""
    return Tag("category", text.strip().casefold().removesuffix(".*"))


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


def _parse(text: str) -> Expression | Unreadable:
    try:
        return _build(parse_tree(text), text, depth=0)
    except UnreadableError as error:
        return Unreadable(f"{error.problem} (column {error.offset + 1})", error.repair)


def _build(tree: Tree[Token] | Token, text: str, depth: int) -> Expression:
    if depth > DEEPEST_NESTING:
        raise UnreadableError(f"brackets are nested more than {DEEPEST_NESTING} deep", "make several interests of it")
    if not isinstance(tree, Tree) or tree.data == "term":
        return _term(tree.children if isinstance(tree, Tree) else [tree], text)
    parts = tuple(_build(child, text, depth + 1) for child in tree.children)
    if tree.data == "negation":
        return Not(parts[0])
    return AllOf(parts) if tree.data == "conjunction" else AnyOf(parts)


def _term(children: list[Tree[Token] | Token], text: str) -> Term:
    """A term of its tokens: an optional field, one quoted text or words, an optional weight."""
    tokens = [child for child in children if isinstance(child, Token)]
    start, end = tokens[0].start_pos or 0, tokens[-1].end_pos or len(text)
    kinds = {token.type: token for token in tokens}
    words = [token for token in tokens if token.type in ("QUOTED", "WORD")]
    content = text[words[0].start_pos : words[-1].end_pos]
    try:
        term = _target(kinds.get("FIELD", ""), content, is_quoted="QUOTED" in kinds)
        weight = _weight(kinds["WEIGHT"]) if "WEIGHT" in kinds else 1.0
    except UnreadableError as error:
        raise UnreadableError(error.problem, error.repair, start) from error
    return replace(term, written=text[start:end], weight=weight)


def _target(prefix: str, content: str, *, is_quoted: bool) -> Term:
    named = prefix.strip().removesuffix(":").casefold()
    field = _FIELDS.get(named, named)
    content = content[1:-1] if is_quoted else content
    if field == "author":
        return Term(content, _person(content))
    if field == "category":
        return Term(content, read_category(content))
    if field == "source":
        return Term(content, Tag("source", content.strip().casefold()))
    if len(content.split()) > MOST_WORDS:
        raise UnreadableError(f"a phrase has at most {MOST_WORDS} words", "write a few short keywords")
    if not is_quoted and "$" not in content and _STRAY_WEIGHT.search(content):
        raise UnreadableError("a weight is a number at the end of a term", "write it like pruning^2")
    return Term(content, read_phrase(content.strip(), is_exact=is_quoted), field)


def _person(text: str) -> Person:
    names = read_name(text)
    if not names:
        raise UnreadableError("there is no name in it", "write a name such as Song Han")
    return Person(names)


def _weight(token: str) -> float:
    weight = float(token[1:])
    if not LEAST_WEIGHT <= weight <= GREATEST_WEIGHT:
        raise UnreadableError(
            f"a weight lies between {LEAST_WEIGHT:g} and {GREATEST_WEIGHT:g}", "write it like ^2 or ^0.5"
        )
    return weight


def _holds_of_nothing(expression: Expression) -> bool:
    """Whether it holds of a paper in which no term stands."""
    if isinstance(expression, Term):
        return False
    if isinstance(expression, Not):
        return not _holds_of_nothing(expression.part)
    held = [_holds_of_nothing(part) for part in expression.parts]
    return all(held) if isinstance(expression, AllOf) else any(held)
