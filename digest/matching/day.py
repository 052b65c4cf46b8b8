"""A day's papers, read once: where the terms that readers ask for stand, and what each hit is worth; knows no reader.

Sets of papers are bitmaps in an int, the bit n standing for the n-th paper: AND, OR and NOT are one machine-near step.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from digest.domain import Doubt, Note, Paper
from digest.matching.aliases import windows_of
from digest.matching.columns import Text
from digest.matching.definitions import find_definitions
from digest.matching.expressions import AnyPhrase, Like, Meaning, Near, Person, Tag, Term, Wording, phrases_of
from digest.matching.names import Likeness, Name, likeness, read_name
from digest.matching.phrases import Phrase
from digest.matching.places import Hit, Places, join_places, passages
from digest.matching.scan import find_phrases
from digest.matching.statistics import FEW_PAPERS, Statistics, count_words, read_paper
from digest.matching.worth import count_hits

AUTHOR_IMPACT = 8.0
"""What one hit of a word earns that stands in six of twenty thousand papers."""
INITIALS_IMPACT = 4.0
TAG_IMPACT = 1.0
_FIELDS = ("title", "abstract")


@dataclass(frozen=True, slots=True)
class Hits:
    """What one term hits."""

    papers: int = 0
    """Bitmap of all papers hit."""
    certain: int = 0
    """Those of them where no doubt is left, such as a full given name; only these may exclude."""
    impacts: Mapping[int, float] = field(default_factory=dict)
    """What a hit is worth, by the paper's position."""
    notes: Mapping[int, Note] = field(default_factory=dict)


NO_HITS = Hits()


def positions(papers: int) -> Iterator[int]:
    """The positions in a bitmap, lowest first."""
    while papers:
        lowest = papers & -papers
        yield lowest.bit_length() - 1
        papers ^= lowest


class Day:
    """A day's papers with all that was found in them for the terms that will be asked for."""

    def __init__(self, papers: Sequence[Paper], terms: Mapping[Meaning, Term], statistics: Statistics) -> None:
        self.papers = papers
        phrases = {phrase for term in terms.values() for phrase in phrases_of(term.target)}
        self.words = [read_paper(paper) for paper in papers]
        """Each paper's title and abstract."""
        self._found = find_phrases(self._texts() if phrases else (), phrases)
        self._tags = _tags_of(papers)
        self._authors = _authors_of(papers) if any(isinstance(term.target, Person) for term in terms.values()) else {}
        has_enough = statistics.papers >= FEW_PAPERS or not phrases
        self._statistics = statistics if has_enough else statistics.plus(count_words(self.words))
        self._joined: dict[AnyPhrase | Near, Places] = {}
        self._told: dict[Wording, dict[int, list[Hit]]] = {}
        nowhere = dict.fromkeys(
            (meaning for meaning, term in terms.items() if isinstance(term.target, Wording)), NO_HITS
        )
        self._hits: dict[Meaning, Hits] = nowhere | dict(self._find_wordings(terms.items()))

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
        found = self._hits.get(term.meaning)
        if found is None:
            found = self._hits[term.meaning] = self._find(term)
        return found

    def places(self, target: Wording, where: str, position: int) -> list[tuple[str, list[Hit]]]:
        """The hits in one paper, title before abstract, where the term's field allows them."""
        found = self._told.get(target)
        if found is None:
            found = self._told[target] = self._places_of(target).by_text()
        fields = zip(_FIELDS, (position, position + len(self.papers)), strict=True)
        return [(name, found[number]) for name, number in fields if where in ("", name) and number in found]

    def parts(self, target: Wording, term: Term, position: int) -> list[tuple[str, list[Hit], float]]:
        """The same fields with their hits, and the part that each has in what the term's hits are worth."""
        counts = count_hits([(term, self._places_of(target))], self._found.writings, len(self.papers))
        row = int(np.searchsorted(counts.paper, position))
        count = {"title": counts.title[row].item(), "abstract": counts.abstract[row].item()}
        found = self.places(target, term.field, position)
        return [(name, hits, count[name] / sum(count.values())) for name, hits in found]

    def _texts(self) -> list[Text]:
        """All titles, then all abstracts."""
        defined = [find_definitions(f"{paper.title}\n\n{paper.abstract}") for paper in self.papers]
        titles = [(paper.title, words) for paper, (words, _) in zip(self.papers, self.words, strict=True)]
        abstracts = [(paper.abstract, words) for paper, (_, words) in zip(self.papers, self.words, strict=True)]
        texts = zip(titles + abstracts, defined * 2, strict=True)
        return [Text(words, tuple(windows_of(text, words, known))) for (text, words), known in texts]

    def _find(self, term: Term) -> Hits:
        if isinstance(term.target, Like):
            return NO_HITS
        if isinstance(term.target, Person):
            return self._find_person(term.target)
        if isinstance(term.target, Tag):
            papers = self._tags.get(term.target, 0)
            return Hits(papers, papers, dict.fromkeys(positions(papers), TAG_IMPACT))
        return dict(self._find_wordings([(term.meaning, term)])).get(term.meaning, NO_HITS)

    def _find_wordings(self, terms: Iterable[tuple[Meaning, Term]]) -> Iterator[tuple[Meaning, Hits]]:
        """What those of the terms hit that stand in titles or abstracts, where they hit anything."""
        wordings = [(meaning, term, term.target) for meaning, term in terms if isinstance(term.target, Wording)]
        stands = [(*wording, self._places_of(wording[-1])) for wording in wordings]
        found = [stand for stand in stands if len(stand[-1])]
        counts = count_hits([(term, places) for _, term, _, places in found], self._found.writings, len(self.papers))
        numbers, begins = np.unique(counts.term, return_index=True)
        papers, worths = counts.paper.tolist(), counts.worths().tolist()
        bounds = pairwise([*begins.tolist(), len(papers)])
        for number, (begin, end) in zip(numbers.tolist(), bounds, strict=True):
            meaning, _, target, _ = found[number]
            rarity = self._rarity(target)
            impacts = {paper: rarity * worth for paper, worth in zip(papers[begin:end], worths[begin:end], strict=True)}
            hit = _bitmap(impacts)
            yield meaning, Hits(hit, hit, impacts)

    def _places_of(self, target: Wording) -> Places:
        """The hits in all titles and abstracts."""
        if isinstance(target, Phrase):
            return self._found.of(target)
        found = self._joined.get(target)
        if found is None:
            found = self._joined[target] = self._any_of(target) if isinstance(target, AnyPhrase) else self._near(target)
        return found

    def _any_of(self, target: AnyPhrase) -> Places:
        return join_places([self._found.of(phrase) for phrase in target.phrases])

    def _near(self, target: Near) -> Places:
        one, other = self._places_of(target.one), self._places_of(target.other)
        return join_places([passages(one, other, target.distance), passages(other, one, target.distance)])

    def _rarity(self, target: Wording) -> float:
        if isinstance(target, Phrase):
            return self._statistics.rarity(target)
        if isinstance(target, AnyPhrase):
            return min(map(self._statistics.rarity, target.phrases))
        return max(self._rarity(target.one), self._rarity(target.other))

    def _find_person(self, person: Person) -> Hits:
        impacts: dict[int, float] = {}
        notes: dict[int, Note] = {}
        certain = []
        for position, (how, author) in sorted(self._best_authors(person).items()):
            impacts[position] = AUTHOR_IMPACT if how is Likeness.CERTAIN else INITIALS_IMPACT
            if how is Likeness.CERTAIN:
                certain.append(position)
            else:
                notes[position] = Note(_doubt_of(author), author)
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


def _bitmap(found: Iterable[int]) -> int:
    """Of distinct positions."""
    return sum(1 << position for position in found)


def _doubt_of(author: str) -> Doubt:
    given = [part for name in read_name(author) for part in name.given]
    if not given:
        return Doubt.FAMILY_NAME
    return Doubt.INITIALS if any(len(part) == 1 for part in given) else Doubt.NAMESAKE


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
