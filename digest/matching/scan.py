"""Finds where phrases stand in many texts, all phrases in one pass over all texts; scores nothing.

Words run together are compared by a hash that joins as words do: that of `pre` and `training` gives that of
`pretraining`. So all runs of one word, then of two, and so on are looked up as arrays; letters decide what is found.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from digest.matching.aliases import Window
from digest.matching.phrases import Phrase, stands
from digest.matching.runs import Columns, KeySet, Passage, find_runs, read_columns
from digest.matching.words import Words


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


@dataclass(frozen=True, slots=True)
class _Sought:
    """One phrase with its hits so far, by the text they stand in."""

    phrase: Phrase
    hits: dict[int, list[Hit]]


def find_phrases(texts: Sequence[Text], phrases: Collection[Phrase]) -> dict[Phrase, dict[int, list[Hit]]]:
    """For each phrase that stands anywhere: the texts it stands in, by position, with its hits from left to right.

    Hits of one phrase never overlap; the leftmost counts.
    """
    if not texts or not phrases:
        return {}
    places = [(number, window) for number, text in enumerate(texts) for window in (None, *text.windows)]
    passages = [_passage(texts[number].words, window) for number, window in places]
    columns = read_columns(passages, max(len(phrase.key) for phrase in phrases))
    sought = [_Sought(phrase, {}) for phrase in phrases]
    for is_exact in (False, True):
        some = [each for each in sought if each.phrase.is_exact is is_exact]
        for place, first, last, found in _find(passages, columns, some, is_exact=is_exact):
            number, window = places[place]
            hit = _hit(passages[place].words, window, first, last)
            for each in found:
                each.hits.setdefault(number, []).append(hit)
    return {each.phrase: _settle(each.hits) for each in sought if each.hits}


def without_overlaps(hits: Iterable[Hit]) -> list[Hit]:
    """The hits from left to right, without those that overlap one before them."""
    kept: list[Hit] = []
    for hit in sorted(hits):
        if not kept or kept[-1].end <= hit.start:
            kept.append(hit)
    return kept


def _settle(hits: Mapping[int, list[Hit]]) -> dict[int, list[Hit]]:
    return {number: without_overlaps(found) if len(found) > 1 else found for number, found in hits.items()}


def _passage(words: Words, window: Window | None) -> Passage:
    """A text as it stands, or as a window reads it: there only what takes in all that was put in is news."""
    return Passage(window.words, window.first, window.last) if window else Passage(words, len(words), 0)


def _hit(words: Words, window: Window | None, first: int, last: int) -> Hit:
    start, end = words.starts[first], words.ends[last]
    if window is None:
        return Hit(start, end, first, last)
    return Hit(start, end, window.places[first], window.replaced_last if last == window.last else window.places[last])


def _find(
    passages: Sequence[Passage], columns: Columns, sought: Sequence[_Sought], *, is_exact: bool
) -> Iterator[tuple[int, int, int, list[_Sought]]]:
    """The runs of words that may be read as phrases: the passage, the first and last word, the phrases."""
    closed, opened = (_by_key(each for each in sought if each.phrase.is_open is is_open) for is_open in (False, True))
    longest = max(map(len, opened), default=0)
    runs = find_runs(columns, KeySet(list(closed)), KeySet(list(opened)), is_exact=is_exact)
    for place, first, last, is_opening in runs:
        words = passages[place].words
        letters = words.exact if is_exact else words.folded
        found = closed.get("".join(letters[first : last + 1]), [])
        if is_opening:
            endings = {letters[last], words.exact[last]}
            found = [*found, *_opening(opened, longest, "".join(letters[first:last]), endings)]
        standing = [each for each in found if stands(each.phrase, words, letters, first, last)]
        if standing:
            yield place, first, last, standing


def _opening(opened: Mapping[str, list[_Sought]], longest: int, before: str, endings: Collection[str]) -> list[_Sought]:
    """The phrases with a wildcard that end within the last word, which is spelt in one of these ways."""
    shortest = len(before) + 1
    whole = [before + ending for ending in endings]
    beginnings = {word[:size] for word in whole for size in range(shortest, min(len(word), longest) + 1)}
    return [each for key in sorted(beginnings) for each in opened.get(key, ())]


def _by_key(sought: Iterable[_Sought]) -> dict[str, list[_Sought]]:
    found: defaultdict[str, list[_Sought]] = defaultdict(list)
    for each in sought:
        found[each.phrase.key].append(each)
    return dict(found)
