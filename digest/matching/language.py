"""The language of keywords and queries: text becomes an expression, or says what is wrong; never raises, never matches.

A term is a phrase (words side by side), perhaps "quoted", perhaps ending in a wildcard, perhaps with a field before it
(`title:`) and a weight behind (`^2`). AND, OR, NOT, NEAR and brackets join terms, in keywords and in queries alike.
`docs/profiles.md` shows all of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache

from lark import Token, Tree

from digest.identity import canonical_id
from digest.matching.definitions import long_form_start
from digest.matching.expressions import (
    AllOf,
    AnyOf,
    AnyPhrase,
    Expression,
    Like,
    Near,
    Not,
    Person,
    Tag,
    Target,
    Term,
    holds_of_nothing,
    map_terms,
)
from digest.matching.grammar import FIELDS, LONGEST_QUERY, SUFFIXES, parse_tree
from digest.matching.greek import join_letters, other_writings
from digest.matching.names import read_name
from digest.matching.phrases import Phrase, UnreadableError, letters_of, read_phrase, spellings_of

LONGEST_KEYWORD = 200
"""In characters."""
FARTHEST_NEAR = 50
LEAST_WEIGHT, GREATEST_WEIGHT = 0.1, 100.0

_HALF_WIDTH = {full: full - 0xFEE0 for full in range(0xFF01, 0xFF5F)}
"""East Asian keyboards' wide letters and signs, which may be meant as the language's; column for column."""
_STRAY_WEIGHT = re.compile(r"\^(?!\{)")


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why a text is no expression, and what would be."""

    problem: str
    repair: str


@lru_cache(maxsize=1 << 18)
def parse_keyword(text: str) -> Expression | Unreadable:
    """One keyword, such as `structured pruning`, `"as written"`, `quantiz*` or `mamba NOT survey`."""
    if len(text) > LONGEST_KEYWORD:
        return _too_long(text, "keyword", LONGEST_KEYWORD, "write a few short keywords")
    return _parse(text)


@lru_cache(maxsize=1 << 14)
def parse_query(text: str) -> Expression | Unreadable:
    """A query such as `("state space model" OR mamba) AND NOT survey`: a keyword that may be longer."""
    if len(text) > LONGEST_QUERY:
        return _too_long(text, "query", LONGEST_QUERY, "make several interests of it")
    return _parse(text)


@lru_cache(maxsize=1 << 14)
def parse_author(text: str) -> Term | Unreadable:
    """One author's name: `Song Han`, `S. Han` or `Han, Song`."""
    if len(text) > LONGEST_KEYWORD:
        return _too_long(text, "name", LONGEST_KEYWORD, "write one name")
    try:
        return Term(text.strip(), _person(text))
    except UnreadableError as error:
        return _unreadable(error)


@lru_cache(maxsize=1 << 10)
def parse_category(text: str) -> Term | Unreadable:
    """One category, `cs.LG`, or a whole archive, `cs` or `cs.*`."""
    if len(text) > LONGEST_KEYWORD:
        return _too_long(text, "category", LONGEST_KEYWORD, "write one category")
    try:
        return Term(text.strip(), _tag("category", text))
    except UnreadableError as error:
        return _unreadable(error)


def read_category(text: str) -> Tag:
    """A category filter: `cs.LG` alone, or the whole archive as `cs` or `cs.*`."""
    return Tag("category", text.strip().casefold().removesuffix(".*"))


def _parse(written: str) -> Expression | Unreadable:
    text = written.translate(_HALF_WIDTH)
    try:
        expression = _build(parse_tree(text), text)
    except UnreadableError as error:
        return _unreadable(error)
    if holds_of_nothing(expression):
        return Unreadable("it takes papers in which none of its words stands", "join NOT to a wanted word by AND")
    return expression


def _too_long(text: str, kind: str, most: int, repair: str) -> Unreadable:
    return Unreadable(f"it has {len(text)} characters; a {kind} has at most {most} (column {most + 1})", repair)


def _unreadable(error: UnreadableError) -> Unreadable:
    return Unreadable(f"{error.problem} (column {error.offset + 1})", error.repair)


def _build(tree: Tree[Token] | Token, text: str) -> Expression:
    if not isinstance(tree, Tree) or tree.data in ("term", "liked"):
        return _term(_tokens(tree), text)
    if tree.data == "near":
        return _near(tree, text)
    if tree.data == "defined":
        return _defined(tree, text)
    parts = tuple(_build(child, text) for child in tree.children if not _is_mark(child))
    if tree.data == "group":
        return _group(parts[0], {token.type: token for token in tree.children if isinstance(token, Token)})
    if tree.data == "negation":
        return Not(parts[0])
    return AllOf(parts) if tree.data == "conjunction" else AnyOf(parts)


def _tokens(tree: Tree[Token] | Token) -> list[Token]:
    children = tree.children if isinstance(tree, Tree) else [tree]
    return [child for child in children if isinstance(child, Token)]


def _is_mark(child: Tree[Token] | Token) -> bool:
    return isinstance(child, Token) and child.type in ("FIELD", "SUFFIX", "WEIGHT", "LPAR", "RPAR")


def _start(tree: Tree[Token] | Token) -> int:
    first = next(tree.scan_values(lambda _: True)) if isinstance(tree, Tree) else tree
    return first.start_pos or 0


def _term(tokens: list[Token], text: str) -> Term:
    """A term of its tokens: an optional field, one quoted text or words, an optional weight."""
    start, end = tokens[0].start_pos or 0, tokens[-1].end_pos or len(text)
    kinds = {token.type: token for token in tokens}
    words = [token for token in tokens if token.type in ("QUOTED", "WORD", "LIKED")]
    content = text[words[0].start_pos : words[-1].end_pos]
    try:
        weight = _weight(kinds.get("WEIGHT"))
        if "LIKED" in kinds:
            return Term(text[start:end], Like(_paper_id(content.partition(":")[2].strip())), weight=weight)
        field = _field(kinds.get("FIELD", ""), kinds.get("SUFFIX", ""))
        target, forms = _target(field, content, is_quoted="QUOTED" in kinds)
    except UnreadableError as error:
        raise UnreadableError(error.problem, error.repair, start) from error
    is_wording = isinstance(target, Phrase | AnyPhrase)
    return Term(text[start:end], target, field if is_wording else "", weight, forms)


def _paper_id(text: str) -> str:
    """A paper's canonical id; a version says nothing about what a paper is like."""
    paper_id = canonical_id(text) or (text if text.startswith("title:") else None)
    if paper_id is None:
        raise UnreadableError(
            f"{text:.40} is no paper's id", "write it like like:arxiv:2503.01234 or like:doi:10.1101/…"
        )
    return paper_id


def _field(prefix: str, suffix: str = "") -> str:
    if prefix and suffix:
        raise UnreadableError("it names a field twice", f"leave {suffix} out")
    if suffix:
        return SUFFIXES[suffix.strip("[]").casefold()]
    return FIELDS[prefix.strip().removesuffix(":").casefold()] if prefix else ""


def _target(field: str, content: str, *, is_quoted: bool) -> tuple[Target, tuple[str, ...]]:
    """What to look for, and in which forms it is as the reader wrote it."""
    content = content[1:-1] if is_quoted else content
    if field == "author":
        return _person(content), ()
    if field in ("category", "source"):
        return _tag(field, content), ()
    if not is_quoted and "$" not in content and _STRAY_WEIGHT.search(content):
        raise UnreadableError("a weight is a number at the end of a term", "write it like pruning^2")
    if is_quoted:
        phrase = read_phrase(content.strip(), is_exact=True)
        return phrase, () if phrase.is_open else (letters_of(content.strip()),)
    phrases, forms = _phrases(content.strip())
    return phrases[0] if len(phrases) == 1 else AnyPhrase(phrases), forms


def _phrases(*names: str) -> tuple[tuple[Phrase, ...], tuple[str, ...]]:
    """The phrases of one thing with these names, in all their writings, and its forms: any will do with a wildcard."""
    found = [(name, read_phrase(join_letters(name))) for name in names]
    found += [other for name in names for other in _other_phrases(name)]
    phrases = tuple(spelling for _, phrase in found for spelling in spellings_of(phrase))
    is_open = any(phrase.is_open for phrase in phrases)
    return phrases, () if is_open else tuple(letters_of(text) for text, _ in found)


def _other_phrases(name: str) -> Iterator[tuple[str, Phrase]]:
    """The same with other letters in names of biology, unless that is too long: NFkB is one word, NF-κB are two."""
    for other in other_writings(name):
        with suppress(UnreadableError):
            yield other, read_phrase(other)


def _tag(kind: str, text: str) -> Tag:
    tag = read_category(text) if kind == "category" else Tag(kind, text.strip().casefold())
    if not tag.value:
        raise UnreadableError(f"this is no {kind}", f"write one such as {'cs.LG' if kind == 'category' else 'arxiv'}")
    if "*" in tag.value:
        raise UnreadableError("a wildcard takes a whole archive only", "write it like cs.* or cs, or the whole name")
    return tag


def _person(text: str) -> Person:
    if "*" in text:
        raise UnreadableError("a name has no wildcard", "write the whole family name")
    names = read_name(text)
    if not names:
        raise UnreadableError("there is no name in it", "write a name such as Song Han")
    return Person(names)


def _weight(token: str | None) -> float:
    weight = float(token[1:]) if token else 1.0
    if not LEAST_WEIGHT <= weight <= GREATEST_WEIGHT:
        raise UnreadableError(
            f"a weight lies between {LEAST_WEIGHT:g} and {GREATEST_WEIGHT:g}", "write it like ^2 or ^0.5"
        )
    return weight


def _near(tree: Tree[Token], text: str) -> Term:
    """Two terms in one field; the weight behind them counts for both."""
    left, mark, right = tree.children
    one, other = _term(_tokens(left), text), _term(_tokens(right), text)
    distance = int(str(mark).partition("/")[2])
    if not (isinstance(one.target, Phrase | AnyPhrase) and isinstance(other.target, Phrase | AnyPhrase)):
        raise UnreadableError("NEAR joins words and phrases only", "use AND instead", _start(mark))
    if {one.field, other.field} - {one.field or other.field, ""}:
        raise UnreadableError("NEAR joins two terms of one field", "use AND instead", _start(mark))
    if not 0 <= distance <= FARTHEST_NEAR:
        raise UnreadableError(f"NEAR reaches at most {FARTHEST_NEAR} words", "write it like NEAR/5", _start(mark))
    written = text[_start(left) : _start(right)] + other.written
    target = Near(one.target, other.target, distance)
    return Term(written, target, one.field or other.field, max(one.weight, other.weight))


def _defined(tree: Tree[Token], text: str) -> Term:
    """A phrase with an abbreviation in it, as people copy it: `deep reinforcement learning (RL) agents`."""
    outer, inner = (child for child in tree.children if isinstance(child, Tree))
    marks = {child.type: child for child in tree.children if isinstance(child, Token)}
    tail = " ".join(child for child in _tokens(tree) if child.type == "WORD")
    before, inside = _content(outer, text), _content(inner, text) if inner.data == "term" else ""
    opened = text.index("(", _end(outer))
    term = _term(_tokens(outer), text)
    names = _names_of_one_thing(before, inside)
    if not names or not isinstance(term.target, Phrase | AnyPhrase):
        raise UnreadableError(
            "( follows a term without AND or OR", "put AND or OR between the two, or quote the whole phrase", opened
        )
    phrases, forms = _phrases(*(f"{name} {tail}".strip() for name in names))
    weight = _weight(marks.get("WEIGHT")) if "WEIGHT" in marks else term.weight
    end = max(_end(tree), text.index(")", opened) + 1)
    return replace(term, written=text[_start(tree) : end], target=AnyPhrase(phrases), weight=weight, forms=forms)


def _names_of_one_thing(before: str, inside: str) -> tuple[str, ...]:
    """The two names in `deep reinforcement learning (RL)` or `RL (reinforcement learning)`, each whole; or none."""
    start = long_form_start(inside, before) if " " not in inside else None
    if start is not None:
        return before, f"{before[:start]}{inside}"
    return (inside, before) if " " not in before and long_form_start(before, inside) == 0 else ()


def _content(tree: Tree[Token], text: str) -> str:
    words = [token for token in _tokens(tree) if token.type in ("QUOTED", "WORD")]
    return text[words[0].start_pos : words[-1].end_pos]


def _end(tree: Tree[Token]) -> int:
    return max(token.end_pos or 0 for token in tree.scan_values(lambda _: True))


def _group(part: Expression, marks: dict[str, Token]) -> Expression:
    """A bracket's field and weight are those of each term inside that has none of its own."""
    prefix, suffix = marks.get("FIELD", ""), marks.get("SUFFIX", "")
    offset = getattr(prefix or suffix, "start_pos", 0)
    if prefix and suffix:
        raise UnreadableError("it names a field twice", f"leave {suffix} out", offset)
    field = _field(prefix, suffix)
    if field not in ("", "title", "abstract"):
        raise UnreadableError(f"{field}: can't be the field of a bracket", "write it at each term", offset)
    weight = _weight(marks.get("WEIGHT"))
    return map_terms(part, lambda term: _in_group(term, field, weight))


def _in_group(term: Term, field: str, weight: float) -> Term:
    takes_field = isinstance(term.target, Phrase | AnyPhrase | Near) and not term.field
    weighed = min(max(term.weight * weight, LEAST_WEIGHT), GREATEST_WEIGHT)
    return replace(term, field=field if takes_field else term.field, weight=weighed)
