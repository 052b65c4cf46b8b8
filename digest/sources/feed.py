"""Papers of any RSS or Atom feed, such as a journal's. Never takes a feed for all that its publisher brought out.

A feed promises neither days nor completeness: an item counts for the day it carries, else for that of its first sight.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from typing import Annotated

from pydantic import AfterValidator

from digest.domain import Batch, BatchState, Edition, Memory, Paper
from digest.errors import SourceError
from digest.sources import Source
from digest.sources._http import HttpClient
from digest.sources._options import WebAddress, refuse_empty
from digest.sources.batching import failed_batch, make_batch, open_days
from digest.sources.fetching import fetch_page
from digest.sources.formats import Dating, Page
from digest.sources.formats.feed import parse_page

_UNDATED = date.max
"""Stands for the day of an item that carries none, until it gets that of its first sight."""
_BEFORE_THE_NAME = re.compile(r"https?://(?:[^/?#]*@)?(?:www\.)?", re.IGNORECASE)
_QUERY = re.compile(r"(?P<address>https?://[^\s?]*)\?\S*?(?=[:,]?(?:\s|$))", re.IGNORECASE)
"""The query of an address in a message, which goes on behind a colon or comma."""


@dataclass(frozen=True)
class Feed:
    """Any number of feeds, each of them a category."""

    urls: Annotated[list[WebAddress], AfterValidator(refuse_empty)]

    def fetch(self, edition: Edition, memory: Memory, http: HttpClient) -> Iterator[Batch]:
        """One request a feed; its batch for the edition's day, and one for each earlier day that it tells of."""
        for category, url in _by_category(self.urls).items():
            try:
                page = fetch_page(http, url, partial(parse_page, dating=Dating(_UNDATED, edition.day)))
            except SourceError as error:
                failed = failed_batch(category, edition.day, error)
                yield replace(failed, reasons=tuple(_without_queries(reason) for reason in failed.reasons))
            else:
                yield from _make_batches(category, page, edition, memory)


adapter: Callable[..., Source] = Feed


def _by_category(urls: list[str]) -> dict[str, str]:
    """Each feed's address by its category: the address without scheme, log-in, `www.`, query and fragment.

    A query may hold a key that is nobody's business; feeds that differ in it alone are told apart by a digest of it.
    """
    addresses = {_BEFORE_THE_NAME.sub("", url, count=1).partition("#")[0]: url for url in urls}
    sharing = Counter(map(_without_query, addresses))
    return {
        _without_query(address) if sharing[_without_query(address)] == 1 else _told_apart(address): url
        for address, url in addresses.items()
    }


def _without_query(address: str) -> str:
    return address.partition("?")[0]


def _told_apart(address: str) -> str:
    return f"{_without_query(address)}#{hashlib.sha256(address.encode()).hexdigest()[:8]}"


def _without_queries(message: str) -> str:
    return _QUERY.sub(r"\g<address>", message)


def _make_batches(category: str, page: Page, edition: Edition, memory: Memory) -> Iterator[Batch]:
    rest = page
    if _is_first_fetch(category, edition, memory):
        yield from _known_batch(category, page, edition)
        rest = _without_undated(page)
    dated = _date(rest, edition, memory)
    pages = {part.day: part for part in dated.by_day()}
    oldest = min((paper.announced for paper in page.papers), default=_UNDATED)
    still_open = set(open_days(edition, memory, category))
    for ordinal in range(edition.since.toordinal(), edition.day.toordinal()):
        day = date.fromordinal(ordinal)
        if day in pages and (day in still_open or any(not _sights(paper, memory) for paper in pages[day].papers)):
            yield make_batch(category, day, pages[day], memory)
        elif day not in pages and oldest < day and (category, day) not in memory.closed:
            reason = f"the feed reaches back to {oldest} and holds nothing of {day}"
            yield Batch(category=category, day=day, state=BatchState.QUIET, reasons=(reason,))
    yield _todays_batch(category, page, dated, edition)


def _todays_batch(category: str, page: Page, dated: Page, edition: Edition) -> Batch:
    """What is announced today, judged by the whole feed, with what lies outside the window, which is only counted.

    A feed that holds nothing but its items of other days is `quiet`: a monthly journal has no news on most days. One
    without any item is so on a weekend only.
    """
    batch = make_batch(category, edition.day, page, Memory())  # a feed shows the same items day after day
    todays = [paper for paper in dated.papers if paper.announced == edition.day]
    outside = [paper for paper in dated.papers if not edition.takes(paper.announced)]
    elsewhere = len(dated.papers) - len(todays) - len(outside)
    batch = replace(batch, papers=(*todays, *outside), records=dated.records - elsewhere)
    if todays or batch.state is not BatchState.OK:
        return batch
    reason = f"nothing new among the feed's {page.records} items"
    return replace(batch, state=BatchState.QUIET, reasons=(reason, *batch.reasons))


def _is_first_fetch(category: str, edition: Edition, memory: Memory) -> bool:
    """Whether the feed has never been had, however often it was asked for; one asked for of old may have been."""
    return (
        all(category != known for known, _ in memory.closed)
        and memory.begun.get(category, edition.day) >= edition.since
    )


def _known_batch(category: str, page: Page, edition: Edition) -> Iterator[Batch]:
    """What an unknown feed holds undated: no news, so it belongs to the eve of the edition's window."""
    eve = edition.since - timedelta(days=1)
    papers = tuple(replace(paper, announced=eve) for paper in page.papers if paper.announced == _UNDATED)
    if papers:
        reason = f"the first fetch of this feed: its {len(papers)} undated items count as known"
        batch = Batch(category, eve, BatchState.OK, papers=papers, records=len(papers), reasons=(reason,))
        yield replace(batch, is_baseline=True)


def _without_undated(page: Page) -> Page:
    papers = tuple(paper for paper in page.papers if paper.announced != _UNDATED)
    return replace(page, papers=papers, records=page.records - len(page.papers) + len(papers))


def _date(page: Page, edition: Edition, memory: Memory) -> Page:
    """The page with a day for every paper: the one on which it was first seen, unless its own is earlier."""
    papers = tuple(replace(paper, announced=_announced(paper, edition, memory)) for paper in page.papers)
    return replace(page, day=edition.day, papers=papers)


def _announced(paper: Paper, edition: Edition, memory: Memory) -> date:
    days = [paper.announced, *_sights(paper, memory)]
    return edition.day if days == [_UNDATED] else min(days)


def _sights(paper: Paper, memory: Memory) -> list[date]:
    """The days on which this source brought the paper before, by whichever of its ids."""
    return [memory.seen[name] for name in (paper.id, *paper.aliases) if name in memory.seen]
