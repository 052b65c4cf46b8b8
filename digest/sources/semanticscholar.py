"""What Semantic Scholar holds of a query for each day of publication. Reads no full texts.

Source: https://api.semanticscholar.org/api-docs/graph, bulk search.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial

from digest.domain import Batch, Edition, Memory
from digest.errors import SourceError
from digest.sources import Source
from digest.sources._http import HttpClient
from digest.sources._options import FilledText, WebAddress
from digest.sources.batching import make_batches
from digest.sources.fetching import fetch_page
from digest.sources.formats import Dating, Page
from digest.sources.formats.semanticscholar_json import parse_page
from digest.sources.paging import walk_pages

_FIELDS = "title,abstract,authors,externalIds,publicationDate,year,venue,journal,url,openAccessPdf"


@dataclass(frozen=True)
class Semanticscholar:
    """The papers that fit a query, by the day of their publication."""

    query: FilledText
    """In the syntax of its bulk search, without dates."""
    api_key: str = field(default="", repr=False)
    """Asked of Semantic Scholar; without one the rate is shared by all who have none, and often refused."""
    url: WebAddress = "https://api.semanticscholar.org/graph/v1/paper/search/bulk"

    def fetch(self, edition: Edition, memory: Memory, http: HttpClient) -> Iterator[Batch]:
        """A batch for each day of the edition, as papers come into the index days after they are published."""
        never_settled = replace(memory, settled=frozenset())
        walk = walk_pages(partial(self._load_page, edition, http), day=edition.day)
        yield from make_batches("", edition, never_settled, walk)

    def _load_page(self, edition: Edition, http: HttpClient, token: str) -> Page:
        params = {
            "query": self.query,
            "fields": _FIELDS,
            "publicationDateOrYear": f"{edition.since}:{edition.day}",
        }
        if token:
            params["token"] = token
        headers = {"x-api-key": self.api_key} if self.api_key else {}
        parse = partial(parse_page, dating=Dating(undated=edition.day, latest=edition.day))
        page = fetch_page(http, self.url, parse, params=params, headers=headers)
        if page.expected and not (page.records or page.next or token):
            raise SourceError(f"{self.url}: about {page.expected} papers are said to fit, and none came")
        return replace(page, expected=None)  # an estimate is no promise


adapter: Callable[..., Source] = Semanticscholar
