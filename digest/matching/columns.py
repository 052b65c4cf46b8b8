"""All words of some texts in one row, and behind them those of windows, as columns; looks for nothing.

Each word is numbered once: a window is made of rows that its text and what is put in have already.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from digest.matching.aliases import REACH, Window
from digest.matching.arrays import Flags, Numbers, spread
from digest.matching.spellings import Hashes, Spellings, number_words, powers_of_multiplier
from digest.matching.words import Joint, Words


class Text(NamedTuple):
    """A title or abstract: its words, and the places where acronyms may be read in another way."""

    words: Words
    windows: tuple[Window, ...] = ()


@dataclass(frozen=True, slots=True)
class Columns:
    """The words of passages, which are the texts and then their windows, with an end that no run crosses."""

    texts: Sequence[Text]
    folded: tuple[Spellings, Numbers]
    """The distinct spellings, and each word's number among them."""
    exact: tuple[Spellings, Numbers]
    capitals: Numbers
    joints: NDArray[np.uint8]
    is_apart: Flags
    """Whether a gap, or the edge of a passage, lies before the word."""
    looks: Numbers
    """A number that words share which are written alike, joined to the words around alike."""
    own: Numbers
    """The word of a text that each is, or for which it is put in; in a text itself that is the word."""
    starts: Numbers
    """Where each passage begins; one more entry for the end of all."""
    text: Numbers
    """For each passage the position of the text it is of."""
    may_begin: Numbers
    """The words with which a run may begin."""
    earliest_last: Numbers
    """For each word the first with which a run from there may end."""
    earliest_own: Numbers
    """For each passage the last word of the text that is taken in by a run which ends there."""
    powers: Hashes
    """The multiplier's, by letters."""

    def passage_of(self, words: Numbers) -> Numbers:
        """The passage in which each word stands."""
        return np.searchsorted(self.starts, words, "right") - 1

    def words_of(self, passage: int) -> Words:
        """The words of one passage; those of a window have no offsets, which `own` leads to."""
        if passage < len(self.texts):
            return self.texts[passage].words
        row = slice(self.starts[passage], self.starts[passage + 1])
        exact, folded = (
            tuple(spellings.words[number] for number in numbers[row].tolist())
            for spellings, numbers in (self.exact, self.folded)
        )
        return Words(
            exact=exact,
            folded=folded,
            capitals=tuple(self.capitals[row].tolist()),
            joints=tuple(map(Joint, self.joints[row].tolist())),
            starts=(),
            ends=(),
        )


@dataclass(frozen=True, slots=True)
class _Passages:
    """How the row is made of the words of the texts, behind which those lie that are put in; fields as in `Columns`."""

    words: Numbers
    own: Numbers
    joints: NDArray[np.uint8]
    starts: Numbers
    text: Numbers
    latest_first: Numbers
    """For each passage the last word with which a run may begin,"""
    earliest_last: Numbers
    """and the first with which one may end."""
    earliest_own: Numbers


def read_columns(texts: Sequence[Text], longest: int) -> Columns:
    """The texts and their windows, to be searched for keys of at most so many letters."""
    put_in = {id(window.other): window.other for text in texts for window in text.windows}
    sources = [*(words for words, _ in texts), *put_in.values()]
    passages = _lay_out(texts, sources, {key: number for number, key in enumerate(put_in, start=len(texts))})
    folded, folded_numbers = number_words(chain.from_iterable(words.folded for words in sources), longest)
    exact, exact_numbers = number_words(chain.from_iterable(words.exact for words in sources), longest)
    folded_numbers, exact_numbers = folded_numbers[passages.words], exact_numbers[passages.words]
    capitals = in_a_row(words.capitals for words in sources)[passages.words]
    joints, sizes = passages.joints, np.diff(passages.starts)
    is_apart = np.append(joints == Joint.GAP, True)
    is_apart[passages.starts] = True
    is_before_tight = np.append(joints[1:] == Joint.TIGHT, False)[: len(joints)] & ~is_apart[1:]
    places = np.arange(len(joints))
    return Columns(
        texts=texts,
        folded=(folded, folded_numbers),
        exact=(exact, exact_numbers),
        capitals=capitals,
        joints=joints,
        is_apart=is_apart,
        looks=_combine(exact_numbers, folded_numbers, capitals, joints, is_before_tight),
        own=passages.own,
        starts=passages.starts,
        text=passages.text,
        may_begin=places[places <= np.repeat(passages.latest_first, sizes)],
        earliest_last=np.repeat(passages.earliest_last, sizes),
        earliest_own=passages.earliest_own,
        powers=powers_of_multiplier(longest),
    )


def in_a_row(columns: Iterable[Sequence[int]]) -> Numbers:
    """One column after the other."""
    return np.fromiter(chain.from_iterable(columns), np.int64)


def _lay_out(texts: Sequence[Text], sources: Sequence[Words], numbers: Mapping[int, int]) -> _Passages:
    """The texts as they are, and each window as up to three stretches: what is before it, what is put in, and behind.

    What is put in has the joint of the first word it replaces; behind a bracket that is left out the clause goes on.
    """
    sizes = np.array([len(words) for words in sources], np.int64)
    begins = np.cumsum(sizes) - sizes
    of_texts, size_of_texts = begins[: len(texts)], sizes[: len(texts)]
    total = int(size_of_texts.sum())
    text, first, last, other, goes_on = _windows_of(texts, numbers)
    replaced, put_in = begins[text] + first, sizes[other]
    before, behind = np.minimum(first, REACH), np.minimum(sizes[text] - (last + 1), REACH)
    stretches = np.stack([replaced - before, begins[other], begins[text] + last + 1], axis=1)
    lengths = np.stack([before, put_in, behind], axis=1)
    size = lengths.sum(axis=1)
    start = total + np.cumsum(size) - size
    seam = start + before
    words = np.append(np.arange(total), spread(stretches.ravel(), lengths.ravel()))
    own = words.copy()
    joints = np.frombuffer(bytes(chain.from_iterable(each.joints for each in sources)), np.uint8)[words]
    own[spread(seam, put_in)] = np.repeat(replaced, put_in)
    joints[seam[put_in > 0]] = joints[replaced[put_in > 0]]
    joints[(seam + put_in)[goes_on > 0]] = Joint.SPACE
    return _Passages(
        words=words,
        own=own,
        joints=joints,
        starts=np.concatenate([of_texts, start, [len(words)]]),
        text=np.append(np.arange(len(texts)), text),
        latest_first=np.append(of_texts + size_of_texts, seam - (put_in == 0)),
        earliest_last=np.append(of_texts, seam + put_in - 1 + goes_on),
        earliest_own=np.append(of_texts, begins[text] + last + goes_on),
    )


def _windows_of(texts: Sequence[Text], numbers: Mapping[int, int]) -> Iterator[Numbers]:
    """The windows as columns: the text, the first and last word replaced, what is put in, if the clause goes on."""
    rows = [
        (number, window.first, window.last, numbers[id(window.other)], window.goes_on)
        for number, text in enumerate(texts)
        for window in text.windows
    ]
    return iter(np.array(rows, np.int64).reshape(-1, 5).T)


def _combine(*columns: NDArray[Any]) -> Numbers:
    """One number for each row of several."""
    combined = np.zeros(len(columns[0]), np.int64)
    for column in columns:
        combined = combined * (int(column.max(initial=0)) + 1) + column
    return combined
