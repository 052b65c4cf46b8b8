"""Tells what became of deliveries: losses, totals, and every row with the server's own words.

Writes nothing; it only forgets what is too old.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Row,
    Select,
    Table,
    and_,
    delete,
    exists,
    func,
    not_,
    or_,
    select,
    union,
    update,
)

from digest.domain import Delivery, DeliveryEvent, DeliveryState
from digest.storage import rows, tables
from digest.storage.by_hand import Chosen
from digest.storage.engine import reading
from digest.storage.transitions import OPERATOR

_LOST = (
    DeliveryState.FAILED,
    DeliveryState.REJECTED,
    DeliveryState.UNKNOWN,
    DeliveryState.SENDING,
    DeliveryState.BOUNCED,
)
"""A row in `sending` counts as lost to a later edition: if its owner is alive, nobody plans that edition.

One that bounced lies after the cursor only if it was in doubt before.
"""
_MAY_HAVE_ARRIVED = (DeliveryState.UNKNOWN, DeliveryState.SENDING)
_GIVEN_UP = (DeliveryState.EXPIRED, DeliveryState.DEFERRED)
"""Planning a later edition makes the deferred expired."""


@dataclass(frozen=True, slots=True)
class Loss:
    """Editions that a subscriber should have had: through which one, and whether the mail may have arrived."""

    through: date
    is_doubtful: bool


@dataclass(frozen=True, slots=True)
class History:
    """The deliveries, for looking back."""

    engine: Engine

    def losses(self, *, before: date) -> dict[str, Loss]:
        """For each subscriber with lost or doubtful mail after their cursor and before an edition: what was lost."""
        people = tables.subscribers
        after_cursor = tables.deliveries.c.edition > people.c.cursor
        joined = _lost_rows(before).join(people, people.c.id == tables.deliveries.c.subscriber_id).where(after_cursor)
        losses: dict[str, Loss] = {}
        with reading(self.engine) as connection:
            for row in connection.execute(joined):
                losses[row.subscriber_id] = _add_loss(losses.get(row.subscriber_id), row)
        return losses

    def loss_of(self, subscriber_id: str, *, after: date, before: date) -> Loss | None:
        """What one subscriber had lost after a cursor and before an edition."""
        table, loss = tables.deliveries, None
        mine = (table.c.subscriber_id == subscriber_id, table.c.edition > after)
        with reading(self.engine) as connection:
            for row in connection.execute(_lost_rows(before).where(*mine)):
                loss = _add_loss(loss, row)
        return loss

    def cursor_of(self, edition: date, subscriber_id: str) -> date | None:
        """The cursor from which a claimed digest was composed; None if none was claimed."""
        table = tables.deliveries
        mine = (table.c.edition == edition, table.c.subscriber_id == subscriber_id)
        with reading(self.engine) as connection:
            return connection.scalar(select(table.c.after).where(*mine))

    def edition_over(self, day: date, subscriber_id: str) -> date | None:
        """The edition of the newest claimed digest that goes over a day, shown or only counted; None if none does."""
        table = tables.deliveries
        over = (table.c.subscriber_id == subscriber_id, table.c.after < day, table.c.edition >= day)
        with reading(self.engine) as connection:
            return connection.scalar(select(table.c.edition).where(*over).order_by(table.c.edition.desc()).limit(1))

    def mailed(
        self, subscriber_ids: Collection[str], *, since: date, before: date, covering: Collection[date] = ()
    ) -> dict[str, frozenset[str]]:
        """Which papers, by canonical id, each subscriber was mailed in editions of some days.

        Of older mails only those that went over one of the days to be covered are looked at.
        """
        table = tables.deliveries
        arrived = table.c.state.in_(_values((DeliveryState.SENT, DeliveryState.COMPLAINED)))
        goes_over = (and_(table.c.after < day, table.c.edition >= day) for day in covering)
        asked = (or_(table.c.edition >= since, *goes_over), table.c.edition < before, arrived)
        columns: Select[Any] = select(table.c.subscriber_id, table.c.paper_ids).where(*asked)
        found: defaultdict[str, set[str]] = defaultdict(set)
        with reading(self.engine) as connection:
            for some in rows.in_groups(subscriber_ids):
                mine = connection.execute(columns.where(table.c.subscriber_id.in_(some))).all()
                keys = _keys(connection, mine)
                for row in mine:
                    found[row.subscriber_id].update(keys[paper] for paper in row.paper_ids if paper in keys)
        return {subscriber: frozenset(papers) for subscriber, papers in found.items()}

    def totals(self, edition: date) -> tuple[Mapping[DeliveryState, int], int]:
        """How many deliveries of the edition are in each state, and for how many readers nothing matched."""
        table, editions = tables.deliveries, tables.editions
        with reading(self.engine) as connection:
            found = _count_states(connection, table, table.c.edition == edition)
            empty = connection.scalar(select(editions.c.empty).where(editions.c.day == edition)) or 0
        return {state: found.get(state, 0) for state in DeliveryState}, empty

    def has_arrived(self, *, since: date, until: date) -> bool:
        """Whether any mail of these days' editions was taken, and didn't come back."""
        table = tables.deliveries
        # joined to nothing, lest SQLite look by the state's index, through all that was ever sent
        taken = (table.c.edition.between(since, until), table.c.state.concat("") == DeliveryState.SENT.value)
        with reading(self.engine) as connection:
            return bool(connection.scalar(select(exists().where(*taken))))

    def is_balanced(self, edition: date) -> bool:
        """Whether every digest ever promised for the edition has a row, or was counted as empty."""
        table, editions = tables.deliveries, tables.editions
        promised = select(editions.c.planned - editions.c.empty).where(editions.c.day == edition).scalar_subquery()
        found = select(func.count()).select_from(table).where(table.c.edition == edition).scalar_subquery()
        with reading(self.engine) as connection:  # one statement, lest another process writes between two
            return bool(connection.scalar(select(func.coalesce(promised, 0) == found)))

    def recorded_by(self, owner: str) -> Mapping[DeliveryState, int]:
        """How many outcomes of each state a run has written, by the lines of the history."""
        events = tables.delivery_events
        with reading(self.engine) as connection:
            return _count_states(connection, events, events.c.owner == owner)

    def events(self, chosen: Chosen) -> tuple[DeliveryEvent, ...]:
        """The lines of the history of the chosen deliveries, oldest first."""
        table, events = tables.deliveries, tables.delivery_events
        columns = (table.c.edition, table.c.email, table.c.message_id, *events.c)
        query = select(*columns).join(table, table.c.id == events.c.delivery_id).where(*chosen.conditions())
        with reading(self.engine) as connection:
            return tuple(rows.to_event(row) for row in connection.execute(query.order_by(events.c.id)))

    def forget(self, before: date) -> int:
        """Remove the deliveries of older editions, all that is kept of them and what came back. Returns how many.

        An edition at a time, so that nobody waits long for the database.
        """
        table, reports, editions, removed = tables.deliveries, tables.reports, tables.editions, 0
        days = union(select(table.c.edition), select(reports.c.edition)).subquery()  # some come back late
        with reading(self.engine) as connection:
            old = connection.scalars(select(days.c.edition).where(days.c.edition < before)).all()
        for edition in old:
            ids = select(table.c.id).where(table.c.edition == edition)
            with self.engine.begin() as connection:
                for kept in (tables.delivery_events, tables.kept_emails):
                    connection.execute(delete(kept).where(kept.c.delivery_id.in_(ids)))
                connection.execute(delete(reports).where(reports.c.edition == edition))
                removed += connection.execute(delete(table).where(table.c.edition == edition)).rowcount
                connection.execute(update(editions).where(editions.c.day == edition).values(planned=editions.c.empty))
        return removed

    def find(
        self,
        *,
        email: str = "",
        edition: date | None = None,
        state: DeliveryState | None = None,
        paper: str = "",
        limit: int | None = None,
    ) -> tuple[Delivery, ...]:
        """The deliveries, newest edition first; each filter narrows them. `paper` may be any id of the paper.

        `limit` is how many are looked at; a filter by paper comes after it.
        """
        table = tables.deliveries
        query = select(table).order_by(table.c.edition.desc(), table.c.email).limit(limit)
        if email:
            query = query.where(func.lower(table.c.email) == email.lower())
        if edition is not None:
            query = query.where(table.c.edition == edition)
        if state is not None:
            query = query.where(table.c.state == state.value)
        with reading(self.engine) as connection:
            found = connection.execute(query).all()
            if paper:
                wanted = connection.scalar(select(tables.aliases.c.paper_id).where(tables.aliases.c.alias == paper))
                found = [row for row in found if wanted in row.paper_ids]
            keys = _keys(connection, found)
        return tuple(rows.to_delivery(row, keys) for row in found)


def _lost_rows(before: date) -> Select[Any]:
    table = tables.deliveries
    was_tried = and_(table.c.state.in_(_values(_GIVEN_UP)), table.c.attempts > 0)
    lost = or_(table.c.state.in_(_values(_LOST)), was_tried)
    columns = select(table.c.subscriber_id, table.c.edition, _may_have_arrived().label("may_have_arrived"))
    return columns.where(table.c.edition < before, lost).order_by(table.c.edition)


def _add_loss(earlier: Loss | None, row: Row[Any]) -> Loss:
    return Loss(row.edition, row.may_have_arrived or (earlier is not None and earlier.is_doubtful))


def _may_have_arrived() -> ColumnElement[bool]:
    """Whether a row is in doubt, or was before another try failed; not if it came back or the operator settled it."""
    table, events = tables.deliveries, tables.delivery_events
    told = exists().where(events.c.delivery_id == table.c.id)
    was_in_doubt = told.where(events.c.state == DeliveryState.UNKNOWN.value)
    # what a run can't make anew, or not hand over, says nothing of the first copy
    by_operator = told.where(events.c.state == DeliveryState.FAILED.value, events.c.owner == OPERATOR)
    is_settled = or_(
        table.c.state == DeliveryState.BOUNCED.value, and_(table.c.state == DeliveryState.FAILED.value, by_operator)
    )
    return or_(table.c.state.in_(_values(_MAY_HAVE_ARRIVED)), and_(was_in_doubt, not_(is_settled)))


def _count_states(connection: Connection, table: Table, chosen: ColumnElement[bool]) -> dict[DeliveryState, int]:
    counts = select(table.c.state, func.count()).where(chosen).group_by(table.c.state)
    return {DeliveryState(state): count for state, count in connection.execute(counts)}


def _values(states: Iterable[DeliveryState]) -> list[str]:
    return [state.value for state in states]


def _keys(connection: Connection, found: Iterable[Row[Any]]) -> dict[int, str]:
    ids = sorted({paper_id for row in found for paper_id in row.paper_ids})
    keys: dict[int, str] = {}
    for some in rows.in_groups(ids):
        query = select(tables.papers.c.id, tables.papers.c.key).where(tables.papers.c.id.in_(some))
        keys.update((row.id, row.key) for row in connection.execute(query))
    return keys
