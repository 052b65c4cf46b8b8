"""Parses answers of arXiv's API: an Atom feed whose errors are entries. Fetches nothing.

Source: https://info.arxiv.org/help/api/user-manual.html.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime

from lxml import etree

from digest.domain import Authority, Paper
from digest.errors import SourceError
from digest.sources.formats.dates import iso_day, iso_moment
from digest.sources.formats.decoding import all_text, read_xml
from digest.sources.formats.page import Dating, Page, read_each, unique_papers
from digest.sources.formats.records import is_withdrawal, make_paper
from digest.sources.formats.text import clean

ATOM = "{http://www.w3.org/2005/Atom}"
ARXIV = "{http://arxiv.org/schemas/atom}"
_AUTHOR, _NAME = f"{ATOM}author", f"{ATOM}name"
_CATEGORY, _PRIMARY = f"{ATOM}category", f"{ARXIV}primary_category"
_ERROR = "/api/errors"  # in the id of an entry that is none
_OPENSEARCH = "{http://a9.com/-/spec/opensearch/1.1/}"


def parse_page(content: bytes, dating: Dating) -> Page:
    """The papers of an answer. It tells when they were submitted, never when they were announced.

    Raises SourceError if it is no Atom feed or carries the API's error entry.
    """
    root = read_xml(content)
    if root.tag != f"{ATOM}feed":
        raise SourceError(f"the root element is {root.tag!s}, not an Atom feed")
    entries = root.findall(f"{ATOM}entry")
    if _ERROR.encode() in content:
        for entry in entries:
            _refuse_error(entry)
    papers, refused = read_each(
        ((f"entry {number}", entry) for number, entry in enumerate(entries, 1)),
        lambda entry: _read_entry(entry, dating),
    )
    return Page(
        day=dating.undated,
        papers=unique_papers(papers),
        refused=refused,
        records=len(entries),
        expected=_expected(root),
    )


def _refuse_error(entry: etree._Element) -> None:
    if _ERROR in entry.findtext(f"{ATOM}id", ""):
        reason = clean(all_text(entry.find(f"{ATOM}summary")), most_characters=200)
        raise SourceError(f"the API answered with an error: {reason or 'no reason given'}")


def _read_entry(entry: etree._Element, dating: Dating) -> Paper:
    fields, authors, categories = _sort_out(entry)
    comment, identifier, published = fields[f"{ARXIV}comment"], fields[f"{ATOM}id"], fields[f"{ATOM}published"]
    return make_paper(
        identifier,
        title=fields[f"{ATOM}title"],
        announced=dating.undated,
        authors=authors,
        abstract=fields[f"{ATOM}summary"],
        categories=dict.fromkeys(categories),
        published=iso_day(published),
        versions=_versions(identifier, published, fields[f"{ATOM}updated"]),
        comment=comment,
        is_withdrawn=is_withdrawal(comment),
        journal_ref=fields[f"{ARXIV}journal_ref"],
        other_ids=[fields[f"{ARXIV}doi"]],
        authority=Authority.ARCHIVE,
    )


def _sort_out(entry: etree._Element) -> tuple[Mapping[str, str], list[str], list[str]]:
    """An entry's texts by tag, authors and categories, the primary one first; one pass, faster than a search each."""
    fields: defaultdict[str, str] = defaultdict(str)
    authors: list[str] = []
    primary: list[str] = []
    others: list[str] = []
    for child in entry:
        tag = str(child.tag)
        if tag == _AUTHOR:
            authors += [all_text(part) for part in child if part.tag == _NAME]
        elif tag in (_CATEGORY, _PRIMARY):
            (primary if tag == _PRIMARY else others).append(child.get("term", ""))
        elif tag not in fields:
            fields[tag] = all_text(child)
    return fields, authors, primary + others


def _versions(identifier: str, first: str, last: str) -> tuple[datetime, ...]:
    """The times of all versions, where there are no more than the two that an entry tells."""
    told = {"1": (first,), "2": (first, last)}.get(identifier.rpartition("v")[2], ())
    moments = tuple(moment.astimezone(UTC) for text in told if (moment := iso_moment(text)))
    return moments if len(moments) == len(told) else ()


def _expected(root: etree._Element) -> int | None:
    total, start, page_size = (
        root.findtext(f"{_OPENSEARCH}{name}", "").strip()[:10]
        for name in ("totalResults", "startIndex", "itemsPerPage")
    )
    if not total.isdecimal():
        return None
    left = max(0, int(total) - (int(start) if start.isdecimal() else 0))
    return min(left, int(page_size)) if page_size.isdecimal() else left
