"""Formats, each a pure function from bytes to a Page; which one it is shows in the content, never in a name."""

from __future__ import annotations

import re
from collections.abc import Callable

from lxml import etree

from digest.errors import SourceError
from digest.sources.formats import arxiv_atom, arxiv_feed, hf_json, json_lines, trending_page
from digest.sources.formats.decoding import read_text, unpack
from digest.sources.formats.page import Dating, Page

__all__ = ["Dating", "Page", "Parser", "parse_content", "recognise"]

Parser = Callable[[bytes, Dating], Page]

_BYTES_THAT_TELL = 4_096
_WRAPPED = re.compile(rb'[{,]\s*"(?:data|error|body)"\s*:')  # keys of an object that is a document and no record


def parse_content(content: bytes, dating: Dating) -> Page:
    """The page in a file of any known format, gzip or not.

    Raises SourceError if it is cut, of no known format, or unsound as a whole.
    """
    plain = unpack(content)
    return recognise(plain)(plain, dating)


def recognise(content: bytes) -> Parser:
    """The parser for uncompressed content; SourceError says what else it seems to be."""
    head = content[:_BYTES_THAT_TELL].removeprefix(b"\xef\xbb\xbf").lstrip()
    if not head:
        raise SourceError("the file is empty")
    if head.startswith(b"["):
        return hf_json.parse_page
    if head.startswith(b"{"):
        return _recognise_object(content)
    if head.startswith(b"<"):
        return _recognise_xml(head, content)
    if trending_page.INVITATION.encode() in head:
        return trending_page.parse_page
    read_text(content)  # names the byte if this isn't text at all
    raise SourceError("a text of no known format")


def _recognise_object(content: bytes) -> Parser:
    first_line, _, rest = content.partition(b"\n")
    is_spread_out = first_line.rstrip().endswith((b"{", b"[", b",")) and not rest.lstrip().startswith(b"{")
    return hf_json.parse_page if is_spread_out or _WRAPPED.search(first_line) else json_lines.parse_page


def _recognise_xml(head: bytes, content: bytes) -> Parser:
    if head[:14].lower().startswith((b"<!doctype html", b"<html")):
        raise SourceError("this is an HTML page, not a feed")
    root = _root_tag(content)
    if root == "rss":
        return arxiv_feed.parse_page
    if root == f"{arxiv_atom.ATOM}feed":
        is_announcement = b"rss.arxiv.org/atom" in head or b"<id>oai:arXiv.org:" in content
        return arxiv_feed.parse_page if is_announcement else arxiv_atom.parse_page
    if root.rpartition("}")[2].lower() == "html":
        raise SourceError("this is an HTML page, not a feed")
    raise SourceError(f"XML of no known format: its root element is {root}")


def _root_tag(content: bytes) -> str:
    parser = etree.XMLPullParser(("start",), resolve_entities=False, no_network=True, huge_tree=False)
    try:
        parser.feed(content)
        root = next((str(element.tag) for _, element in parser.read_events()), "")
    except etree.XMLSyntaxError as error:
        raise SourceError(f"not well-formed XML: {error}") from error
    if not root:
        raise SourceError("not well-formed XML: it has no root element")
    return root
