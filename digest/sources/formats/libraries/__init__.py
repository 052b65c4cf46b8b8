"""Formats of reference managers' libraries, each a pure function from text to entries; the content shows which it is.

BibTeX, RIS, CSL-JSON, and Zotero's RDF and CSV are read. One entry that is no use never costs the others.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date

from digest.errors import SourceError
from digest.sources.formats.decoding import read_text, unpack
from digest.sources.formats.libraries import bibtex, csl_json, ris, zotero_csv, zotero_rdf
from digest.sources.formats.libraries.entries import Entry, to_paper
from digest.sources.formats.page import Page, UnusableRecordError, read_each, unique_papers

MOST_BYTES = 10 * 1024 * 1024
MOST_ENTRIES = 5_000

_KNOWN = "BibTeX, RIS, CSL-JSON, Zotero RDF and Zotero CSV are read"
_RIS = re.compile(r"^TY {2}-", re.MULTILINE)
_BIBTEX = re.compile(r"@\w+\s*[{(]")

_EntryReader = Callable[[str], Iterable[tuple[str, Entry | UnusableRecordError]]]


def parse_library(content: bytes, *, day: date) -> Page:
    """The papers of a library, gzip or not, as if announced on `day`, and what can't be used with its place.

    Raises SourceError if it is too large, of no known format, or unsound as a whole.
    """
    text = read_text(unpack(content, most_bytes=MOST_BYTES))
    entries = []
    for entry in _recognise(text)(text):
        entries.append(entry)
        if len(entries) > MOST_ENTRIES:
            raise SourceError(f"more than {MOST_ENTRIES} entries; export a part of the library")
    papers, refused = read_each(entries, lambda entry: to_paper(entry, day))
    return Page(day, unique_papers(papers), refused, records=len(entries))


def _recognise(text: str) -> _EntryReader:
    start = text.lstrip()
    if start.startswith(("[", "{")):
        return csl_json.read_entries
    if start.startswith("<"):
        return zotero_rdf.read_entries
    if zotero_csv.is_header(start.partition("\n")[0]):
        return zotero_csv.read_entries
    if _RIS.search(text):
        return ris.read_entries
    if found := _BIBTEX.findall(text):
        if len(found) > MOST_ENTRIES:  # the parser would read them all first
            raise SourceError(f"more than {MOST_ENTRIES} entries; export a part of the library")
        return bibtex.read_entries
    raise SourceError(f"no library of a known format; {_KNOWN}")
