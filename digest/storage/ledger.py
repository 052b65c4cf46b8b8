"""Keeps the editions and the ledger of batches, and puts arriving papers into the edition that takes them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, Engine, exists, func, select, update

from digest.domain import Batch, BatchReport, BatchState, Edition, Memory
from digest.storage import rows, tables
from digest.storage.engine import lock_writers, reading
from digest.storage.papers import PaperStore
from digest.storage.placement import Placement
from digest.storage.rows import insert_missing
from digest.storage.shelf import Shelf

SETTLES_AFTER = timedelta(days=2)
"""A day's list may fill until its own day is over everywhere on Earth."""
STALE_WITHIN = timedelta(days=14)
"""How long before an edition's window papers are remembered for telling a stale feed by."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """What each source brought for each day, and which editions are closed."""

    engine: Engine
    now: Callable[[], datetime]

    def memory(self, source: str, edition: Edition) -> Memory:
        """What is remembered of one source, and of the papers it brought in the weeks up to an edition."""
        ledger = tables.batches
        closed = [state.value for state in BatchState if state.is_closed]
        query = select(ledger).where(ledger.c.source == source, ledger.c.state.in_(closed))
        with reading(self.engine) as connection:
            found = connection.execute(query).all()
            seen = _first_seen(connection, source, since=edition.since - STALE_WITHIN, through=edition.day)
        return Memory(
            closed=frozenset((row.category, row.day) for row in found),
            settled=frozenset((row.category, row.day) for row in found if row.edition >= row.day + SETTLES_AFTER),
            seen=seen,
        )

    def add_batches(
        self, edition: Edition, batches: Iterable[Batch], *, backfill: bool = False
    ) -> tuple[BatchReport, ...]:
        """Write batches and their papers in one transaction, each paper to the edition that takes it.

        A paper that is known keeps its edition. With `backfill` the days before the edition's become closed editions
        of their own, about which nobody is mailed.
        """
        with self.engine.begin() as connection:
            return _add_batches(connection, edition, batches, backfill=backfill, now=self.now())

    @contextmanager
    def rehearse(self, edition: Edition, batches: Iterable[Batch]) -> Iterator[PaperStore]:
        """The papers as they would be held after adding these batches; nothing of it is kept."""
        with self.engine.connect() as connection, connection.begin() as transaction:
            _add_batches(connection, edition, batches, backfill=False, now=self.now())
            yield PaperStore(lambda: nullcontext(connection))
            transaction.rollback()

    def close_edition(self, day: date) -> None:
        """Fix the edition's list, and with it those of all days before: a digest of that day may have gone out."""
        with self.engine.begin() as connection:
            lock_writers(connection)  # a collecting that has placed papers in this edition must commit them first
            _make_edition(connection, day)
            connection.execute(
                update(tables.editions)
                .where(tables.editions.c.day == day, tables.editions.c.closed_at.is_(None))
                .values(closed_at=self.now())
            )

    def is_collected(self, day: date) -> bool:
        """Whether the edition of that day has ever been collected."""
        with reading(self.engine) as connection:
            return bool(connection.scalar(select(exists().where(tables.editions.c.day == day))))

    def is_closed(self, day: date) -> bool:
        """Whether digests of that day, or of a later one, have been planned."""
        closed = exists().where(tables.editions.c.day >= day, tables.editions.c.closed_at.is_not(None))
        with reading(self.engine) as connection:
            return bool(connection.scalar(select(closed)))

    def newest_editions(self, count: int) -> tuple[date, ...]:
        """The days of the newest editions that were ever collected, newest first."""
        days = tables.editions.c.day
        with reading(self.engine) as connection:
            return tuple(connection.scalars(select(days).order_by(days.desc()).limit(count)))

    def batches_of(self, day: date) -> tuple[tuple[Batch, int], ...]:
        """The batches of one announced day, with how many of their papers were new."""
        ledger = tables.batches
        query = select(ledger).where(ledger.c.day == day).order_by(ledger.c.source, ledger.c.category)
        with reading(self.engine) as connection:
            return tuple((rows.to_batch(row), row.new) for row in connection.execute(query))


def _add_batches(
    connection: Connection, edition: Edition, batches: Iterable[Batch], *, backfill: bool, now: datetime
) -> tuple[BatchReport, ...]:
    lock_writers(connection)
    placement = _placement(connection, edition, backfill=backfill)
    _open_editions(connection, placement, now)
    shelf = Shelf(connection, placement)
    reports = tuple(
        _add_batch(connection, shelf, placement, batch, now) for batch in sorted(batches, key=lambda batch: batch.day)
    )
    shelf.write()
    return reports


def _placement(connection: Connection, edition: Edition, *, backfill: bool) -> Placement:
    first = connection.scalar(select(func.min(tables.editions.c.day)))
    closed_through = connection.scalar(
        select(func.max(tables.editions.c.day)).where(tables.editions.c.closed_at.is_not(None))
    )
    return Placement(
        edition=edition,
        closed_through=closed_through,
        first=min(first or edition.day, edition.day),
        is_backfill=backfill,
    )


def _open_editions(connection: Connection, placement: Placement, now: datetime) -> None:
    _make_edition(connection, placement.edition.day)
    if placement.is_backfill:
        days = range(placement.edition.since.toordinal(), placement.edition.day.toordinal())
        past = [{"day": date.fromordinal(day), "closed_at": now, "empty": 0} for day in days]
        insert_missing(connection, tables.editions, past)


def _make_edition(connection: Connection, day: date) -> None:
    insert_missing(connection, tables.editions, [{"day": day, "closed_at": None, "empty": 0}])


def _add_batch(connection: Connection, shelf: Shelf, placement: Placement, batch: Batch, now: datetime) -> BatchReport:
    taken = [paper for paper in batch.papers if placement.edition.takes(paper.announced)]
    shelf.load(taken)
    counts = Counter("new" if shelf.add(batch, paper, rank=rank) else "known" for rank, paper in enumerate(taken))
    recorded = _recorded_state(connection, batch)
    if placement.edition.takes(batch.day):
        _write_ledger(connection, placement, batch, new=counts["new"], now=now)
    is_today = batch.day == placement.edition.day
    may_be_late = placement.edition.takes(batch.day) and batch.day >= placement.first
    is_news = is_today or (may_be_late and recorded != batch.state)
    return BatchReport(
        batch=batch,
        new=counts["new"],
        known=counts["known"],
        outside=len(batch.papers) - len(taken),
        needs_attention=batch.state.needs_attention and is_news,
    )


def _first_seen(connection: Connection, source: str, *, since: date, through: date) -> dict[str, date]:
    seen, names = tables.sightings, tables.aliases
    query = (
        select(names.c.alias, func.min(seen.c.day).label("day"))
        .join(seen, seen.c.paper_id == names.c.paper_id)
        .where(seen.c.source == source, seen.c.day >= since, seen.c.day <= through)
        .group_by(names.c.alias)
    )
    return {row.alias: row.day for row in connection.execute(query)}


def _recorded_state(connection: Connection, batch: Batch) -> str | None:
    ledger = tables.batches
    return connection.scalar(
        select(ledger.c.state).where(
            ledger.c.source == batch.source, ledger.c.category == batch.category, ledger.c.day == batch.day
        )
    )


def _write_ledger(
    connection: Connection,
    placement: Placement,
    batch: Batch,
    *,
    new: int,
    now: datetime,
) -> None:
    ledger = tables.batches
    values = {
        "state": batch.state.value,
        "records": batch.records,
        "expected": batch.expected,
        "reasons": list(batch.reasons),
        "refused": [[refusal.place, refusal.reason] for refusal in batch.refused],
        "edition": placement.edition.day,
        "fetched_at": now,
    }
    key = {"source": batch.source, "category": batch.category, "day": batch.day}
    insert_missing(connection, ledger, [{**key, **values, "new": 0}])
    connection.execute(
        update(ledger)
        .where(*(ledger.c[name] == value for name, value in key.items()))
        .values(**values, new=ledger.c.new + new)
    )
