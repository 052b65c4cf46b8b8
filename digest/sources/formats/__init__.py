"""Formats, each a pure function from bytes to a Page; which one it is shows in the content, never in a name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lxml import etree

from digest.errors import SourceError
from digest.sources.formats import (
    arxiv_atom,
    arxiv_feed,
    arxiv_oai,
    biorxiv_json,
    crossref_json,
    europepmc_json,
    feed,
    hf_json,
    json_lines,
    openalex_json,
    pubmed_xml,
    semanticscholar_json,
    trending_page,
)
from digest.sources.formats.decoding import read_json, read_text, unpack
from digest.sources.formats.page import Dating, Page
from digest.sources.formats.text import clean

__all__ = ["Dating", "Page", "Parser", "parse_content", "recognise"]

Parser = Callable[[bytes, Dating], Page]

_BYTES_THAT_TELL = 8_192
_ROOTS: Mapping[str, Parser] = {
    f"{arxiv_oai.OAI}OAI-PMH": arxiv_oai.parse_page,
    "PubmedArticleSet": pubmed_xml.parse_page,
}
# what near its beginning tells that arXiv wrote a feed
_FEEDS_OF_ARXIV: tuple[tuple[bytes, Parser], ...] = (
    (b"//rss.arxiv.org/", arxiv_feed.parse_page),
    (b"<arxiv:announce_type>", arxiv_feed.parse_page),
    (b"arxiv.org/api/", arxiv_atom.parse_page),
)
# the way to a key that none of the documents above it has
_KEYS: tuple[tuple[tuple[str, ...], Parser], ...] = (
    (("messages",), biorxiv_json.parse_page),
    (("resultList",), europepmc_json.parse_page),
    (("message-type",), crossref_json.parse_page),
    (("results",), openalex_json.parse_page),
    (("data", "paperId"), semanticscholar_json.parse_page),
    (("total",), semanticscholar_json.parse_page),
    (("data",), hf_json.parse_page),
    (("error",), hf_json.parse_page),
)


def parse_content(content: bytes, dating: Dating) -> Page:
    """The page in a file of any known format, gzip or not.

    Raises SourceError if it is cut, of no known format, or unsound as a whole.
    """
    plain = unpack(content)
    return recognise(plain)(plain, dating)


def recognise(content: bytes) -> Parser:
    """The parser for uncompressed content; SourceError says what else it seems to be.

    The beginning of a dump, a little more than its longest line may be, is enough to know it by.
    """
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
    """A dump has an object on each line; any other document is a single object, on one line or many."""
    first, _, rest = content.removeprefix(b"\xef\xbb\xbf").lstrip().partition(b"\n")
    if rest.lstrip().startswith(b"{"):
        return json_lines.parse_page
    try:
        document: dict[str, Any] = read_json(read_text(content))
    except SourceError:
        if len(first) > json_lines.LONGEST_LINE or first.rstrip().endswith((b"{", b"[", b",")):
            raise
        return json_lines.parse_page  # which tells of its first line, or that it was cut
    parser = next((parser for path, parser in _KEYS if _leads_somewhere(path, document)), None)
    if parser is None and "id" in document:
        return json_lines.parse_page
    if parser is None:
        keys = clean(", ".join(list(document)[:5]), most_characters=200)
        raise SourceError(f"a JSON object with {keys or 'no keys'} is no known format")
    return parser


def _leads_somewhere(path: tuple[str, ...], value: Any) -> bool:
    """Whether the value holds the first key, what is there the second, and so on; of a list its first item counts."""
    for key in path:
        holder = value[0] if isinstance(value, list) and value else value
        if not isinstance(holder, dict) or key not in holder:
            return False
        value = holder[key]
    return True


def _recognise_xml(head: bytes, content: bytes) -> Parser:
    root = _root_tag(content)
    if root in feed.ROOTS:
        return next((parser for mark, parser in _FEEDS_OF_ARXIV if mark in head), feed.parse_page)
    if root in _ROOTS:
        return _ROOTS[root]
    if root.rpartition("}")[2].lower() == "html":
        raise SourceError("this is an HTML page, not a feed")
    raise SourceError(f"XML of no known format: its root element is {clean(root, most_characters=100)}")


def _root_tag(content: bytes) -> str:
    """The name of the root element; whether what comes behind it is sound, is for the parser to judge."""
    parser = etree.XMLPullParser(("start",), recover=True, resolve_entities=False, no_network=True, huge_tree=False)
    for start in range(0, len(content), _BYTES_THAT_TELL):
        parser.feed(content[start : start + _BYTES_THAT_TELL])
        for _, element in parser.read_events():
            return str(element.tag)
    raise SourceError("not well-formed XML: it has no root element")
