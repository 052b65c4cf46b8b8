"""Completes announced papers with what arXiv's API knows and its feeds lack: comments, journal references, DOIs.

Source: https://info.arxiv.org/help/api/user-manual.html. A paper without details is a paper all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import partial

from digest.domain import Edition, Memory, Paper
from digest.errors import SourceError
from digest.sources._http import HttpClient
from digest.sources.arxiv.feeds import Feed
from digest.sources.fetching import fetch_page
from digest.sources.formats import Dating, Page
from digest.sources.formats.arxiv_atom import parse_page

IDS_A_REQUEST = 100
"""Bounds the length of a request's address."""


def add_details(
    feeds: Mapping[str, Feed], api_url: str, edition: Edition, memory: Memory, http: HttpClient
) -> dict[str, Feed]:
    """The feeds with their new papers completed, and so are revisions of papers that we brought before.

    What can't be had is told among a page's remarks and costs no paper.
    """
    pages = [feed.page for feed in feeds.values() if feed.page and feed.page.day <= edition.day]
    known, trouble = _ask(tuple(dict.fromkeys(_wanted(pages, memory))), api_url, http)
    return {category: _complete(feed, known, trouble) for category, feed in feeds.items()}


def _wanted(pages: Iterable[Page], memory: Memory) -> Iterator[str]:
    """Ids without version."""
    for page in pages:
        revised = (paper for paper in page.revised if paper.id in memory.seen)
        for paper in (*page.papers, *revised):
            if paper.id.startswith("arxiv:"):
                yield paper.id.removeprefix("arxiv:")


def _ask(ids: Sequence[str], api_url: str, http: HttpClient) -> tuple[dict[str, Paper], str]:
    known: dict[str, Paper] = {}
    parse = partial(parse_page, dating=Dating(undated=date.min, latest=date.min))
    for start in range(0, len(ids), IDS_A_REQUEST):
        some = ids[start : start + IDS_A_REQUEST]
        params: dict[str, str | int] = {"id_list": ",".join(some), "max_results": len(some)}
        try:
            page = fetch_page(http, api_url, parse, params=params)
        except SourceError as error:
            return known, f"comments and journal references are missing: {error}"
        known.update({paper.id: paper for paper in page.papers})
    missing = len(ids) - len(known)
    return known, f"{missing} of {len(ids)} papers have no details yet" if missing else ""


def _complete(feed: Feed, known: Mapping[str, Paper], trouble: str) -> Feed:
    page = feed.page
    if page is None:
        return feed
    papers, revised = (
        tuple(_join(paper, known[paper.id]) if paper.id in known else paper for paper in kind)
        for kind in (page.papers, page.revised)
    )
    remarks = (*page.remarks, trouble) if trouble and papers else page.remarks
    return replace(feed, page=replace(page, papers=papers, revised=revised, remarks=remarks))


def _join(paper: Paper, detail: Paper) -> Paper:
    return replace(
        paper,
        comment=detail.comment or paper.comment,
        journal_ref=detail.journal_ref or paper.journal_ref,
        published=detail.published or paper.published,
        versions=detail.versions if detail.version == paper.version else (),
        authors=detail.authors or paper.authors,
        is_withdrawn=detail.is_withdrawn,
        aliases=tuple(dict.fromkeys((*paper.aliases, *detail.aliases))),
    )
