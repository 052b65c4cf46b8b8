"""Parses answers of Semantic Scholar's bulk search. Fetches nothing.

Source: https://api.semanticscholar.org/api-docs/graph. Of all dates there is only that of the publication.
"""

from __future__ import annotations

from typing import Any

from digest.domain import Authority, Paper
from digest.errors import SourceError
from digest.sources.formats.decoding import read_json, read_text
from digest.sources.formats.fields import cite, read_announced, read_count
from digest.sources.formats.identifiers import choose_identifier
from digest.sources.formats.page import Dating, Page, read_each, unique_papers
from digest.sources.formats.records import as_list, as_object, as_text, make_paper
from digest.sources.formats.text import clean

_PREPRINTS = "rxiv"
"""Part of the name of each archive of preprints, arXiv's among them, that stands where a journal would."""


def parse_page(content: bytes, dating: Dating) -> Page:
    """The papers of one answer, announced on the day of their publication; `expected` is an estimate.

    Raises SourceError if the service answered with an error, or with something else than papers.
    """
    answer = as_object(read_json(read_text(content)))
    total = read_count(answer.get("total"))
    rows = answer.get("data", [] if total == 0 else None)
    if not isinstance(rows, list) or total is None:
        raise SourceError(_what_else(answer))
    papers, refused = read_each(((f"record {number}", row) for number, row in enumerate(rows, 1)), _read_row)
    return Page(
        day=dating.undated,
        papers=unique_papers(papers),
        refused=refused,
        records=len(rows),
        expected=total,
        next=as_text(answer.get("token")),
    )


def _what_else(answer: dict[str, Any]) -> str:
    cause = as_text(answer.get("error")) or as_text(answer.get("message"))
    if cause.strip():
        return f"the service answered with an error: {clean(cause, most_characters=200)}"
    return "no answer of the search: its data or their total is missing"


def _read_row(row: Any) -> Paper:
    fields = as_object(row)
    known = as_object(fields.get("externalIds"))
    ids = [
        f"arxiv:{as_text(known.get('ArXiv'))}",
        as_text(known.get("DOI")),
        f"pmid:{as_text(known.get('PubMed'))}",
    ]
    announced = read_announced(fields.get("publicationDate"))
    return make_paper(
        choose_identifier(ids),
        title=fields.get("title"),
        announced=announced,
        authors=[as_object(author).get("name") for author in as_list(fields.get("authors"))],
        abstract=fields.get("abstract"),
        published=announced,
        journal_ref=_journal_ref(fields),
        other_ids=ids,
        authority=Authority.AGGREGATOR,
        url=fields.get("url"),
        pdf_url=as_object(fields.get("openAccessPdf")).get("url"),
    )


def _journal_ref(fields: dict[str, Any]) -> str:
    journal = as_object(fields.get("journal"))
    name = as_text(journal.get("name")) or as_text(fields.get("venue"))
    if _PREPRINTS in name.lower():
        return ""
    year = read_count(fields.get("year"))
    return cite(
        name,
        volume=as_text(journal.get("volume")),
        pages=as_text(journal.get("pages")),
        year=str(year) if year else "",
    )
