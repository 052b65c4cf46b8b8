"""Finds where phrases stand in many texts, all phrases in one pass over each text; scores nothing.

Each text is walked once. From each word the letters are followed as long as some phrase may still begin with them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from digest.matching.phrases import Phrase, stands
from digest.matching.words import Joint, Words

Span = tuple[int, int]
"""Start and end of a hit in the original text."""


class _Step(NamedTuple):
    """What the letters read so far mean: these phrases end here, and whether longer ones may follow."""

    ending: tuple[Phrase, ...]
    goes_on: bool


class _PhraseTable:
    """Phrases by their letters. Answers are remembered, since a day's texts repeat the same few thousand words."""

    def __init__(self, phrases: Iterable[Phrase]) -> None:
        self._closed: defaultdict[str, list[Phrase]] = defaultdict(list)
        self._open: defaultdict[str, list[Phrase]] = defaultdict(list)
        for phrase in phrases:
            (self._open if phrase.is_open else self._closed)[phrase.key].append(phrase)
        self._open_lengths = {len(key) for key in self._open}
        self._keys = sorted({*self._closed, *self._open})
        self._steps: dict[tuple[str, str, str], _Step] = {}

    def __bool__(self) -> bool:
        return bool(self._keys)

    def step(self, before: str, letters: str, exact: str) -> _Step:
        """What it means to read a word after the letters before it."""
        known = self._steps.get((before, letters, exact))
        if known is None:
            now = before + letters
            ending = (*self._closed.get(now, ()), *self._opening(before, letters, exact))
            known = self._steps[before, letters, exact] = _Step(ending, self._goes_on(now))
        return known

    def _opening(self, before: str, letters: str, exact: str) -> list[Phrase]:
        """The phrases with a wildcard whose letters end within this word."""
        beginnings = {
            (before + word)[:length]
            for word in {letters, exact}
            for length in self._open_lengths
            if len(before) < length <= len(before + word)
        }
        return [phrase for key in sorted(beginnings) for phrase in self._open.get(key, ())]

    def _goes_on(self, letters: str) -> bool:
        following = bisect_right(self._keys, letters)
        return following < len(self._keys) and self._keys[following].startswith(letters)


def find_phrases(texts: Sequence[Words], phrases: Iterable[Phrase]) -> dict[Phrase, dict[int, list[Span]]]:
    """For each phrase that stands anywhere: the texts it stands in, by position, with its spans from left to right.

    Hits of one phrase never overlap; the leftmost counts.
    """
    wanted = set(phrases)
    folded = _PhraseTable(phrase for phrase in wanted if not phrase.is_exact)
    exact = _PhraseTable(phrase for phrase in wanted if phrase.is_exact)
    hits: defaultdict[Phrase, dict[int, list[Span]]] = defaultdict(dict)
    for number, words in enumerate(texts):
        for table, letters in ((folded, words.folded), (exact, words.exact)):
            for phrase, start, end in _walk(words, letters, table) if table else ():
                spans = hits[phrase].setdefault(number, [])
                if not spans or spans[-1][1] <= start:
                    spans.append((start, end))
    return dict(hits)


def _walk(words: Words, letters: tuple[str, ...], table: _PhraseTable) -> Iterator[tuple[Phrase, int, int]]:
    """Every run of words that may be read as a phrase, with its span."""
    for first in range(len(letters)):
        before = ""
        for last in range(first, len(letters)):
            if last > first and words.joints[last] is Joint.GAP:
                break
            ending, goes_on = table.step(before, letters[last], words.exact[last])
            for phrase in ending:
                if stands(phrase, words, letters, first, last):
                    yield phrase, words.starts[first], words.ends[last]
            if not goes_on:
                break
            before += letters[last]
