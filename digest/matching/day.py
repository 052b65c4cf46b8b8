"""A day's papers, read once: where the terms that readers ask for stand, and what each hit is worth; knows no reader.

Sets of papers are bitmaps in an int, the bit n standing for the n-th paper: AND, OR and NOT are one machine-near step.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce

from digest.domain import Doubt, Note, Paper
from digest.matching.aliases import windows_of
from digest.matching.definitions import find_definitions
from digest.matching.expressions import AnyPhrase, Like, Meaning, Near, Person, Tag, Target, Term, Wording, phrases_of
from digest.matching.names import Likeness, Name, likeness, read_name
from digest.matching.phrases import Phrase
from digest.matching.scan import Hit, Text, find_phrases, without_overlaps
from digest.matching.statistics import FEW_PAPERS, Statistics, count_words, read_paper
from digest.matching.words import Joint, Words, is_telling, tells_of_next

TITLE_BOOST = 1.2
VARIANT = 0.25
"""What a hit counts that isn't as the reader wrote it: a plural, another spelling, an acronym for its long form."""
SATURATION = 1.2
"""BM25's k1: how soon further hits in one paper stop counting."""
INSIDE_BEFORE, INSIDE_AFTER = 0.25, 0.5
"""What a hit counts with a telling word right before or after it: in "video diffusion models" the theme isn't so much
diffusion models as a kind of them. All these are chosen on one half of the pools of `benchmarks/relevance.py`."""
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

    def __init__(self, papers: Sequence[Paper], targets: Iterable[Target], statistics: Statistics) -> None:
        self.papers = papers
        wanted = set(targets)
        phrases = {phrase for target in wanted for phrase in phrases_of(target)}
        self.words = [read_paper(paper) for paper in papers]
        """Each paper's title and abstract."""
        self._found = find_phrases(self._texts(), phrases) if phrases else {}
        self._tags = _tags_of(papers)
        self._authors = _authors_of(papers) if any(isinstance(target, Person) for target in wanted) else {}
        has_enough = statistics.papers >= FEW_PAPERS or not phrases
        self._statistics = statistics if has_enough else statistics.plus(count_words(self.words))
        self._joined: dict[AnyPhrase | Near, dict[int, list[Hit]]] = {}
        self._hits: dict[Meaning, Hits] = {}

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
        found, numbers = self._hits_of(target), (position, position + len(self.papers))
        fields = zip(_FIELDS, numbers, strict=True)
        return [(name, found[number]) for name, number in fields if where in ("", name) and number in found]

    def parts(self, target: Wording, term: Term, position: int) -> list[tuple[str, list[Hit], float]]:
        """The same fields with their hits, and the part that each has in what the term's hits are worth."""
        found = self.places(target, term.field, position)
        counts = [self._count(hits, term.forms, position, name) for name, hits in found]
        return [(name, hits, count / sum(counts)) for (name, hits), count in zip(found, counts, strict=True)]

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
        return self._find_wording(term.target, term.field, term.forms)

    def _find_wording(self, target: Wording, where: str, forms: Sequence[str]) -> Hits:
        counts: defaultdict[int, float] = defaultdict(float)
        for number, hits in sorted(self._hits_of(target).items()):
            is_abstract, position = divmod(number, len(self.papers))
            if where in ("", _FIELDS[is_abstract]):
                counts[position] += self._count(hits, forms, position, _FIELDS[is_abstract])
        if not counts:
            return NO_HITS
        rarity = self._rarity(target)
        impacts = {position: rarity * _saturated(count) for position, count in sorted(counts.items())}
        papers = _bitmap(impacts)
        return Hits(papers, papers, impacts)

    def _count(self, hits: Iterable[Hit], forms: Sequence[str], position: int, name: str) -> float:
        """How many hits there are in one field, each counted by its form and place."""
        title, abstract = self.words[position]
        if name == "title":
            return TITLE_BOOST * sum([_weigh(hit, title, forms) for hit in hits])
        return sum([_weigh(hit, abstract, forms) for hit in hits])

    def _hits_of(self, target: Wording) -> Mapping[int, list[Hit]]:
        """The hits in each text that has some, the titles before the abstracts."""
        if isinstance(target, Phrase):
            return self._found.get(target, {})
        found = self._joined.get(target)
        if found is None:
            found = self._joined[target] = self._any_of(target) if isinstance(target, AnyPhrase) else self._near(target)
        return found

    def _any_of(self, target: AnyPhrase) -> dict[int, list[Hit]]:
        hits: defaultdict[int, list[Hit]] = defaultdict(list)
        for phrase in target.phrases:
            for number, found in self._hits_of(phrase).items():
                hits[number] += found
        return {number: without_overlaps(found) for number, found in hits.items()}

    def _near(self, target: Near) -> dict[int, list[Hit]]:
        one, other = self._hits_of(target.one), self._hits_of(target.other)
        pairs = {number: _pairs(one[number], other[number], target.distance) for number in one.keys() & other.keys()}
        return {number: found for number, found in pairs.items() if found}

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


def _pairs(one: Sequence[Hit], other: Sequence[Hit], distance: int) -> list[Hit]:
    """Passages from a hit of one to a hit of the other with at most so many words between them."""
    return without_overlaps([*_followed(one, other, distance), *_followed(other, one, distance)])


def _followed(firsts: Sequence[Hit], seconds: Sequence[Hit], distance: int) -> Iterator[Hit]:
    """Passages from a hit to the nearest of the others after it; one to a further one would only overlap it."""
    starts = [second.start for second in seconds]
    for first in firsts:
        following = bisect_left(starts, first.end)
        if following < len(seconds) and seconds[following].first - first.last - 1 <= distance:
            yield Hit(first.start, seconds[following].end, first.first, seconds[following].last)


def _weigh(hit: Hit, words: Words, forms: Sequence[str]) -> float:
    """What a hit counts: all of it as the reader wrote it and where it stands for itself, else less."""
    _, _, first, last = hit
    exact, joints, after = words.exact, words.joints, last + 1
    weight = 1.0 if not forms or "".join(exact[first:after]) in forms else VARIANT
    if joints[first] is not Joint.GAP and tells_of_next(exact[first - 1]):
        weight *= INSIDE_BEFORE
    if after < len(exact) and joints[after] is not Joint.GAP and is_telling(exact[after]):
        weight *= INSIDE_AFTER
    return weight


def _saturated(count: float) -> float:
    return count * (SATURATION + 1) / (count + SATURATION)


def _bitmap(found: Iterable[int]) -> int:
    return reduce(lambda papers, position: papers | 1 << position, found, 0)


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
