"""Chooses the few terms of papers that a reader would take as keywords; knows what their profile has already.

A good keyword is an expression of its field: not so broad that it floods a digest, nor a name that one paper coined.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from digest.domain import Paper, Profile
from digest.matching.day import Day
from digest.matching.expressions import phrases_of, terms_of
from digest.matching.interests import Role, Slot, read_interest, terms_in
from digest.matching.phrases import Phrase
from digest.matching.statistics import FEW_PAPERS, Statistics
from digest.matching.terminology import Telling, contains, find_terms, plainest
from digest.matching.units import Findings

LEAST_WORTH = 0.3
"""Of the best suggestion's; what is worth less isn't suggested."""
LEAST_RARITY, LEAST_RARITY_ALONE = 0.45, 0.55
"""Of a phrase and of a single word or compound, as a part of the rarity of a word that nobody has used."""
FEWEST_HITS, FEWEST_HITS_ALONE = 2, 3
"""How often a phrase, and a single word or compound, stand in a paper with an abstract; a title hit is two."""
ALONE = 0.5
"""What a single word or compound is worth beside a phrase as rare as it: it has more meanings."""
FEWEST_USING = 2
"""A word that fewer stored papers use is a name that the paper has coined, or too rare to bring another one."""
LEAST_RARITY_SHARED = 0.3
"""Of a word that no two suggestions share; `learning` and alike they may."""

_LEAVES_OPEN = (
    "-agnostic", "-aware", "-based", "-centric", "-conditioned", "-dependent", "-driven", "-ended", "-focused", "-free",
    "-grounded", "-guided", "-induced", "-informed", "-level", "-like", "-oriented", "-related", "-scale", "-specific",
    "-time", "-wide", "-wise", "-world",
)  # fmt: skip
"""Compounds that say something only of what follows: physics-informed, open-ended, real-world."""


def suggest_terms(
    papers: Sequence[Paper], profile: Profile, statistics: Statistics, *, most: int, fewest_sharing: int = 1
) -> list[tuple[str, float]]:
    """Terms that say what papers are about, the best first, each with its worth in relation to the best one's.

    Of several papers those count that at least `fewest_sharing` have. None is excluded by the profile, found by one of
    its keywords that is as narrow, or broader than one.
    """
    found: defaultdict[Phrase, list[tuple[float, str]]] = defaultdict(list)
    for paper in papers:
        terms = find_terms(paper, statistics, only_complete=True)
        for term in terms:
            if _is_keyword(term, paper, statistics) and (fewest_sharing > 1 or not _is_coined(term, paper, statistics)):
                found[term.phrase].append((_worth(term) / terms[0].worth, term.text))
    shared = {phrase: uses for phrase, uses in found.items() if len(uses) >= fewest_sharing}
    texts = {phrase: plainest([text for _, text in uses]) for phrase, uses in shared.items()}
    worth = {phrase: sum(share for share, _ in shared[phrase]) for phrase in _lacking(texts, profile)}
    ranked = _apart(sorted(worth, key=lambda phrase: (-worth[phrase], phrase.key)), statistics)
    shares = ((texts[phrase], worth[phrase] / worth[ranked[0]]) for phrase in ranked[:most])
    return [(text, share) for text, share in shares if share >= LEAST_WORTH]


def _is_keyword(term: Telling, paper: Paper, statistics: Statistics) -> bool:
    """Whether a paper's term is likely to be what the paper is about, and not too broad."""
    is_alone = " " not in term.text
    hits = term.count + term.is_in_title
    if hits == FEWEST_HITS and term.text.partition(" ")[0].endswith("ing"):  # Bridging Vision and Language
        return False
    if term.text.endswith(_LEAVES_OPEN) or (paper.abstract and hits < (FEWEST_HITS_ALONE if is_alone else FEWEST_HITS)):
        return False
    if statistics.papers < FEW_PAPERS:  # nobody knows how rare a word is: only phrases are safe
        return not is_alone
    return term.rarity >= (LEAST_RARITY_ALONE if is_alone else LEAST_RARITY) * statistics.greatest_rarity


def _is_coined(term: Telling, paper: Paper, statistics: Statistics) -> bool:
    """Whether a term is one paper's own: the name before its title's colon, odd capitals, a word nobody else uses."""
    has_capitals = any(word[1:] != word[1:].lower() for word in re.split("[ -]", term.text))
    named, colon, _ = paper.title.partition(":")
    is_name = bool(colon) and len(named.split()) == 1 and term.text.casefold() in named.casefold()
    if is_name and sum(map(str.isupper, term.text)) > 1:
        return True
    if statistics.papers < FEW_PAPERS:
        return is_name or (has_capitals and not any(map(str.isupper, re.split("[ -]", term.text))))
    is_unused = any(statistics.frequency.get(word, 0) < FEWEST_USING for word in term.phrase.words)
    return is_unused and (is_name or has_capitals or len(term.phrase.words) == 1)


def _worth(term: Telling) -> float:
    return term.worth * (1 if " " in term.text else ALONE)


def _lacking(texts: dict[Phrase, str], profile: Profile) -> Iterator[Phrase]:
    """Those terms that the profile neither excludes nor has, be it as they are or within a narrower keyword."""
    slots = [slot for interest in profile.interests for slot in read_interest(interest).slots]
    findings = Findings(
        Day([_titled(text) for text in texts.values()], terms_in(slot.unit for slot in slots), Statistics())
    )
    for position, phrase in enumerate(texts):
        hitting = [slot for slot in slots if findings.hits(slot.unit).papers >> position & 1]
        is_excluded = any(slot.role is Role.EXCLUDED for slot in hitting)
        is_known = any(len(wanted.words) >= len(phrase.words) for wanted in _phrases(hitting))
        if not (is_excluded or is_known or any(contains(wanted, phrase) for wanted in _phrases(slots))):
            yield phrase


def _titled(text: str) -> Paper:
    return Paper(id=text, title=text, announced=date.min)


def _phrases(slots: Iterable[Slot]) -> Iterator[Phrase]:
    for slot in slots:
        if slot.role is Role.WANTED:
            yield from (phrase for term in terms_of(slot.expression) for phrase in phrases_of(term.target))


def _apart(ranked: Iterable[Phrase], statistics: Statistics) -> list[Phrase]:
    """Without those that have a telling word in common with a better one."""
    chosen: list[Phrase] = []
    used: set[str] = set()
    for phrase in ranked:
        if used.isdisjoint(phrase.words):
            chosen.append(phrase)
            used.update(word for word in phrase.words if _is_rare(word, statistics))
    return chosen


def _is_rare(word: str, statistics: Statistics) -> bool:
    rarity = statistics.rarity(Phrase(word, (word,)))
    return statistics.papers < FEW_PAPERS or rarity >= LEAST_RARITY_SHARED * statistics.greatest_rarity
