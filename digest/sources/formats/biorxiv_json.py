"""Parses the lists of bioRxiv and medRxiv: JSON with one row for each version of a preprint. Fetches nothing.

Source: https://api.biorxiv.org. Each row's `date` is the day on which its version was posted.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from digest.domain import Authority, Paper
from digest.errors import SourceError
from digest.identity import parse_doi
from digest.sources.formats.decoding import read_json, read_text
from digest.sources.formats.fields import read_announced, read_count
from digest.sources.formats.page import Dating, Page, read_each, unique_papers
from digest.sources.formats.records import as_list, as_object, as_text, make_paper
from digest.sources.formats.text import clean

_NOTHING = "no posts found"
_SERVERS = frozenset({"biorxiv", "medrxiv"})
# leftovers of the typesetting, opening and closing: small capitals stand inside a word, the others between words
_SMALL_CAPITALS = re.compile(r"[OC]_SCP(?:LOW|CAP)")
_BLOCKS = re.compile(r"[OC]_(?:LI|ST_ABS)")
# headings of an abstract have lost the blank after them, as in `ResultsWe`
_HEADINGS = re.compile(
    r"^((?i:aims?|background|conclusions?|discussion|findings|importance|interpretation|introduction|methods?|motivation"
    r"|objectives?|purpose|rationale|results?|significance|summary))(?=[A-Z0-9])",
    re.MULTILINE,
)


def parse_page(content: bytes, dating: Dating) -> Page:
    """First versions as papers, later ones as revised; a journal's DOI, once there is one, is one more id.

    Raises SourceError if the server answered with an error, or with something else than such a list.
    """
    answer = as_object(read_json(read_text(content)))
    message = as_object(next(iter(as_list(answer.get("messages"))), None))
    status = clean(as_text(message.get("status")), most_characters=200)
    if status.lower() == _NOTHING:
        return Page(day=dating.undated, expected=0)
    if status.lower() != "ok":
        raise SourceError(f"the server answered {status!r}" if status else "no list of preprints: it has no status")
    rows, total = answer.get("collection"), read_count(message.get("total"))
    if not isinstance(rows, list) or total is None:
        raise SourceError("no list of preprints: its collection or its total is missing")
    return _make_page(rows, dating, total=total, start=read_count(message.get("cursor")) or 0)


def _make_page(rows: list[Any], dating: Dating, *, total: int, start: int) -> Page:
    found, refused = read_each(((f"record {number}", row) for number, row in enumerate(rows, start + 1)), _read_row)
    end = start + len(rows)
    return Page(
        day=dating.undated,
        papers=unique_papers(paper for paper in found if not _is_revision(paper)),
        revised=unique_papers(paper for paper in found if _is_revision(paper)),
        refused=refused,
        records=len(rows),
        expected=total,
        next=str(end) if end < total else "",
    )


def _is_revision(paper: Paper) -> bool:
    return paper.version is not None and paper.version > 1


def _read_row(row: Any) -> Paper:
    fields = as_object(row)
    version = read_count(fields.get("version"))
    paper = make_paper(
        as_text(fields.get("doi")),
        title=_tidy(fields.get("title")),
        announced=read_announced(fields.get("date")),
        authors=_authors(as_text(fields.get("authors"))),
        abstract=_HEADINGS.sub(r"\1: ", _tidy(fields.get("abstract"))),
        categories=[fields.get("category")],
        other_ids=[fields.get("published")],
        is_withdrawn=as_text(fields.get("type")).lower().startswith("withdrawn"),
        authority=Authority.ARCHIVE,
        pdf_url=_pdf_url(fields, version),
    )
    return replace(paper, version=version)


def _tidy(value: Any) -> str:
    return _BLOCKS.sub(" ", _SMALL_CAPITALS.sub("", as_text(value)))


def _authors(written: str) -> list[str]:
    """`Minta, B.; Example, A. D.` as a reader would write the names: `B. Minta` and `A. D. Example`."""
    pairs = (name.partition(",") for name in written.split(";"))
    return [f"{given} {family}" for family, _, given in pairs]


def _pdf_url(fields: dict[str, Any], version: int | None) -> str:
    server, doi = as_text(fields.get("server")).lower(), parse_doi(as_text(fields.get("doi")))
    known = server in _SERVERS and doi and version
    return f"https://www.{server}.org/content/{doi}v{version}.full.pdf" if known else ""
