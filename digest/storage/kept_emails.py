"""Keeps the bytes of claimed mail, so that mail in doubt can be sent again as it was. Decides nothing else."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime

from sqlalchemy import ColumnElement, Connection, delete, exists, select

from digest.domain import DeliveryState, Email
from digest.storage import rows, tables
from digest.storage.transitions import is_their_time

MOST_ATTEMPTS = 3
"""So often a mail in doubt is sent in all: a relay that takes each and never says so would send copies for ever."""


def keep(connection: Connection, claimed: Sequence[tuple[int, Email]]) -> None:
    """Keep these emails, by the ids of their rows; what is kept already stays as it is."""
    values = [
        {
            "delivery_id": delivery_id,
            "sender": email.sender,
            "recipient": email.recipient,
            "subject": email.subject,
            "content": email.content,
        }
        for delivery_id, email in claimed
    ]
    rows.insert_missing(connection, tables.kept_emails, values)


def drop(connection: Connection, delivery_ids: Collection[int]) -> None:
    """Forget the emails of these rows: what became of them is known, or they will be composed anew."""
    kept = tables.kept_emails
    for some in rows.in_groups(delivery_ids):
        connection.execute(delete(kept).where(kept.c.delivery_id.in_(some)))


def find_due(connection: Connection, edition: date, *, now: datetime) -> tuple[Email, ...]:
    """The edition's mails in doubt that may go again: no later digest covers them, and it is time."""
    table, kept, people = tables.deliveries, tables.kept_emails, tables.subscribers
    may_go = (
        table.c.edition == edition,
        table.c.state == DeliveryState.UNKNOWN.value,
        is_their_time(now),
        *_still_wanted(),
    )
    asked = select(kept, table.c.message_id, table.c.subscriber_id).select_from(kept.join(table).join(people))
    return tuple(
        Email(
            recipient=row.recipient,
            sender=row.sender,
            message_id=row.message_id,
            subject=row.subject,
            content=row.content,
            subscriber_id=row.subscriber_id,
            edition=edition,
            before=DeliveryState.UNKNOWN,
        )
        for row in connection.execute(asked.where(*may_go).order_by(table.c.id))
    )


def find_wanted(connection: Connection, delivery_ids: Collection[int]) -> frozenset[int]:
    """Those of these rows whose mail may go once more, asked again as it is claimed: others may have sent it since."""
    table, people, found = tables.deliveries, tables.subscribers, set[int]()
    for some in rows.in_groups(delivery_ids):
        asked = select(table.c.id).join(people).where(table.c.id.in_(some), *_still_wanted())
        found.update(connection.scalars(asked))
    return frozenset(found)


def _still_wanted() -> tuple[ColumnElement[bool], ...]:
    """It may be sent once more, nothing later was planned for the reader, and their cursor is where it was then."""
    table, people = tables.deliveries, tables.subscribers
    later = table.alias("later")
    is_covered = exists().where(later.c.subscriber_id == table.c.subscriber_id, later.c.edition > table.c.edition)
    return table.c.attempts < MOST_ATTEMPTS, people.c.cursor.is_not_distinct_from(table.c.after), ~is_covered
