"""Lets an acronym stand for what the paper says it means, and the other way round; matches nothing.

Where a paper defines RAG, each later RAG may be read as retrieval-augmented generation: as a window, the words around
it with the other form in its place. Where it is defined, as in `text-to-image (T2I) models`, the words behind the
bracket go on with either form. What points at a window points at the words that really stand there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from digest.matching.definitions import Definition
from digest.matching.words import FEWEST_CAPITALS, Words, read_words

REACH = 12
"""Words around an acronym that a phrase with it may take in; only one of Chinese characters is longer."""
MOST_WINDOWS = 200
"""In one text; a longer row of acronyms is no abstract."""

_NOTHING = read_words("")


class Window(NamedTuple):
    """A place of a text where an acronym and its long form are exchanged; only a phrase that takes it all in is news.

    Where the clause goes on no gap is behind it, and the next word is news too. Of words that are left out the seam is.
    """

    first: int
    """The numbers of the first and last word replaced."""
    last: int
    other: Words
    """What is put in their place."""
    goes_on: bool = False


def windows_of(text: str, words: Words, definitions: Sequence[Definition]) -> Iterator[Window]:
    """Every place of a text where a defined form stands, with the other form in its place."""
    return islice(_windows(text, words, definitions), MOST_WINDOWS) if definitions else iter(())


def _windows(text: str, words: Words, definitions: Sequence[Definition]) -> Iterator[Window]:
    present = set(words.folded)
    for definition in definitions:
        short, long = definition.short, definition.long
        for first, last in _places(words, short.folded) if short.folded[0] in present else ():
            if sum(words.capitals[first : last + 1]) >= FEWEST_CAPITALS:
                yield Window(first, last, long)
        for first, last in _places(words, long.folded) if long.folded[0] in present else ():
            yield Window(first, last, short)
            closing = last + len(short)
            if _goes_on_behind_bracket(text, words, last, closing, short):
                yield Window(last + 1, closing, _NOTHING, goes_on=True)
                yield Window(first, closing, short, goes_on=True)


def _goes_on_behind_bracket(text: str, words: Words, last: int, closing: int, short: Words) -> bool:
    """Whether the acronym follows in a bracket, and after it a word of the same clause."""
    if words.folded[last + 1 : closing + 1] != short.folded or closing + 1 >= len(words):
        return False
    opened, closed = (text[words.ends[n] : words.starts[n + 1]] for n in (last, closing))
    return opened.strip() == "(" and closed.rstrip() == ")" and closed != ")"


def _places(words: Words, sought: tuple[str, ...]) -> Iterator[tuple[int, int]]:
    length = len(sought)
    position = -1
    for _ in range(words.folded.count(sought[0])):
        position = words.folded.index(sought[0], position + 1)
        if words.folded[position : position + length] == sought:
            yield position, position + length - 1
