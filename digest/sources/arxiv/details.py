"""Completes announced papers with what arXiv's API knows and its feeds lack: comments, journal references, DOIs.

Source: https://info.arxiv.org/help/api/user-manual.html. A paper without details is a paper all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import partial

from digest.domain import Batch, Memory, Paper
from digest.errors import SourceError
from digest.sources._http import HttpClient
from digest.sources.fetching import fetch_page
from digest.sources.formats import Dating
from digest.sources.formats.arxiv_atom import parse_page

IDS_A_REQUEST = 100
"""Bounds the length of a request's address."""


def add_details(batches: Sequence[Batch], api_url: str, memory: Memory, http: HttpClient) -> Iterator[Batch]:
    """The batches with their new papers completed, and so are revisions of papers that we brought before.

    What can't be had is told among a batch's reasons and changes no state.
    """
    known, trouble = _ask(tuple(dict.fromkeys(_wanted(batches, memory))), api_url, http)
    for batch in batches:
        papers, revised = _complete(batch.papers, known), _complete(batch.revised, known)
        reasons = (*batch.reasons, trouble) if trouble and (papers or revised) else batch.reasons
        yield replace(batch, papers=papers, revised=revised, reasons=reasons)


def _wanted(batches: Iterable[Batch], memory: Memory) -> Iterator[str]:
    """Ids without version. Records of OAI-PMH, which have versions with times, are complete already."""
    for batch in batches:
        revised = (paper for paper in batch.revised if paper.id in memory.seen)
        for paper in (*batch.papers, *revised):
            if not paper.versions and paper.id.startswith("arxiv:"):
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


def _complete(papers: Iterable[Paper], known: Mapping[str, Paper]) -> tuple[Paper, ...]:
    return tuple(_join(paper, known[paper.id]) if paper.id in known else paper for paper in papers)


def _join(paper: Paper, detail: Paper) -> Paper:
    return replace(
        paper,
        comment=detail.comment or paper.comment,
        journal_ref=detail.journal_ref or paper.journal_ref,
        published=detail.published or paper.published,
        authors=detail.authors or paper.authors,
        is_withdrawn=detail.is_withdrawn,
        aliases=tuple(dict.fromkeys((*paper.aliases, *detail.aliases))),
    )
