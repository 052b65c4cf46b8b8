"""What publishers have newly registered of some journals with Crossref. Reads no full texts.

Source: https://www.crossref.org/documentation/retrieve-metadata/rest-api/.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from http import HTTPStatus
from typing import Annotated

from pydantic import AfterValidator

from digest.domain import Batch, Edition, Memory
from digest.errors import SourceError
from digest.sources import Source
from digest.sources._cursors import START, count_along
from digest.sources._http import HttpClient
from digest.sources._options import WebAddress, refuse_empty
from digest.sources.batching import make_batches, open_days
from digest.sources.fetching import fetch_page
from digest.sources.formats import Dating, Page
from digest.sources.formats.crossref_json import parse_page
from digest.sources.paging import Walk, walk_pages

_ROWS = 200
_FIELDS = "DOI,title,abstract,author,created,issued,container-title,volume,issue,page,article-number,relation"
"""What is read of an article; its references alone are longer."""
_ARTICLES = "type:journal-article,type:proceedings-article"  # one or the other: a filter named twice
_ISSN = re.compile(r"(?P<number>\d{4}-?\d{3})(?P<check>[\dX])", re.ASCII)
_WEIGHTS = range(8, 1, -1)


def check_issn(text: str) -> str:
    """The ISSN with its hyphen. Raises ValueError if it isn't one by its shape or its check digit (ISO 3297)."""
    found = _ISSN.fullmatch(text.strip().upper())
    if found is None:
        raise ValueError(f"{text!r:.60} is no ISSN — write one such as 2049-3630")
    digits = found["number"].replace("-", "")
    check = -sum(int(digit) * weight for digit, weight in zip(digits, _WEIGHTS, strict=True)) % 11
    if found["check"] != "0123456789X"[check]:
        raise ValueError(f"{text!r:.60} is no ISSN, as its check digit is wrong — look the number up again")
    return f"{digits[:4]}-{digits[4:]}{found['check']}"


@dataclass(frozen=True)
class Crossref:
    """The articles of some journals, by the day on which their DOIs were registered."""

    issns: Annotated[list[Annotated[str, AfterValidator(check_issn)]], AfterValidator(refuse_empty)]
    """Of the journals, printed or online; each is a category of its own in the ledger."""
    url: WebAddress = "https://api.crossref.org/journals"

    def fetch(self, edition: Edition, memory: Memory, http: HttpClient) -> Iterator[Batch]:
        """A batch for each journal and each of its days that may have grown; one list a journal covers them all."""
        for issn in dict.fromkeys(self.issns):
            first = next(open_days(edition, memory, issn))
            load = partial(self._load_page, issn, first, edition.day, http)
            walk = walk_pages(count_along(load), START, day=edition.day)
            yield from make_batches(issn, edition, memory, _explain(walk, issn))

    def _load_page(self, issn: str, first: date, last: date, http: HttpClient, cursor: str) -> Page:
        params: dict[str, str | int] = {
            "filter": f"from-created-date:{first},until-created-date:{last},{_ARTICLES}",
            "select": _FIELDS,
            "rows": _ROWS,
            "cursor": cursor,
        }
        parse = partial(parse_page, dating=Dating(undated=last, latest=last))
        return fetch_page(http, f"{self.url}/{issn}/works", parse, params=params)


adapter: Callable[..., Source] = Crossref


def _explain(walk: Walk, issn: str) -> Walk:
    """The walk, with an error that says what the server's status means."""
    if walk.error is None or walk.error.status != HTTPStatus.NOT_FOUND:
        return walk
    unknown = SourceError(f"{walk.error}: Crossref knows no journal with the ISSN {issn}", status=walk.error.status)
    return replace(walk, error=unknown)
