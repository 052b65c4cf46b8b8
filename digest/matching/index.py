"""The day's inverted index: from each term of a crowd of profiles to the papers it hits; knows no profile.

Sets of papers are bitmaps in an int, the bit n standing for the n-th paper: AND, OR and NOT are one machine-near step.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from digest.domain import Paper, Reason
from digest.matching.language import Person, Tag, Term
from digest.matching.names import Likeness, Name, likeness, read_name
from digest.matching.phrases import Phrase
from digest.matching.scan import Span, find_phrases
from digest.matching.words import read_words

TITLE_BOOST = 3.0
SATURATION = 1.2
"""BM25's k1: how soon further hits in one paper stop counting."""
AUTHOR_IMPACT = 8.0
"""About what a rare word in the title earns."""
INITIALS_IMPACT = 4.0
TAG_IMPACT = 1.0


@dataclass(frozen=True, slots=True)
class Hits:
    """What one term hits."""

    papers: int = 0
    """Bitmap of all papers hit."""
    certain: int = 0
    """Those of them where no doubt is left, such as a full given name; only these may exclude."""
    impacts: Mapping[int, float] = field(default_factory=dict)
    """What a hit is worth, by the paper's position."""
    notes: Mapping[int, str] = field(default_factory=dict)


def positions(papers: int) -> Iterator[int]:
    """The positions in a bitmap, lowest first."""
    while papers:
        lowest = papers & -papers
        yield lowest.bit_length() - 1
        papers ^= lowest


class DayIndex:
    """A day's papers, read once for all the terms that will be asked for."""

    def __init__(self, papers: Sequence[Paper], terms: Iterable[Term]) -> None:
        self.papers = papers
        targets = {term.target for term in terms}
        phrases = [target for target in targets if isinstance(target, Phrase)]
        texts = [paper.title for paper in papers] + [paper.abstract for paper in papers]
        self._spans = find_phrases([read_words(text) for text in texts] if phrases else [], phrases)
        self._tags = _tags_of(papers)
        self._authors = _authors_of(papers) if any(isinstance(target, Person) for target in targets) else {}
        self._hits: dict[tuple[Phrase | Person | Tag, str], Hits] = {}
        self._reasons: dict[Term, Mapping[int, tuple[Reason, ...]]] = {}

    @property
    def everything(self) -> int:
        """Bitmap of all papers."""
        return (1 << len(self.papers)) - 1

    @property
    def uncategorised(self) -> int:
        """Bitmap of the papers whose categories nobody knows."""
        return self._tags.get(Tag("category", ""), 0)

    def hits(self, term: Term) -> Hits:
        """What a term hits. The weight the reader gave it is left to the caller."""
        key = (term.target, term.field)
        found = self._hits.get(key)
        if found is None:
            found = self._hits[key] = self._find(term)
        return found

    def reasons(self, term: Term) -> Mapping[int, tuple[Reason, ...]]:
        """Why a term hits each of its papers, by position, in the reader's words: the title before the abstract."""
        found = self._reasons.get(term)
        if found is None:
            explained = {position: self._explain(term, position) for position in self.hits(term).impacts}
            found = self._reasons[term] = explained
        return found

    def _find(self, term: Term) -> Hits:
        if isinstance(term.target, Phrase):
            return self._find_phrase(term.target, term.field)
        if isinstance(term.target, Person):
            return self._find_person(term.target)
        papers = self._tags.get(term.target, 0)
        return Hits(papers, papers, dict.fromkeys(positions(papers), TAG_IMPACT))

    def _find_phrase(self, phrase: Phrase, where: str) -> Hits:
        texts = self._spans.get(phrase, {})
        papers_hit = {number % len(self.papers) for number in texts}
        rarity = _rarity(len(papers_hit), len(self.papers))
        impacts = {}
        for position in sorted(papers_hit):
            spans = self._spans_in(phrase, where, position)
            count = sum(len(found) * (TITLE_BOOST if name == "title" else 1) for name, found in spans)
            if count:
                impacts[position] = rarity * _saturated(count)
        papers = _bitmap(impacts)
        return Hits(papers, papers, impacts)

    def _spans_in(self, phrase: Phrase, where: str, position: int) -> list[tuple[str, list[Span]]]:
        """The spans in one paper, title before abstract, where the term's field allows them."""
        texts = self._spans.get(phrase, {})
        fields = (("title", texts.get(position)), ("abstract", texts.get(position + len(self.papers))))
        return [(name, spans) for name, spans in fields if spans and where in ("", name)]

    def _find_person(self, person: Person) -> Hits:
        impacts: dict[int, float] = {}
        notes: dict[int, str] = {}
        certain = []
        for position, (how, author) in sorted(self._best_authors(person).items()):
            impacts[position] = AUTHOR_IMPACT if how is Likeness.CERTAIN else INITIALS_IMPACT
            if how is Likeness.CERTAIN:
                certain.append(position)
            else:
                notes[position] = f"{author}: {_why_uncertain(author)}"
        return Hits(_bitmap(impacts), _bitmap(certain), impacts, notes)

    def _best_authors(self, person: Person) -> dict[int, tuple[Likeness, str]]:
        """For each paper the author most like the person."""
        best: dict[int, tuple[Likeness, str]] = {}
        for asked in person.names:
            for position, author, found in self._authors.get(asked.family, ()):
                how = likeness(asked, found)
                if how > best.get(position, (Likeness.NONE, ""))[0]:
                    best[position] = (how, author)
        return best

    def _explain(self, term: Term, position: int) -> tuple[Reason, ...]:
        if isinstance(term.target, Phrase):
            spans = self._spans_in(term.target, term.field, position)
            return tuple(Reason(term.written, name, tuple(found)) for name, found in spans)
        return (Reason(term.written, "author" if isinstance(term.target, Person) else term.target.kind),)


def _rarity(papers_hit: int, papers: int) -> float:
    """BM25's inverse document frequency in the form that is never negative (Lucene's)."""
    return math.log(1 + (papers - papers_hit + 0.5) / (papers_hit + 0.5))


def _saturated(count: float) -> float:
    return count * (SATURATION + 1) / (count + SATURATION)


def _bitmap(found: Iterable[int]) -> int:
    papers = 0
    for position in found:
        papers |= 1 << position
    return papers


def _why_uncertain(author: str) -> str:
    return "initials only" if any(name.given for name in read_name(author)) else "family name only"


def _tags_of(papers: Sequence[Paper]) -> dict[Tag, int]:
    """For each category, archive and source its papers; those without categories under the empty one."""
    tags: defaultdict[Tag, int] = defaultdict(int)
    for position, paper in enumerate(papers):
        categories = [category.strip().casefold() for category in paper.categories]
        archives = [category.partition(".")[0] for category in categories]
        sources = [source.casefold() for source in paper.sources]
        for kind, values in (("category", categories + archives or [""]), ("source", sources)):
            for value in values:
                tags[Tag(kind, value)] |= 1 << position
    return dict(tags)


def _authors_of(papers: Sequence[Paper]) -> dict[str, list[tuple[int, str, Name]]]:
    """For each family name where it stands: the paper, the author as printed, and the name as read."""
    authors: defaultdict[str, list[tuple[int, str, Name]]] = defaultdict(list)
    for position, paper in enumerate(papers):
        for author in paper.authors:
            for name in read_name(author):
                authors[name.family].append((position, author, name))
    return dict(authors)
