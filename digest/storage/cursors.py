"""Reads and moves the cursors: the last edition each subscriber was delivered. A cursor only moves forward."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, bindparam, or_, select, update

from digest.storage import rows, tables


def read_cursors(connection: Connection, subscriber_ids: Collection[str]) -> dict[str, date | None]:
    """The cursors of these subscribers."""
    people, found = tables.subscribers, dict[str, date | None]()
    for some in rows.in_groups(subscriber_ids):
        asked = select(people.c.id, people.c.cursor).where(people.c.id.in_(some))
        found.update((row.id, row.cursor) for row in connection.execute(asked))
    return found


def move_cursors(connection: Connection, delivered: Sequence[Row[Any]]) -> None:
    """Move the cursor of each of these deliveries' subscribers to its edition, unless it is there or further."""
    people = tables.subscribers
    behind = or_(people.c.cursor.is_(None), people.c.cursor < bindparam("day"))
    moved = update(people).where(people.c.id == bindparam("reader"), behind).values(cursor=bindparam("day"))
    if delivered:
        connection.execute(moved, [{"reader": row.subscriber_id, "day": row.edition} for row in delivered])
