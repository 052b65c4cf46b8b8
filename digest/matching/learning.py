"""Proposes changes of a profile from papers that a reader wants more or less of; every one is an entry to be seen.

It decides nothing for good: what it gives is a Change, which the reader takes, leaves or takes back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from digest.changes import Change, Edit, List
from digest.domain import Interest, Paper, Profile
from digest.matching.check import check_profile
from digest.matching.day import Day
from digest.matching.expressions import Term
from digest.matching.interests import NOTHING_LIKED, Unit, read_interest, terms_in
from digest.matching.reweighting import lower_weight, raise_weight, reweigh, write_weight
from digest.matching.statistics import Statistics
from digest.matching.suggesting import suggest_terms
from digest.matching.units import Findings

MOST_EDITS = 5
"""A proposal is short enough to be read."""
MOST_RAISED = 2
FEWEST_SHARING = 2
"""Of several papers those terms count that so many of them have."""
WEIGHT_OF_ANY, WEIGHT_OF_BEST = 0.5, 0.5
"""A new keyword's weight: the one, and the other times its worth in relation to the best one's; so 1 is the most."""

Liked = Mapping[str, tuple[Term, ...]]
"""The terms of the papers that `like:` names."""


def propose_more(
    profile: Profile,
    papers: Sequence[Paper],
    *,
    interest: int,
    statistics: Statistics,
    liked: Liked = NOTHING_LIKED,
    name: str = "",
    most: int = MOST_EDITS,
) -> Change:
    """More like these papers: terms that the profile lacks, and slightly more weight for the keywords that bring them.

    `interest` is the number of the interest it concerns; one more than there are makes a new one with that `name`.
    """
    place = _Place(profile, interest, name)
    raised = list(islice(place.raised(papers, liked), MOST_RAISED))
    fewest = min(len(papers), FEWEST_SHARING)
    suggested = suggest_terms(papers, profile, statistics, most=most - len(raised), fewest_sharing=fewest)
    added = place.added(List.KEYWORDS, [_with_weight(term, share) for term, share in suggested])
    return _within_limits([*added, *raised], profile)


def propose_less(profile: Profile, paper: Paper, *, interest: int, liked: Liked = NOTHING_LIKED) -> Change:
    """Less like this paper: half the weight for each keyword that brings it; one at the lowest weight goes instead."""
    place = _Place(profile, interest)
    lowered = place.lowered(paper, liked)
    return _within_limits(islice(lowered, MOST_EDITS), profile)


def propose_mute(profile: Profile, terms: Iterable[str], *, interests: Iterable[int]) -> Change:
    """Nothing any more that has one of these terms, in these interests: exclusions, as the reader could write them."""
    wanted = [term.strip() for term in terms]
    return _within_limits(
        [edit for number in interests for edit in _Place(profile, number).added(List.EXCLUDE, wanted)], profile
    )


def terms_to_mute(profile: Profile, paper: Paper, *, statistics: Statistics, most: int = MOST_EDITS) -> tuple[str, ...]:
    """Terms of a paper that a reader may want to mute: none that a keyword of theirs asks for."""
    return tuple(term for term, _ in suggest_terms([paper], profile, statistics, most=most))


@dataclass(frozen=True, slots=True)
class _Place:
    """An interest of a profile, there already or to be made."""

    profile: Profile
    number: int
    name: str = ""

    @property
    def interest(self) -> Interest:
        interests = self.profile.interests
        return interests[self.number] if self.number < len(interests) else Interest(self.name)

    def added(self, where: List, entries: Iterable[str]) -> list[Edit]:
        """The entries that ask for something which no entry there asks for: `Mamba^0.5` doesn't where mamba is."""
        held = getattr(self.interest, where)
        known = {_units(entry, NOTHING_LIKED) for entry in held}
        new: dict[tuple[Unit, ...], str] = {}
        for entry in entries:
            new.setdefault(_units(entry, NOTHING_LIKED), entry)
        return [
            Edit(self.number, self.interest.name, where, "", entry, position)
            for position, entry in enumerate((new[units] for units in new if units not in known), start=len(held))
        ]

    def raised(self, papers: Sequence[Paper], liked: Liked) -> Iterator[Edit]:
        """The keywords that bring the papers, a little heavier, those first that bring most of them.

        Where every keyword does, none is: it would change nothing in the order of the papers.
        """
        counts = _count_brought(self.interest.keywords, papers, liked)
        if all(counts):
            return
        done: set[tuple[Unit, ...]] = set()
        for position in sorted(range(len(counts)), key=lambda position: -counts[position]):
            keyword = self.interest.keywords[position]
            heavier = reweigh(keyword, raise_weight) if counts[position] else None
            if heavier and _units(keyword, liked) not in done:
                done.add(_units(keyword, liked))
                yield self._edit(position, heavier)

    def lowered(self, paper: Paper, liked: Liked) -> Iterator[Edit]:
        """The keywords that bring the paper, lighter, or gone where they can't be."""
        keywords = self.interest.keywords
        for position, count in enumerate(_count_brought(keywords, [paper], liked)):
            lighter = reweigh(keywords[position], lower_weight)
            if count and (lighter or keywords.count(keywords[position]) == 1):
                yield self._edit(position, lighter or "")

    def _edit(self, position: int, after: str) -> Edit:
        before = self.interest.keywords[position]
        return Edit(self.number, self.interest.name, List.KEYWORDS, before, after, position)


def _count_brought(keywords: Iterable[str], papers: Sequence[Paper], liked: Liked) -> list[int]:
    """How many of the papers each keyword takes by itself."""
    units = [_units(keyword, liked) for keyword in keywords]
    findings = Findings(Day(papers, terms_in(unit for some in units for unit in some), Statistics()))
    return [sum(findings.hits(unit).papers.bit_count() for unit in some) for some in units]


def _units(keyword: str, liked: Liked) -> tuple[Unit, ...]:
    return tuple(slot.unit for slot in read_interest(Interest(keywords=(keyword,)), liked).slots)


def _with_weight(term: str, share: float) -> str:
    return write_weight(term, round(WEIGHT_OF_ANY + WEIGHT_OF_BEST * share, 1))


def _within_limits(edits: Iterable[Edit], profile: Profile) -> Change:
    """The edits that leave every interest something to take, and after which nothing is wrong that isn't already."""
    kept: list[Edit] = []
    wrong = len(check_profile(profile))
    for edit in edits:
        changed = Change((*kept, edit)).apply(profile)
        is_whole = len(changed.interests) >= len(profile.interests)
        if is_whole and len(check_profile(changed)) <= wrong:
            kept.append(edit)
    return Change(tuple(kept))
