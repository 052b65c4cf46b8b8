"""Parses Crossref's lists of works: JSON as publishers deposited it, abstracts in JATS. Fetches nothing.

Source: https://api.crossref.org. The publishers' own dates may lie years ahead, `created` can't.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from digest.domain import Authority, Paper
from digest.errors import SourceError
from digest.sources.formats.dates import iso_day
from digest.sources.formats.decoding import read_json, read_text
from digest.sources.formats.fields import cite, read_announced, read_count
from digest.sources.formats.page import Dating, Page, read_each, unique_papers
from digest.sources.formats.records import as_list, as_object, as_text, make_paper
from digest.sources.formats.text import RAW_CHARACTERS_READ, clean

_HEADING = re.compile(r"<(?:jats:)?title(?:\s[^<>]*)?>(?P<words>[^<>]*)</(?:jats:)?title>", re.IGNORECASE)
_DATE_PARTS = 3


def parse_page(content: bytes, dating: Dating) -> Page:
    """The works of one page, announced on the day on which their DOIs were registered.

    Raises SourceError if Crossref refused the request, or answered with something else than a list of works.
    """
    answer = as_object(_read_answer(content))
    if answer.get("status") != "ok":
        raise SourceError(f"Crossref answered with an error: {_cause(answer) or 'no reason given'}")
    if answer.get("message-type") != "work-list":
        kind = clean(as_text(answer.get("message-type")), most_characters=60)
        raise SourceError(f"no list of works, but of type {kind!r}")
    message = as_object(answer.get("message"))
    items, total = message.get("items"), read_count(message.get("total-results"))
    if not isinstance(items, list) or total is None:
        raise SourceError("no list of works: its items or their total is missing")
    papers, refused = read_each(((f"record {number}", item) for number, item in enumerate(items, 1)), _read_item)
    return Page(
        day=dating.undated,
        papers=unique_papers(papers),
        refused=refused,
        records=len(items),
        expected=total,
        next=as_text(message.get("next-cursor")),
    )


def _read_answer(content: bytes) -> Any:
    """The JSON in it. Raises SourceError with the words if it is a plain sentence: so Crossref says what it lacks."""
    text = read_text(content)
    words = clean(text[:1_000], most_characters=100)
    if words[:1].isalpha():
        raise SourceError(f"Crossref answered with an error: {words}")
    return read_json(text)


def _cause(answer: dict[str, Any]) -> str:
    told = answer.get("message")
    failures = told if isinstance(told, list) else [told]
    words = (as_text(failure) or as_text(as_object(failure).get("message")) for failure in failures)
    return clean("; ".join(word for word in words if word), most_characters=200)


def _read_item(item: Any) -> Paper:
    fields = as_object(item)
    return make_paper(
        as_text(fields.get("DOI")),
        title=_first(fields.get("title")),
        announced=read_announced(as_object(fields.get("created")).get("date-time")),
        authors=[_author(as_object(author)) for author in as_list(fields.get("author"))],
        abstract=_abstract(as_text(fields.get("abstract"))),
        published=_published(fields),
        journal_ref=_journal_ref(fields),
        other_ids=_preprints(fields),
        authority=Authority.REGISTRY,
    )


def _first(values: Any) -> str:
    """The first text of a list; titles and journals are lists, of one as a rule."""
    return next((value for value in as_list(values) if as_text(value).strip()), "")


def _author(author: dict[str, Any]) -> str:
    given, family, group = (as_text(author.get(key)) for key in ("given", "family", "name"))
    return f"{given} {family}" if given or family else group


def _abstract(jats: str) -> str:
    """With its headings set off by a colon, as cleaning only drops their tags."""
    return _HEADING.sub(_set_off, jats[:RAW_CHARACTERS_READ])


def _set_off(heading: re.Match[str]) -> str:
    words = heading["words"].strip().rstrip(".:")
    return "" if words.lower() in ("", "abstract") else f" {words}: "


def _date_parts(fields: dict[str, Any]) -> list[Any]:
    """Year, month and day of the publication; a publisher may leave out month and day."""
    return as_list(next(iter(as_list(as_object(fields.get("issued")).get("date-parts"))), None))


def _published(fields: dict[str, Any]) -> date | None:
    parts = _date_parts(fields)
    return iso_day("-".join(map(str, parts))) if len(parts) == _DATE_PARTS else None


def _journal_ref(fields: dict[str, Any]) -> str:
    year = read_count(next(iter(_date_parts(fields)), None))
    return cite(
        _first(fields.get("container-title")),
        volume=as_text(fields.get("volume")),
        issue=as_text(fields.get("issue")),
        pages=as_text(fields.get("page")) or as_text(fields.get("article-number")),
        year=str(year) if year else "",
    )


def _preprints(fields: dict[str, Any]) -> list[str]:
    """The ids of the preprints that became this article, as far as its publisher tells them."""
    related = map(as_object, as_list(as_object(fields.get("relation")).get("has-preprint")))
    return [as_text(preprint.get("id")) for preprint in related if preprint.get("id-type") in ("doi", "arxiv")]
