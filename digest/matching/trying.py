"""Tries a profile on a day's papers and counts what each of its keywords brings; remembers nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from digest.domain import Match, Paper, Profile
from digest.matching.explaining import adding_terms
from digest.matching.interests import Role
from digest.matching.ranking import rank_crowd
from digest.matching.reading import Reading, read_day, shortlists_of
from digest.matching.statistics import Statistics


@dataclass(frozen=True, slots=True)
class Trial:
    """What a profile brings of one day's papers."""

    matches: tuple[Match, ...]
    """Best first, not cut to `max_papers`."""
    changed: tuple[Match, ...]
    """The same for the profile that it is compared with."""
    brought: Mapping[str, frozenset[str]]
    """For each paper that matches, by id, the keywords that speak for it, under whichever interest."""
    standing: Mapping[str, bool]
    """Each keyword of the profile, in its order, and whether it stands in any paper, matching or not."""


def try_profile(
    papers: Sequence[Paper],
    profile: Profile,
    *,
    changed: Profile,
    statistics: Statistics,
    liked: Iterable[Paper] = (),
) -> Trial:
    """What a profile would bring, and a changed one beside it; keywords are as `Reason.keyword` has them."""
    alone = [Profile((interest,)) for interest in profile.interests]
    reading = read_day(papers, [profile, changed, *alone], statistics=statistics, liked=liked)
    rankings = rank_crowd(reading.crowd, reading.postings)
    found = (shortlist.matches() for ranking in rankings for shortlist in shortlists_of(reading, ranking))
    matches, others = next(found), next(found)
    brought: dict[str, frozenset[str]] = {match.paper.id: frozenset() for match in matches}
    for match in (match for under_one in found for match in under_one if match.paper.id in brought):
        brought[match.paper.id] |= {reason.keyword for reason in match.reasons}
    return Trial(matches, others, brought, _standing(reading))


def _standing(reading: Reading) -> dict[str, bool]:
    standing: dict[str, bool] = {}
    slots = (slot for interest in reading.interests[0] for slot in interest.of(Role.WANTED))
    for slot in slots:
        for term in adding_terms(slot):
            stands = bool(reading.findings.day.hits(term).papers)
            standing[term.written] = standing.get(term.written, False) or stands
    return standing
