"""Turns raw bytes into text, JSON or an XML tree, strictly: what is cut, binary or dangerous is a SourceError."""

from __future__ import annotations

import json
import zlib
from typing import Any

from lxml import etree

from digest.errors import SourceError

GZIP_MAGIC = b"\x1f\x8b"
MOST_BYTES = 20 * 1024 * 1024
"""The largest page that is read, after decompression."""
_MOST_MEMBERS = 100  # of one gzip file; each costs a copy of the rest


def unpack(content: bytes, *, most_bytes: int = MOST_BYTES) -> bytes:
    """The content, decompressed if it is gzip by its first bytes; every checksum is verified (RFC 1952).

    Raises SourceError if it is cut, damaged, or larger than `most_bytes`.
    """
    parts, rest, left = [], content, most_bytes
    while rest.startswith(GZIP_MAGIC):
        member = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
        try:
            parts.append(member.decompress(rest, left + 1))
        except zlib.error as error:
            raise SourceError(f"the gzip data is damaged: {error}") from error
        left -= len(parts[-1])
        if left < 0 or len(parts) > _MOST_MEMBERS:
            raise SourceError(f"larger than {most_bytes} bytes after decompression, or in too many pieces")
        if not member.eof:
            raise SourceError("the gzip data is cut short")
        rest = member.unused_data.lstrip(b"\0")
    if parts and rest:
        raise SourceError("something else follows the gzip data")
    if len(rest) > most_bytes:
        raise SourceError(f"larger than {most_bytes} bytes")
    return b"".join(parts) if parts else rest


def read_text(content: bytes) -> str:
    """The content as UTF-8 with plain line ends; SourceError names the first byte that isn't text."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SourceError(f"not UTF-8 text: byte {error.start} is invalid") from error
    if "\0" in text:
        raise SourceError(f"binary data, not text: character {text.index(chr(0))} is NUL")
    return text.replace("\r\n", "\n")


def read_json(text: str) -> Any:
    """The JSON value in the text; SourceError says where it breaks, or that it is Python's notation."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        if looks_like_python(text):
            raise SourceError("this looks like a Python literal, not JSON") from error
        cause = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise SourceError(f"not valid JSON: {cause}") from error


def looks_like_python(text: str) -> bool:
    """Whether the text opens like a printed Python dictionary: `{'id': …`."""
    return text.lstrip("[ \t\n").startswith("{'")


def read_xml(content: bytes) -> etree._Element:
    """The root of an XML document; nothing is fetched and no entity expanded.

    Raises SourceError with line and cause if it isn't well-formed, or if it declares entities of its own.
    """
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise SourceError(f"not well-formed XML: {error}") from error
    declared = root.getroottree().docinfo.internalDTD
    if declared is not None and declared.entities():
        raise SourceError("the document declares entities of its own, which is refused")
    return root


def all_text(element: etree._Element | None) -> str:
    """All text inside an element, that of inline tags included; nothing if there is no element."""
    if element is None:
        return ""
    return "".join(element.itertext()) if len(element) else element.text or ""
