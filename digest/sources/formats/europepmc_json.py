"""Parses answers of Europe PMC's search in its full JSON form. Fetches nothing.

Source: https://europepmc.org/RestfulWebService, result type `core`.
"""

from __future__ import annotations

import re
from typing import Any

from digest.domain import Authority, Paper
from digest.errors import SourceError
from digest.identity import parse_doi, parse_pmid
from digest.sources.formats.dates import iso_day
from digest.sources.formats.decoding import read_json, read_text
from digest.sources.formats.fields import cite, read_announced, read_count
from digest.sources.formats.page import Dating, Page, read_each, unique_papers
from digest.sources.formats.records import as_list, as_object, as_text, make_paper
from digest.sources.formats.text import clean

_WITHDRAWN = frozenset({"retracted publication", "preprint-withdrawal", "preprint-removal"})
_ARTICLES = "https://europepmc.org/article"
_HEADING, _HEADING_END = re.compile(r"<h\d>"), re.compile(r"</h\d>")
_ESCAPED_TAG = re.compile(r"&lt;/?(?:i|b|u|em|strong|sub|sup|sc)&gt;", re.IGNORECASE)


def parse_page(content: bytes, dating: Dating) -> Page:
    """The articles and preprints found; a later version of a preprint is revised, not new.

    The announced day is that of the first indexing: publication days may lie in the future. Raises SourceError if the
    service answered with an error, or with something else than a list.
    """
    answer = as_object(read_json(read_text(content)))
    if "errMsg" in answer or "errCode" in answer:
        cause = clean(as_text(answer.get("errMsg")), most_characters=200)
        raise SourceError(f"the service answered with an error: {cause or 'no reason given'}")
    total = read_count(answer.get("hitCount"))
    results = as_object(answer.get("resultList")).get("result", [] if total == 0 else None)
    if not isinstance(results, list) or total is None:
        raise SourceError("no answer of the search: its list of results or its hit count is missing")
    found, refused = read_each(((f"record {number}", row) for number, row in enumerate(results, 1)), _read_row)
    return Page(
        day=dating.undated,
        papers=unique_papers(paper for paper, is_first in found if is_first),
        revised=unique_papers(paper for paper, is_first in found if not is_first),
        refused=refused,
        records=len(results),
        expected=total,
        next=as_text(answer.get("nextCursorMark")),
    )


def _read_row(row: Any) -> tuple[Paper, bool]:
    """The paper, and whether this is its first version; preprints alone have versions."""
    fields = as_object(row)
    ids = [as_text(fields.get("doi")), f"pmid:{as_text(fields.get('pmid'))}"]
    types = as_list(as_object(fields.get("pubTypeList")).get("pubType"))
    paper = make_paper(
        next((text for text in ids if parse_doi(text) or parse_pmid(text)), None),
        title=_ESCAPED_TAG.sub("", as_text(fields.get("title"))),
        announced=read_announced(fields.get("firstIndexDate")),
        authors=_authors(fields),
        abstract=_abstract(as_text(fields.get("abstractText"))),
        published=iso_day(as_text(fields.get("firstPublicationDate"))),
        journal_ref=_journal_ref(fields),
        other_ids=ids,
        is_withdrawn=any(as_text(kind).lower() in _WITHDRAWN for kind in types),
        authority=Authority.AGGREGATOR,
        url=f"{_ARTICLES}/{as_text(fields.get('source'))}/{as_text(fields.get('id'))}",
    )
    return paper, (read_count(fields.get("versionNumber")) or 1) == 1


def _authors(fields: dict[str, Any]) -> list[str]:
    listed = as_list(as_object(fields.get("authorList")).get("author"))
    if not listed:
        return as_text(fields.get("authorString")).rstrip(". ").split(",")
    return [_name(as_object(author)) for author in listed]


def _name(author: dict[str, Any]) -> str:
    given, family, full, group = (
        as_text(author.get(key)) for key in ("firstName", "lastName", "fullName", "collectiveName")
    )
    return f"{given} {family}" if given and family else full or group


def _abstract(written: str) -> str:
    """With its headings set off by a blank and a colon, as cleaning would only drop their tags."""
    return _HEADING.sub(" ", _HEADING_END.sub(": ", _ESCAPED_TAG.sub("", written)))


def _journal_ref(fields: dict[str, Any]) -> str:
    issue = as_object(fields.get("journalInfo"))
    return cite(
        as_text(as_object(issue.get("journal")).get("title")),
        volume=as_text(issue.get("volume")),
        issue=as_text(issue.get("issue")),
        pages=as_text(fields.get("pageInfo")),
        year=as_text(fields.get("pubYear")),
    )
