"""What every library's format says of a work, and the Paper that comes of it; reads no format."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from digest.domain import Paper
from digest.identity import canonical_id
from digest.sources.formats.article_links import find_identifier
from digest.sources.formats.page import UnusableRecordError
from digest.sources.formats.records import as_text, make_paper

_ARXIV = re.compile(r"\barXiv[:\s]+(\S{7,30})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Entry:
    """One work as a library has it; values are as they stand there."""

    title: Any = ""
    abstract: Any = ""
    authors: Iterable[Any] = ()
    ids: tuple[Any, ...] = ()
    """Whatever may hold an arXiv id or a DOI, the likeliest first."""
    url: Any = ""


def to_paper(entry: Entry | UnusableRecordError, day: date) -> Paper:
    """The paper of an entry, as if announced that day. Raises UnusableRecordError if it has no title."""
    if isinstance(entry, UnusableRecordError):
        raise entry
    found = (name for value in (*entry.ids, entry.url) for name in _ids_in(as_text(value)))
    return make_paper(
        next(found, None),
        title=entry.title,
        announced=day,
        authors=entry.authors,
        abstract=entry.abstract,
        url=entry.url,
    )


def _ids_in(text: str) -> Iterable[str]:
    written = (text, find_identifier(text) or "", *_ARXIV.findall(text))
    return [name for name in map(canonical_id, written) if name]
