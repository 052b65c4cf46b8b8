"""Reads Zotero's RDF export; its attachments, notes and collections are no works. Knows no other format."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from digest.errors import SourceError
from digest.sources.formats.decoding import all_text, read_xml
from digest.sources.formats.libraries.entries import Entry
from digest.sources.formats.page import UnusableRecordError

_SPACES = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "z": "http://www.zotero.org/namespaces/export#",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "bib": "http://purl.org/net/biblio#",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "prism": "http://prismstandard.org/namespaces/1.2/basic/",
}
_NO_WORKS = ("attachment", "note")


def read_entries(text: str) -> Iterator[tuple[str, Entry | UnusableRecordError]]:
    """Each work with its line. Raises SourceError if it isn't well-formed, or no RDF."""
    root = read_xml(text.encode())
    if root.tag != f"{{{_SPACES['rdf']}}}RDF":
        raise SourceError("XML, but no RDF of Zotero's")
    for element in root:
        kind = element.findtext("z:itemType", "", _SPACES)
        if kind and kind not in _NO_WORKS:
            yield f"line {element.sourceline}", _read(element)


def _read(element: etree._Element) -> Entry:
    """A journal article's DOI stands with the journal that it is part of."""
    identifiers = [
        all_text(found).strip().removeprefix("DOI ") for found in element.iterfind(".//dc:identifier", _SPACES)
    ]
    return Entry(
        title=all_text(element.find("dc:title", _SPACES)),
        abstract=all_text(element.find("dcterms:abstract", _SPACES)),
        authors=[_name(person) for person in element.iterfind("bib:authors//foaf:Person", _SPACES)],
        ids=(*identifiers, element.findtext("prism:number", "", _SPACES)),
        url=element.findtext("dc:identifier/dcterms:URI/rdf:value", "", _SPACES),
    )


def _name(person: etree._Element) -> str:
    given = person.findtext("foaf:givenName", "", _SPACES) or person.findtext("foaf:givenname", "", _SPACES)
    return f"{given} {person.findtext('foaf:surname', '', _SPACES)}".strip()
