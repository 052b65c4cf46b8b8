"""New papers of arXiv, a category at a time, from its announcement feeds. Repairs no missed day: a feed holds one.

Sources: https://info.arxiv.org/help/rss.html, https://info.arxiv.org/help/api/tou.html.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from http import HTTPStatus
from typing import Annotated
from urllib.parse import quote

from pydantic import AfterValidator

from digest.domain import Batch, BatchState, Edition, Memory
from digest.errors import SourceBlocked, SourceError
from digest.sources import Source
from digest.sources._http import HttpClient
from digest.sources._options import WebAddress, refuse_empty
from digest.sources.batching import empty_batch, failed_batch, make_batch
from digest.sources.fetching import fetch_page
from digest.sources.formats import Dating, Page
from digest.sources.formats.arxiv_feed import parse_page

MOST_ROWS = 2_000
"""A feed holds no more; one of exactly this length may have been cut."""
_ARCHIVE = r"[A-Za-z]+(-[A-Za-z]+)*"
_CATEGORY = rf"{_ARCHIVE}(\.{_ARCHIVE})?"
_CATEGORIES = re.compile(rf"{_CATEGORY}(\+{_CATEGORY})*")  # a feed may join several


def check_category(category: str) -> str:
    """The category as it is. Raises ValueError if it doesn't look like one of arXiv's, or several joined by `+`."""
    if not _CATEGORIES.fullmatch(category):
        raise ValueError(f"{category!r:.60} is no arXiv category — write one such as cs.LG, math or hep-th")
    return category


@dataclass(frozen=True)
class Arxiv:
    """The announcement feeds of some categories, such as `cs.LG` or a whole archive such as `cs`."""

    categories: Annotated[list[Annotated[str, AfterValidator(check_category)]], AfterValidator(refuse_empty)]
    rss_url: WebAddress = "https://rss.arxiv.org/rss"
    crosslists: bool = False
    """Whether papers cross-listed into a category count as new there."""
    replacements: bool = False
    """Whether replaced papers count as new; one the store knows keeps its edition all the same."""

    def fetch(self, edition: Edition, memory: Memory, http: HttpClient) -> Iterator[Batch]:
        """One request a category; its batch for the edition's day, and one for the feed's own day if that is older.

        A 403 ends the asking: arXiv treats further requests as an attack.
        """
        if not self.categories:
            raise SourceError("arXiv: no categories are configured, so there is nothing to ask for")
        stop: SourceBlocked | None = None
        for category in self.categories:
            if stop is not None:
                yield failed_batch(category, edition.day, SourceBlocked(f"not asked after a refusal: {stop}"))
                continue
            try:
                page = self._load_page(category, edition, http)
            except SourceError as error:
                yield failed_batch(category, edition.day, error)
                stop = error if isinstance(error, SourceBlocked) and error.status == HTTPStatus.FORBIDDEN else None
            else:
                yield from _make_batches(category, page, edition, memory)

    def _load_page(self, category: str, edition: Edition, http: HttpClient) -> Page:
        url = f"{self.rss_url.rstrip('/')}/{quote(category, safe='+')}"
        page = fetch_page(http, url, partial(parse_page, dating=Dating(undated=edition.day, latest=edition.day)))
        return page.taking(crosslists=self.crosslists, replacements=self.replacements)


adapter: Callable[..., Source] = Arxiv


def _make_batches(category: str, page: Page, edition: Edition, memory: Memory) -> Iterator[Batch]:
    if page.day <= edition.day:
        yield _make_feed_batch(category, page, memory)
    if page.day == edition.day or (category, edition.day) in memory.closed:
        return
    if page.day < edition.day:
        reason, state = f"the feed is still dated {page.day}", BatchState.NOT_YET
    else:
        reason, state = f"the feed holds one day only, and that is {page.day} by now", BatchState.PARTIAL
    yield empty_batch(category, edition.day, reason, otherwise=state)


def _make_feed_batch(category: str, page: Page, memory: Memory) -> Batch:
    batch = make_batch(category, page.day, page, memory)
    if page.records >= MOST_ROWS and batch.state is BatchState.OK:
        reason = f"exactly {MOST_ROWS} rows, the most a feed holds: papers may be missing"
        return replace(batch, state=BatchState.PARTIAL, reasons=(reason, *batch.reasons))
    return batch
