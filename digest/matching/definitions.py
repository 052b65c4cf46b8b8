"""Finds where a paper says what an acronym stands for: `retrieval-augmented generation (RAG)`; knows no dictionary.

The rule is Schwartz and Hearst's (A simple algorithm for identifying abbreviation definitions, 2003): each letter of
the short form stands in the long form, in order, and the first one begins a word of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from digest.matching.words import Joint, Words, read_words

_SHORT = r"(?=[^()\s]*[A-Z][^()\s]*[A-Z])[A-Za-z][A-Za-z0-9\-/]{1,9}"
_SHORT_IN_BRACKETS = re.compile(rf"\(\s*({_SHORT})\s*[);,]")
_LONG_IN_BRACKETS = re.compile(r"\(([^()]{6,100})\)")
_SHORT_BEFORE = re.compile(rf"(?<![^\s(])({_SHORT})\s+\Z")
_FARTHEST_SHORT = 40
"""So many characters before the bracket it is looked for; it has ten, and the rest is space."""
_ENDS = re.compile(r"[.;:,!?()](?=\s)|[()]")
_FEWEST_LETTERS = 2
_NEVER_FIRST = frozenset(
    ["a", "an", "the", "of", "for", "to", "with", "and", "or", "by", "from", "in", "on", "at", "as", "we", "our",
    "their", "its", "this", "that", "these", "using", "via", "is", "are"]
)  # fmt: skip
"""No long form begins with one of these, unless hyphenated: in-context learning."""
_LONGEST_LONG_FORM = 300
MOST_BRACKETS = 50
"""So many are looked at in a text; the hundredth says nothing that a reader would miss."""
_SPOKEN = str.maketrans({"2": "to", "4": "for"})
"""What digits also stand for: T2I is text-to-image."""
_EXTRA_WORDS = 5
"""A long form has at most min(letters + 5, 2 × letters) words, as the paper has it."""


@dataclass(frozen=True, slots=True)
class Definition:
    """An acronym and the words it stands for, both as `Words`, so that either may stand for the other."""

    short: Words
    long: Words

    @property
    def key(self) -> str:
        """The acronym's letters."""
        return "".join(self.short.folded)


def find_definitions(text: str) -> tuple[Definition, ...]:
    """What a text defines, in the order in which it does."""
    if "(" not in text:
        return ()
    found = {definition.key: definition for definition in (*_shorts(text), *_longs(text))}
    return tuple(found.values())


def long_form_start(short: str, before: str) -> int | None:
    """Where in the words before a reader's `(RL)` its long form begins; None if it isn't short for any of them."""
    return _long_form_start(_letters(short), before)


def _shorts(text: str) -> Iterator[Definition]:
    """Definitions of the form `long form (SHORT)`."""
    for found in islice(_SHORT_IN_BRACKETS.finditer(text), MOST_BRACKETS):
        letters = _letters(found[1])
        before = text[max(0, found.start() - _LONGEST_LONG_FORM) : found.start()].rstrip()
        most = min(len(letters) + _EXTRA_WORDS, 2 * len(letters))
        words = before.rsplit(maxsplit=most)
        further = words[0] if len(words) > most else ""
        candidate = _ENDS.split(before[len(further) :])[-1].lstrip()
        start = _long_form_start(letters, candidate)
        if start is not None:
            yield from _definition(found[1], candidate[start:])


def _longs(text: str) -> Iterator[Definition]:
    """Definitions of the form `SHORT (long form)`."""
    for short, long in islice(_explained(text), MOST_BRACKETS):
        if _long_form_start(_letters(short), long) == 0:
            yield from _definition(short, long)


def _explained(text: str) -> Iterator[tuple[str, str]]:
    """What stands in brackets behind an acronym."""
    for found in _LONG_IN_BRACKETS.finditer(text):
        short = _SHORT_BEFORE.search(text, max(0, found.start() - _FARTHEST_SHORT), found.start())
        if short:
            yield short[1], found[1]


def _definition(short: str, long: str) -> Iterator[Definition]:
    words, acronym = read_words(long), read_words(short)
    if not words or (words.exact[0] in _NEVER_FIRST and words.joints[1:2] != (Joint.TIGHT,)):
        return
    is_whole = Joint.GAP not in (*words.joints[1:], *acronym.joints[1:])
    if is_whole and len(words) > 1 and acronym and not set(acronym.folded) & set(words.folded):
        yield Definition(acronym, words)


def _letters(short: str) -> str:
    """The letters that must stand in the long form: `LLMs` is LLM."""
    bare = re.sub(r"(?<=[A-Z])s$", "", short)
    return re.sub(r"[^a-z0-9]", "", bare.casefold())


def _long_form_start(letters: str, candidate: str) -> int | None:
    """Where in the text before it the long form of these letters begins; None if they aren't in it."""
    start = _start_of(letters, candidate)
    spoken = letters.translate(_SPOKEN)
    return _start_of(spoken, candidate) if start is None and spoken != letters else start


def _start_of(letters: str, candidate: str) -> int | None:
    text = candidate.casefold()
    at = len(text)
    if len(letters) < _FEWEST_LETTERS:
        return None
    for number, letter in reversed(list(enumerate(letters))):
        at = text.rfind(letter, 0, at)
        while number == 0 and at > 0 and text[at - 1].isalnum():
            at = text.rfind(letter, 0, at)
        if at < 0:
            return None
    return at
