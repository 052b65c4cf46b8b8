"""What OpenAlex has newly recorded of a filter or a search: works of all fields and kinds. Reads no full texts.

Source: https://developers.openalex.org.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from typing import Annotated, Literal

from pydantic import AfterValidator

from digest.domain import Batch, Edition, Memory
from digest.sources import Source
from digest.sources._cursors import START, count_along
from digest.sources._http import HttpClient
from digest.sources._options import WebAddress
from digest.sources.batching import make_batches, open_days
from digest.sources.fetching import fetch_page
from digest.sources.formats import Dating, Page
from digest.sources.formats.openalex_json import parse_page
from digest.sources.paging import walk_pages

_ROWS = 100  # the most there can be
_FIELDS = (
    "id,doi,ids,title,created_date,publication_date,authorships,abstract_inverted_index,biblio,is_retracted,"
    "primary_location,best_oa_location,locations"
)
"""What is read of a work; its references alone are longer."""
_LONGEST_LAG = timedelta(days=30)
_TYPE = re.compile(r"[a-z]+(-[a-z]+)*")


def check_type(name: str) -> str:
    """The type as it is. Raises ValueError if it doesn't look like one of OpenAlex's."""
    if not _TYPE.fullmatch(name):
        raise ValueError(f"{name!r:.60} is no type of work — write one such as article or book-chapter")
    return name


@dataclass(frozen=True)
class Openalex:
    """The works that fit a filter and a search, by the day on which OpenAlex made their records."""

    filter: str = ""
    """In OpenAlex's filter syntax (https://developers.openalex.org/guides/filtering), without days of creation."""
    search: str = ""
    """Words in its search syntax (https://developers.openalex.org/guides/searching)."""
    types: list[Annotated[str, AfterValidator(check_type)]] = field(
        default_factory=lambda: ["article", "preprint", "review"]
    )
    """Kinds of works; none: all of them, errata and peer reviews included."""
    api_key: str = field(default="", repr=False)
    """Of an OpenAlex account; it works without one for a trial at most."""
    asked_by: Literal["created", "published"] = "created"
    """The day by which works are asked for: that of their records or that of their publication.

    A key without a paid plan may not ask for new records. Then all works published since a month before are asked for,
    and the new records are picked out here.
    """
    url: WebAddress = "https://api.openalex.org/works"

    def __post_init__(self) -> None:
        """Raises ValueError if everything would be asked for: hundreds of thousands of works a day."""
        if not self.filter.strip() and not self.search.strip():
            raise ValueError("has neither filter nor search — write at least one of them")

    def fetch(self, edition: Edition, memory: Memory, http: HttpClient) -> Iterator[Batch]:
        """A batch for each day that may have grown; one list covers them all."""
        first = next(open_days(edition, memory))
        load = partial(self._load_page, first, edition.day, http)
        walk = walk_pages(count_along(load), START, day=edition.day)
        yield from make_batches("", edition, memory, walk)

    def _load_page(self, first: date, day: date, http: HttpClient, cursor: str) -> Page:
        params: dict[str, str | int] = {
            "filter": self._filter(first),
            "per_page": _ROWS,
            "select": _FIELDS,
            "cursor": cursor,
        }
        if self.search.strip():
            params["search"] = self.search.strip()
        secrets = {"api_key": self.api_key} if self.api_key else {}
        parse = partial(parse_page, dating=Dating(undated=day, latest=day))
        return fetch_page(http, self.url, parse, params=params, secrets=secrets)

    def _filter(self, first: date) -> str:
        """There is none for the last day: what was made after it is left out when the batches are made."""
        since = f"from_created_date:{first}"
        if self.asked_by == "published":
            since = f"from_publication_date:{first - _LONGEST_LAG}"
        types = f"type:{'|'.join(self.types)}" if self.types else ""
        return ",".join(part for part in (self.filter.strip(), types, since) if part)


adapter: Callable[..., Source] = Openalex
