"""Keeps the editions and the ledger of batches: what was expected, what came, when, and what is still missing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, Engine, exists, func, select, update

from digest.domain import Batch, BatchReport, BatchState, Edition, LedgerEntry, Memory, WordCounts
from digest.storage import rows, tables
from digest.storage.accounts import freeze_accounts
from digest.storage.collecting import Collecting, first_edition, in_groups_of_papers, make_edition
from digest.storage.engine import lock_writers, reading
from digest.storage.papers import PaperStore
from digest.storage.word_counts import add_word_counts

SETTLES_AFTER = timedelta(days=2)
"""A day's list may fill until its own day is over everywhere on Earth."""
STALE_WITHIN = timedelta(days=14)
"""How long before an edition's window papers are remembered for telling a stale feed by."""
_CLOSED = [state.value for state in BatchState if state.is_closed]


@dataclass(frozen=True, slots=True)
class Ledger:
    """What each source brought for each day, and which editions are closed."""

    engine: Engine
    now: Callable[[], datetime]

    def memory(self, source: str, edition: Edition) -> Memory:
        """What is remembered of one source, and of the papers it brought in the weeks up to an edition."""
        ledger, since = tables.batches, edition.since - STALE_WITHIN
        columns = select(ledger.c.category, ledger.c.day, ledger.c.edition)
        closed = columns.where(ledger.c.source == source, ledger.c.day >= since, ledger.c.state.in_(_CLOSED))
        days = select(ledger.c.category, func.min(ledger.c.day).label("first")).where(ledger.c.source == source)
        with reading(self.engine) as connection:
            found = connection.execute(closed).all()
            begun = {row.category: row.first for row in connection.execute(days.group_by(ledger.c.category))}
            seen = _first_seen(connection, source, since=since, through=edition.day)
        return Memory(
            closed=frozenset((row.category, row.day) for row in found),
            settled=frozenset((row.category, row.day) for row in found if row.edition >= row.day + SETTLES_AFTER),
            begun=begun,
            seen=seen,
        )

    def add_batches(self, edition: Edition, batches: Iterable[Batch]) -> tuple[BatchReport, ...]:
        """Write batches as they come, each paper to the edition that takes it; one that is known keeps its edition.

        They are written in groups of some thousand papers, each in a transaction of its own, and `batches` are never
        asked for more while one is open. With a backfill the days before the edition's become closed editions of their
        own, about which nobody is mailed.
        """
        collecting = Collecting(edition, self.now)
        for group in in_groups_of_papers(batches):
            with self.engine.begin() as connection:
                collecting.write(connection, group)
        with self.engine.begin() as connection:
            collecting.finish(connection)
        return collecting.reports()

    @contextmanager
    def rehearse(self, edition: Edition, batches: Iterable[Batch]) -> Iterator[PaperStore]:
        """The papers as they would be held after adding these batches; nothing of it is kept."""
        with self.engine.connect() as connection, connection.begin() as transaction:
            collecting = Collecting(edition, self.now)
            for group in in_groups_of_papers(batches):
                collecting.write(connection, group)
            collecting.finish(connection)
            yield PaperStore(lambda: nullcontext(connection))
            transaction.rollback()

    def close_edition(self, day: date) -> None:
        """Fix the edition's list and account, and with it those of all days before: digests may have gone out."""
        with self.engine.begin() as connection:
            lock_writers(connection)  # a collecting that has placed papers in this edition must commit them first
            make_edition(connection, day)
            freeze_accounts(connection, day)
            connection.execute(
                update(tables.editions)
                .where(tables.editions.c.day == day, tables.editions.c.closed_at.is_(None))
                .values(closed_at=self.now())
            )

    def keep_word_counts(self, editions: Mapping[date, WordCounts]) -> None:
        """Keep how rare words are in editions that can't change any more; what is kept already stays."""
        with self.engine.begin() as connection:
            add_word_counts(connection, editions)

    def is_collected(self, day: date) -> bool:
        """Whether the edition of that day has ever been collected."""
        with reading(self.engine) as connection:
            return bool(connection.scalar(select(exists().where(tables.editions.c.day == day))))

    def last_fetched(self) -> datetime | None:
        """When a source last brought something; None if none ever did."""
        fetches = tables.fetches
        with reading(self.engine) as connection:
            return connection.scalar(select(fetches.c.fetched_at).order_by(fetches.c.id.desc()).limit(1))

    def is_closed(self, day: date) -> bool:
        """Whether digests of that day, or of a later one, have been planned."""
        closed = exists().where(tables.editions.c.day >= day, tables.editions.c.closed_at.is_not(None))
        with reading(self.engine) as connection:
            return bool(connection.scalar(select(closed)))

    def closed_since(self, moment: datetime) -> tuple[date, ...]:
        """The days of the editions that were closed at that moment or later, oldest first."""
        editions = tables.editions.c
        with reading(self.engine) as connection:
            found = connection.scalars(select(editions.day).where(editions.closed_at >= moment).order_by(editions.day))
            return tuple(found)

    def newest_editions(self, count: int) -> tuple[date, ...]:
        """The days of the newest editions that were ever collected, newest first."""
        days = tables.editions.c.day
        with reading(self.engine) as connection:
            return tuple(connection.scalars(select(days).order_by(days.desc()).limit(count)))

    def entries(self, since: date, through: date) -> tuple[LedgerEntry, ...]:
        """How each batch of some days stands, oldest day first."""
        ledger = tables.batches
        query = select(ledger).where(ledger.c.day >= since, ledger.c.day <= through)
        with reading(self.engine) as connection:
            found = connection.execute(query.order_by(ledger.c.day, ledger.c.source, ledger.c.category))
            return tuple(rows.to_entry(row) for row in found)

    def holes(self, since: date, through: date) -> tuple[LedgerEntry, ...]:
        """The batches of some days that are still open, oldest day first; nobody waits for days before our first."""
        with reading(self.engine) as connection:
            first = first_edition(connection)
        owed = self.entries(max(since, first or since), through)
        return tuple(entry for entry in owed if not entry.batch.state.is_closed)

    def faults(self, since: date, through: date) -> tuple[LedgerEntry, ...]:
        """Each attempt that left a batch of some days open or closed it with trouble, mended or not, in their order."""
        fetches = tables.fetches
        query = select(fetches).where(fetches.c.day >= since, fetches.c.day <= through).order_by(fetches.c.id)
        with reading(self.engine) as connection:
            attempts = [rows.to_fetch(row) for row in connection.execute(query)]
        return tuple(attempt for attempt in attempts if _had_trouble(attempt.batch))


def _had_trouble(batch: Batch) -> bool:
    """Whether a fetch has more to tell than that all came, or why nothing did."""
    explained = 1 if batch.state is BatchState.QUIET else 0
    return not batch.state.is_closed or len(batch.reasons) > explained


def _first_seen(connection: Connection, source: str, *, since: date, through: date) -> dict[str, date]:
    """The first day on which a source brought a paper, by each of its ids; read in groups, as there may be many."""
    seen, names = tables.sightings, tables.aliases
    query = (
        select(seen.c.paper_id, func.min(seen.c.day).label("day"))
        .where(seen.c.source == source, seen.c.day >= since, seen.c.day <= through)
        .group_by(seen.c.paper_id)
    )
    same: dict[date, date] = {}  # one object a day
    first = {row.paper_id: same.setdefault(row.day, row.day) for row in connection.execute(query)}
    found: dict[str, date] = {}
    for some in rows.in_groups(first):
        for row in connection.execute(select(names).where(names.c.paper_id.in_(some))):
            found[row.alias] = min(found.get(row.alias, date.max), first[row.paper_id])
    return found
