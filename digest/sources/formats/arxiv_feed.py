"""Parses arXiv's announcement feeds, RSS and Atom. Fetches nothing and shifts no day to another zone.

Source: https://info.arxiv.org/help/rss_specifications.html.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from lxml import etree

from digest.domain import WEEKDAYS, Authority, Paper
from digest.errors import SourceError
from digest.identity import parse_arxiv_id
from digest.sources.formats.arxiv_atom import ARXIV, ATOM
from digest.sources.formats.dates import iso_day, mail_day
from digest.sources.formats.decoding import all_text, read_xml
from digest.sources.formats.page import Dating, Page, UnusableRecordError, main_day, read_each, unique_papers
from digest.sources.formats.records import make_paper
from digest.sources.formats.text import clean

_DUBLIN_CORE = "{http://purl.org/dc/elements/1.1/}"
_PREFIX = re.compile(r"\s*arXiv:\S{1,40}\s+Announce Type:\s*(?P<kind>[\w-]{1,20})\s*Abstract:\s*")


class _Kind(StrEnum):
    """What an announcement is, relative to the category asked for."""

    NEW = "new"
    CROSS = "cross"
    REPLACE = "replace"
    REPLACE_CROSS = "replace-cross"


@dataclass(frozen=True, slots=True)
class _Announcement:
    kind: _Kind
    paper: Paper


def parse_page(content: bytes, dating: Dating) -> Page:
    """New papers, and apart from them the cross-listed and replaced ones; the announced day is as the feed writes it.

    Raises SourceError if it is neither kind of feed or has lost its header.
    """
    root = read_xml(content)
    if root.tag == f"{ATOM}feed":
        header, items, read_day = root, root.findall(f"{ATOM}entry"), iso_day
        header_day = iso_day(root.findtext(f"{ATOM}updated", ""))
    else:
        header = _channel(root)
        items, read_day = header.findall("item"), mail_day
        header_day = mail_day(header.findtext("pubDate", ""))
    default = header_day or dating.undated

    def read(item: etree._Element) -> _Announcement:
        written = item.findtext("pubDate", "") or item.findtext(f"{ATOM}published", "")
        return _read_item(item, _announced(written, read_day(written), default))

    found, refused = read_each(((f"item {number}", item) for number, item in enumerate(items, 1)), read)
    return Page(
        day=main_day((announcement.paper for announcement in found), default),
        papers=_of_kind(found, _Kind.NEW),
        refused=refused,
        records=len(items),
        cross=_of_kind(found, _Kind.CROSS),
        revised=_of_kind(found, _Kind.REPLACE, _Kind.REPLACE_CROSS),
        skipped_weekdays=frozenset(all_text(day).strip().lower() for day in header.findall("skipDays/day"))
        & frozenset(WEEKDAYS),
    )


def _channel(root: etree._Element) -> etree._Element:
    channel = root.find("channel")
    if root.tag != "rss" or channel is None or not all_text(channel.find("title")).strip():
        raise SourceError(f"the root element {root.tag!s} holds no channel with a title: this is no complete feed")
    return channel


def _announced(written: str, day: date | None, default: date) -> date:
    if written.strip() and day is None:
        raise UnusableRecordError(f"the announced day {clean(written, most_characters=40)!r} can't be right")
    return day or default


def _read_item(item: etree._Element, announced: date) -> _Announcement:
    text = all_text(_first(item, "description", f"{ATOM}summary"))
    prefix = _PREFIX.match(text)
    paper = make_paper(
        _identifier(item),
        title=all_text(_first(item, "title", f"{ATOM}title")),
        announced=announced,
        authors=_authors(item),
        abstract=text[prefix.end() :] if prefix else text,
        categories=[all_text(c) for c in item.findall("category")]
        + [c.get("term") for c in item.findall(f"{ATOM}category")],
        journal_ref=all_text(_first(item, f"{ARXIV}journal_reference", f"{ARXIV}journal_ref")),
        other_ids=[all_text(_first(item, f"{ARXIV}DOI", f"{ARXIV}doi"))],
        authority=Authority.ARCHIVE,
    )
    kind = all_text(item.find(f"{ARXIV}announce_type")).strip() or (prefix["kind"] if prefix else _Kind.NEW)
    try:
        return _Announcement(_Kind(kind), paper)
    except ValueError as error:
        raise UnusableRecordError(f"{clean(kind, most_characters=40)!r} is no known announce type") from error


def _first(item: etree._Element, *tags: str) -> etree._Element | None:
    return next((element for tag in tags if (element := item.find(tag)) is not None), None)


def _identifier(item: etree._Element) -> str:
    links = [link.get("href", "") for link in item.findall(f"{ATOM}link")]
    candidates = [all_text(_first(item, "guid", f"{ATOM}id")), all_text(item.find("link")), *links]
    # the guid comes first: it alone carries the version
    return next((text for text in candidates if parse_arxiv_id(text)), candidates[0])


def _authors(item: etree._Element) -> list[str]:
    creators = [
        *item.findall(f"{_DUBLIN_CORE}creator"),
        *item.findall("author"),
        *item.findall(f"{ATOM}author/{ATOM}name"),
    ]
    return [name for creator in creators for name in all_text(creator).split(",")]


def _of_kind(found: list[_Announcement], *kinds: _Kind) -> tuple[Paper, ...]:
    return unique_papers(announcement.paper for announcement in found if announcement.kind in kinds)
