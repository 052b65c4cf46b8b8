"""Parses the daily list of Hugging Face: a JSON array of objects, bare or wrapped. Fetches nothing.

Fields as seen at https://huggingface.co/api/daily_papers. The outer `publishedAt` is a list time, no date of the paper.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from digest.domain import Authority, Paper
from digest.errors import SourceError
from digest.identity import parse_arxiv_id
from digest.sources.formats.dates import iso_day
from digest.sources.formats.decoding import looks_like_python, read_json, read_text
from digest.sources.formats.page import Dating, Page, UnusableRecordError, main_day, read_each, unique_papers
from digest.sources.formats.records import as_list, as_object, as_text, list_paper, make_paper
from digest.sources.formats.text import clean

_PAGES = "https://huggingface.co/papers/"


def parse_page(content: bytes, dating: Dating) -> Page:
    """The listed papers; their announced day is `submittedOnDailyAt`, else the wrapper's date, else the one asked for.

    Raises SourceError if this is no such list, or a list of something else than objects.
    """
    items, asked, expected = _unwrap(read_json(read_text(content)), dating)
    if items and not any(isinstance(item, dict) for item in items):
        raise SourceError(_what_else(items[0]))
    papers, refused = read_each(
        ((f"record {number}", item) for number, item in enumerate(items, 1)), lambda item: _read_item(item, asked)
    )
    return Page(
        day=main_day(papers, asked),
        papers=unique_papers(papers),
        refused=refused,
        records=len(items),
        expected=expected,
    )


def _unwrap(value: Any, dating: Dating) -> tuple[list[Any], date, int | None]:
    if isinstance(value, list):
        return value, dating.undated, None
    wrapper = as_object(value)
    if isinstance(wrapper.get("data"), list):
        count = wrapper.get("count")
        asked = iso_day(as_text(wrapper.get("date"))) or dating.undated
        return wrapper["data"], asked, count if type(count) is int and count >= 0 else None
    if "error" in wrapper:
        cause = clean(as_text(wrapper["error"]), most_characters=200)
        raise SourceError(f"an error instead of a list: {cause or 'no reason given'}")
    keys = clean(", ".join(list(wrapper)[:5]), most_characters=200)
    raise SourceError(f"a JSON object with {keys or 'no keys'} is no known format")


def _what_else(item: Any) -> str:
    if isinstance(item, str) and looks_like_python(item):
        return "the items are strings that look like Python literals, not JSON objects"
    return f"the items are of type {type(item).__name__}, not JSON objects"


def _read_item(item: Any, asked: date) -> Paper:
    outer = as_object(item)
    inner = as_object(outer.get("paper"))
    identifier = as_text(inner.get("id"))
    if not parse_arxiv_id(identifier):
        raise UnusableRecordError(f"{clean(identifier, most_characters=60)!r} is no arXiv id")
    paper = make_paper(
        identifier,
        title=inner.get("title") or outer.get("title"),
        announced=_announced(inner.get("submittedOnDailyAt"), asked),
        authors=_visible_authors(inner.get("authors")),
        abstract=inner.get("summary") or outer.get("summary"),
        published=iso_day(as_text(inner.get("publishedAt"))),
        is_withdrawn=bool(inner.get("withdrawnAt")),
        authority=Authority.AGGREGATOR,
    )
    return list_paper(
        paper,
        upvotes=inner.get("upvotes"),
        picked_by=_full_name(inner.get("submittedOnDailyBy")) or _full_name(outer.get("submittedBy")),
        organization=_full_name(inner.get("organization")) or _full_name(outer.get("organization")),
        ai_summary=inner.get("ai_summary"),
        ai_keywords=as_list(inner.get("ai_keywords")),
        code_url=inner.get("githubRepo"),
        code_stars=inner.get("githubStars"),
        project_url=inner.get("projectPage"),
        page_url=f"{_PAGES}{paper.id.removeprefix('arxiv:')}",
    )


def _announced(stamp: Any, asked: date) -> date:
    if stamp is None:
        return asked
    day = iso_day(as_text(stamp))  # a UTC time: its date part is the list's day
    if day is None:
        raise UnusableRecordError(f"the list day {clean(as_text(stamp), most_characters=40)!r} can't be right")
    return day


def _visible_authors(authors: Any) -> list[Any]:
    return [author.get("name") for author in map(as_object, as_list(authors)) if author.get("hidden") is not True]


def _full_name(person: Any) -> str:
    return as_text(as_object(person).get("fullname"))
