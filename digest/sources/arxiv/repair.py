"""Fills the days that arXiv's feeds left open with what a harvest holds: finds them, and shares the papers out.

Nothing in a record tells when a paper was announced: papers are placed by the time of their first version and arXiv's
schedule, and a day is only closed once the harvest shows that the server has got that far.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from digest.domain import Batch, BatchState, Edition, Memory, Paper
from digest.sources.arxiv.calendar import earliest_feed, has_feed
from digest.sources.arxiv.categories import is_of
from digest.sources.batching import empty_batch
from digest.sources.formats import Page
from digest.sources.paging import Walk

HELD_BY_MODERATION = timedelta(days=14)
"""A paper that appears later than this after it was due is taken for an old one whose record changed."""


@dataclass(frozen=True, slots=True)
class Gap:
    """The open days of one category."""

    category: str
    days: tuple[date, ...]
    """Those with an announcement, oldest first."""
    begun: date
    """The first day whose papers are owed: nobody waits for those before we began to ask, unless for a backfill."""
    seen: Mapping[str, date]
    """The papers we hold, by their ids, with the day on which they came first."""
    newest: date
    """The day of the newest announcement that we know of: what lies before it is over."""


@dataclass(slots=True)
class Found:
    """What a harvest holds for one open day."""

    papers: list[Paper] = field(default_factory=list)
    cross: list[Paper] = field(default_factory=list)
    revised: list[Paper] = field(default_factory=list)
    known: int = 0
    """Papers of the day that we hold already."""

    def take(self, *, crosslists: bool, replacements: bool) -> list[Paper]:
        """The papers that count as new."""
        return self.papers + (self.cross if crosslists else []) + (self.revised if replacements else [])


def find_gap(
    category: str, batches: Mapping[date, Batch], edition: Edition, memory: Memory, *, feed_day: date | None
) -> Gap:
    """The days with an announcement that are neither closed nor proved by `batches`; `feed_day` is the feed's own."""
    return Gap(
        category=category,
        days=tuple(day for day in _open_days(category, batches, edition, memory) if has_feed(day)),
        begun=_begun(category, edition, memory),
        seen=memory.seen,
        newest=max(edition.day, feed_day or edition.day),
    )


def close_weekends(category: str, batches: Mapping[date, Batch], edition: Edition, memory: Memory) -> dict[date, Batch]:
    """A quiet batch for each missed day on which arXiv never announces anything."""
    days = [day for day in _open_days(category, batches, edition, memory) if not has_feed(day) and day not in batches]
    return {day: empty_batch(category, day, "", otherwise=BatchState.QUIET) for day in days}


def share_out(page: Page, gap: Gap, *, without: frozenset[str]) -> dict[date, Found]:
    """The harvested papers by the open day on which they were first announced, as far as that can be told.

    A paper can't appear before its first version was due, and no closed day had it, so it is an open day from then on:
    the first, but for a paper of one version the first from the day of its record. Others are revisions if they have
    more than one version. `without` are papers that feeds announce now.
    """
    found = {day: Found() for day in gap.days}
    for paper in page.papers:
        if paper.id in without:
            continue
        seen = gap.seen.get(paper.id)
        if seen in found:
            found[seen].known += 1
        day = None if seen else _first_announced(paper, gap)
        if day is not None:
            is_primary = is_of(paper.categories[0] if paper.categories else "", gap.category)
            (found[day].papers if is_primary else found[day].cross).append(replace(paper, announced=day))
        elif (paper.version or 0) > 1:
            found[gap.days[-1]].revised.append(replace(paper, announced=gap.days[-1]))
    return found


def fill_gap(
    gap: Gap,
    walk: Walk,
    batches: Mapping[date, Batch],
    *,
    without: frozenset[str],
    crosslists: bool,
    replacements: bool,
) -> dict[date, Batch]:
    """What each open day becomes after the harvest.

    A day that is over is complete now, if some record is of that day or a later one. The day of the newest
    announcement stays open: it may not be harvestable yet.
    """
    reached = max((paper.announced for paper in walk.page.papers), default=date.min)
    filled = {}
    for day, found in share_out(walk.page, gap, without=without).items():
        missed = Batch(gap.category, day, BatchState.PARTIAL, reasons=("the feed of that day is gone",))
        fed = batches.get(day, missed)
        known = {paper.id for paper in fed.papers}
        taken = found.take(crosslists=crosslists, replacements=replacements)
        new = tuple(paper for paper in taken if paper.id not in known)
        state, outcome = _judge(fed, found, new, walk, is_over=day < gap.newest, is_reached=reached >= day)
        filled[day] = replace(
            fed,
            state=state,
            papers=(*fed.papers, *new),
            records=fed.records + found.known + len(found.papers) + len(found.cross),
            cross=fed.cross + (0 if crosslists else len(found.cross)),
            revised=(*fed.revised, *(() if replacements else found.revised)),
            reasons=("; ".join(fed.reasons) or str(fed.state), outcome, *walk.page.remarks),
        )
    last = gap.days[-1]
    return filled | {last: replace(filled[last], refused=(*filled[last].refused, *walk.page.refused))}


def _judge(
    fed: Batch, found: Found, new: tuple[Paper, ...], walk: Walk, *, is_over: bool, is_reached: bool
) -> tuple[BatchState, str]:
    if walk.error is not None:
        if new:
            return BatchState.PARTIAL, f"OAI-PMH broke off after {len(new)} papers: {walk.error}"
        return fed.state, f"OAI-PMH can't repair it: {walk.error}"
    if is_over and is_reached:
        outcome = f"complete by OAI-PMH: {len(new)} papers that we lacked, {found.known} that we held"
        return (BatchState.OK if fed.papers or new or found.known else BatchState.QUIET), outcome
    if new:
        return BatchState.PARTIAL, f"{len(new)} papers came from OAI-PMH, which may not have all of that day yet"
    return fed.state, "OAI-PMH holds nothing of that day yet either"


def _open_days(category: str, batches: Mapping[date, Batch], edition: Edition, memory: Memory) -> Iterator[date]:
    first = max(edition.since, _begun(category, edition, memory))
    for ordinal in range(first.toordinal(), edition.day.toordinal() + 1):
        day = date.fromordinal(ordinal)
        if (category, day) not in memory.closed and not (day in batches and batches[day].state.is_closed):
            yield day


def _begun(category: str, edition: Edition, memory: Memory) -> date:
    return edition.since if edition.is_backfill else memory.begun.get(category, edition.day)


def _first_announced(paper: Paper, gap: Gap) -> date | None:
    if not paper.versions:
        return None
    first = earliest_feed(paper.versions[0])
    is_single = paper.version == 1
    if first < gap.begun and not (is_single and paper.announced >= gap.begun):
        return None
    due = [day for day in gap.days if first <= day <= first + HELD_BY_MODERATION]
    by_record = (day for day in due if day >= paper.announced) if is_single else iter(())
    return next(by_record, due[0] if due else None)
