"""Reads CSL-JSON, as Zotero and others export it (https://docs.citationstyles.org/). Knows no other format."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from digest.sources.formats.decoding import read_json
from digest.sources.formats.libraries.entries import Entry
from digest.sources.formats.page import UnusableRecordError
from digest.sources.formats.records import as_list, as_object, as_text


def read_entries(text: str) -> Iterator[tuple[str, Entry | UnusableRecordError]]:
    """Each item with its number. Raises SourceError if the document isn't sound JSON."""
    document = read_json(text)
    items = as_list(as_object(document).get("items")) or (document if isinstance(document, list) else [document])
    for number, item in enumerate(items, start=1):
        yield f"item {number}", _read(item)


def _read(item: Any) -> Entry | UnusableRecordError:
    if not isinstance(item, dict):
        return UnusableRecordError("it is no object")
    return Entry(
        title=item.get("title"),
        abstract=item.get("abstract"),
        authors=[_name(as_object(author)) for author in as_list(item.get("author"))],
        ids=tuple(item.get(name) for name in ("DOI", "number", "archive_id", "note")),
        url=item.get("URL"),
    )


def _name(author: dict[str, Any]) -> str:
    parts = [as_text(author.get(part)) for part in ("given", "family")]
    return " ".join(filter(None, parts)) or as_text(author.get("literal"))
