"""Keeps in how many papers of an edition each word stands, as compressed JSON; counts nothing."""

from __future__ import annotations

import json
import zlib
from collections.abc import Collection, Mapping
from datetime import date

from sqlalchemy import Connection, delete, select

from digest.domain import WordCounts
from digest.storage import rows, tables


def read_word_counts(connection: Connection, days: Collection[date]) -> dict[date, WordCounts]:
    """The counts of those of the editions whose words were counted."""
    table = tables.word_counts
    found = connection.execute(select(table).where(table.c.edition.in_(days)))
    return {row.edition: WordCounts(row.papers, json.loads(zlib.decompress(row.frequency))) for row in found}


def add_word_counts(connection: Connection, editions: Mapping[date, WordCounts]) -> None:
    """Keep the counts of editions; what is kept already stays."""
    table = tables.word_counts
    held = set(connection.scalars(select(table.c.edition).where(table.c.edition.in_(editions))))
    values = [
        {"edition": day, "papers": counts.papers, "frequency": _compress(counts.frequency)}
        for day, counts in editions.items()
        if day not in held
    ]
    rows.insert_missing(connection, table, values)


def forget_word_counts(connection: Connection, editions: Collection[date]) -> None:
    """Drop the counts of editions that got further papers: they are counted anew when they are next asked for."""
    connection.execute(delete(tables.word_counts).where(tables.word_counts.c.edition.in_(editions)))


def _compress(frequency: Mapping[str, int]) -> bytes:
    return zlib.compress(json.dumps(frequency, ensure_ascii=False, separators=(",", ":")).encode())
