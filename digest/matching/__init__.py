"""Matching: a day's papers and a crowd of profiles become each reader's matches, best first. No input or output.

`plain` and `words` read text, `phrases` and `names` say what equals what, `language` reads what a reader wrote. `scan`
and `day` find all terms in all papers at once; `definitions` and `aliases` let acronyms stand for what they mean.
`crowd` makes arrays of the profiles, `postings` of the day; `ranking` brings the two together, `explaining` says why.
`learning` proposes changes of a profile: `terminology` finds a paper's terms, `suggesting` those worth a keyword.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice

from digest.domain import Match, Paper, Profile, Reason
from digest.matching.check import Problem, check_interest, check_profile
from digest.matching.crowd import Vocabulary, compile_profiles
from digest.matching.day import Day
from digest.matching.explaining import notes_of, reasons_of
from digest.matching.expressions import Term
from digest.matching.interests import read_interest, targets_of
from digest.matching.learning import propose_less, propose_more, propose_mute, terms_to_mute
from digest.matching.liking import liked_papers, telling_terms
from digest.matching.postings import read_postings
from digest.matching.ranking import Ranking, rank_crowd
from digest.matching.statistics import Statistics, count_words, read_paper
from digest.matching.units import Findings

__all__ = [
    "NOTHING_STORED",
    "Problem",
    "Statistics",
    "check_interest",
    "check_profile",
    "count_words",
    "iter_matches",
    "liked_papers",
    "match_papers",
    "propose_less",
    "propose_more",
    "propose_mute",
    "rank_trending",
    "read_paper",
    "telling_terms",
    "terms_to_mute",
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
    return list(iter_matches(papers, profiles, statistics=statistics, liked=liked))


def iter_matches(
    papers: Sequence[Paper],
    profiles: Sequence[Profile],
    *,
    statistics: Statistics = NOTHING_STORED,
    liked: Iterable[Paper] = (),
) -> Iterator[tuple[Match, ...]]:
    """The same, a profile at a time: the papers are read once, and only one batch of readers is held."""
    vocabulary = Vocabulary()
    terms = {paper.id: telling_terms(paper, statistics) for paper in liked}
    crowd = compile_profiles(profiles, vocabulary, terms)
    findings = Findings(Day(papers, targets_of(vocabulary.units), statistics))
    for ranking in rank_crowd(crowd, read_postings(findings, vocabulary.units)):
        yield from _matches(ranking, profiles, findings, terms)


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


def _matches(
    ranking: Ranking, profiles: Sequence[Profile], findings: Findings, liked: Mapping[str, tuple[Term, ...]]
) -> Iterator[tuple[Match, ...]]:
    rows = zip(ranking.papers.tolist(), ranking.interests.tolist(), ranking.scores.tolist(), strict=True)
    for number, count in enumerate(ranking.shown.tolist(), start=ranking.first):
        interests = [read_interest(interest, liked) for interest in profiles[number].interests] if count else []
        yield tuple(
            Match(
                findings.day.papers[paper],
                interests[interest].name,
                score,
                reasons_of(interests[interest], findings, paper),
                notes_of(interests[interest], findings, paper),
            )
            for paper, interest, score in islice(rows, count)
        )
