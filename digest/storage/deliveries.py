"""Keeps one row a digest and inbox: plans, claims and records. Composes and sends nothing.

`transitions.MAY_BECOME` is the whole life of a row. A claim is committed before its email leaves and names its owner, a
run that holds a lock as long as it lives. No owner claims a row twice, so the owner's name alone tells a stale write.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Row, and_, bindparam, delete, func, or_, select, update

from digest.domain import DeliveryState, Email, Outcome, Subscriber
from digest.planning import wait_before_retry
from digest.storage import kept_emails, rows, tables
from digest.storage.claims import find_claimable, find_claimed, key_of, write_claims
from digest.storage.cursors import move_cursors, read_cursors
from digest.storage.engine import forget_owner, is_alive, open_ownership, reading, refuse_lost_ownership
from digest.storage.suppressions import SuppressionStore
from digest.storage.transitions import OPEN, Transition, is_one_of, is_their_time, locked, write
from digest.storage.withholding import find_withheld

_TABLE = tables.deliveries
# built once: SQLAlchemy takes longer to build a statement than SQLite to run it
_CLOSED = select(tables.editions.c.day).where(tables.editions.c.closed_at < bindparam("moment"))

_FOR_GOOD = 500  # RFC 5321 section 4.2.1
# a mail that was sent has moved the cursor; without it SQLite need not read all that was ever sent
_IS_NOT_SENT = is_one_of(state for state in DeliveryState if state is not DeliveryState.SENT)
_NO_MATCH = "nothing matched any more"
_DIED = "the sending process ended before the server's answer was written down"


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

        The new digest covers what those would have held, so that no late retry brings the same papers twice. Who was
        served with this edition or a later one since `due` was found is left out.
        """
        table, people, editions = tables.deliveries, tables.subscribers, tables.editions
        due = tuple(due)
        with self.engine.begin() as connection:
            # whoever plans the same edition waits here, or each would count the other's rows as its own
            connection.execute(select(editions.c.day).where(editions.c.day == edition).with_for_update())
            before, cursors = _count(connection, edition), read_cursors(connection, [someone.id for someone in due])
            due = tuple(someone for someone in due if (cursors.get(someone.id) or date.min) < edition)
            for some in rows.in_groups([subscriber.id for subscriber in due]):
                unplanned = (people.c.id.in_(some), people.c.first_planned.is_(None))
                connection.execute(update(people).where(*unplanned).values(first_planned=edition))
                older = (table.c.subscriber_id.in_(some), table.c.edition < edition, is_one_of(OPEN))
                self._move(connection, locked(connection, *older), DeliveryState.EXPIRED, "a later digest covers it")
            rows.insert_missing(connection, table, [_pending_row(edition, someone, self.now()) for someone in due])
            promised = editions.c.planned + (_count(connection, edition) - before)
            connection.execute(update(editions).where(editions.c.day == edition).values(planned=promised))

    def open_rows(self, edition: date, among: Collection[str] | None = None) -> frozenset[str]:
        """The subscribers whose digest of that edition may be claimed now: pending, or deferred until by now.

        `among` asks of a few of them alone.
        """
        table = tables.deliveries
        asked = [] if among is None else [table.c.subscriber_id.in_(among)]
        may_go = or_(
            table.c.state == DeliveryState.PENDING.value,
            and_(table.c.state == DeliveryState.DEFERRED.value, is_their_time(self.now())),
        )
        with reading(self.engine) as connection:
            return frozenset(
                connection.scalars(select(table.c.subscriber_id).where(table.c.edition == edition, may_go, *asked))
            )

    def failed_through(self, edition: date) -> frozenset[str]:
        """The subscribers whose mail up to that edition failed since their cursor: refused, held back or in doubt."""
        table, people = tables.deliveries, tables.subscribers
        failed = or_(table.c.attempts > 0, table.c.not_before.is_not(None))
        query = select(table.c.subscriber_id).join(people, people.c.id == table.c.subscriber_id)
        query = query.where(table.c.edition <= edition, table.c.edition > people.c.cursor, failed, _IS_NOT_SENT)
        with reading(self.engine) as connection:
            return frozenset(connection.scalars(query))

    def refused_through(self, edition: date) -> dict[str, date]:
        """The subscribers whose mail up to that edition was refused as our fault since their cursor, and in which last.

        The history tells, as a row forgets its last reply when it is claimed and not tried.
        """
        table, people, events = tables.deliveries, tables.subscribers, tables.delivery_events
        newest = func.max(table.c.edition).label("edition")
        query = select(table.c.subscriber_id, newest).join(people, people.c.id == table.c.subscriber_id)
        query = query.join(events, events.c.delivery_id == table.c.id).group_by(table.c.subscriber_id)
        tried = (table.c.edition <= edition, table.c.edition > people.c.cursor, table.c.attempts > 0, _IS_NOT_SENT)
        # no other refusal for good leaves a mail that may be tried again
        refused = (events.c.state == DeliveryState.DEFERRED.value, events.c.code >= _FOR_GOOD)
        with reading(self.engine) as connection:
            return {row.subscriber_id: row.edition for row in connection.execute(query.where(*tried, *refused))}

    def owed_before(self, edition: date) -> frozenset[str]:
        """The subscribers who have a digest of an older edition after their cursor that is open or was given up."""
        table, people = tables.deliveries, tables.subscribers
        owed = (table.c.edition < edition, is_one_of((*OPEN, DeliveryState.EXPIRED)))
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

    def skip(self, edition: date, subscriber_ids: Iterable[str]) -> None:
        """There was nothing to say: drop the rows, count the readers as empty and move their cursors, many in a commit.

        A row that was tried before stays with its history, as expired.
        """
        editions = tables.editions
        for some in rows.in_groups(subscriber_ids):
            with self.engine.begin() as connection:
                mine = (_TABLE.c.edition == edition, _TABLE.c.subscriber_id.in_(some), is_one_of(OPEN))
                found = locked(connection, *mine)
                told = _with_events(connection, found)
                self._move(connection, [row for row in found if row.id in told], DeliveryState.EXPIRED, _NO_MATCH)
                empty = [row.id for row in found if row.id not in told]
                emptied = update(editions).where(editions.c.day == edition)
                # first, as planning holds the edition and would wait for the rows to go
                connection.execute(emptied.values(empty=editions.c.empty + len(empty)))
                connection.execute(delete(_TABLE).where(_TABLE.c.id.in_(empty)))
                move_cursors(connection, found)

    def claim(
        self,
        emails: Sequence[Email],
        *,
        owner: str,
        outcomes: Sequence[Outcome] = (),
        keeps: bool = False,
        too_old: datetime | None = None,
    ) -> frozenset[str]:
        """Commit that these emails are about to be sent, and tell whose may be: nobody else can claim those now.

        `outcomes` of earlier claims are written in the same commit. A row whose subscriber gets no mail any more
        becomes suppressed instead, and a deferred one of an edition closed before `too_old` expired. One stays open, to
        be composed again, if its subscriber's cursor has moved since, or a mail of theirs came into doubt of which the
        digest doesn't tell; and so does one while another edition's mail may be reaching them, or while it has to wait
        because others have tried it meanwhile. `keeps` keeps the bytes and their hash: with it a row in doubt may be
        claimed with the very bytes it had before, and no others, as long as no later digest covers it and it wasn't
        sent too often. Raises StoreError if the owner has lost its lock: others may hold it for dead.
        """
        with self.engine.begin() as connection:
            refuse_lost_ownership(connection, owner)
            self._record(connection, outcomes, owner, keeps=keeps)
            found = find_claimable(connection, emails, now=self.now())
            withheld = find_withheld(connection, {row.subscriber_id for row in found.values()}, self.suppressions)
            free = {key: row for key, row in found.items() if row.subscriber_id not in withheld and row.owner != owner}
            for row in found.values():
                if row.subscriber_id in withheld and DeliveryState(row.state) in OPEN:
                    self._move(connection, [row], DeliveryState.SUPPRESSED, withheld[row.subscriber_id])
            if too_old is not None:
                free = self._without_expired(connection, free, too_old)
            pairs = [(free[key], email) for email in emails if (key := key_of(email)) in free]
            return write_claims(connection, pairs, owner, keeps=keeps, now=self.now())

    def record(self, outcomes: Sequence[Outcome], *, owner: str, keeps: bool = False) -> None:
        """Write what became of claimed emails; for those that were sent the cursor moves in the same transaction.

        With `keeps` the bytes that were kept of them are dropped, but for those in doubt.
        """
        with self.engine.begin() as connection:
            self._record(connection, outcomes, owner, keeps=keeps)

    def fail(self, edition: date, subscriber_id: str, reason: str) -> None:
        """Write that an email could not be made; the next digest covers its papers."""
        table = tables.deliveries
        mine = (table.c.edition == edition, table.c.subscriber_id == subscriber_id, is_one_of(OPEN))
        with self.engine.begin() as connection:
            self._move(connection, locked(connection, *mine), DeliveryState.FAILED, reason)

    def suppress_strangers(self, edition: date, *, find_known: Callable[[], Container[str] | None]) -> None:
        """Suppress the open digests of those who were planned and are no subscribers any more.

        Who is one is asked only after the rows were read: meanwhile another process may plan somebody new. None: that
        can't be told now, so nobody is suppressed.
        """
        of_edition = (_TABLE.c.edition == edition, is_one_of(OPEN))
        with reading(self.engine) as connection:
            waiting = connection.scalars(select(_TABLE.c.subscriber_id).where(*of_edition)).all()
        known = find_known() if waiting else None
        if known is None:
            return
        for some in rows.in_groups(reader for reader in waiting if reader not in known):
            with self.engine.begin() as connection:
                found = locked(connection, *of_edition, _TABLE.c.subscriber_id.in_(some))
                self._move(connection, found, DeliveryState.SUPPRESSED, "no subscriber any more")

    def expire_deferred(self, *, planned_before: datetime) -> None:
        """Give up deferred digests of editions that were closed before a moment; the next digest covers them."""
        table = tables.deliveries
        with self.engine.begin() as connection:
            old = table.c.edition.in_(_closed_before(connection, planned_before))
            late = locked(connection, table.c.state == DeliveryState.DEFERRED.value, old)
            self._move(connection, late, DeliveryState.EXPIRED, "still deferred when its time ran out")

    def release_lapsed(self) -> int:
        """Turn the claims of processes that died into `unknown`, as their mail may have gone. Returns how many."""
        table = tables.deliveries
        sending = table.c.state == DeliveryState.SENDING.value
        with reading(self.engine) as connection:
            owners = connection.scalars(select(table.c.owner).where(sending).distinct()).all()
        dead = [owner for owner in owners if not is_alive(self.engine, owner)]
        if not dead:
            return 0
        with self.engine.begin() as connection:
            lapsed = locked(connection, sending, table.c.owner.in_(dead))
            changes = [
                Transition(
                    row, DeliveryState.UNKNOWN, {"reply": _DIED, "attempts": row.attempts + 1, "not_before": None}
                )
                for row in lapsed
            ]
            write(connection, changes, now=self.now())
        for owner in dead:
            forget_owner(self.engine, owner)
        return len(changes)

    def kept_emails(self, edition: date) -> tuple[Email, ...]:
        """The mails in doubt that may be sent again now, as they were: see the module of that name."""
        with reading(self.engine) as connection:
            return kept_emails.find_due(connection, edition, now=self.now())

    def _record(self, connection: Connection, outcomes: Sequence[Outcome], owner: str, *, keeps: bool) -> None:
        found = find_claimed(connection, [outcome.email for outcome in outcomes], owner)
        written = [(found[key], outcome) for outcome in outcomes if (key := key_of(outcome.email)) in found]
        changes = [self._change_for(row, outcome) for row, outcome in written]
        write(connection, changes, now=self.now(), owner=owner)
        if keeps:
            kept_emails.drop(
                connection, [change.row.id for change in changes if change.to is not DeliveryState.UNKNOWN]
            )
        move_cursors(connection, [change.row for change in changes if change.to is DeliveryState.SENT])

    def _change_for(self, row: Row[Any], outcome: Outcome) -> Transition:
        attempts = row.attempts + (1 if outcome.charges_attempt else 0)
        waits = outcome.state in (DeliveryState.DEFERRED, DeliveryState.UNKNOWN)
        wait = wait_before_retry(attempts, asked=outcome.retry_after or timedelta(0), seed=row.message_id)
        values = {
            "reply": outcome.reply,
            "code": outcome.code,
            "enhanced_code": outcome.enhanced_code,
            "relay": outcome.relay,
            "not_before": row.not_before if outcome.is_given_back else self.now() + wait if waits else None,
            "attempts": attempts,
        }
        return Transition(row, outcome.state, values, seconds=outcome.seconds)

    def _without_expired(
        self, connection: Connection, free: Mapping[tuple[Any, str], Row[Any]], too_old: datetime
    ) -> dict[tuple[Any, str], Row[Any]]:
        old = _closed_before(connection, too_old)
        late = [row for row in free.values() if row.state == DeliveryState.DEFERRED.value and row.edition in old]
        self._move(connection, late, DeliveryState.EXPIRED, "still deferred when its time ran out")
        return {key: row for key, row in free.items() if row not in late}

    def _move(self, connection: Connection, found: Sequence[Row[Any]], to: DeliveryState, reason: str) -> None:
        write(connection, [Transition(row, to, {"reply": reason}) for row in found], now=self.now())


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


def _with_events(connection: Connection, found: Iterable[Row[Any]]) -> frozenset[int]:
    """Those of these rows, no more than a group, of which the history tells something."""
    told = tables.delivery_events.c.delivery_id
    return frozenset(connection.scalars(select(told).where(told.in_([row.id for row in found])).distinct()))


def _count(connection: Connection, edition: date) -> int:
    table = tables.deliveries
    return connection.scalar(select(func.count()).select_from(table).where(table.c.edition == edition)) or 0


def _closed_before(connection: Connection, moment: datetime) -> Sequence[date]:
    return connection.scalars(_CLOSED, {"moment": moment}).all()
