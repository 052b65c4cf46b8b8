"""Keeps one row a digest and inbox: plans, claims and records. Composes and sends nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, and_, case, delete, exists, or_, select, true, update

from digest.domain import DeliveryState, Email, Outcome, Status, Subscriber
from digest.storage import rows, tables
from digest.storage.engine import is_alive, open_ownership, reading
from digest.storage.suppressions import SuppressionStore

_OPEN = (DeliveryState.PENDING, DeliveryState.DEFERRED)


@dataclass(frozen=True, slots=True)
class DeliveryStore:
    """The deliveries and the cursors that move with them."""

    engine: Engine
    now: Callable[[], datetime]
    suppressions: SuppressionStore

    def open_ownership(self) -> AbstractContextManager[str]:
        """A name for this process's claims, alive as long as the process holds it."""
        return open_ownership(self.engine)

    def plan(self, edition: date, due: Iterable[Subscriber]) -> None:
        """Make a pending row for everyone due, ending in the same transaction their older open rows as expired.

        The new digest covers what those would have held, so that no late retry brings the same papers twice.
        """
        table, people = tables.deliveries, tables.subscribers
        due = tuple(due)
        with self.engine.begin() as connection:
            for some in rows.in_groups([subscriber.id for subscriber in due]):
                unplanned = (people.c.id.in_(some), people.c.first_planned.is_(None))
                connection.execute(update(people).where(*unplanned).values(first_planned=edition))
                older = (table.c.subscriber_id.in_(some), table.c.edition < edition, table.c.state.in_(_values(_OPEN)))
                connection.execute(
                    update(table).where(*older).values(state=DeliveryState.EXPIRED.value, updated_at=self.now())
                )
            rows.insert_missing(connection, table, [_pending_row(edition, someone, self.now()) for someone in due])

    def open_rows(self, edition: date) -> frozenset[str]:
        """The subscribers whose digest of that edition may be claimed now: pending, or deferred until by now."""
        table = tables.deliveries
        may_go = or_(
            table.c.state == DeliveryState.PENDING.value,
            and_(table.c.state == DeliveryState.DEFERRED.value, table.c.not_before <= self.now()),
        )
        with reading(self.engine) as connection:
            return frozenset(
                connection.scalars(select(table.c.subscriber_id).where(table.c.edition == edition, may_go))
            )

    def owed_before(self, edition: date) -> frozenset[str]:
        """The subscribers who have a digest of an older edition after their cursor that is open or was given up."""
        table, people = tables.deliveries, tables.subscribers
        owed = (table.c.edition < edition, table.c.state.in_(_values((*_OPEN, DeliveryState.EXPIRED))))
        query = select(table.c.subscriber_id).join(people, people.c.id == table.c.subscriber_id)
        with reading(self.engine) as connection:
            return frozenset(connection.scalars(query.where(*owed, table.c.edition > people.c.cursor)))

    def in_doubt(self, edition: date) -> frozenset[str]:
        """The subscribers to whom another edition's mail is on its way, or a later one's may have gone.

        A digest of this edition could bring them the same papers without a word.
        """
        table = tables.deliveries
        on_its_way = and_(table.c.edition != edition, table.c.state == DeliveryState.SENDING.value)
        may_have_gone = and_(table.c.edition > edition, table.c.state == DeliveryState.UNKNOWN.value)
        with reading(self.engine) as connection:
            return frozenset(connection.scalars(select(table.c.subscriber_id).where(or_(on_its_way, may_have_gone))))

    def planned(self, edition: date) -> frozenset[str]:
        """Everyone who has a row for that edition, whatever its state."""
        table = tables.deliveries
        with reading(self.engine) as connection:
            return frozenset(connection.scalars(select(table.c.subscriber_id).where(table.c.edition == edition)))

    def skip(self, edition: date, subscriber_id: str) -> None:
        """There was nothing to say: drop the pending row and move the cursor, counting the reader as empty."""
        table = tables.deliveries
        mine = (table.c.edition == edition, table.c.subscriber_id == subscriber_id)
        with self.engine.begin() as connection:
            dropped = connection.execute(delete(table).where(*mine, table.c.state.in_(_values(_OPEN)))).rowcount
            if dropped:
                _move_cursor(connection, subscriber_id, edition)
                editions = tables.editions
                counted = update(editions).where(editions.c.day == edition).values(empty=editions.c.empty + 1)
                connection.execute(counted)

    def claim(self, emails: Sequence[Email], *, owner: str) -> frozenset[str]:
        """Commit that these emails are about to be sent, and tell whose may be: nobody else can claim those now.

        A row whose subscriber has unsubscribed or paused since it was planned, or whose address is on the do-not-send
        list, becomes suppressed instead. One whose subscriber's cursor has moved since the digest was composed stays
        open, to be composed again.
        """
        with self.engine.begin() as connection:
            paper_ids = _paper_ids(connection, emails)
            barred = self.suppressions.barred_in(connection, [email.subscriber_id for email in emails])
            # in one order, lest two processes that claim the same rows wait for each other
            ordered = sorted(emails, key=lambda email: email.subscriber_id)
            return frozenset(
                email.subscriber_id
                for email in ordered
                if self._claim_one(connection, email, owner, paper_ids, is_barred=email.subscriber_id in barred)
            )

    def give_back(self, emails: Iterable[Email], *, owner: str) -> None:
        """Make claimed emails pending again that were never started."""
        table, emails = tables.deliveries, tuple(emails)
        if not emails:
            return
        with self.engine.begin() as connection:
            for email in emails:
                mine = (*_is_row_of(email), table.c.owner == owner, table.c.state == DeliveryState.SENDING.value)
                connection.execute(update(table).where(*mine).values(state=DeliveryState.PENDING.value, owner=""))

    def record(self, outcome: Outcome, *, owner: str, relay: str) -> None:
        """Write what became of a claimed email; if it was sent, the cursor moves in the same transaction."""
        table, email = tables.deliveries, outcome.email
        not_before = self.now() + outcome.retry_after if outcome.retry_after else None
        values = {
            "state": outcome.state.value,
            "reply": outcome.reply,
            "code": outcome.code,
            "enhanced_code": outcome.enhanced_code,
            "relay": relay,
            "not_before": not_before,
            "attempts": table.c.attempts + (1 if outcome.charges_attempt else 0),
            "updated_at": self.now(),
        }
        mine = (*_is_row_of(email), table.c.owner == owner, table.c.state == DeliveryState.SENDING.value)
        with self.engine.begin() as connection:
            written = connection.execute(update(table).where(*mine).values(**values)).rowcount
            if written and outcome.state is DeliveryState.SENT and email.edition is not None:
                _move_cursor(connection, email.subscriber_id, email.edition)

    def fail(self, edition: date, subscriber_id: str, reason: str) -> None:
        """Write that an email could not be made; the next digest covers its papers."""
        table = tables.deliveries
        mine = (table.c.edition == edition, table.c.subscriber_id == subscriber_id, table.c.state.in_(_values(_OPEN)))
        with self.engine.begin() as connection:
            connection.execute(
                update(table).where(*mine).values(state=DeliveryState.FAILED.value, reply=reason, updated_at=self.now())
            )

    def suppress_strangers(self, edition: date, *, known: Collection[str]) -> None:
        """Suppress the open digests of those who were planned and are no subscribers any more."""
        table = tables.deliveries
        mine = (table.c.edition == edition, table.c.state.in_(_values(_OPEN)))
        with self.engine.begin() as connection:
            waiting = connection.scalars(select(table.c.subscriber_id).where(*mine))
            for some in rows.in_groups([stranger for stranger in waiting if stranger not in known]):
                values = {"state": DeliveryState.SUPPRESSED.value, "reply": "no subscriber any more"}
                connection.execute(
                    update(table).where(*mine, table.c.subscriber_id.in_(some)).values(**values, updated_at=self.now())
                )

    def expire_deferred(self, *, planned_before: datetime) -> None:
        """Give up deferred digests of editions that were closed before a moment; the next digest covers them."""
        table, editions = tables.deliveries, tables.editions
        old = select(editions.c.day).where(editions.c.closed_at < planned_before)
        with self.engine.begin() as connection:
            connection.execute(
                update(table)
                .where(table.c.state == DeliveryState.DEFERRED.value, table.c.edition.in_(old))
                .values(state=DeliveryState.EXPIRED.value, updated_at=self.now())
            )

    def release_lapsed(self) -> int:
        """Turn the claims of processes that died into `unknown`, as their mail may have gone. Returns how many."""
        table = tables.deliveries
        sending = table.c.state == DeliveryState.SENDING.value
        with reading(self.engine) as connection:
            owners = connection.scalars(select(table.c.owner).where(sending).distinct()).all()
        dead = [owner for owner in owners if not is_alive(self.engine, owner)]
        reason = "the sending process ended before the server's answer was written down"
        values = {"state": DeliveryState.UNKNOWN.value, "reply": reason, "updated_at": self.now()}
        if not dead:
            return 0
        with self.engine.begin() as connection:
            return connection.execute(update(table).where(sending, table.c.owner.in_(dead)).values(**values)).rowcount

    def _claim_one(
        self, connection: Connection, email: Email, owner: str, paper_ids: Mapping[str, int], *, is_barred: bool
    ) -> bool:
        table, people = tables.deliveries, tables.subscribers
        is_active = (
            select(people.c.status).where(people.c.id == email.subscriber_id).scalar_subquery() == Status.ACTIVE.value
        )
        papers = [match.paper.id for match in email.digest.shown] if email.digest else []
        may_go = DeliveryState.SUPPRESSED if is_barred else DeliveryState.SENDING
        values = {
            "state": case((is_active, may_go.value), else_=DeliveryState.SUPPRESSED.value),
            **({"reply": "mail to this address came back: it is on the do-not-send list"} if is_barred else {}),
            "owner": owner,
            "message_id": email.message_id,
            "after": email.digest.subscriber.cursor if email.digest else None,
            "covers": [day.isoformat() for day in email.digest.covers] if email.digest else [],
            "paper_ids": [paper_ids[paper] for paper in papers if paper in paper_ids],
            "content_sha256": hashlib.sha256(email.content).hexdigest(),
            "composed_at": self.now(),
            "updated_at": self.now(),
        }
        may_claim = (*_is_row_of(email), table.c.state.in_(_values(_OPEN)), _is_composed_from_cursor(email))
        claimed = update(table).where(*may_claim).values(**values).returning(table.c.state)
        return connection.execute(claimed).scalar_one_or_none() == DeliveryState.SENDING.value


def _values(states: Iterable[DeliveryState]) -> list[str]:
    return [state.value for state in states]


def _pending_row(edition: date, subscriber: Subscriber, now: datetime) -> dict[str, Any]:
    return {
        "edition": edition,
        "subscriber_id": subscriber.id,
        "email": subscriber.email,
        "state": DeliveryState.PENDING.value,
        "attempts": 0,
        "owner": "",
        "message_id": "",
        "covers": [],
        "paper_ids": [],
        "content_sha256": "",
        "enhanced_code": "",
        "reply": "",
        "relay": "",
        "updated_at": now,
    }


def _is_row_of(email: Email) -> tuple[Any, Any]:
    return tables.deliveries.c.edition == email.edition, tables.deliveries.c.subscriber_id == email.subscriber_id


def _is_composed_from_cursor(email: Email) -> ColumnElement[bool]:
    people = tables.subscribers
    if email.digest is None:
        return true()
    cursor = email.digest.subscriber.cursor
    return exists().where(people.c.id == email.subscriber_id, people.c.cursor.is_not_distinct_from(cursor))


def _move_cursor(connection: Connection, subscriber_id: str, edition: date) -> None:
    people = tables.subscribers
    behind = or_(people.c.cursor.is_(None), people.c.cursor < edition)  # a cursor only moves forward
    connection.execute(update(people).where(people.c.id == subscriber_id, behind).values(cursor=edition))


def _paper_ids(connection: Connection, emails: Iterable[Email]) -> dict[str, int]:
    """The rows of the papers in these emails, even of those that got a better id since they were composed."""
    papers, aliases = tables.papers, tables.aliases
    keys = {match.paper.id for email in emails if email.digest for match in email.digest.shown}
    found: dict[str, int] = {}
    for some in rows.in_groups(sorted(keys)):
        query = select(aliases).join(papers).where(aliases.c.alias.in_(some)).order_by(papers.c.key == aliases.c.alias)
        found.update((row.alias, row.paper_id) for row in connection.execute(query))
    return found
