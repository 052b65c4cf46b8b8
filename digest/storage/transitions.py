"""The one place that changes a delivery's state: along MAY_BECOME alone, each change with its line in the history.

It never decides which change is due, and never changes or removes a line of the history.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam, insert, or_, select, update

from digest.domain import DeliveryState
from digest.planning import LONGEST_WAIT
from digest.storage import tables

_PENDING, _SENDING, _SENT = DeliveryState.PENDING, DeliveryState.SENDING, DeliveryState.SENT
_DEFERRED, _REJECTED, _FAILED = DeliveryState.DEFERRED, DeliveryState.REJECTED, DeliveryState.FAILED
_UNKNOWN, _SUPPRESSED, _EXPIRED = DeliveryState.UNKNOWN, DeliveryState.SUPPRESSED, DeliveryState.EXPIRED
_BOUNCED, _COMPLAINED = DeliveryState.BOUNCED, DeliveryState.COMPLAINED

MAY_BECOME: Mapping[DeliveryState, frozenset[DeliveryState]] = {
    _PENDING: frozenset({_SENDING, _SUPPRESSED, _FAILED, _EXPIRED}),
    _DEFERRED: frozenset({_SENDING, _SUPPRESSED, _FAILED, _EXPIRED, _PENDING}),  # pending: the operator's retry
    _SENDING: frozenset({_SENT, _PENDING, _DEFERRED, _REJECTED, _FAILED, _UNKNOWN}),
    # resolved by the operator, sent again with the same bytes, or settled by what came back
    _UNKNOWN: frozenset({_SENT, _FAILED, _SENDING, _BOUNCED, _COMPLAINED}),
    _FAILED: frozenset({_PENDING}),  # the operator's retry
    _SENT: frozenset({_BOUNCED, _COMPLAINED}),
    _BOUNCED: frozenset({_COMPLAINED}),
    _COMPLAINED: frozenset(),
    _REJECTED: frozenset(),
    _SUPPRESSED: frozenset(),
    _EXPIRED: frozenset(),
}
"""The whole life of a delivery. Whatever isn't here never happens to a row."""

OPERATOR = "operator"
"""In place of a run, who writes down what a person says became of a mail."""

OPEN = (_PENDING, _DEFERRED)
"""Rows that may be claimed, if it is time."""

_COLUMNS = (
    *("id", "edition", "subscriber_id", "state", "owner", "attempts", "not_before"),
    *("after", "message_id", "content_sha256"),
)
# built once: SQLAlchemy takes longer to build a statement than SQLite to run it
_UPDATE = update(tables.deliveries).where(tables.deliveries.c.id == bindparam("row_id"))
_ADD_LINES = insert(tables.delivery_events)
_SAID = ("code", "enhanced_code", "reply", "relay", "seconds")


@dataclass(frozen=True, slots=True)
class Transition:
    """What one row becomes: its new state and other columns. `seconds` is how long an attempt took."""

    row: Row[Any]
    to: DeliveryState
    values: Mapping[str, Any] = field(default_factory=dict)
    seconds: float | None = None


def locked(connection: Connection, *where: ColumnElement[bool]) -> Sequence[Row[Any]]:
    """The rows that fit, locked until the transaction ends, in one order lest two processes wait for each other."""
    return connection.execute(select_locked(*where)).all()


def select_locked(*where: ColumnElement[bool]) -> Select[Any]:
    """The statement of `locked`, for conditions that are often asked with other values."""
    table = tables.deliveries
    return select(*(table.c[name] for name in _COLUMNS)).where(*where).order_by(table.c.id).with_for_update()


def is_one_of(states: Iterable[DeliveryState]) -> ColumnElement[bool]:
    """Whether a row is in one of these states."""
    return tables.deliveries.c.state.in_([state.value for state in states])


def is_their_time(now: datetime) -> ColumnElement[bool]:
    """Whether a row's wait is over, as `planning.is_wait_over` tells it; null: the operator tries again."""
    not_before = tables.deliveries.c.not_before
    return or_(not_before.is_(None), not_before <= now, not_before > now + LONGEST_WAIT)


def write(connection: Connection, changes: Sequence[Transition], *, now: datetime, owner: str = "") -> None:
    """Write changes of locked rows, all of the same columns, and their lines in the history.

    A claim has no line of its own: what came of it has. `owner` is the run that sends, or OPERATOR. Raises ValueError
    for a change that MAY_BECOME doesn't know: a fault of ours, and better found than written.
    """
    for change in changes:
        if change.to not in MAY_BECOME[DeliveryState(change.row.state)]:
            raise ValueError(f"a delivery that is {change.row.state} never becomes {change.to}")
    if not changes:
        return
    rows = [
        {"row_id": change.row.id, "state": change.to.value, "updated_at": now, **change.values} for change in changes
    ]
    connection.execute(_UPDATE, rows)
    if lines := [_line(change, now, owner) for change in changes if change.to is not _SENDING]:
        connection.execute(_ADD_LINES, lines)


def _line(change: Transition, now: datetime, owner: str) -> dict[str, Any]:
    said = {"code": None, "enhanced_code": "", "reply": "", "relay": "", "seconds": change.seconds}
    return {
        "delivery_id": change.row.id,
        "state": change.to.value,
        "at": now,
        "owner": owner,
        "attempt": change.values.get("attempts", change.row.attempts),
        **said,
        **{name: value for name, value in change.values.items() if name in _SAID},
    }
