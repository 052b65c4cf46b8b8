"""Asks arXiv's OAI-PMH server what changed in a category. Chooses nothing: a datestamp is the day of any change.

Source: https://info.arxiv.org/help/oa/index.html; as it advises, no `until` is ever sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import partial

from digest.errors import SourceError
from digest.sources._http import HttpClient
from digest.sources.arxiv.categories import set_of
from digest.sources.fetching import fetch_page
from digest.sources.formats import Dating, Page
from digest.sources.formats.arxiv_oai import DELETED, BadTokenError, parse_page
from digest.sources.formats.page import join_pages
from digest.sources.paging import Walk, walk_pages

SHARE_LOST_TOLERATED = 0.02
"""Beyond this share of records that can't be used, a harvest proves nothing."""


def harvest(oai_url: str, category: str, first: date, http: HttpClient) -> Walk:
    """Every record of the category that changed since the eve of `first`; an expired token begins the list anew.

    A paper's announced day is that of its record's last change.
    """
    walks = []
    for name in category.split("+"):
        params = {"verb": "ListRecords", "metadataPrefix": "arXivRaw", "set": set_of(name)}
        params["from"] = (first - timedelta(days=1)).isoformat()
        load = partial(_load_page, oai_url, params, first, http)
        walk = walk_pages(load, day=first)
        walks.append(walk_pages(load, day=first) if isinstance(walk.error, BadTokenError) else walk)
    error = next((walk.error for walk in walks if walk.error), None)
    page = join_pages([walk.page for walk in walks])
    return Walk(page, error or _find_losses(page))


def _load_page(oai_url: str, params: Mapping[str, str], day: date, http: HttpClient, token: str) -> Page:
    asked = {"verb": params["verb"], "resumptionToken": token} if token else params
    parse = partial(parse_page, dating=Dating(undated=day, latest=day), by_datestamp=True)
    return fetch_page(http, oai_url, parse, params=asked)


def _find_losses(page: Page) -> SourceError | None:
    """An error if too many records are unreadable, or don't tell when they were submitted."""
    unreadable = [refusal.reason for refusal in page.refused if refusal.reason != DELETED]
    undated = [f"{paper.id} has no version with a date" for paper in page.papers if not paper.versions]
    lost = [*unreadable, *undated]
    if len(lost) <= page.records * SHARE_LOST_TOLERATED:
        return None
    return SourceError(f"{len(lost)} of {page.records} records can't be used; the first: {lost[0]}")
