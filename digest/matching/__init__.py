"""Matching: a day's papers and a crowd of profiles become each reader's matches, best first. No input or output.

`plain` and `words` read text, `phrases` and `names` say what equals what, `language` reads what a reader wrote, `scan`
and `index` find all terms in all papers at once, `interests` applies the rules. Read them in this order.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from digest.domain import Match, Paper, Profile, Reason
from digest.matching.check import Problem, check_interest, check_profile
from digest.matching.index import DayIndex
from digest.matching.interests import ReadInterest, match_interest, read_interest

__all__ = ["Problem", "check_interest", "check_profile", "match_papers", "rank_trending"]

TRENDING = "Trending"


def match_papers(papers: Sequence[Paper], profiles: Sequence[Profile]) -> list[tuple[Match, ...]]:
    """For each profile its matches, best first, from `min_score` on; not cut to `max_papers`.

    A paper appears once, under the interest where it scores best (the earlier one if two are equal). Equal scores are
    in the order given. Keywords, authors and query are alternatives; `exclude`
    beats all of them. Categories filter, and alone take all of their papers. A paper whose categories nobody knows
    passes a filter, with a note, if something else chose it; a filter alone doesn't take it, since it can't be checked.
    What can't be read (see `check_interest`) matches nothing. A profile's matches don't depend on the other profiles.
    """
    crowd = [[read_interest(interest) for interest in profile.interests] for profile in profiles]
    day = DayIndex(papers, {term for interests in crowd for interest in interests for term in interest.terms})
    return [_match_profile(profile, interests, day) for profile, interests in zip(profiles, crowd, strict=True)]


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


def _match_profile(profile: Profile, interests: Sequence[ReadInterest], day: DayIndex) -> tuple[Match, ...]:
    best: dict[int, Match] = {}
    for interest in interests:
        for position, match in match_interest(interest, day).items():
            if position not in best or match.score > best[position].score:
                best[position] = match
    # equal scores keep the papers' order: ids may improve later, and a mail must come out the same again
    in_order = [best[position] for position in sorted(best) if best[position].score >= profile.min_score]
    return tuple(sorted(in_order, key=lambda match: -match.score))
