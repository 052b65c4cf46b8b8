"""Decides which passages of an abstract are shown: its opening, and one with a hit. Escapes and marks nothing."""

from __future__ import annotations

from collections.abc import Sequence

from digest.composing.cleaning import SENTENCE_END, word_end
from digest.composing.marking import Span

LONGEST_PASSAGE_CHARACTERS = 280
_WORDS_BEFORE_HIT_CHARACTERS = 100


def opening_end(text: str, limit: int) -> int:
    """Where the opening of a text ends: at a sentence's end in the second half of `limit`, else at a word's."""
    if len(text) <= limit:
        return len(text)
    ends = [found.end() for found in SENTENCE_END.finditer(text, limit // 2, limit)]
    return ends[-1] if ends else word_end(text, limit)


def passage_of(text: str, hits: Sequence[Sequence[Span]], opening: int) -> Span | None:
    """The sentence of the first hit that the opening doesn't show; None if it shows one for every reason.

    `hits` are the spans of each reason in turn. A long sentence is cut to the words around its hit.
    """
    unseen = [min(spans) for spans in hits if spans and min(spans)[0] >= opening]
    if not unseen:
        return None
    hit = min(unseen)[0]
    start = max((found.end() for found in SENTENCE_END.finditer(text, opening, hit)), default=opening)
    if hit - start > LONGEST_PASSAGE_CHARACTERS - _WORDS_BEFORE_HIT_CHARACTERS:
        start = text.find(" ", hit - _WORDS_BEFORE_HIT_CHARACTERS, hit) + 1 or hit
    end = SENTENCE_END.search(text, hit)
    stop = end.end() if end else len(text)
    return start, stop if stop - start <= LONGEST_PASSAGE_CHARACTERS else word_end(
        text, start + LONGEST_PASSAGE_CHARACTERS
    )
