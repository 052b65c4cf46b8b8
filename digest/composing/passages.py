"""Decides which passages of an abstract are shown: its opening, and one with a hit. Escapes and marks nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from digest.composing.cleaning import word_end
from digest.composing.marking import Span

LONGEST_PASSAGE_CHARACTERS = 280
_WORDS_BEFORE_HIT_CHARACTERS = 100

# no dot ends a sentence that goes on in small letters, or that stands behind an abbreviation or an initial
_ABBREVIATIONS = ("et al", "e.g", "i.e", "a.k.a", "vs", "cf", "ca", "approx", "resp", "Fig", "Figs", "Eq", "No", "Dr")
_NO_ABBREVIATION = "".join(rf"(?<!\b{re.escape(short)})" for short in _ABBREVIATIONS)
_SENTENCE_END = re.compile(rf"(?:{_NO_ABBREVIATION}(?<!\b[A-Z])\.[\"”’)\]]?(?!\s+[a-z])|[!?][\"”’)\]]?)(?=\s)|[。！？]")

# six lowercase words of eight letters in a row, and nine of six, up to the last two: SpamAssassin's LONGWORDS wants two
# of these and ten of five, so that a mail without the first two isn't guilty by its papers' abstracts
_LONG_WORDS = tuple(
    re.compile(rf"\b(?:{word}[\s.]+){{{number - 2}}}(?={word}[\s.]+({word})(?:[\s.]|\Z))")
    for number, word in ((6, "[a-z]{8,}"), (9, "[a-z]{6,}"))
)


def opening_end(text: str, limit: int) -> int:
    """Where the opening of a text ends: at a sentence's end in the second half of `limit`, else at a word's.

    It ends before the last two of so many long words in a row that spam filters take them for noise.
    """
    if last_two := _find_long_words(text, 0, limit):
        limit = last_two[0]
    if len(text) <= limit:
        return len(text)
    seen = _SENTENCE_END.finditer(text, limit // 2, limit + 2)  # with the space and the letter that follow
    ends = [end for found in seen if (end := found.end()) <= limit]
    return ends[-1] if ends else word_end(text, limit)


def passage_of(text: str, hits: Sequence[Sequence[Span]], opening: int) -> Span | None:
    """The sentence of the first hit that the opening doesn't show; None if it shows one for every reason.

    `hits` are the spans of each reason in turn. A long sentence is cut to the words around its hit.
    """
    unseen = [min(spans) for spans in hits if spans and min(spans)[0] >= opening]
    if not unseen:
        return None
    hit = min(unseen)[0]
    start = max((found.end() for found in _SENTENCE_END.finditer(text, opening, hit + 1)), default=opening)
    if hit - start > LONGEST_PASSAGE_CHARACTERS - _WORDS_BEFORE_HIT_CHARACTERS:
        start = text.find(" ", hit - _WORDS_BEFORE_HIT_CHARACTERS, hit) + 1 or hit
    end = _SENTENCE_END.search(text, hit)
    stop = end.end() if end else len(text)
    if stop - start > LONGEST_PASSAGE_CHARACTERS:
        stop = word_end(text, start + LONGEST_PASSAGE_CHARACTERS)
    return _short_of_long_words(text, (start, stop), hit, begin=start if start > opening else 0)


def _short_of_long_words(text: str, passage: Span, hit: int, *, begin: int) -> Span:
    """The passage up to the last of too many long words in a row, or from the hit on where it isn't before that word.

    They are looked for from `begin`, where what is shown before the passage, and joins it, begins.
    """
    start, stop = passage
    last_two = _find_long_words(text, begin, stop)
    if last_two and last_two[1] <= hit:
        start, last_two = hit, _find_long_words(text, hit, stop)
    return start, len(text[: last_two[1]].rstrip()) if last_two else stop


def _find_long_words(text: str, begin: int, stop: int) -> Span | None:
    """Where the last two of the first too many long words in a row begin."""
    if not _has_long_words(text):
        return None
    found = [match for pattern in _LONG_WORDS if (match := pattern.search(text, begin, stop))]
    return min(((match.end(), match.start(1)) for match in found), default=None)


@lru_cache(maxsize=4096)  # few abstracts have any, and each is asked for all its readers
def _has_long_words(text: str) -> bool:
    return any(pattern.search(text) for pattern in _LONG_WORDS)
