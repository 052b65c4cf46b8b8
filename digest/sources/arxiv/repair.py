"""Fills the days that arXiv's feeds left open from OAI-PMH: finds the holes, harvests once, shares the papers out.

Source: https://info.arxiv.org/help/oa/index.html. A datestamp is the day of the last change to a record, so papers are
chosen by the time of their first version; and for the same reason no `until` is ever sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import partial

from digest.domain import Batch, BatchState, Edition, Memory, Paper
from digest.errors import SourceError
from digest.sources._http import HttpClient
from digest.sources.arxiv.calendar import earliest_feed, has_feed
from digest.sources.batching import empty_batch
from digest.sources.fetching import fetch_page
from digest.sources.formats import Dating, Page
from digest.sources.formats.arxiv_oai import BadTokenError, parse_page
from digest.sources.formats.page import join_pages
from digest.sources.paging import Walk, walk_pages

HELD_BY_MODERATION = timedelta(days=14)
"""How long before a paper can be announced it may have been submitted, where nothing else tells its day."""
_GROUPS = frozenset({"cs", "econ", "eess", "math", "q-bio", "q-fin", "stat"})


@dataclass(slots=True)
class Found:
    """What a harvest holds for one open day."""

    papers: list[Paper] = field(default_factory=list)
    cross: list[Paper] = field(default_factory=list)
    revised: list[Paper] = field(default_factory=list)
    known: int = 0
    """Papers of the day that we hold already."""


def find_holes(category: str, batches: Mapping[date, Batch], edition: Edition, memory: Memory) -> list[date]:
    """The days with an announcement that are neither closed nor proved by `batches`, oldest first."""
    return [day for day in _open_days(category, batches, edition, memory) if has_feed(day)]


def close_weekends(category: str, batches: Mapping[date, Batch], edition: Edition, memory: Memory) -> dict[date, Batch]:
    """A quiet batch for each missed day on which arXiv never announces anything."""
    days = [day for day in _open_days(category, batches, edition, memory) if not has_feed(day) and day not in batches]
    return {day: empty_batch(category, day, "", otherwise=BatchState.QUIET) for day in days}


def harvest(oai_url: str, category: str, first: date, http: HttpClient) -> Walk:
    """Every record of the category that changed since the eve of `first`; an expired token begins the list anew."""
    walks = []
    for name in category.split("+"):
        params = {"verb": "ListRecords", "metadataPrefix": "arXivRaw", "set": set_of(name)}
        params["from"] = (first - timedelta(days=1)).isoformat()
        load = partial(_load_page, oai_url, params, first, http)
        walk = walk_pages(load, day=first)
        walks.append(walk_pages(load, day=first) if isinstance(walk.error, BadTokenError) else walk)
    error = next((walk.error for walk in walks if walk.error), None)
    return Walk(join_pages([walk.page for walk in walks]), error)


def set_of(category: str) -> str:
    """The OAI set of a category or archive: `cs.LG` is `cs:cs:LG`, `astro-ph.CO` is `physics:astro-ph:CO`."""
    archive, _, subject = category.partition(".")
    group = archive if archive in _GROUPS else "physics"
    return ":".join(filter(None, (group, archive, subject)))


def share_out(
    page: Page, category: str, holes: list[date], edition: Edition, memory: Memory, *, without: frozenset[str]
) -> dict[date, Found]:
    """The harvested papers by the open day on which they were first announced, as far as that can be told.

    A paper can't appear before its first version was due, and no closed day had it, so it is an open day from then on:
    the first, but for a paper of one version the first from the day of its record. Others are revisions if they have
    more than one version. `without` are papers that feeds announce now.
    """
    found: dict[date, Found] = {day: Found() for day in holes}
    begun = _begun(category, edition, memory)
    for paper in page.papers:
        if paper.id in without:
            continue
        seen = memory.seen.get(paper.id)
        if seen in found:
            found[seen].known += 1
        day = None if seen else _first_announced(paper, holes, begun)
        if day is not None:
            kind = found[day].papers if _is_primary(paper, category) else found[day].cross
            kind.append(replace(paper, announced=day))
        elif (paper.version or 0) > 1:
            found[holes[-1]].revised.append(paper)
    return found


def fill_holes(
    category: str,
    found: Mapping[date, Found],
    batches: Mapping[date, Batch],
    edition: Edition,
    walk: Walk,
    *,
    crosslists: bool,
) -> dict[date, Batch]:
    """What each open day becomes after the harvest.

    A day that is over is complete now. The edition's own day stays open: its announcement may not be harvestable yet.
    """
    filled = {}
    for day, news in found.items():
        missed = Batch(category=category, day=day, state=BatchState.PARTIAL, reasons=("the feed of that day is gone",))
        batch = _fill(batches.get(day, missed), news, walk.error, is_over=day < edition.day, crosslists=crosslists)
        filled[day] = replace(batch, reasons=(*batch.reasons, *walk.page.remarks))
    return filled


def _fill(fed: Batch, news: Found, error: SourceError | None, *, is_over: bool, crosslists: bool) -> Batch:
    if error is not None and not news.papers:
        return replace(fed, reasons=(*fed.reasons, f"and OAI-PMH can't repair it: {error}"))
    known = {paper.id for paper in fed.papers}
    taken = [*news.papers, *news.cross] if crosslists else news.papers
    papers = (*fed.papers, *(paper for paper in taken if paper.id not in known))
    cause = "; ".join(fed.reasons) or str(fed.state)
    if error is not None:
        state, outcome = BatchState.PARTIAL, f"OAI-PMH broke off after {len(taken)} papers: {error}"
    elif is_over:
        state = BatchState.OK if papers or news.known else BatchState.QUIET
        outcome = f"complete by OAI-PMH: {len(taken)} papers that we lacked, {news.known} that we held"
    elif papers:
        state, outcome = BatchState.PARTIAL, f"{len(taken)} papers came from OAI-PMH, which may not have all of today's"
    else:
        state, outcome = fed.state, "OAI-PMH holds nothing of it yet either"
    return replace(
        fed,
        state=state,
        papers=papers,
        records=fed.records + news.known + len(news.papers) + len(news.cross),
        cross=fed.cross + (0 if crosslists else len(news.cross)),
        revised=(*fed.revised, *news.revised),
        reasons=(cause, outcome),
    )


def _load_page(oai_url: str, params: Mapping[str, str], day: date, http: HttpClient, token: str) -> Page:
    asked = {"verb": params["verb"], "resumptionToken": token} if token else params
    parse = partial(parse_page, dating=Dating(undated=day, latest=day), by_datestamp=True)
    return fetch_page(http, oai_url, parse, params=asked)


def _open_days(category: str, batches: Mapping[date, Batch], edition: Edition, memory: Memory) -> Iterator[date]:
    first = max(edition.since, _begun(category, edition, memory))
    for ordinal in range(first.toordinal(), edition.day.toordinal() + 1):
        day = date.fromordinal(ordinal)
        if (category, day) not in memory.closed and not (day in batches and batches[day].state.is_closed):
            yield day


def _begun(category: str, edition: Edition, memory: Memory) -> date:
    """The first day whose papers are owed: nobody waits for those before we began to ask, unless for a backfill."""
    return edition.since if edition.is_backfill else memory.begun.get(category, edition.day)


def _first_announced(paper: Paper, holes: Sequence[date], begun: date) -> date | None:
    if not paper.versions:
        return None
    first = earliest_feed(paper.versions[0])
    was_held = paper.version == 1 and begun < holes[0] and first >= begun - HELD_BY_MODERATION
    if first < begun and not was_held:
        return None
    due = [day for day in holes if day >= first]
    by_record = (day for day in due if day >= paper.announced) if paper.version == 1 else iter(())
    return next(by_record, due[0] if due else None)


def _is_primary(paper: Paper, category: str) -> bool:
    primary = paper.categories[0] if paper.categories else ""
    return any(primary == name or primary.startswith(f"{name}.") for name in category.split("+"))
