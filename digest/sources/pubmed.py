"""What PubMed has newly taken in of a query: asks for the ids, then for the records in groups. Reads no full texts.

Source: https://www.ncbi.nlm.nih.gov/books/NBK25499/.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from typing import Annotated

from pydantic import Field

from digest.domain import Batch, Edition, Memory
from digest.errors import SourceError
from digest.sources import Source
from digest.sources._http import HttpClient
from digest.sources._options import FilledText, WebAddress
from digest.sources.batching import make_batches, open_days
from digest.sources.fetching import fetch_page
from digest.sources.formats import Dating, Page
from digest.sources.formats.esearch_json import Found, parse_found
from digest.sources.formats.pubmed_xml import parse_page
from digest.sources.paging import Walk, walk_pages

_MOST_FOUND = 9_999  # ESearch lists no more of PubMed
_GROUP = 200  # records a request: what an address can hold, and a body of some megabytes


@dataclass(frozen=True)
class Pubmed:
    """The records that fit a query, by the day on which PubMed took them in."""

    query: FilledText
    """In PubMed's search syntax (https://pubmed.ncbi.nlm.nih.gov/help/), without dates."""
    api_key: Annotated[str, Field(repr=False)] = field(default="", repr=False)
    """Of an NCBI account; it works without one."""
    url: WebAddress = "https://eutils.ncbi.nlm.nih.gov/entrez/eutils"
    """The folder of `esearch.fcgi` and `efetch.fcgi`."""

    def fetch(self, edition: Edition, memory: Memory, http: HttpClient) -> Iterator[Batch]:
        """A batch for each day that may have grown; one search covers them all."""
        first = next(open_days(edition, memory))
        try:
            found = self._search(first, edition.day, http)
        except SourceError as error:
            walk = Walk(Page(day=edition.day), error)
        else:
            walk = walk_pages(partial(self._load_group, found, edition.day, http), "0", day=edition.day)
        yield from make_batches("", edition, memory, walk)

    def _search(self, first: date, last: date, http: HttpClient) -> Found:
        term = f'({self.query}) AND ("{first:%Y/%m/%d}"[edat] : "{last:%Y/%m/%d}"[edat])'
        params = _about(http) | {"term": term, "retmode": "json", "retmax": _MOST_FOUND}
        reply = http.get(f"{self.url}/esearch.fcgi", params=params, secrets=self._secrets)
        try:
            found = parse_found(reply.body)
        except SourceError as error:
            raise SourceError(f"{reply.url}: {error}") from error
        return replace(found, warnings=(*reply.troubles, *found.warnings))

    def _load_group(self, found: Found, day: date, http: HttpClient, position: str) -> Page:
        start = int(position)
        ids = found.ids[start : start + _GROUP]
        page = self._fetch(ids, day, http) if ids else Page(day=day)
        end = start + len(ids)
        return replace(
            page,
            expected=found.total,
            remarks=page.remarks if start else (*found.warnings, *page.remarks),
            next=str(end) if end < len(found.ids) else "",
        )

    def _fetch(self, ids: tuple[str, ...], day: date, http: HttpClient) -> Page:
        params = _about(http) | {"id": ",".join(ids), "retmode": "xml"}
        parse = partial(parse_page, dating=Dating(undated=day, latest=day))
        return fetch_page(http, f"{self.url}/efetch.fcgi", parse, params=params, secrets=self._secrets)

    @property
    def _secrets(self) -> dict[str, str]:
        return {"api_key": self.api_key} if self.api_key else {}


adapter: Callable[..., Source] = Pubmed


def _about(http: HttpClient) -> dict[str, str | int]:
    """What NCBI asks of every request: who asks, and where to complain."""
    return {"db": "pubmed", "tool": "paper-digest", "email": http.contact}
