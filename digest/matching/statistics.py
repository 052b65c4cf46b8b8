"""How rare words are over the stored editions, and what a phrase is worth by that; counts, and remembers nothing."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from digest.domain import Paper, WordCounts
from digest.matching.phrases import Phrase
from digest.matching.words import Words, read_words

FEW_PAPERS = 1000
"""With fewer stored papers the day's own are counted too; from then on one day's scores compare with another's."""
FURTHER_WORDS = 0.5
"""What the rarity of a phrase's other words adds to that of its rarest: they seldom stand together by chance."""


@dataclass(frozen=True)
class Statistics:
    """In how many of so many papers each word stands, the word as `Words.folded` has it."""

    papers: int = 0
    frequency: Mapping[str, int] = field(default_factory=dict)

    def plus(self, *editions: WordCounts) -> Statistics:
        """These and the counts of further editions."""
        total = Counter(self.frequency)
        for counts in editions:
            total.update(counts.frequency)
        return Statistics(self.papers + sum(counts.papers for counts in editions), total)

    @property
    def greatest_rarity(self) -> float:
        """The rarity of a word that nobody has used; there is none above it."""
        return self._rarity(0)

    def rarity(self, phrase: Phrase) -> float:
        """What a hit of the phrase is worth before its place and number: near 0 if every paper has it.

        It rests on the words, not on the phrase, of which the editions keep no count: the rarest in full, the others in
        half, but never above a word that nobody has used. Written as one word it is no rarer than that word.
        """
        rarities = sorted((self._rarity(count) for count in self._counts(phrase)), reverse=True)
        total = rarities[0] + FURTHER_WORDS * sum(rarities[1:])
        joined = self.frequency.get(phrase.key, 0)
        return min(total, self._rarity(joined) if joined else total, self.greatest_rarity)

    def _counts(self, phrase: Phrase) -> Iterable[int]:
        yield from (self.frequency.get(word, 0) for word in phrase.words[:-1])
        last = phrase.words[-1]
        yield self._count_beginning(last) if phrase.is_open else self.frequency.get(last, 0)

    def _count_beginning(self, prefix: str) -> int:
        """How many papers have a word that begins so, at most: the words' counts are added up."""
        words = self._sorted
        first = bisect_left(words, prefix)
        last = bisect_left(words, prefix + "\U0010ffff")
        return min(sum(self.frequency[word] for word in words[first:last]), self.papers)

    @cached_property
    def _sorted(self) -> list[str]:
        return sorted(self.frequency)

    def _rarity(self, count: int) -> float:
        """BM25's inverse document frequency in the form that is never negative (Lucene's)."""
        return math.log(1 + (self.papers - count + 0.5) / (count + 0.5))


def count_words(papers: Iterable[tuple[Words, Words]]) -> WordCounts:
    """The counts of papers whose titles and abstracts are read, such as one edition's."""
    counts: Counter[str] = Counter()
    total = 0
    for title, abstract in papers:
        counts.update({*title.folded, *abstract.folded})
        total += 1
    return WordCounts(total, counts)


def read_paper(paper: Paper) -> tuple[Words, Words]:
    """The words of a paper's title and abstract."""
    return read_words(paper.title), read_words(paper.abstract)
