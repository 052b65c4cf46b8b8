"""Brings together what one reader's digest holds: the editions it covers, their papers, the matches. Writes nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from digest.composing import build_digest
from digest.domain import (
    Digest,
    Match,
    Paper,
    Profile,
    Revision,
    RevisionKind,
    SourceAccount,
    Subscriber,
    WordCounts,
)
from digest.matching import Shortlist, Statistics, count_words, liked_papers, list_matches, rank_trending, read_paper
from digest.planning import MOST_EDITIONS, READERS_A_LOOK, READERS_AT_ONCE, cursor_before, in_batches, split_covered
from digest.storage import History, Loss, PaperStore

PAPERS_COUNTED = 20_000
"""How rare a word is, is told by so many of the newest stored papers: about a month of arXiv's computer science."""
REVISIONS_REACH = timedelta(days=30)
"""How old a paper may be for its readers to be told of a revision: for that their mails are looked through."""

StillWaiting = Callable[[Sequence[str]], Container[str]]
"""Of a few readers those to whom no other process has turned meanwhile."""

_WEIGHTIEST_FIRST = (RevisionKind.WITHDRAWN, RevisionKind.PUBLISHED, RevisionKind.ACCEPTED, RevisionKind.VERSION)


@dataclass(frozen=True, slots=True)
class Span:
    """What everybody with one cursor lacks: the editions a digest covers and their papers."""

    edition: date
    covers: tuple[date, ...]
    papers: tuple[Paper, ...]
    """Papers of the covered editions."""
    listed: tuple[Paper, ...]
    """Papers that a community listed first on the covered days, whatever their edition."""
    revised: tuple[Match, ...]
    """Papers of earlier editions of which something became known on the covered days, the weightiest news first."""
    older_papers: int
    account: tuple[SourceAccount, ...]
    """What the sources brought on the covered days, those without a paper included."""

    covered: frozenset[str]
    """The ids of `papers`."""

    @property
    def oldest_revised(self) -> date:
        """The oldest edition of the revised papers, at most thirty days back."""
        return min((match.paper.edition for match in self.revised if match.paper.edition), default=self.edition)

    @property
    def editions_listed(self) -> frozenset[date]:
        """The editions of the listed papers, which may go back to the first one."""
        return frozenset(paper.edition for paper in self.listed if paper.edition)

    @property
    def every_paper(self) -> tuple[Paper, ...]:
        """Both, each once."""
        held = {paper.id for paper in self.papers}
        return self.papers + tuple(paper for paper in self.listed if paper.id not in held)


@dataclass(frozen=True, slots=True)
class Background:
    """What matching is told beside the papers of the day."""

    statistics: Statistics
    """How rare words are."""
    liked: tuple[Paper, ...]
    """The papers that `like:` names."""


@dataclass(frozen=True, slots=True)
class _Matched:
    """A few readers with one cursor, and what matches each."""

    span: Span
    found: Sequence[tuple[Subscriber, Shortlist]]


def assemble_digests(
    readers: Iterable[Subscriber],
    edition: date,
    *,
    papers: PaperStore,
    history: History,
    losses: Mapping[str, Loss],
    still_waiting: StillWaiting = frozenset,
) -> Iterator[Digest]:
    """The digest of each reader over the editions after their cursor; empty ones too.

    Matching reads a span once for READERS_AT_ONCE of them. Only for listed papers of editions before the span is it
    looked up whether they were mailed before: they may trend days after they matched. Of those who aren't
    `still_waiting`, which is asked of a few at a time, none is made.
    """
    rarity = read_statistics(edition, papers)
    for some in in_batches(readers, READERS_AT_ONCE):
        known = Background(rarity, liked=tuple(find_liked(papers, [reader.profile for reader in some])))
        for found in _match_some(some, edition, known, papers=papers):
            yield from _assemble_few(found, still_waiting, history=history, losses=losses)


def _match_some(
    readers: Sequence[Subscriber], edition: date, known: Background, *, papers: PaperStore
) -> Iterator[_Matched]:
    by_cursor = defaultdict(list)
    for reader in readers:
        by_cursor[cursor_before(reader, edition)].append(reader)
    for cursor, group in by_cursor.items():
        span = load_span(papers, after=cursor, edition=edition)
        profiles = [reader.profile for reader in group]
        found = list_matches(span.every_paper, profiles, statistics=known.statistics, liked=known.liked)
        for few in in_batches(zip(group, found, strict=True), READERS_A_LOOK):
            yield _Matched(span, few)


def _assemble_few(
    matched: _Matched,
    still_waiting: StillWaiting,
    *,
    history: History,
    losses: Mapping[str, Loss],
) -> Iterator[Digest]:
    span, waiting = matched.span, still_waiting([reader.id for reader, _ in matched.found])
    found = [(reader, shortlist) for reader, shortlist in matched.found if reader.id in waiting]
    mailed = _find_mailed([reader.id for reader, _ in found], span, history)
    for reader, shortlist in found:
        yield _assemble(reader, span, shortlist, losses.get(reader.id), mailed.get(reader.id, frozenset()))


def _find_mailed(readers: Sequence[str], span: Span, history: History) -> Mapping[str, frozenset[str]]:
    """For each reader what they were mailed of the span's papers, and more: mails are looked through as a whole."""
    days = {day for day in span.editions_listed if day < span.oldest_revised}
    return history.mailed(readers, since=span.oldest_revised, before=span.edition, covering=days)


def load_background(edition: date, papers: PaperStore, profiles: Iterable[Profile]) -> Background:
    """What profiles are matched by in one edition, whether for a digest, an explanation or a back-test."""
    return Background(read_statistics(edition, papers), liked=tuple(find_liked(papers, profiles)))


def read_statistics(edition: date, papers: PaperStore) -> Statistics:
    """How rare words are over the newest editions before one: the same for every digest of it."""
    return Statistics().plus(*count_editions(edition, papers).values())


def count_editions(edition: date, papers: PaperStore) -> dict[date, WordCounts]:
    """The word counts of the newest editions before one, as they are kept; those that aren't are counted now."""
    days = papers.editions_before(edition, papers=PAPERS_COUNTED)
    kept = papers.word_counts(days)
    return {day: kept.get(day) or count_words(map(read_paper, papers.all_of_edition(day))) for day in days}


def find_liked(papers: PaperStore, profiles: Iterable[Profile]) -> Iterator[Paper]:
    """The papers that `like:` names, by whichever of their ids it does."""
    asked = liked_papers(profiles)
    for paper in papers.named(asked):
        for name in asked.intersection((paper.id, *paper.aliases)):
            yield replace(paper, id=name)


def load_span(papers: PaperStore, *, after: date, edition: date) -> Span:
    """The editions after a cursor up to `edition`, as a digest of that edition covers them."""
    days = papers.days_between(after, edition)
    covers, older = split_covered(days)
    counted_only = older[-1] if older else after
    held = tuple(paper for day in covers for paper in papers.of_edition(day, as_of=edition))
    return Span(
        edition=edition,
        covers=covers if edition in covers else (*covers, edition),
        papers=held,
        listed=tuple(paper for day in covers for paper in papers.listed_in(day, as_of=edition)),
        revised=tuple(_load_revised(papers, after=counted_only, edition=edition)),
        older_papers=sum(len(papers.of_edition(day, as_of=edition)) for day in older),
        account=papers.accounts(counted_only, edition),
        covered=frozenset(paper.id for paper in held),
    )


def _load_revised(papers: PaperStore, *, after: date, edition: date) -> Iterator[Match]:
    """The papers of earlier editions that were revised since a day, those with the weightiest news first."""
    told: defaultdict[str, list[Revision]] = defaultdict(list)
    for days in range(min((edition - after).days, MOST_EDITIONS)):
        for revision in papers.revisions_of(edition - timedelta(days=days)):
            told[revision.paper_id].append(revision)
    found = []
    for paper in papers.named(told):
        if paper.edition is not None and paper.edition <= after and edition - paper.edition <= REVISIONS_REACH:
            news = tuple(sorted(told[paper.id], key=_weight_of))
            found.append(Match(paper, interest="", score=0.0, reasons=(), revisions=news))
    return iter(sorted(found, key=lambda match: _weight_of(match.revisions[0])))


def _weight_of(revision: Revision) -> int:
    return _WEIGHTIEST_FIRST.index(revision.kind)


def _assemble(
    reader: Subscriber, span: Span, shortlist: Shortlist, loss: Loss | None, mailed: frozenset[str]
) -> Digest:
    profile = reader.profile
    matched = {paper.id for paper in shortlist.papers}
    wanted = profile.trending if profile.interests else profile.max_papers
    return build_digest(
        reader,
        shortlist.matches(span.covered, most=profile.max_papers),
        matched=len(matched & span.covered),
        edition=span.edition,
        covers=span.covers,
        considered=len(span.papers),
        trending=rank_trending(span.listed, limit=wanted, without=matched | mailed),
        revised=[match for match in span.revised if match.paper.id in mailed],
        again_through=loss.through if loss else None,
        again_is_doubtful=loss.is_doubtful if loss else False,
        older_papers=span.older_papers,
        account=span.account,
    )
