"""The daily lists of Hugging Face, a request a list day. Never asks for the global trending list.

Source: https://huggingface.co/docs/hub/api.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from http import HTTPStatus
from typing import Annotated

from pydantic import Field

from digest.domain import Batch, BatchState, Edition, Memory
from digest.sources import Source
from digest.sources._http import HttpClient
from digest.sources._options import WebAddress
from digest.sources.batching import make_batch, open_days
from digest.sources.fetching import fetch_page
from digest.sources.formats import Dating, Page
from digest.sources.formats.hf_json import parse_page
from digest.sources.paging import Walk, walk_pages

_MOST_PAGES = 20
_MOST_ROWS = 100


@dataclass(frozen=True)
class Huggingface:
    """The community's list of each day."""

    url: WebAddress = "https://huggingface.co/api/daily_papers"
    limit: Annotated[int, Field(ge=1, le=_MOST_ROWS)] = _MOST_ROWS
    """Rows a request; a page that is full is followed by the next one."""

    def fetch(self, edition: Edition, memory: Memory, http: HttpClient) -> Iterator[Batch]:
        """A batch for each list day that isn't closed yet; the last two days always, as a list fills during its day."""
        for day in open_days(edition, memory):
            walk = walk_pages(partial(self._load_page, day, http), "0", day=day, most_pages=_MOST_PAGES)
            yield _make_batch(day, walk, edition, memory)

    def _load_page(self, day: date, http: HttpClient, position: str) -> Page:
        params: dict[str, str | int] = {"date": day.isoformat(), "limit": self.limit, "p": int(position)}
        page = fetch_page(http, self.url, partial(parse_page, dating=Dating(undated=day, latest=day)), params=params)
        return replace(page, next=str(int(position) + 1) if page.records >= self.limit else "")


adapter: Callable[..., Source] = Huggingface


def _make_batch(day: date, walk: Walk, edition: Edition, memory: Memory) -> Batch:
    is_refused = walk.error is not None and walk.error.status == HTTPStatus.BAD_REQUEST and not walk.page.records
    if is_refused and day == edition.day:  # how the server answers for a day that hasn't begun there
        return Batch(category="", day=day, state=BatchState.NOT_YET, reasons=(f"there is no list of {day} yet",))
    return make_batch("", day, walk.page, memory, error=walk.error)
