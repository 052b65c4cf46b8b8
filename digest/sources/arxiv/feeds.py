"""arXiv's announcement feeds: asks for one and says what it proves. Repairs nothing: a feed holds one day."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from urllib.parse import quote

from digest.domain import Batch, BatchState, Edition, Memory
from digest.errors import SourceError
from digest.sources._http import HttpClient
from digest.sources.arxiv.calendar import earliest_feed, follows_holiday, has_feed, why_nothing
from digest.sources.arxiv.harvest import SHARE_LOST_TOLERATED
from digest.sources.batching import empty_batch, failed_batch, make_batch
from digest.sources.fetching import fetch_page
from digest.sources.formats import Dating, Page
from digest.sources.formats.arxiv_feed import parse_page

MOST_ROWS = 2_000
"""A feed holds no more; one of exactly this length may have been cut."""


@dataclass(frozen=True, slots=True)
class Feed:
    """What came of asking for one category's feed: a page or an error."""

    page: Page | None
    error: SourceError | None = None


def ask_feed(rss_url: str, category: str, edition: Edition, http: HttpClient) -> Feed:
    """The feed of a category as it is now."""
    url = f"{rss_url.rstrip('/')}/{quote(category, safe='+')}"
    parse = partial(parse_page, dating=Dating(undated=edition.day, latest=edition.day))
    try:
        return Feed(fetch_page(http, url, parse))
    except SourceError as error:
        return Feed(None, error)


def judge_feed(
    category: str, feed: Feed, edition: Edition, memory: Memory, holidays: frozenset[date]
) -> dict[date, Batch]:
    """A batch for the feed's own day, unless that is after the edition's, and one for the edition's day if open."""
    page = feed.page
    if page is None:
        return {edition.day: failed_batch(category, edition.day, feed.error or SourceError("nothing came"))}
    batches = {page.day: _judge(category, page, memory, holidays)} if page.day <= edition.day else {}
    if page.day == edition.day or (category, edition.day) in memory.closed:
        return batches
    if page.day < edition.day:
        reason, state = f"the feed is still dated {page.day}", BatchState.NOT_YET
    else:
        reason, state = f"the feed holds one day only, and that is {page.day} by now", BatchState.PARTIAL
    if has_feed(edition.day) and (hint := why_nothing(edition.day, holidays) or follows_holiday(edition.day, holidays)):
        reason = f"{reason}; {hint}"
    return {**batches, edition.day: empty_batch(category, edition.day, reason, otherwise=state)}


def _judge(category: str, page: Page, memory: Memory, holidays: frozenset[date]) -> Batch:
    batch = make_batch(category, page.day, page, memory)
    if not page.records and (reason := why_nothing(page.day, holidays)):
        return replace(batch, state=BatchState.QUIET, reasons=(reason, *page.remarks))
    if not page.records and (hint := follows_holiday(page.day, holidays)):
        return replace(batch, reasons=(*batch.reasons, hint))
    if batch.state is BatchState.OK and _is_behind(page):
        reason = f"all of its papers were due before {page.day}: the feed is behind, whatever day it says"
        return replace(batch, state=BatchState.STALE, reasons=(reason, *batch.reasons))
    if len(page.refused) > page.records * SHARE_LOST_TOLERATED and batch.state is BatchState.OK:
        return replace(batch, state=BatchState.PARTIAL)
    if page.records >= MOST_ROWS and batch.state is BatchState.OK:
        reason = f"exactly {MOST_ROWS} rows, the most a feed holds: papers may be missing"
        return replace(batch, state=BatchState.PARTIAL, reasons=(reason, *batch.reasons))
    return batch


def _is_behind(page: Page) -> bool:
    """Whether no paper came in for the announcement of that day: each announcement has some that did."""
    due = [earliest_feed(paper.versions[0]) for paper in page.papers if paper.versions]
    return bool(due) and max(due) < page.day
