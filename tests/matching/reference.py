"""A slow and obvious matcher: it goes over every profile, paper, term, place and run of words, and keeps nothing.

It shares with the real one how texts are cut into words, how a reader's text and a name are parsed, how the words of
papers are counted, where a paper defines an acronym, and which papers are near-duplicates; each of these has tests of
its own.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from digest.domain import Interest, Paper, Profile
from digest.matching.definitions import find_definitions
from digest.matching.expressions import AllOf, AnyPhrase, Expression, Near, Not, Person, Tag, Term
from digest.matching.language import parse_author, parse_keyword, parse_query
from digest.matching.names import Name, read_name
from digest.matching.phrases import Phrase
from digest.matching.similar import group_similar
from digest.matching.statistics import Statistics, count_words, read_paper
from digest.matching.words import FUNCTION_WORDS, LEADING_WORDS, Joint, Words, read_words


class Word(NamedTuple):
    exact: str
    folded: str
    capitals: int
    joint: Joint
    start: int
    end: int
    number: int
    last_number: int
    is_put_in: bool = False


class Hit(NamedTuple):
    start: int
    end: int
    first: int
    last: int


class SlowDay:
    """A day's papers, and what the papers say of acronyms."""

    def __init__(self, papers: list[Paper], statistics: Statistics | None = None) -> None:
        self.papers = papers
        self.statistics = statistics or Statistics().plus(count_words(map(read_paper, papers)))
        self.words = [tuple(map(as_list, read_paper(paper))) for paper in papers]
        self.groups = group_similar([read_paper(paper) for paper in papers])
        self.definitions = [find_definitions(f"{paper.title}\n\n{paper.abstract}") for paper in papers]
        self.readings = cache(self._readings)
        self.hits = cache(self._hits)
        self.places = cache(self._places)
        self.impact = cache(self._impact)
        self.score = cache(self._score)
        self.phrase_rarity = cache(self._phrase_rarity)

    def _readings(self, paper: int, field: str) -> tuple[list[list[Word]], str]:
        """All ways to read a title or abstract; and their letters, which quickly tell what isn't there."""
        words = as_list(read_words(getattr(self.papers[paper], field)))
        ways = [words]
        for definition in self.definitions[paper]:
            short, long = as_list(definition.short), as_list(definition.long)
            ways += exchanged(words, short, long, fewest_capitals=2)
            ways += exchanged(words, long, short, fewest_capitals=0)
            ways += carried_on(getattr(self.papers[paper], field), words, long, short)
        letters = ["".join(getattr(word, form) for word in way) for way in ways for form in ("folded", "exact")]
        return ways, " ".join(letters)

    def _places(self, paper: int, field: str, phrase: Phrase) -> list[Hit]:
        ways, letters = self.readings(paper, field)
        return apart([hit for words in ways for hit in runs(phrase, words)]) if phrase.key in letters else []

    def _hits(self, paper: int, field: str, target: Phrase | AnyPhrase | Near) -> list[Hit]:
        if isinstance(target, Phrase):
            return self.places(paper, field, target)
        if isinstance(target, AnyPhrase):
            return apart([hit for phrase in target.phrases for hit in self.places(paper, field, phrase)])
        found = []
        for one in self.hits(paper, field, target.one):
            for other in self.hits(paper, field, target.other):
                first, second = min(one, other), max(one, other)
                if first.end <= second.start and second.first - first.last <= target.distance + 1:
                    found.append(Hit(first.start, second.end, first.first, second.last))
        return apart(found)

    def _impact(self, term: Term, paper: int, is_certain: bool = False) -> float:  # noqa: FBT001, FBT002  # cached
        """What a term is worth in a paper; 0 if it doesn't hit."""
        if isinstance(term.target, Tag):
            return float(tagged(term.target, self.papers[paper]))
        if isinstance(term.target, Person):
            names = [name for author in self.papers[paper].authors for name in read_name(author)]
            best = max((alike(asked, name) for asked in term.target.names for name in names), default=0)
            return 8.0 if best == 2 else 4.0 if best == 1 and not is_certain else 0.0
        if not isinstance(term.target, Phrase | AnyPhrase | Near):
            return 0.0
        titles = self.hits(paper, "title", term.target) if term.field != "abstract" else []
        abstracts = self.hits(paper, "abstract", term.target) if term.field != "title" else []
        title, abstract = self.words[paper]
        weighed = 1.2 * sum(standing(hit, title) * form(hit, title, term.forms) for hit in titles)
        weighed += sum(standing(hit, abstract) * form(hit, abstract, term.forms) for hit in abstracts)
        return weighed and self.rarity(term.target) * weighed * 2.2 / (weighed + 1.2)

    def rarity(self, target: Phrase | AnyPhrase | Near) -> float:
        if isinstance(target, Phrase):
            return self.phrase_rarity(target)
        if isinstance(target, AnyPhrase):
            return min(self.rarity(phrase) for phrase in target.phrases)
        return max(self.rarity(target.one), self.rarity(target.other))

    def _phrase_rarity(self, phrase: Phrase) -> float:
        """Its rarest word's, and half of each other's; no more than a word has that is nowhere."""
        papers, frequency = self.statistics.papers, self.statistics.frequency
        counts = [frequency.get(word, 0) for word in phrase.words]
        if phrase.is_open:
            beginning = sum(count for word, count in frequency.items() if word.startswith(phrase.words[-1]))
            counts[-1] = min(beginning, papers)
        worths = [math.log(1 + (papers - count + 0.5) / (count + 0.5)) for count in sorted(counts)]
        most = frequency.get(phrase.key, 0)
        whole = math.log(1 + (papers - most + 0.5) / (most + 0.5))
        return min(worths[0] + sum(worths[1:]) / 2, whole)

    def holds(self, expression: Expression, paper: int, *, is_certain: bool = False) -> bool:
        if isinstance(expression, Term):
            return self.impact(expression, paper, is_certain) > 0
        if isinstance(expression, Not):
            return not self.holds(expression.part, paper, is_certain=not is_certain)
        held = [self.holds(part, paper, is_certain=is_certain) for part in expression.parts]
        return all(held) if isinstance(expression, AllOf) else sum(held) >= expression.fewest

    def _score(self, interest: Interest, paper: int) -> float | None:
        """The paper's score under an interest; None if the interest doesn't take it."""
        wishes = [*map(parse_keyword, interest.keywords), *map(parse_author, interest.authors)]
        wishes += [parse_query(interest.query)] if interest.query.strip() else []
        filters = [Tag("category", category.removesuffix(".*").lower()) for category in interest.categories]
        passed = sum(tagged(tag, self.papers[paper]) for tag in set(filters))
        excluded = [e for e in map(parse_keyword, interest.exclude) if isinstance(e, Expression)]
        if any(self.holds(expression, paper, is_certain=True) for expression in excluded):
            return None
        if not wishes:
            return interest.weight * passed * prior(self.papers[paper]) or None
        if filters and not passed and self.papers[paper].categories:
            return None
        readable = [wish for wish in wishes if isinstance(wish, Expression)]
        if not any(self.holds(wish, paper) for wish in readable):
            return None
        return interest.weight * self.sum_up(readable, paper) * prior(self.papers[paper])

    def sum_up(self, wishes: list[Expression], paper: int) -> float:
        """Each theme among the plain terms by its best; and of each compound what it is worth more than these."""
        plain: dict[object, float] = {}
        for term in wishes:
            if isinstance(term, Term):
                plain[theme(term)] = max(plain.get(theme(term), 0.0), term.weight * self.impact(term, paper))
        total = sum(plain.values())
        compounds = {written_away(wish): wish for wish in wishes if not isinstance(wish, Term)}
        for compound in compounds.values():
            if self.holds(compound, paper):
                best: dict[object, float] = {}
                for term in wanted(compound):
                    best[theme(term)] = max(best.get(theme(term), 0.0), term.weight * self.impact(term, paper))
                total += sum(max(worth - plain.get(what, 0.0), 0.0) for what, worth in best.items())
        return total


def slow_matches(profile: Profile, day: SlowDay) -> list[tuple[int, int, float]]:
    """A profile's matches, best first: the paper, the number of the interest, the score."""
    found: list[tuple[int, int, float]] = []
    for paper in range(len(day.papers)):
        scores = [(day.score(interest, paper), -n) for n, interest in enumerate(profile.interests)]
        taken = [(max(round(score, 4), 0.0001), n) for score, n in scores if score is not None]
        if taken:
            score, number = max(taken)
            found.append((paper, -number, score))
    found.sort(key=lambda match: (-match[2], match[0]))
    seen: Counter[int] = Counter()
    lowered = []
    for paper, number, score in found:
        lowered.append((paper, number, max(round(score * 0.25 ** seen[day.groups[paper]], 4), 0.0001)))
        seen[day.groups[paper]] += 1
    lowered.sort(key=lambda match: (-match[2], match[0]))
    return [match for match in lowered if match[2] >= profile.min_score]


def theme(term: Term) -> object:
    """What a term is about: its folded letters if it is a phrase, those of each name if it has several."""
    if isinstance(term.target, AnyPhrase):
        return frozenset("".join(phrase.words) for phrase in term.target.phrases)
    return "".join(term.target.words) if isinstance(term.target, Phrase) else (term.target, term.field)


def prior(paper: Paper) -> float:
    return 1 + 0.01 * math.log(1 + (paper.upvotes or 0))


def tagged(tag: Tag, paper: Paper) -> bool:
    if tag.kind == "source":
        return tag.value in {source.lower() for source in paper.sources}
    return any(tag.value in (c.lower(), c.lower().split(".")[0]) for c in paper.categories)


def alike(asked: Name, found: Name) -> int:
    """2 if two names are one, 1 if they may be, 0 if not."""
    if asked.family != found.family:
        return 0
    if not asked.given or not found.given:
        return 1 if asked.given or found.given else 2
    if "".join(asked.given) == "".join(found.given) and len(asked.given[0]) > 1:
        return 2
    count = min(len(asked.given), len(found.given))
    for one, other in zip(asked.given[:count], found.given[:count], strict=True):
        if one != other and not (one[0] == other[0] and 1 in (len(one), len(other))):
            return 0
    further = asked.given[count:] + found.given[count:]
    is_full = asked.given[0] == found.given[0] and len(asked.given[0]) > 1
    return 2 if is_full and all(len(name) == 1 for name in further) else 1


def form(hit: Hit, words: list[Word], forms: tuple[str, ...]) -> float:
    """Less for a hit that isn't written as the reader wrote it."""
    there = "".join(word.exact for word in words[hit.first : hit.last + 1])
    return 1.0 if not forms or there in forms else 0.25


def standing(hit: Hit, words: list[Word]) -> float:
    """Less for a hit that has a telling word before or behind it."""
    joined_before = words[hit.first].joint is not Joint.GAP
    joined_after = hit.last + 1 < len(words) and words[hit.last + 1].joint is not Joint.GAP
    leads = words[hit.first - 1].exact in LEADING_WORDS
    before = 0.25 if joined_before and tells(words[hit.first - 1]) and not leads else 1.0
    return before * (0.5 if joined_after and tells(words[hit.last + 1]) else 1.0)


def tells(word: Word) -> bool:
    return len(word.exact) > 2 and word.exact.isalpha() and word.exact not in FUNCTION_WORDS


def wanted(expression: Expression, *, is_wanted: bool = True) -> Iterator[Term]:
    if isinstance(expression, Term):
        yield from [expression] * is_wanted
    elif isinstance(expression, Not):
        yield from wanted(expression.part, is_wanted=not is_wanted)
    else:
        for part in expression.parts:
            yield from wanted(part, is_wanted=is_wanted)


def written_away(expression: Expression) -> object:
    """An expression as nested tuples, without what the reader wrote."""
    if isinstance(expression, Term):
        return (expression.meaning, expression.weight)
    if isinstance(expression, Not):
        return ("not", written_away(expression.part))
    return (type(expression).__name__, *map(written_away, expression.parts))


def as_list(words: Words) -> list[Word]:
    return [
        Word(exact, folded, capitals, joint, words.starts[n], words.ends[n], number=n, last_number=n)
        for n, (exact, folded, capitals, joint) in enumerate(
            zip(words.exact, words.folded, words.capitals, words.joints, strict=True)
        )
    ]


def exchanged(words: list[Word], old: list[Word], new: list[Word], *, fewest_capitals: int) -> Iterator[list[Word]]:
    """The text with one place where the old form stands read as the new one, for each such place."""
    for first in range(len(words) - len(old) + 1):
        place = words[first : first + len(old)]
        alike = [w.folded for w in place] == [w.folded for w in old]
        if alike and sum(w.capitals for w in place) >= fewest_capitals:
            put_in = [
                word._replace(
                    start=place[0].start, end=place[-1].end, number=first, last_number=place[-1].number, is_put_in=True,
                    joint=place[0].joint if n == 0 else word.joint,
                )
                for n, word in enumerate(new)
            ]  # fmt: skip
            yield words[:first] + put_in + words[first + len(old) :]


def carried_on(text: str, words: list[Word], long: list[Word], short: list[Word]) -> Iterator[list[Word]]:
    """Where `long form (SHORT) next` stands: without the bracket, and with the short form alone."""
    for first in range(len(words) - len(long) - len(short)):
        seam, end = first + len(long), first + len(long) + len(short)
        place = [word.folded for word in words[first:end]]
        opened, closed = text[words[seam - 1].end : words[seam].start], text[words[end - 1].end : words[end].start]
        if (
            place == [w.folded for w in long + short]
            and re.fullmatch(r"\s*\(\s*", opened)
            and re.fullmatch(r"\)\s+", closed)
        ):
            following = [words[end]._replace(joint=Joint.SPACE, is_put_in=True), *words[end + 1 :]]
            yield [*words[: seam - 1], words[seam - 1]._replace(is_put_in=True), *following]
            put_in = [
                word._replace(
                    start=words[first].start, end=words[end - 1].end, number=first, last_number=end - 1, is_put_in=True,
                    joint=words[first].joint if n == 0 else word.joint,
                )
                for n, word in enumerate(short)
            ]  # fmt: skip
            yield [*words[:first], *put_in, *following]


def runs(phrase: Phrase, words: list[Word]) -> Iterator[Hit]:
    """Every run of words that reads as the phrase and takes in all that was put in."""
    put_in = [n for n, word in enumerate(words) if word.is_put_in]
    for first in range(put_in[0] + 1 if put_in else len(words)):
        if words[first].exact[:1] != phrase.key[:1]:
            continue  # folding changes no word's first letter
        letters = ""
        for last in range(first, len(words)):
            word = words[last]
            if all(n <= last for n in put_in) and reads_as(phrase, words, first, last):
                yield Hit(words[first].start, word.end, words[first].number, word.last_number)
            letters += word.exact if phrase.is_exact else word.folded
            if not phrase.key.startswith(letters):
                break


def reads_as(phrase: Phrase, words: list[Word], first: int, last: int) -> bool:
    run = words[first : last + 1]
    forms = [w.exact if phrase.is_exact else w.folded for w in run]
    for n, word in enumerate(run[1:], start=1):
        if word.joint is Joint.GAP:
            return False
        if word.joint is Joint.SPACE and len("".join(forms[:n])) not in phrase.splits:
            return False
    if phrase.is_alone and Joint.TIGHT in [w.joint for w in words[first : first + 2]]:
        return False
    for start, end, fewest in phrase.acronyms:
        covering = [
            n for n in range(len(run)) if len("".join(forms[:n])) < end and len("".join(forms[: n + 1])) > start
        ]
        if sum(run[n].capitals for n in covering) < fewest:
            return False
    head = "".join(forms[:-1])
    if phrase.is_open:
        return len(head) < len(phrase.key) and any(
            (head + form).startswith(phrase.key) for form in (forms[-1], run[-1].exact)
        )
    return head + forms[-1] == phrase.key


def apart(hits: list[Hit]) -> list[Hit]:
    """Without those that overlap one before them."""
    kept: list[Hit] = []
    for hit in sorted(hits):
        if not kept or kept[-1].end <= hit.start:
            kept.append(hit)
    return kept
