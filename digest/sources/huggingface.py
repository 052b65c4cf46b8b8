"""The daily lists of Hugging Face, a request a list day. Never asks for the global trending list.

Source: https://huggingface.co/docs/hub/api.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from http import HTTPStatus
from typing import Annotated

from pydantic import Field

from digest.domain import Batch, BatchState, Edition, Memory
from digest.errors import SourceBlocked, SourceError
from digest.sources import Source
from digest.sources._http import HttpClient
from digest.sources._options import WebAddress
from digest.sources.batching import empty_batch, failed_batch, make_batch
from digest.sources.formats import Dating, Page
from digest.sources.formats.hf_json import parse_page
from digest.sources.formats.page import unique_papers

_MOST_PAGES = 20
_MOST_ROWS = 100


@dataclass(frozen=True)
class Huggingface:
    """The community's list of each day."""

    url: WebAddress = "https://huggingface.co/api/daily_papers"
    limit: Annotated[int, Field(ge=1, le=_MOST_ROWS)] = _MOST_ROWS
    """Rows a request; a page that is full is followed by the next one."""

    def fetch(self, edition: Edition, memory: Memory, http: HttpClient) -> Iterator[Batch]:
        """A batch for each list day that isn't closed yet; the last two days always, as a list fills during its day.

        A 403 ends the asking.
        """
        stop: SourceBlocked | None = None
        for day in _open_days(edition, memory):
            if stop is not None:
                yield failed_batch("", day, SourceBlocked(f"not asked after a refusal: {stop}"))
                continue
            batch, error = self._fetch_day(day, http)
            yield batch
            stop = error if isinstance(error, SourceBlocked) and error.status == HTTPStatus.FORBIDDEN else None

    def _fetch_day(self, day: date, http: HttpClient) -> tuple[Batch, SourceError | None]:
        whole = Page(day=day)
        for number in range(_MOST_PAGES):
            try:
                page = self._load_page(day, number, http)
            except SourceError as error:
                return _interrupted(day, whole, error), error
            known = len(whole.papers)
            whole = _joined(whole, page)
            if page.records < self.limit:
                return make_batch("", day, whole), None
            if len(whole.papers) == known:
                return _cut(day, whole, f"page {number + 1} brought nothing that the pages before it don't hold"), None
        return _cut(day, whole, f"the list goes on after {_MOST_PAGES} pages"), None

    def _load_page(self, day: date, number: int, http: HttpClient) -> Page:
        reply = http.get(self.url, params={"date": day.isoformat(), "limit": self.limit, "p": number})
        try:
            return parse_page(reply.body, Dating(undated=day, latest=day))
        except SourceError as error:
            raise SourceError(f"{reply.url}: {error}") from error


adapter: Callable[..., Source] = Huggingface


def _open_days(edition: Edition, memory: Memory) -> Iterator[date]:
    """The day itself, and every day of the window whose list may have grown since it was last fetched."""
    for ordinal in range(edition.since.toordinal(), edition.day.toordinal() + 1):
        day = date.fromordinal(ordinal)
        if day == edition.day or ("", day) not in memory.settled:
            yield day


def _joined(first: Page, second: Page) -> Page:
    return replace(
        first,
        papers=unique_papers(first.papers + second.papers),
        refused=first.refused + second.refused,
        records=first.records + second.records,
    )


def _interrupted(day: date, whole: Page, error: SourceError) -> Batch:
    if whole.records:
        return _cut(day, whole, str(error))
    if error.status == HTTPStatus.BAD_REQUEST:  # how the server answers for a day to come
        return empty_batch("", day, f"there is no list of {day} yet", otherwise=BatchState.NOT_YET)
    return failed_batch("", day, error)


def _cut(day: date, whole: Page, reason: str) -> Batch:
    batch = make_batch("", day, whole)
    return replace(batch, state=BatchState.PARTIAL, reasons=(reason, *batch.reasons))
