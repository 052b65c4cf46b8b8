"""Parses answers of NCBI's ESearch: the ids that a query found, and what the server says of the query. Fetches nothing.

Source: https://www.ncbi.nlm.nih.gov/books/NBK25499/.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from digest.errors import SourceError
from digest.identity import parse_pmid
from digest.sources.formats.decoding import read_json, read_text
from digest.sources.formats.fields import read_count
from digest.sources.formats.records import as_list, as_object, as_text
from digest.sources.formats.text import clean

_SHOWN_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found."""

    ids: tuple[str, ...]
    """PubMed ids without prefix."""
    total: int
    """How many there are, listed here or not."""
    warnings: tuple[str, ...] = ()
    """What the server left out of the query or didn't understand, such as an unknown field."""


def parse_found(content: bytes) -> Found:
    """The ids found. Raises SourceError if the answer, whatever its status, is an error or no such list."""
    answer = as_object(read_json(read_text(content)))
    result = as_object(answer.get("esearchresult"))
    if error := result.get("ERROR") or answer.get("error"):
        cause = clean(as_text(error), most_characters=_SHOWN_CHARACTERS)
        raise SourceError(f"the search failed: {cause or 'no reason given'}")
    listed, total = result.get("idlist"), read_count(result.get("count"))
    if not isinstance(listed, list) or total is None:
        raise SourceError("no answer of a search: its list of ids or its count is missing")
    ids = (parse_pmid(f"pmid:{as_text(number)}") for number in listed)
    return Found(tuple(number for number in ids if number), total, tuple(_warnings(result)))


def _warnings(result: dict[str, Any]) -> Iterator[str]:
    for kind in ("errorlist", "warninglist"):
        for name, texts in as_object(result.get(kind)).items():
            for text in map(as_text, as_list(texts)):
                if text:
                    yield clean(f"the server says of the query: {name}: {text}", most_characters=_SHOWN_CHARACTERS)
