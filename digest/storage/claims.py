"""Which emails may be sent: finds the rows that may be claimed, and those an owner holds, and writes claims.

Every function works within a transaction of the caller's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select

from digest.domain import DeliveryState, Email
from digest.planning import is_wait_over
from digest.storage import kept_emails, rows, tables
from digest.storage.cursors import read_cursors
from digest.storage.transitions import OPEN, Transition, is_one_of, select_locked, write

_TABLE = tables.deliveries
# built once: SQLAlchemy takes longer to build a statement than SQLite to run it
_OF_READERS = _TABLE.c.subscriber_id.in_(bindparam("readers", expanding=True))
_IS_SENDING = _TABLE.c.state == DeliveryState.SENDING.value
_CLAIMABLE = select_locked(_OF_READERS, is_one_of((*OPEN, DeliveryState.UNKNOWN)))
_BUSY = select(_TABLE.c.subscriber_id).where(_OF_READERS, _IS_SENDING)
_CLAIMED = select_locked(
    _OF_READERS,
    _TABLE.c.edition.in_(bindparam("editions", expanding=True)),
    _TABLE.c.owner == bindparam("owner"),
    _IS_SENDING,
)
_PAPERS = (
    select(tables.aliases)
    .join(tables.papers)
    .where(tables.aliases.c.alias.in_(bindparam("names", expanding=True)))
    .order_by(tables.papers.c.key == tables.aliases.c.alias)
)


def key_of(email: Email) -> tuple[date | None, str]:
    """What is unique of a digest: its edition and its subscriber."""
    return email.edition, email.subscriber_id


def find_claimable(
    connection: Connection, emails: Sequence[Email], *, now: datetime
) -> dict[tuple[Any, str], Row[Any]]:
    """The locked rows of these emails, without subscribers to whom other mail goes now or a later one may have gone.

    What another process has tried since its email was made has to wait. Rows of other editions are locked too: whoever
    claims one of those waits, and then finds this one in `sending`.
    """
    found, busy = list[Row[Any]](), set[str]()
    for some in rows.in_groups(sorted({email.subscriber_id for email in emails})):
        found.extend(connection.execute(_CLAIMABLE, {"readers": some}))
        busy.update(connection.scalars(_BUSY, {"readers": some}))
    in_doubt = [(row.subscriber_id, row.edition) for row in found if row.state == DeliveryState.UNKNOWN.value]
    newest_doubt = dict(sorted(in_doubt))
    wanted = {key_of(email): email for email in emails}
    return {
        key: row
        for row in found
        if (key := (row.edition, row.subscriber_id)) in wanted
        and (row.not_before is None or is_wait_over(row.not_before, now=now))
        and row.subscriber_id not in busy
        and newest_doubt.get(row.subscriber_id, row.edition) <= row.edition
        and _tells_of(wanted[key], newest_doubt.get(row.subscriber_id))
    }


def _tells_of(email: Email, doubt: date | None) -> bool:
    """Whether a digest says that the mail of an edition in doubt may have come; it was perhaps made before that."""
    if doubt is None or email.digest is None:
        return True
    return doubt <= max(email.digest.again_through or date.min, email.digest.subscriber.cursor or date.min)


def find_claimed(connection: Connection, emails: Sequence[Email], owner: str) -> dict[tuple[Any, str], Row[Any]]:
    """The locked rows of these emails that the owner holds, by edition and subscriber."""
    found = dict[tuple[Any, str], Row[Any]]()
    editions = sorted({email.edition for email in emails if email.edition is not None})
    for some in rows.in_groups(sorted({email.subscriber_id for email in emails})):
        asked = {"editions": editions, "readers": some, "owner": owner}
        found.update(((row.edition, row.subscriber_id), row) for row in connection.execute(_CLAIMED, asked))
    return found


def write_claims(
    connection: Connection, pairs: Sequence[tuple[Row[Any], Email]], owner: str, *, keeps: bool, now: datetime
) -> frozenset[str]:
    """Move the rows that their emails still fit to `sending`, and tell whose those are."""
    cursors = read_cursors(connection, [row.subscriber_id for row, _ in pairs])
    papers = _paper_ids(connection, [email for _, email in pairs])
    doubtful = [row.id for row, _ in pairs if row.state == DeliveryState.UNKNOWN.value]
    wanted = kept_emails.find_wanted(connection, doubtful) if keeps else frozenset()
    first, again = list[Transition](), list[Transition]()
    for row, email in pairs:
        sha256 = hashlib.sha256(email.content).hexdigest() if keeps else ""
        if (row.state == DeliveryState.UNKNOWN.value) != (email.before is DeliveryState.UNKNOWN):
            continue  # what became of it since it was made: a mail of equal bytes is no wish to send it again
        if row.state == DeliveryState.UNKNOWN.value:
            if row.id in wanted and (row.message_id, row.content_sha256) == (email.message_id, sha256):
                again.append(Transition(row, DeliveryState.SENDING, {"owner": owner}))
        elif email.digest is None or cursors.get(row.subscriber_id) == email.digest.subscriber.cursor:
            values = {**_claim_values(email, papers), "content_sha256": sha256, "owner": owner}
            first.append(Transition(row, DeliveryState.SENDING, {**values, "composed_at": now}))
    write(connection, first, now=now, owner=owner)
    write(connection, again, now=now, owner=owner)
    claimed = {change.row.id for change in (*first, *again)}
    if keeps:
        kept_emails.keep(connection, [(row.id, email) for row, email in pairs if row.id in claimed])
    return frozenset(row.subscriber_id for row, _ in pairs if row.id in claimed)


def _claim_values(email: Email, paper_ids: Mapping[str, int]) -> dict[str, Any]:
    papers = [match.paper.id for match in email.digest.shown] if email.digest else []
    return {
        "message_id": email.message_id,
        "after": email.digest.subscriber.cursor if email.digest else None,
        "covers": [day.isoformat() for day in email.digest.covers] if email.digest else [],
        "paper_ids": [paper_ids[paper] for paper in papers if paper in paper_ids],
    }


def _paper_ids(connection: Connection, emails: Iterable[Email]) -> dict[str, int]:
    """The rows of the papers in these emails, even of those that got a better id since they were composed."""
    keys = {match.paper.id for email in emails if email.digest for match in email.digest.shown}
    found: dict[str, int] = {}
    for some in rows.in_groups(sorted(keys)):
        found.update((row.alias, row.paper_id) for row in connection.execute(_PAPERS, {"names": some}))
    return found
