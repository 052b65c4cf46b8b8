"""Reads and moves the cursors: the last edition each subscriber was delivered. A cursor only moves forward."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, bindparam, or_, select, update

from digest.storage import rows, tables

_PEOPLE = tables.subscribers
_CURSORS = select(_PEOPLE.c.id, _PEOPLE.c.cursor).where(_PEOPLE.c.id.in_(bindparam("readers", expanding=True)))
_MOVE = (
    update(_PEOPLE)
    .where(_PEOPLE.c.id == bindparam("reader"))
    .where(or_(_PEOPLE.c.cursor.is_(None), _PEOPLE.c.cursor < bindparam("day")))
    .values(cursor=bindparam("day"))
)


def read_cursors(connection: Connection, subscriber_ids: Collection[str]) -> dict[str, date | None]:
    """The cursors of these subscribers."""
    found = dict[str, date | None]()
    for some in rows.in_groups(subscriber_ids):
        found.update((row.id, row.cursor) for row in connection.execute(_CURSORS, {"readers": some}))
    return found


def move_cursors(connection: Connection, delivered: Sequence[Row[Any]]) -> None:
    """Move the cursor of each of these deliveries' subscribers to its edition, unless it is there or further."""
    if delivered:
        connection.execute(_MOVE, [{"reader": row.subscriber_id, "day": row.edition} for row in delivered])
