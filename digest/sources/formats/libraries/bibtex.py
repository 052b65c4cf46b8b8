"""Reads BibTeX by bibtexparser; what its braces protect is plain text here. Knows no other format."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bibtexparser.entrypoint import parse_string
from bibtexparser.model import Block, ParsingFailedBlock
from bibtexparser.model import Entry as BibtexEntry

from digest.sources.formats.libraries.entries import Entry
from digest.sources.formats.page import UnusableRecordError
from digest.sources.formats.text import clean

DEEPEST_BRACES = 5

_BRACES = re.compile(r"(\\[A-Za-z]+\*?\s*|\\.|[\^_])?\{([^{}\\$]*)\}")
_TIE = re.compile(r"(?<!\\)~")
_ENCLOSED = re.compile(r'\s*(?:\{(.*)\}|"(.*)")\s*', re.DOTALL)
_AND = re.compile(r"\s+and\s+")


def read_entries(text: str) -> Iterator[tuple[str, Entry | UnusableRecordError]]:
    """Each entry with its place. A key or field that stands twice is no reason to refuse what there is."""
    for block in parse_string(text).blocks:
        if isinstance(block, BibtexEntry):
            yield f"{_place(block)}, {block.key}", _read({field.key: str(field.value) for field in block.fields})
        elif isinstance(block, ParsingFailedBlock) and isinstance(entry := block.ignore_error_block, BibtexEntry):
            fields = {field.key: _ENCLOSED.sub(_inside, str(field.value)) for field in entry.fields}
            yield f"{_place(block)}, {entry.key}", _read(fields)
        elif isinstance(block, ParsingFailedBlock):
            yield _place(block), UnusableRecordError(f"no sound BibTeX: {_reason(block)}")


def _place(block: Block) -> str:
    return f"line {(block.start_line or 0) + 1}"


def _reason(block: ParsingFailedBlock) -> str:
    return clean(str(getattr(block.error, "abort_reason", block.error)), most_characters=200)


def _inside(enclosed: re.Match[str]) -> str:
    return enclosed[1] or enclosed[2] or ""


def _read(written: dict[str, str]) -> Entry:
    fields = {name.lower(): value for name, value in written.items()}
    return Entry(
        title=without_braces(fields.get("title", "")),
        abstract=without_braces(fields.get("abstract", "")),
        authors=[without_braces(name) for name in _AND.split(fields.get("author", ""))],
        ids=tuple(fields.get(name, "") for name in ("eprint", "doi", "journal", "note")),
        url=fields.get("url", ""),
    )


def without_braces(text: str) -> str:
    """The text without the braces that only keep capitals; a command keeps its own."""
    tied = _TIE.sub(" ", text)
    for _ in range(DEEPEST_BRACES):
        tied = _BRACES.sub(lambda found: found[0] if found[1] else found[2], tied)
    return tied
