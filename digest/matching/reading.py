"""Reads a day for a crowd: what anybody asks for is looked for once, everybody is scored by it; knows no store."""

from __future__ import annotations

import gc
from collections.abc import Container, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice

from digest.domain import Match, Paper, Profile
from digest.matching.crowd import Crowd, Vocabulary, compile_profile, gather
from digest.matching.day import Day
from digest.matching.explaining import gather_evidence
from digest.matching.interests import ReadInterest, Unit, read_profile, terms_in
from digest.matching.liking import telling_terms
from digest.matching.postings import Postings, read_postings
from digest.matching.ranking import Ranking
from digest.matching.statistics import Statistics
from digest.matching.units import Findings


@dataclass(frozen=True, slots=True)
class Reading:
    """A crowd, and what was found for it in a day's papers."""

    interests: Sequence[Sequence[ReadInterest]]
    """Each profile's."""
    crowd: Crowd
    findings: Findings
    postings: Postings


@dataclass(frozen=True, slots=True)
class Shortlist:
    """What matches one profile, best first; why is looked up only for what is asked for, as that costs most of all."""

    reading: Reading
    number: int
    """The profile's, in the crowd."""
    rows: list[tuple[int, int, float]]
    """The paper, the interest, the score."""

    @property
    def papers(self) -> list[Paper]:
        """The papers."""
        return [self.reading.findings.day.papers[paper] for paper, _, _ in self.rows]

    def matches(self, among: Container[str] | None = None, *, most: int | None = None) -> tuple[Match, ...]:
        """The matches with their reasons: only papers of these ids, if any are given, and only so many."""
        papers, findings = self.reading.findings.day.papers, self.reading.findings
        rows = [row for row in self.rows if among is None or papers[row[0]].id in among][:most]
        interests = self.reading.interests[self.number] if rows else ()
        evidence = [gather_evidence(interest, findings) for interest in interests]
        return tuple(
            Match(
                papers[paper],
                interests[interest].name,
                score,
                evidence[interest].reasons(paper),
                evidence[interest].notes(paper),
            )
            for paper, interest, score in rows
        )


def read_day(
    papers: Sequence[Paper], profiles: Sequence[Profile], *, statistics: Statistics, liked: Iterable[Paper]
) -> Reading:
    """Everything that scoring these profiles needs; `liked` are the papers that `like:` names."""
    vocabulary = Vocabulary()
    terms = {paper.id: telling_terms(paper, statistics) for paper in liked}
    with without_garbage():
        interests = [read_profile(profile, terms) for profile in profiles]
        compiled = [compile_profile(each, vocabulary) for each in interests]
    crowd = gather(compiled, [profile.min_score for profile in profiles])
    findings, postings = find_units(papers, vocabulary.units, statistics)
    return Reading(interests, crowd, findings, postings)


def find_units(papers: Sequence[Paper], units: Sequence[Unit], statistics: Statistics) -> tuple[Findings, Postings]:
    """Where a crowd's units stand in a day's papers, and what they are worth there."""
    with without_garbage():
        findings = Findings(Day(papers, terms_in(units), statistics))
        return findings, read_postings(findings, units)


@contextmanager
def without_garbage() -> Iterator[None]:
    """Let Python look for no cycles: words and hits are millions of values without any, and that would cost a tenth.

    Afterwards they count as old, or the next look, which is soon, would go through all of them at once.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.unfreeze()
        if was_enabled:
            gc.enable()


def rows_of(ranking: Ranking) -> Iterator[list[tuple[int, int, float]]]:
    """For each profile its matches, best first, as numbers: the paper, the interest, the score."""
    rows = zip(ranking.papers.tolist(), ranking.interests.tolist(), ranking.scores.tolist(), strict=True)
    return (list(islice(rows, count)) for count in ranking.shown.tolist())


def shortlists_of(reading: Reading, ranking: Ranking) -> Iterator[Shortlist]:
    """For each profile what matches it."""
    return (Shortlist(reading, number, rows) for number, rows in enumerate(rows_of(ranking), start=ranking.first))
