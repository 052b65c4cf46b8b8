"""Parses any RSS or Atom feed, as sloppily as it may be written. Fetches nothing and guesses no day.

What a feed says is feedparser's to find out (https://feedparser.readthedocs.io); whether it is whole is judged here.
Sources: https://www.rssboard.org/rss-specification, https://web.resource.org/rss/1.0/spec, RFC 4287.
"""

from __future__ import annotations

import re
import sys
import textwrap
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, cast

import feedparser
from lxml import etree

from digest.domain import Paper
from digest.errors import SourceError
from digest.identity import parse_arxiv_id
from digest.sources.formats.article_links import drop_tracking, find_identifier
from digest.sources.formats.dates import iso_day, mail_day
from digest.sources.formats.decoding import read_xml
from digest.sources.formats.page import Dating, Page, main_day, read_each, unique_papers
from digest.sources.formats.records import as_list, as_text, make_paper
from digest.sources.formats.text import RAW_CHARACTERS_READ, clean

RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}RDF"
ATOM_ROOTS = ("{http://www.w3.org/2005/Atom}feed", "{http://purl.org/atom/ns#}feed")
ROOTS = ("rss", RDF, *ATOM_ROOTS)
"""The root elements of RSS 0.91 to 2.0, RSS 0.90 and 1.0, Atom 1.0 and 0.3."""
_TITLE_CHARACTERS = 100
"""Of a title made of the description's first words."""
_TAIL_CHARACTERS = 2_000
"""Within this distance of the end a whole feed closes its root; servers add comments and warnings behind it."""
_MOST_DIGITS = 8  # of a character's number; the last one has seven
_SURROGATES = (0xD800, 0xDFFF)
_BREAKING_TAG = re.compile(
    r"</?(?:address|article|blockquote|br|dd|div|dl|dt|h[1-6]|hr|li|ol|p|pre|section|table|td|th|tr|ul)\b[^<>]*>",
    re.IGNORECASE,
)
_CHARACTER = re.compile(r"&#(?:x(?P<hexadecimal>[0-9a-f]+)|(?P<decimal>[0-9]+));?", re.ASCII | re.IGNORECASE)
# feedparser looks for an address in authors, in time that grows with the square of what may be one
_LONG_RUN = re.compile(r"([\w.+-]{200})[\w.+-]+", re.ASCII)
_BETWEEN_NAMES = re.compile(r" ?, ?(?:and )?| and ")  # in a text whose white space is folded
_INITIALS = re.compile(r"(?:[^\W\d_]\.[ -]?)+|[A-Z]{1,3}")
_MOST_AHEAD = timedelta(days=3)
"""How far a feed may be dated ahead of `Dating.latest` and still vouch for the days of its items."""


@dataclass(frozen=True, slots=True)
class _Content:
    """Bytes that feedparser reads; bare ones it would take for a file's name first."""

    content: bytes

    def read(self) -> bytes:
        return self.content


def parse_page(content: bytes, dating: Dating) -> Page:
    """The feed's items as papers.

    Undated is an item without a day, and one whose day can't be right: before 1990, no date at all, or later than both
    `dating.latest` and the day the feed gives itself, which counts as far as three days beyond `dating.latest`. A feed
    that isn't well-formed but closes its root element is read with a remark. Raises SourceError if it is cut, another
    kind of document, declares entities, or has lost its channel or title.
    """
    text, remarks = _read_whole(content)
    feed, entries = _read_feed(_LONG_RUN.sub(r"\1", text))
    latest = min(max([dating.latest, *_days(feed)]), dating.latest + _MOST_AHEAD)
    papers, refused = read_each(
        ((f"item {number}", entry) for number, entry in enumerate(entries, 1)),
        lambda entry: _read_entry(entry, _announced(entry, latest) or dating.undated),
    )
    return Page(
        day=main_day(papers, dating.undated),
        papers=unique_papers(papers),
        refused=refused,
        records=len(entries),
        remarks=(*remarks, *_remark_on_days(entries, latest)),
    )


def _read_whole(content: bytes) -> tuple[str, tuple[str, ...]]:
    """The text of a feed that came whole, and what is to be said of its form."""
    document = content.lstrip(b" \t\r\n")  # white space before the declaration is a common slip
    if not document:
        raise SourceError("the feed is empty")
    fault: SourceError | None = None
    try:
        root = read_xml(document)
    except SourceError as error:
        root, fault = _recover(document, error), error
    _refuse_other_roots(root)
    text = _decode(document, root.getroottree().docinfo.encoding or "utf-8")
    if fault is None:
        return text, ()
    if not _closing_tag(root).search(text[-_TAIL_CHARACTERS:]):
        raise SourceError(f"the feed was cut, for it doesn't close its root element: {fault}") from fault
    return _CHARACTER.sub(_possible_character, text), (f"read although it is {fault}",)


def _recover(document: bytes, cause: SourceError) -> etree._Element:
    """The root of what can be made of a malformed document; only to see what it is, for recovering loses text."""
    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False)
    try:
        root = cast("etree._Element | None", etree.fromstring(document, parser))  # noqa: SLF001 - nothing may be left
    except etree.XMLSyntaxError:
        root = None
    if root is None:
        raise cause
    declared = root.getroottree().docinfo.internalDTD
    if declared is not None and declared.entities():
        raise SourceError("the document declares entities of its own, which is refused")
    return root


def _possible_character(reference: re.Match[str]) -> str:
    """The reference, or nothing if it is to half of a surrogate pair, or to a number beyond all characters."""
    digits = (reference["hexadecimal"] or reference["decimal"]).lstrip("0")[:_MOST_DIGITS]
    number = int(digits or "0", 16 if reference["hexadecimal"] else 10)
    is_possible = number <= sys.maxunicode and not _SURROGATES[0] <= number <= _SURROGATES[1]
    return reference[0] if is_possible else ""


def _refuse_other_roots(root: etree._Element) -> None:
    if root.tag in ROOTS:
        return
    if _local_name(root).lower() == "html":
        raise SourceError("this is an HTML page, not a feed")
    raise SourceError(f"the root element is {clean(str(root.tag), most_characters=100)}: this is no feed")


def _closing_tag(root: etree._Element) -> re.Pattern[str]:
    prefix = f"{root.prefix}:" if root.prefix else ""
    return re.compile(rf"</{re.escape(prefix + _local_name(root))}\s*>")


def _local_name(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _decode(document: bytes, encoding: str) -> str:
    try:
        return document.decode(encoding)
    except (LookupError, UnicodeError) as error:
        raise SourceError(f"not text in the encoding {encoding!r}: {error}") from error


def _read_feed(text: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The fields of the channel and those of its items, as feedparser names them."""
    try:
        found = feedparser.parse(
            _Content(text.encode()),
            response_headers={"content-type": "application/xml; charset=utf-8"},
            resolve_relative_uris=False,
            sanitize_html=False,  # `clean` makes plain text of it all
        )
    except Exception as error:  # no class of errors is promised for hostile feeds
        raise SourceError(f"the feed can't be read: {type(error).__name__}: {error}") from error
    # plain dictionaries: feedparser's own answer for keys they don't hold
    feed, entries = dict(found["feed"]), [dict(entry) for entry in found["entries"]]
    if not clean(as_text(feed.get("title")), most_characters=_TITLE_CHARACTERS):
        raise SourceError("it holds no channel with a title: this is no complete feed")
    return feed, entries


def _read_entry(entry: dict[str, Any], announced: date) -> Paper:
    names = (as_text(entry.get(key)) for key in ("id", "dc_identifier", "prism_doi", "link"))
    found = [identifier for name in names if (identifier := find_identifier(name))]
    description = _description(entry)
    return make_paper(
        next((identifier for identifier in found if parse_arxiv_id(identifier)), found[0] if found else None),
        title=_title(entry, description),
        announced=announced,
        authors=[name for author in _dicts(entry.get("authors")) for name in _split_names(as_text(author.get("name")))],
        abstract=description,
        categories=dict.fromkeys(as_text(tag.get("term")) for tag in _dicts(entry.get("tags"))),
        other_ids=found,
        url=drop_tracking(as_text(entry.get("link"))),
    )


def _title(entry: dict[str, Any], description: str) -> str:
    title = _plain(entry.get("title"))
    if clean(title, most_characters=_TITLE_CHARACTERS):
        return title
    return textwrap.shorten(
        clean(description, most_characters=10 * _TITLE_CHARACTERS), width=_TITLE_CHARACTERS, placeholder="…"
    )


def _description(entry: dict[str, Any]) -> str:
    """The longest of the texts that an item carries: some feeds have the abstract in one field, some in another."""
    texts = [entry.get("summary"), *(content.get("value") for content in _dicts(entry.get("content")))]
    return max((_plain(text) for text in texts), key=len)


def _plain(text: Any) -> str:
    """The text with blanks where its markup begins a line, so that words on both sides stay apart."""
    return _BREAKING_TAG.sub(" ", as_text(text)[:RAW_CHARACTERS_READ])


def _split_names(text: str) -> list[str]:
    """The names in one field: between semicolons, or between commas where these don't part a name from its family's.

    `Ada Example, Bo Primer` are two people, `Example, A., Primer, B. C.` two more, and `Example, Ada` is one.
    """
    folded = " ".join(text[:RAW_CHARACTERS_READ].split())
    if ";" in folded:
        return folded.split(";")
    parts = [part for part in _BETWEEN_NAMES.split(folded) if part]
    if len(parts) % 2 == 0 and all(_INITIALS.fullmatch(part) for part in parts[1::2]):
        return [f"{family}, {initials}" for family, initials in zip(parts[::2], parts[1::2], strict=True)]
    are_full_names = 2 * sum(" " in part for part in parts) > len(parts)
    return parts if are_full_names else [folded]


def _announced(entry: dict[str, Any], latest: date) -> date | None:
    return next((day for day in _days(entry) if day <= latest), None)


def _days(fields: dict[str, Any]) -> list[date]:
    """The days that an item or a channel carries, as written there, the likeliest to be the announced one first."""
    return [day for text in _dates(fields) if (day := iso_day(text) or mail_day(text))]


def _dates(fields: dict[str, Any]) -> list[str]:
    return [text for key in ("published", "updated", "created") if (text := as_text(fields.get(key)).strip())]


def _remark_on_days(entries: list[dict[str, Any]], latest: date) -> tuple[str, ...]:
    wrong = sum(bool(_dates(entry)) and _announced(entry, latest) is None for entry in entries)
    return (f"{wrong} of {len(entries)} items have a day that can't be right: they count as undated",) if wrong else ()


def _dicts(values: Any) -> list[dict[str, Any]]:
    return [value for value in as_list(values) if isinstance(value, dict)]
