"""What Europe PMC has newly indexed of a query: articles and preprints of the life sciences. Reads no full texts.

Source: https://europepmc.org/RestfulWebService.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import partial

from digest.domain import Batch, Edition, Memory
from digest.sources import Source
from digest.sources._cursors import START, count_along
from digest.sources._http import HttpClient
from digest.sources._options import FilledText, WebAddress
from digest.sources.batching import make_batches, open_days
from digest.sources.fetching import fetch_page
from digest.sources.formats import Dating, Page
from digest.sources.formats.europepmc_json import parse_page
from digest.sources.paging import walk_pages

_ROWS = 100


@dataclass(frozen=True)
class Europepmc:
    """The articles and preprints that fit a query, by the day on which they were first indexed."""

    query: FilledText
    """In Europe PMC's search syntax (https://europepmc.org/searchsyntax), without dates."""
    url: WebAddress = "https://www.ebi.ac.uk/europepmc/webservices/rest/search"

    def fetch(self, edition: Edition, memory: Memory, http: HttpClient) -> Iterator[Batch]:
        """A batch for each day that may have grown; one list covers them all."""
        first = next(open_days(edition, memory))
        query = f"({self.query}) AND FIRST_IDATE:[{first} TO {edition.day}]"
        load = partial(self._load_page, query, edition.day, http)
        walk = walk_pages(count_along(load), START, day=edition.day)
        yield from make_batches("", edition, memory, walk)

    def _load_page(self, query: str, day: date, http: HttpClient, cursor: str) -> Page:
        params: dict[str, str | int] = {
            "query": query,
            "resultType": "core",
            "format": "json",
            "pageSize": _ROWS,
            "cursorMark": cursor,
        }
        page = fetch_page(http, self.url, partial(parse_page, dating=Dating(undated=day, latest=day)), params=params)
        return replace(page, next="") if page.next == cursor else page  # so it is at the end of the list


adapter: Callable[..., Source] = Europepmc
