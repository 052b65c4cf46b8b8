"""Finds where phrases stand in many texts, all phrases in one pass over each text; scores nothing.

Each text is walked once. From each word the letters are followed as long as some phrase may still begin with them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from digest.matching.aliases import Window
from digest.matching.phrases import FEWEST_LETTERS_BEFORE_WILDCARD, Phrase, stands
from digest.matching.words import Joint, Words


class Text(NamedTuple):
    """A title or abstract: its words, and the places where acronyms may be read in another way."""

    words: Words
    windows: tuple[Window, ...] = ()


class Hit(NamedTuple):
    """A place where a phrase stands: start and end in the original text, and the numbers of its words."""

    start: int
    end: int
    first: int
    last: int


class _Step(NamedTuple):
    """What the letters read so far mean: these phrases end here, and whether longer ones may follow."""

    ending: tuple[Phrase, ...]
    goes_on: bool


class _PhraseTable:
    """Phrases by their letters. Answers are remembered, since a day's texts repeat the same few thousand words."""

    def __init__(self, phrases: Iterable[Phrase], *, is_exact: bool) -> None:
        self.is_exact = is_exact
        self._closed: defaultdict[str, list[Phrase]] = defaultdict(list)
        self._open: defaultdict[str, list[Phrase]] = defaultdict(list)
        for phrase in (phrase for phrase in phrases if phrase.is_exact is is_exact):
            (self._open if phrase.is_open else self._closed)[phrase.key].append(phrase)
        self._open_lengths = {len(key) for key in self._open}
        self._open_heads = {key[:FEWEST_LETTERS_BEFORE_WILDCARD] for key in self._open}
        self._keys = sorted({*self._closed, *self._open})
        self._steps: dict[str, dict[str | tuple[str, str], _Step]] = {"": {}}
        """What is known already: by the letters before a word, then by the word."""

    def __bool__(self) -> bool:
        return bool(self._keys)

    def step(self, before: str, letters: str, exact: str) -> _Step:
        """What it means to read a word after the letters before it."""
        known = self._steps[before]
        key = letters if letters == exact else (letters, exact)
        step = known.get(key)
        if step is None:
            step = known[key] = self._read(before, letters, exact)
        return step

    def _read(self, before: str, letters: str, exact: str) -> _Step:
        now = before + letters
        ending = (*self._closed.get(now, ()), *self._opening(before, letters, exact))
        goes_on = self._goes_on(now)
        if goes_on:
            self._steps.setdefault(now, {})
        return _Step(ending, goes_on)

    def _opening(self, before: str, letters: str, exact: str) -> list[Phrase]:
        """The phrases with a wildcard whose letters end within this word."""
        if (before + letters)[:FEWEST_LETTERS_BEFORE_WILDCARD] not in self._open_heads:
            return []
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


def find_phrases(texts: Sequence[Text], phrases: Iterable[Phrase]) -> dict[Phrase, dict[int, list[Hit]]]:
    """For each phrase that stands anywhere: the texts it stands in, by position, with its hits from left to right.

    Hits of one phrase never overlap; the leftmost counts.
    """
    wanted = set(phrases)
    tables = [table for is_exact in (False, True) if (table := _PhraseTable(wanted, is_exact=is_exact))]
    hits: defaultdict[Phrase, dict[int, list[Hit]]] = defaultdict(dict)
    for number, text in enumerate(texts):
        for table in tables:
            for phrase, hit in _hits(text, table):
                hits[phrase].setdefault(number, []).append(hit)
    return {
        phrase: {number: without_overlaps(found) for number, found in by_text.items()}
        for phrase, by_text in hits.items()
    }


def without_overlaps(hits: Iterable[Hit]) -> list[Hit]:
    """The hits from left to right, without those that overlap one before them."""
    kept: list[Hit] = []
    for hit in sorted(hits):
        if not kept or kept[-1].end <= hit.start:
            kept.append(hit)
    return kept


def _hits(text: Text, table: _PhraseTable) -> Iterator[tuple[Phrase, Hit]]:
    words = text.words
    for phrase, first, last in _walk(words, table, range(len(words)), reaching=0):
        yield phrase, Hit(words.starts[first], words.ends[last], first, last)
    for window in text.windows:
        words, places = window.words, window.places
        for phrase, first, last in _walk(words, table, range(window.first + 1), reaching=window.last):
            final = window.replaced_last if last == window.last else places[last]
            yield phrase, Hit(words.starts[first], words.ends[last], places[first], final)


def _walk(words: Words, table: _PhraseTable, starts: range, *, reaching: int) -> Iterator[tuple[Phrase, int, int]]:
    """Every run of words that may be read as a phrase, from one of the starts and reaching at least so far."""
    letters = words.exact if table.is_exact else words.folded
    for first in starts:
        before, last = "", first
        while last < len(letters) and (last == first or words.joints[last] is not Joint.GAP):
            ending, goes_on = table.step(before, letters[last], words.exact[last])
            if ending and last >= reaching:
                for phrase in ending:
                    if stands(phrase, words, letters, first, last):
                        yield phrase, first, last
            if not goes_on:
                break
            before += letters[last]
            last += 1
