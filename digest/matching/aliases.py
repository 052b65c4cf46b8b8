"""Lets an acronym stand for what the paper says it means, and the other way round; matches nothing.

Where a paper defines RAG, each later RAG may be read as retrieval-augmented generation: as a window, the words around
it with the other form in its place. Where it is defined, as in `text-to-image (T2I) models`, the words behind the
bracket go on with either form. What points at a window points at the words that really stand there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from digest.matching.definitions import Definition
from digest.matching.words import FEWEST_CAPITALS, Joint, Words, read_words

REACH = 12
"""Words around an acronym that a phrase with it may take in; only one of Chinese characters is longer."""
MOST_WINDOWS = 200
"""In one text; a longer row of acronyms is no abstract."""

T = TypeVar("T")

_NOTHING = read_words("")


@dataclass(frozen=True, slots=True)
class Window:
    """Some words of a text with an acronym and its long form exchanged at one place."""

    words: Words
    places: tuple[int, ...]
    """For each word its number in the text; all that were put in have the number of the first they replace."""
    replaced_last: int
    """The number of the last word they replace."""
    first: int
    last: int
    """The words put in, or at a seam; only a phrase that takes in all of them is news."""


def windows_of(text: str, words: Words, definitions: Sequence[Definition]) -> Iterator[Window]:
    """Every place of a text where a defined form stands, with the other form in its place."""
    return islice(_windows(text, words, definitions), MOST_WINDOWS) if definitions else iter(())


def _windows(text: str, words: Words, definitions: Sequence[Definition]) -> Iterator[Window]:
    present = set(words.folded)
    for definition in definitions:
        short, long = definition.short, definition.long
        for first, last in _places(words, short.folded) if short.folded[0] in present else ():
            if sum(words.capitals[first : last + 1]) >= FEWEST_CAPITALS:
                yield _window(words, first, last, long)
        for first, last in _places(words, long.folded) if long.folded[0] in present else ():
            yield _window(words, first, last, short)
            closing = last + len(short)
            if _goes_on_behind_bracket(text, words, last, closing, short):
                yield _window(words, last + 1, closing, _NOTHING, goes_on=True)
                yield _window(words, first, closing, short, goes_on=True)


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


def _window(words: Words, first: int, last: int, other: Words, *, goes_on: bool = False) -> Window:
    """The words from first to last in the other form; with `goes_on` no gap is behind them, and the next is news too.

    Of words that are left out the seam is news.
    """
    before, after = slice(max(0, first - REACH), first), slice(last + 1, last + 1 + REACH)
    inserted = len(other)
    head = first - before.start

    def around(those: tuple[T, ...], put_in: tuple[T, ...]) -> tuple[T, ...]:
        return those[before] + put_in + those[after]

    joints = around(words.joints, (words.joints[first], *other.joints[1:])[:inserted])
    if goes_on:
        joints = (*joints[: head + inserted], Joint.SPACE, *joints[head + inserted + 1 :])
    replaced = Words(
        exact=around(words.exact, other.exact),
        folded=around(words.folded, other.folded),
        capitals=around(words.capitals, other.capitals),
        joints=joints,
        starts=around(words.starts, (words.starts[first],) * inserted),
        ends=around(words.ends, (words.ends[last],) * inserted),
    )
    places = (*range(before.start, first), *(first,) * inserted, *range(last + 1, last + 1 + REACH))[: len(replaced)]
    news = min(head, head + inserted - 1), head + inserted - 1 + goes_on
    return Window(replaced, places, last + goes_on, *news)
