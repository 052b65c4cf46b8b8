"""The preprints of bioRxiv and medRxiv, day by day as they were posted. Never asks for full texts.

Source: https://api.biorxiv.org.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from typing import Annotated, Literal

from pydantic import AfterValidator

from digest.domain import Batch, Edition, Memory, Paper
from digest.sources import Source
from digest.sources._http import HttpClient
from digest.sources._options import FilledText, WebAddress, refuse_empty
from digest.sources.batching import make_batches, open_days
from digest.sources.fetching import fetch_page
from digest.sources.formats import Dating, Page
from digest.sources.formats.biorxiv_json import parse_page
from digest.sources.paging import walk_pages

_START = "0"


@dataclass(frozen=True)
class Biorxiv:
    """What the servers posted: first versions as papers, later ones as revisions."""

    servers: Annotated[list[Literal["biorxiv", "medrxiv"]], AfterValidator(refuse_empty)] = field(
        default_factory=lambda: ["biorxiv"]
    )
    """Each is a category of its own in the ledger."""
    categories: list[FilledText] = field(default_factory=list)
    """Subject areas such as `neuroscience`, in the servers' own words; none: all of them.

    They are sorted out here: asked for an area it doesn't know, the server answers with all of them.
    """
    url: WebAddress = "https://api.biorxiv.org/details"

    def fetch(self, edition: Edition, memory: Memory, http: HttpClient) -> Iterator[Batch]:
        """A batch for each server and each of its days that may have grown; one list a server covers them all."""
        for server in dict.fromkeys(self.servers):
            first = next(open_days(edition, memory, server))
            load = partial(self._load_page, f"{self.url}/{server}/{first}/{edition.day}", edition.day, http)
            walk = walk_pages(load, _START, day=edition.day)
            for batch in make_batches(server, edition, memory, walk, is_whole=True):
                yield _narrow(batch, frozenset(map(_fold, self.categories))) if self.categories else batch

    def _load_page(self, address: str, day: date, http: HttpClient, position: str) -> Page:
        parse = partial(parse_page, dating=Dating(undated=day, latest=day))
        page = fetch_page(http, f"{address}/{position}", parse)
        # only the first page may find nothing: any other was promised by the one before it
        return page if page.records or position == _START else replace(page, next=position)


adapter: Callable[..., Source] = Biorxiv


def _narrow(batch: Batch, categories: frozenset[str]) -> Batch:
    """The batch with the papers of some categories alone; its counts and its state remain those of the whole list."""
    papers, revised = (tuple(_of_categories(kind, categories)) for kind in (batch.papers, batch.revised))
    others = len(batch.papers) + len(batch.revised) - len(papers) - len(revised)
    told = (f"{others} records of other categories were left out",) if others else ()
    return replace(batch, papers=papers, revised=revised, reasons=(*batch.reasons, *told))


def _of_categories(papers: tuple[Paper, ...], categories: frozenset[str]) -> Iterator[Paper]:
    for paper in papers:
        if not paper.categories or categories.intersection(map(_fold, paper.categories)):
            yield paper


def _fold(category: str) -> str:
    """`Cell_Biology` and `cell biology` are the same: addresses have one form, records the other."""
    return " ".join(category.replace("_", " ").casefold().split())
