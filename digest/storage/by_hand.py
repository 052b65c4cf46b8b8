"""What the operator changes by hand: settles mail in doubt, lets mail be tried again. Sends nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Engine, Row, func, select

from digest.domain import DeliveryState
from digest.storage import kept_emails, tables
from digest.storage.cursors import move_cursors, read_cursors
from digest.storage.transitions import OPERATOR, Transition, is_one_of, locked, write


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which deliveries the operator means; what is empty narrows nothing."""

    edition: date | None = None
    email: str = ""
    message_id: str = ""

    def conditions(self) -> list[ColumnElement[bool]]:
        """The same as conditions on rows."""
        table = tables.deliveries
        asked: list[tuple[Any, ColumnElement[bool]]] = [
            (self.edition, table.c.edition == self.edition),
            (self.email, func.lower(table.c.email) == self.email.lower()),
            (self.message_id, table.c.message_id == self.message_id),
        ]
        return [condition for value, condition in asked if value]


@dataclass(frozen=True, slots=True)
class ByHand:
    """The deliveries, for the operator's hand."""

    engine: Engine
    now: Callable[[], datetime]

    def resolve(self, chosen: Chosen, *, as_sent: bool) -> int:
        """Settle mail in doubt: it was sent, and the cursor moves, or it was not. Returns how many.

        `failed` leaves the cursor, so that the next digest covers the papers.
        """
        to = DeliveryState.SENT if as_sent else DeliveryState.FAILED
        with self.engine.begin() as connection:
            found = locked(connection, *chosen.conditions(), tables.deliveries.c.state == DeliveryState.UNKNOWN.value)
            reply = f"the operator says: {to}"
            settled = [Transition(row, to, {"reply": reply}) for row in found]
            write(connection, settled, now=self.now(), owner=OPERATOR)
            kept_emails.drop(connection, [row.id for row in found])
            move_cursors(connection, found if as_sent else ())
            return len(found)

    def retry(self, chosen: Chosen) -> tuple[int, int]:
        """Let deferred and failed mail be tried again now. Returns how many, and how many a later digest covers.

        Those stay as they are: trying them again would bring the same papers twice.
        """
        table = tables.deliveries
        newest = (
            select(table.c.subscriber_id, func.max(table.c.edition).label("edition"))
            .group_by(table.c.subscriber_id)
            .subquery()
        )
        with self.engine.begin() as connection:
            again = is_one_of((DeliveryState.DEFERRED, DeliveryState.FAILED))
            found = locked(connection, *chosen.conditions(), again)
            last = {(row.subscriber_id, row.edition) for row in connection.execute(select(newest))}
            cursors = read_cursors(connection, {row.subscriber_id for row in found})
            open_ones = [
                row
                for row in found
                if (row.subscriber_id, row.edition) in last and not _is_served(row, cursors[row.subscriber_id])
            ]
            values = {"reply": "the operator tries again", "not_before": None}
            write(connection, [Transition(row, DeliveryState.PENDING, values) for row in open_ones], now=self.now())
            return len(open_ones), len(found) - len(open_ones)


def _is_served(row: Row[Any], cursor: date | None) -> bool:
    """Whether the reader has had this edition or a later one; one for which nothing matched leaves no row."""
    return cursor is not None and cursor >= row.edition
