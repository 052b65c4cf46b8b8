"""Finds the terms that say what a paper is about, and how well each does; proposes none to anybody.

A term is a run of one to three words without a function word; a hyphenated compound is one of them and never cut.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from digest.domain import Paper
from digest.matching.phrases import Phrase, UnreadableError, read_phrase
from digest.matching.statistics import Statistics, count_words, read_paper
from digest.matching.words import Joint, Words, is_telling, read_words

TITLE_SHARE = 2
PHRASES_REMEMBERED = 1 << 16
MOST_TERMS = 200
"""Of one paper; nobody asks for more."""
_LONGEST_TERM = 3
_PLAIN = re.compile(r"(?!.*\bNEAR\b)[^\W_]+(?:[ -][^\W_]+)*")
"""What is a keyword as it stands: neither AND, OR nor NOT tells anything, which leaves NEAR of the language's words."""


@dataclass(frozen=True, slots=True)
class Telling:
    """A term of a paper."""

    text: str
    """As the paper writes it, in the form with the fewest capitals and letters."""
    phrase: Phrase
    count: int
    """How often it stands in title and abstract."""
    is_in_title: bool
    rarity: float

    @property
    def worth(self) -> float:
        """How often it stands, in the title twofold, times how rare it is."""
        return (self.count + (TITLE_SHARE - 1) * self.is_in_title) * self.rarity


def find_terms(paper: Paper, statistics: Statistics, *, only_complete: bool = False) -> list[Telling]:
    """A paper's terms, the most telling first. Of terms that contain each other only the most telling is taken.

    Complete is what at least once ends where such words end: what another one always follows is half a term, or an
    adjective.

    Without statistics every term is equally rare. Several words that stand together but once, and not in the title,
    may do so by chance.
    """
    known = statistics if statistics.papers else statistics.plus(count_words([read_paper(paper)]))
    in_title, in_abstract = list(_terms_in(paper.title)), list(_terms_in(paper.abstract))
    written: defaultdict[Phrase, list[str]] = defaultdict(list)
    for phrase, text, _ in in_title + in_abstract:
        written[phrase].append(text)
    title = {phrase for phrase, *_ in in_title}
    complete = {phrase for phrase, _, is_complete in in_title + in_abstract if is_complete}
    terms = [
        Telling(plainest(texts), phrase, len(texts), phrase in title, known.rarity(phrase))
        for phrase, texts in written.items()
        if (phrase in complete or not only_complete) and (" " not in texts[0] or len(texts) > 1 or phrase in title)
    ]
    return _apart(sorted(terms, key=lambda term: (-term.worth, -len(term.phrase.words), term.phrase.key)))


@lru_cache(maxsize=PHRASES_REMEMBERED)
def _read_phrase(text: str) -> Phrase | None:
    """The phrase, or None if it could be no keyword, such as a compound of twenty words."""
    try:
        return read_phrase(text)
    except UnreadableError:
        return None


def contains(whole: Phrase, part: Phrase) -> bool:
    """Whether a phrase's words stand side by side in another one."""
    return f" {' '.join(part.words)} " in f" {' '.join(whole.words)} "


def _apart(terms: list[Telling]) -> list[Telling]:
    chosen: list[Telling] = []
    for term in terms:
        if len(chosen) == MOST_TERMS:
            break
        if not any(contains(term.phrase, other.phrase) or contains(other.phrase, term.phrase) for other in chosen):
            chosen.append(term)
    return chosen


def plainest(texts: Sequence[str]) -> str:
    """The writing with the fewest capitals, then letters; a heading's capitals are none."""
    text = min(texts, key=lambda text: (sum(map(str.isupper, text)), len(text), text))
    return text.lower() if " " in text and text.istitle() else text


def _terms_in(text: str) -> Iterator[tuple[Phrase, str, bool]]:
    """Each term with its writing, and whether it is complete there. A sentence's first letter is made small."""
    words = read_words(text)
    units = list(_units(words))
    goes_on = [words.joints[first] is not Joint.GAP and _is_telling_unit(words, first, last) for first, last in units]
    for number, (start, last) in enumerate(units):
        if not _is_telling_unit(words, start, last) or _is_species(text, words, start):
            continue
        for end in range(number, min(number + _LONGEST_TERM, len(units))):
            if end > number and not goes_on[end]:
                break
            written = " ".join(text[words.starts[start] : words.ends[units[end][1]]].split())
            if words.joints[start] is Joint.GAP and written[1:] == written[1:].lower():
                written = written.lower()
            phrase = _read_phrase(written) if _PLAIN.fullmatch(written) else None
            if phrase is not None:
                yield phrase, written, not any(goes_on[end + 1 : end + 2])


def _units(words: Words) -> Iterator[tuple[int, int]]:
    """The first and last word of each compound; most are of one word."""
    first = 0
    for after in range(1, len(words) + 1):
        if after == len(words) or words.joints[after] is not Joint.TIGHT:
            yield first, after - 1
            first = after


def _is_species(text: str, words: Words, position: int) -> bool:
    """Whether a word stands behind its shortened genus, as in E. coli; by itself it is half a name."""
    if words.joints[position] is Joint.GAP or len(words.exact[position - 1]) > 1:
        return False
    return "." in text[words.starts[position - 1] : words.starts[position]]


def _is_telling_unit(words: Words, first: int, last: int) -> bool:
    """Of a compound the last word counts: out-of-distribution tells something."""
    return is_telling(words.exact[last]) and all(word.isalnum() for word in words.exact[first:last])
