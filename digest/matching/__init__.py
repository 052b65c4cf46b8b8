"""Matching: a day's papers and a crowd of profiles become each reader's matches, best first. No input or output.

`plain` and `words` read text, `phrases` and `names` say what equals what, `language` reads what a reader wrote.
`columns` lays all texts of a day in a row, `runs` and `scan` find all phrases there at once, `worth` weighs the hits
(`places`), `day` and `units` keep them; `definitions` and `aliases` let acronyms stand for what they mean.
`crowd` makes arrays of the profiles, `postings` of the day; `reading` makes both, `scoring` and `ranking` join them.
`explaining` says why a paper was chosen, `tracing` all that was decided of one, `trying` what a profile would bring.
`learning` proposes changes of a profile: `terminology` finds a paper's terms, `suggesting` those worth a keyword.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from digest.domain import Match, Paper, Profile, Reason
from digest.matching.check import Problem, check_interest, check_profile
from digest.matching.explanation import Cut, Explanation, Place, TracedInterest, TracedSlot
from digest.matching.interests import Role
from digest.matching.learning import propose_less, propose_more, propose_mute, terms_to_mute
from digest.matching.liking import liked_papers, telling_terms
from digest.matching.ranking import rank_crowd
from digest.matching.reading import Shortlist, read_day, shortlists_of
from digest.matching.statistics import Statistics, count_words, read_paper
from digest.matching.tracing import explain_papers
from digest.matching.trying import Trial, try_profile

__all__ = [
    "NOTHING_STORED",
    "Cut",
    "Explanation",
    "Place",
    "Problem",
    "Role",
    "Shortlist",
    "Statistics",
    "TracedInterest",
    "TracedSlot",
    "Trial",
    "check_interest",
    "check_profile",
    "count_words",
    "explain_papers",
    "liked_papers",
    "list_matches",
    "match_papers",
    "propose_less",
    "propose_more",
    "propose_mute",
    "rank_trending",
    "read_paper",
    "telling_terms",
    "terms_to_mute",
    "try_profile",
]

TRENDING = "Trending"
NOTHING_STORED = Statistics()


def match_papers(
    papers: Sequence[Paper],
    profiles: Sequence[Profile],
    *,
    statistics: Statistics = NOTHING_STORED,
    liked: Iterable[Paper] = (),
) -> list[tuple[Match, ...]]:
    """For each profile its matches, best first, from `min_score` on; not cut to `max_papers`.

    A paper appears once, under the interest where it scores best (the earlier one if two are equal). Equal scores are
    in the order given. Keywords, authors and query are alternatives; `exclude`
    beats all of them. Categories filter, and alone take all of their papers. A paper whose categories nobody knows
    passes a filter, with a note, if something else chose it; a filter alone doesn't take it, since it can't be checked.
    What can't be read (see `check_interest`) matches nothing. A profile's matches don't depend on the other profiles.
    `statistics` say how rare words are; with those of the stored editions, scores compare from day to day. `liked` are
    the papers that `like:` names, as `liked_papers` tells; one that is missing hits nothing.
    """
    return [found.matches() for found in list_matches(papers, profiles, statistics=statistics, liked=liked)]


def list_matches(
    papers: Sequence[Paper],
    profiles: Sequence[Profile],
    *,
    statistics: Statistics = NOTHING_STORED,
    liked: Iterable[Paper] = (),
) -> Iterator[Shortlist]:
    """The same, a profile at a time and without its reasons: these are told for those that will be shown.

    The papers are read once, and only one batch of readers is held.
    """
    reading = read_day(papers, profiles, statistics=statistics, liked=liked)
    for ranking in rank_crowd(reading.crowd, reading.postings):
        yield from shortlists_of(reading, ranking)


def rank_trending(papers: Sequence[Paper], *, limit: int, without: Collection[str] = ()) -> tuple[Match, ...]:
    """The papers that a community listed, most upvotes first, without those of the given ids.

    Equal upvotes keep the order given, as do papers without a count, which come last: their page's own ranking.
    """
    listed = [paper for paper in papers if paper.is_listed and paper.id not in without]
    counted = sorted((p for p in listed if p.upvotes is not None), key=lambda paper: -(paper.upvotes or 0))
    ranked = counted + [paper for paper in listed if paper.upvotes is None]
    return tuple(
        Match(paper, TRENDING, float(paper.upvotes or 0), (Reason(paper.picked_by, "upvotes"),))
        for paper in ranked[: max(limit, 0)]
    )
