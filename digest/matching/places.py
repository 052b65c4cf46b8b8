"""Where a phrase stands in many texts, as columns: one row a hit; weighs and looks for nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np

from digest.matching.arrays import Flags, Numbers


class Hit(NamedTuple):
    """A place where a phrase stands: start and end in the original text, and the numbers of its words."""

    start: int
    end: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Places:
    """Hits from text to text, and in each from left to right; those of one phrase never overlap."""

    text: Numbers
    """The text's position."""
    start: Numbers
    end: Numbers
    first: Numbers
    last: Numbers
    writing: Numbers
    """A number that hits share whose words are spelt alike."""
    is_led: Flags
    """Whether a word stands right before that tells of the next."""
    is_followed: Flags
    """Whether a telling word stands right behind."""

    def __len__(self) -> int:
        return len(self.text)

    def at(self, rows: Numbers | Flags | slice) -> Places:
        """Some of the hits."""
        return Places(*(getattr(self, name)[rows] for name in _COLUMNS))

    def by_text(self) -> dict[int, list[Hit]]:
        """The hits in each text that has some."""
        found: defaultdict[int, list[Hit]] = defaultdict(list)
        hits = map(Hit, *(column.tolist() for column in (self.start, self.end, self.first, self.last)))
        for text, hit in zip(self.text.tolist(), hits, strict=True):
            found[text].append(hit)
        return dict(found)


_COLUMNS = tuple(field.name for field in fields(Places))
_NONE, _NO = np.zeros(0, np.int64), np.zeros(0, np.bool_)
NOWHERE = Places(_NONE, _NONE, _NONE, _NONE, _NONE, _NONE, is_led=_NO, is_followed=_NO)


def join_columns(parts: Sequence[Places]) -> Places:
    """The places of one phrase after the other's."""
    return Places(*(np.concatenate([getattr(part, name) for part in (NOWHERE, *parts)]) for name in _COLUMNS))


def join_places(parts: Sequence[Places]) -> Places:
    """The places of several phrases as those of one: of hits that overlap the leftmost counts."""
    joined = join_columns(parts)
    return joined.at(order_places(np.zeros(len(joined), np.int64), joined))


def passages(one: Places, other: Places, distance: int) -> Places:
    """From each hit to the nearest of the others after it, if at most so many words are between them.

    A passage to a further one would only overlap it.
    """
    size = max(one.end.max(initial=0), other.end.max(initial=0)) + 1
    nearest = np.searchsorted(other.text * size + other.start, one.text * size + one.end)
    begin = np.flatnonzero(nearest < len(other))
    end = nearest[begin]
    is_near = (one.text[begin] == other.text[end]) & (other.first[end] - one.last[begin] - 1 <= distance)
    one, other = one.at(begin[is_near]), other.at(end[is_near])
    return Places(
        text=one.text,
        start=one.start,
        end=other.end,
        first=one.first,
        last=other.last,
        writing=np.full(len(one), -1),
        is_led=one.is_led,
        is_followed=other.is_followed,
    )


def order_places(phrase: Numbers, places: Places) -> Numbers:
    """The rows of many phrases' hits in their order, without those that overlap one of the same phrase before them."""
    order = np.lexsort((places.last, places.first, places.end, places.start, places.text, phrase))
    phrase, text, start, end = phrase[order], places.text[order], places.start[order], places.end[order]
    # as if all texts of all phrases were one
    is_next = (phrase[1:] != phrase[:-1]) | (text[1:] != text[:-1])
    before = np.cumsum(np.append(0, is_next))[: len(order)] * (end.max(initial=0) + 1)
    start, end = start + before, end + before
    kept = np.ones(len(order), np.bool_)
    for row in (np.flatnonzero(np.maximum.accumulate(end)[:-1] > start[1:]) + 1).tolist():
        last = row - 1
        while not kept[last]:
            last -= 1
        kept[row] = end[last] <= start[row]
    return order[kept]
