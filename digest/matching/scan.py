"""Finds where phrases stand in many texts, all phrases in one pass over all texts; scores nothing.

Words run together are compared by a hash that joins as words do: that of `pre` and `training` gives that of
`pretraining`. So all runs of one word, then of two, and so on are looked up as arrays; letters decide what is found,
once for all runs that are written alike.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise

import numpy as np

from digest.matching.arrays import Numbers, spread
from digest.matching.columns import Columns, Text, in_a_row, read_columns
from digest.matching.phrases import Phrase, stands
from digest.matching.places import NOWHERE, Places, order_places
from digest.matching.runs import KeySet, find_runs, group_alike
from digest.matching.words import is_telling, tells_of_next

_Sought = tuple[int, Phrase]
"""A phrase with its number."""


@dataclass(frozen=True, slots=True)
class Found:
    """Where phrases stand in some texts."""

    rows: Mapping[Phrase, slice]
    """Of each phrase that stands anywhere."""
    places: Places
    writings: Mapping[str, int]
    """For the letters of a hit, run together, the number that its `writing` has."""

    def of(self, phrase: Phrase) -> Places:
        """The places of one phrase."""
        rows = self.rows.get(phrase)
        return self.places.at(rows) if rows else NOWHERE


def find_phrases(texts: Sequence[Text], phrases: Collection[Phrase]) -> Found:
    """The places of all phrases. Hits of one phrase never overlap; the leftmost counts."""
    known = list(phrases)
    columns = read_columns(texts, max((len(phrase.key) for phrase in known), default=0))
    folded, exact = (_find(columns, known, is_exact=is_exact) for is_exact in (False, True))
    phrase, first, last = (np.concatenate(pair) for pair in zip(folded, exact, strict=True))
    places, writings = _locate(columns, first, last)
    order = order_places(phrase, places)
    numbers, starts = np.unique(phrase[order], return_index=True)
    bounds = pairwise([*starts.tolist(), len(order)])
    rows = {known[number]: slice(*row) for number, row in zip(numbers.tolist(), bounds, strict=True)}
    return Found(rows, places.at(order), writings)


def _find(columns: Columns, phrases: Sequence[Phrase], *, is_exact: bool) -> tuple[Numbers, Numbers, Numbers]:
    """The runs of words that may be read as phrases: the phrase's number, the first and last word."""
    closed, opened = _by_key((number, phrase) for number, phrase in enumerate(phrases) if phrase.is_exact is is_exact)
    longest = max(map(len, opened), default=0)
    runs = find_runs(columns, KeySet(list(closed)), KeySet(list(opened)), is_exact=is_exact)
    examples, example = group_alike(columns.looks, runs.first, runs.last)
    readings: list[list[int]] = []
    for place, first, last, is_opening in runs.located(examples, columns):
        words = columns.words_of(place)
        letters = words.exact if is_exact else words.folded
        found = closed.get("".join(letters[first : last + 1]), [])
        if is_opening:
            endings = {letters[last], words.exact[last]}
            found = [*found, *_opening(opened, longest, "".join(letters[first:last]), endings)]
        readings.append([number for number, phrase in found if stands(phrase, words, letters, first, last)])
    counts = np.fromiter(map(len, readings), np.int64, len(readings))
    starts = np.cumsum(counts) - counts
    numbers = np.fromiter(chain.from_iterable(readings), np.int64)
    run = np.repeat(np.arange(len(example)), counts[example])
    return numbers[spread(starts[example], counts[example])], runs.first[run], runs.last[run]


def _opening(opened: Mapping[str, list[_Sought]], longest: int, before: str, endings: Collection[str]) -> list[_Sought]:
    """The phrases with a wildcard that end within the last word, which is spelt in one of these ways."""
    shortest = len(before) + 1
    whole = [before + ending for ending in endings]
    beginnings = {word[:size] for word in whole for size in range(shortest, min(len(word), longest) + 1)}
    return [each for key in sorted(beginnings) for each in opened.get(key, ())]


def _by_key(sought: Iterable[_Sought]) -> tuple[dict[str, list[_Sought]], dict[str, list[_Sought]]]:
    """The phrases by their letters, those that end with their last word and those that may go on."""
    closed: defaultdict[str, list[_Sought]] = defaultdict(list)
    opened: defaultdict[str, list[_Sought]] = defaultdict(list)
    for number, phrase in sought:
        (opened if phrase.is_open else closed)[phrase.key].append((number, phrase))
    return dict(closed), dict(opened)


def _locate(columns: Columns, first: Numbers, last: Numbers) -> tuple[Places, dict[str, int]]:
    """Where runs stand in the texts themselves, to whose words windows point, and the numbers of their writings."""
    passage = columns.passage_of(first)
    text = columns.text[passage]
    own_first = columns.own[first]
    own_last = np.where(last == columns.earliest_last[last], columns.earliest_own[passage], columns.own[last])
    starts, ends = (in_a_row(getattr(words, name) for words, _ in columns.texts) for name in ("starts", "ends"))
    spellings, exact = columns.exact
    leads, tells = (np.fromiter(map(is_so, spellings.words), np.bool_) for is_so in (tells_of_next, is_telling))
    before, after = exact[own_first - 1], np.append(exact, 0)[own_last + 1]
    examples, example = group_alike(exact, own_first, own_last)
    writings: dict[str, int] = {}
    writing = [
        writings.setdefault("".join([spellings.words[word] for word in exact[begin : end + 1].tolist()]), len(writings))
        for begin, end in zip(own_first[examples].tolist(), own_last[examples].tolist(), strict=True)
    ]
    places = Places(
        text=text,
        start=starts[own_first],
        end=ends[own_last],
        first=own_first - columns.starts[text],
        last=own_last - columns.starts[text],
        writing=np.array(writing, np.int64)[example],
        is_led=leads[before] & ~columns.is_apart[own_first],
        is_followed=tells[after] & ~columns.is_apart[own_last + 1],
    )
    return places, writings
