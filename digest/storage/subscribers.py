"""Keeps the subscribers' rows: status, cursor, and what signups asked for. Reads no file and checks no address."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, Row, and_, func, or_, select, update

from digest.domain import Status, Subscriber
from digest.errors import ConfigError
from digest.storage import tables
from digest.storage.engine import reading
from digest.storage.rows import ROWS_A_STATEMENT, in_groups, insert_missing

log = logging.getLogger(__name__)

_STORE_WINS = (Status.PAUSED, Status.UNSUBSCRIBED)
_FORMS_WAIT = timedelta(days=4)
"""How long a form waits to be confirmed: its link counts whole days and is good until the third after its mail ends."""


@dataclass(frozen=True, slots=True)
class SubscriberStore:
    """What is remembered of subscribers, files and signups alike."""

    engine: Engine
    now: Callable[[], datetime]
    read_signup: Callable[[dict[str, Any]], Subscriber]
    """Makes a Subscriber of the details a signup left; the same reader that subscriber files have."""

    def each(self, files: Iterable[Subscriber]) -> Iterator[Subscriber]:
        """Subscribers of the files and of the web one by one, with the status and cursor of their rows.

        Where both name one address the file wins, but for a pause or an unsubscribe, which always win.
        """
        filed = {subscriber.id: subscriber for subscriber in files}
        yield from self.among(filed, filed.values())
        for row in self._signups():
            if row.id not in filed and (signup := self._from_row(row)) is not None:
                yield signup

    def among(self, subscriber_ids: Iterable[str], files: Iterable[Subscriber]) -> Iterator[Subscriber]:
        """Those of `each` with these ids, one by one in this order; ids of nobody are left out."""
        filed = {subscriber.id: subscriber for subscriber in files}
        for some in in_groups(subscriber_ids):
            rows = self._rows(some)
            for identity in some:
                if identity in filed:
                    yield self._with_row(filed[identity], rows.get(identity))
                elif identity in rows and (signup := self._from_row(rows[identity])) is not None:
                    yield signup

    def find(self, subscriber_id: str, files: Iterable[Subscriber] = ()) -> Subscriber | None:
        """The subscriber with that id, of the files or of the web, as `each` would give them; None if there is none."""
        row = self._row(subscriber_id)
        for subscriber in files:
            if subscriber.id == subscriber_id:
                return self._with_row(subscriber, row)
        return self._from_row(row) if row is not None else None

    def signup_ids(self) -> frozenset[str]:
        """The ids of all who signed up, those included whose sign-up today's rules refuse."""
        table = tables.subscribers
        with reading(self.engine) as connection:
            return frozenset(connection.scalars(select(table.c.id).where(table.c.details.is_not(None))))

    def count_served_beyond(self, day: date) -> int:
        """How many have a cursor after a day."""
        people = tables.subscribers
        with reading(self.engine) as connection:
            return connection.scalar(select(func.count()).select_from(people).where(people.c.cursor > day)) or 0

    def enroll(self, subscribers: Iterable[Subscriber], *, edition: date) -> None:
        """Give everyone without a row one, and those without a cursor the day before the edition, their first."""
        new = [subscriber for subscriber in subscribers if subscriber.is_new]
        values = [
            {
                "id": subscriber.id,
                "email": subscriber.email,
                "origin": subscriber.origin,
                "status": subscriber.status.value,
                "created_at": self.now(),
            }
            for subscriber in new
        ]
        table = tables.subscribers
        with self.engine.begin() as connection:
            insert_missing(connection, table, values)
            for some in in_groups([subscriber.id for subscriber in new]):
                uncovered = (table.c.id.in_(some), table.c.cursor.is_(None))
                day_before = edition - timedelta(days=1)
                connection.execute(update(table).where(*uncovered).values(cursor=day_before))
            for some in in_groups([subscriber.id for subscriber in new if subscriber.origin == "file"]):
                # a stranger's sign-up for a file reader's address, never confirmed, must not hold up the reader's mail
                unconfirmed = (table.c.id.in_(some), table.c.status == Status.PENDING.value)
                taken = {"status": Status.ACTIVE.value, "origin": "file", "details": None}
                connection.execute(update(table).where(*unconfirmed).values(**taken))

    def add_signup(self, subscriber_id: str, email: str, details: dict[str, Any]) -> None:
        """Remember what somebody asked for on the web; nothing is mailed before they confirm.

        Anybody can post a form for anybody, so what a reader confirms must be what was asked for first. An active or
        paused reader's details stay as they are. A form that waits to be confirmed, the first one or one after an
        unsubscribe, keeps its details until no link for it can be valid any more; only then a later one replaces it.
        """
        values = {
            "email": email,
            "origin": "signup",
            "status": Status.PENDING.value,
            "details": details,
            "created_at": self.now(),
        }
        table = tables.subscribers
        with self.engine.begin() as connection:
            insert_missing(connection, table, [{"id": subscriber_id, **values}])
            unconfirmed = table.c.status.in_([Status.PENDING.value, Status.UNSUBSCRIBED.value])
            inactive = update(table).where(table.c.id == subscriber_id, unconfirmed)
            was_confirmed = and_(table.c.confirmed_at.is_not(None), table.c.confirmed_at >= table.c.created_at)
            expired = table.c.created_at <= self.now() - _FORMS_WAIT
            replaceable = or_(table.c.details.is_(None), was_confirmed, expired)
            connection.execute(inactive.where(replaceable).values(details=details))
            # each form may bring a new link, so the wait begins again
            connection.execute(inactive.values(created_at=self.now()))

    def confirm(self, subscriber_id: str, *, cursor: date) -> bool:
        """Make a signup active; `cursor` is the day before that of confirming. False if there is no such signup."""
        table = tables.subscribers
        with self.engine.begin() as connection:
            signups = (table.c.id == subscriber_id, table.c.details.is_not(None))
            waits = table.c.status != Status.ACTIVE.value
            forward = or_(table.c.cursor.is_(None), table.c.cursor < cursor)
            made_active = {"status": Status.ACTIVE.value, "confirmed_at": self.now()}
            connection.execute(update(table).where(*signups, waits, forward).values(cursor=cursor))
            connection.execute(update(table).where(*signups, waits).values(**made_active))
            return connection.scalar(select(table.c.id).where(*signups)) is not None

    def set_status(self, subscriber_id: str, status: Status, *, email: str = "") -> bool:
        """Pause, resume or unsubscribe. False if there is no such row.

        With `email` a missing row is made: somebody of whom only a file knows was never planned a digest yet.
        """
        table = tables.subscribers
        row = {"id": subscriber_id, "email": email, "origin": "file", "status": status.value, "created_at": self.now()}
        with self.engine.begin() as connection:
            insert_missing(connection, table, [row] if email else [])
            changed = connection.execute(update(table).where(table.c.id == subscriber_id).values(status=status.value))
            return changed.rowcount == 1

    def set_details(self, subscriber_id: str, details: dict[str, Any]) -> bool:
        """Change what a signup asks for. False if there is no such signup."""
        table = tables.subscribers
        with self.engine.begin() as connection:
            signups = (table.c.id == subscriber_id, table.c.details.is_not(None))
            return connection.execute(update(table).where(*signups).values(details=details)).rowcount == 1

    def _rows(self, subscriber_ids: list[str]) -> dict[str, Row[Any]]:
        table = tables.subscribers
        with reading(self.engine) as connection:
            return {row.id: row for row in connection.execute(select(table).where(table.c.id.in_(subscriber_ids)))}

    def _signups(self) -> Iterator[Row[Any]]:
        """The rows of all signups, some at a time, so that neither memory nor the database is held meanwhile."""
        table, last = tables.subscribers, ""
        while True:
            following = select(table).where(table.c.id > last, table.c.details.is_not(None)).order_by(table.c.id)
            with reading(self.engine) as connection:
                found = connection.execute(following.limit(ROWS_A_STATEMENT)).all()
            if not found:
                return
            yield from found
            last = found[-1].id

    def _row(self, subscriber_id: str) -> Row[Any] | None:
        with reading(self.engine) as connection:
            return connection.execute(
                select(tables.subscribers).where(tables.subscribers.c.id == subscriber_id)
            ).one_or_none()

    def _with_row(self, subscriber: Subscriber, row: Row[Any] | None) -> Subscriber:
        if row is None:
            return subscriber
        status = Status(row.status)
        return replace(
            subscriber,
            cursor=row.cursor,
            status=status if status in _STORE_WINS else subscriber.status,
            is_new=row.first_planned is None,
        )

    def _from_row(self, row: Row[Any]) -> Subscriber | None:
        """The signup of a row; None for a file's row, and for one that today's rules refuse: the others go on."""
        if row.details is None:
            return None
        try:
            subscriber = self.read_signup({**row.details, "email": row.email})
        except ConfigError as error:
            log.warning("the sign-up of %s can't be served: %s", row.email, error)
            return None
        is_new = row.first_planned is None
        return replace(subscriber, origin="signup", status=Status(row.status), cursor=row.cursor, is_new=is_new)
