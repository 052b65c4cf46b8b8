"""One collecting as it is written: group after group of batches, each in a transaction of the caller's. Opens none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, delete, exists, func, insert, select, update

from digest.domain import Batch, BatchReport, BatchState, Edition
from digest.storage import stocking, tables
from digest.storage.engine import lock_writers
from digest.storage.placement import Placement
from digest.storage.rows import insert_missing
from digest.storage.shelf import Shelf

PAPERS_A_GROUP = 2_000
"""Papers written in one transaction: few enough to be held in memory several times over."""


@dataclass(slots=True)
class Line:
    """What a collecting knows of one batch: all of its parts so far, without their papers."""

    batch: Batch
    before: BatchState | None = None
    """How the ledger had it until now."""
    said: BatchState | None = None
    """What the attempt before this one ended with."""
    new: int = 0
    taken: int = 0
    outside: int = 0
    revised: int = 0
    fetch: int | None = None
    """The row of this attempt."""
    is_owed: bool = False
    """Whether anybody waits for the papers of that day."""


@dataclass(slots=True)
class Collecting:
    """Writes what the sources bring for an edition, and remembers how it went."""

    edition: Edition
    now: Callable[[], datetime]
    _lines: list[Line] = field(default_factory=list)

    def write(self, connection: Connection, batches: Iterable[Batch]) -> None:
        """Put some batches' papers on their shelf and the batches into the ledger, by their days and sources."""
        lock_writers(connection)
        placement = _read_placement(connection, self.edition)
        shelf = Shelf(connection, placement)
        ordered = sorted(batches, key=_order)
        shelf.load(paper for batch in ordered for paper in (*batch.papers, *batch.revised))
        for batch in ordered:
            self._add(connection, shelf, batch)
        stocking.write(shelf)

    def finish(self, connection: Connection) -> None:
        """Say that the edition has been collected, and with a backfill those of the days before, which are closed."""
        lock_writers(connection)
        make_edition(connection, self.edition.day)
        if self.edition.is_backfill:
            days = range(self.edition.since.toordinal(), self.edition.day.toordinal())
            past = [_edition_row(date.fromordinal(day), account=[], closed_at=self.now()) for day in days]
            insert_missing(connection, tables.editions, past)

    def reports(self) -> tuple[BatchReport, ...]:
        """What became of each batch, by their days and sources."""
        return tuple(_report(line, self.edition) for line in sorted(self._lines, key=lambda line: _order(line.batch)))

    def _add(self, connection: Connection, shelf: Shelf, batch: Batch) -> None:
        taken = [paper for paper in batch.papers if batch.is_baseline or self.edition.takes(paper.announced)]
        new = sum(shelf.add(batch, paper, rank=rank) for rank, paper in enumerate(taken))
        line = self._line_of(connection, shelf.placement, batch)
        line.new += new
        line.taken += len(taken)
        line.outside += len(batch.papers) - len(taken)
        line.revised += len(batch.revised)
        if self.edition.takes(batch.day):
            for paper in batch.revised:
                shelf.revise(paper)
            _write_line(connection, line, self.edition, new=new, now=self.now())
            if batch.category and batch.state.is_closed:
                _settle_failures(connection, batch)

    def _line_of(self, connection: Connection, placement: Placement, batch: Batch) -> Line:
        light = replace(batch, papers=(), revised=())
        earlier = (
            (line for line in reversed(self._lines) if _key(line.batch) == _key(batch)) if batch.part else iter(())
        )
        line = next(earlier, None)
        if line is not None:
            line.batch = _join(line.batch, light)
            return line
        is_owed = self.edition.takes(batch.day) and (self.edition.is_backfill or batch.day >= placement.first)
        line = Line(light, *_read_states(connection, batch), is_owed=is_owed)
        self._lines.append(line)
        return line


def in_groups_of_papers(batches: Iterable[Batch]) -> Iterator[list[Batch]]:
    """Batches in groups of some thousand papers; a group is yielded as soon as it is full."""
    group: list[Batch] = []
    papers = 0
    for batch in batches:
        group.append(batch)
        papers += len(batch.papers) + len(batch.revised)
        if papers >= PAPERS_A_GROUP:
            yield group
            group, papers = [], 0
    if group:
        yield group


def make_edition(connection: Connection, day: date) -> None:
    """See to it that there is an edition of that day."""
    is_over = connection.scalar(
        select(exists().where(tables.editions.c.day > day, tables.editions.c.closed_at.is_not(None)))
    )
    # the digests of a later day are out, and they said nothing of this one
    insert_missing(connection, tables.editions, [_edition_row(day, account=[] if is_over else None)])


def first_edition(connection: Connection) -> date | None:
    """The installation's first edition; None before it."""
    first: date | None = connection.scalar(select(func.min(tables.editions.c.day)))
    return first


def _edition_row(day: date, *, account: list[Any] | None, closed_at: datetime | None = None) -> dict[str, Any]:
    return {"day": day, "closed_at": closed_at, "empty": 0, "account": account}


def _read_placement(connection: Connection, edition: Edition) -> Placement:
    closed_through = connection.scalar(
        select(func.max(tables.editions.c.day)).where(tables.editions.c.closed_at.is_not(None))
    )
    return Placement(edition, closed_through, first=min(first_edition(connection) or edition.day, edition.day))


def _read_states(connection: Connection, batch: Batch) -> tuple[BatchState | None, BatchState | None]:
    """How the ledger has a batch, and what the latest attempt to fetch it ended with."""
    ledger, fetches = tables.batches, tables.fetches
    held = connection.scalar(select(ledger.c.state).where(*_is(ledger, batch)))
    latest = select(fetches.c.state).where(*_is(fetches, batch)).order_by(fetches.c.id.desc()).limit(1)
    said = connection.scalar(latest)
    return held and BatchState(held), said and BatchState(said)


def _write_line(connection: Connection, line: Line, edition: Edition, *, new: int, now: datetime) -> None:
    batch = line.batch
    key = {"source": batch.source, "category": batch.category, "day": batch.day}
    values: dict[str, Any] = {
        "state": batch.state.value,
        "records": batch.records,
        "expected": batch.expected,
        "reasons": list(batch.reasons),
        "edition": edition.day,
        "fetched_at": now,
    }
    if line.fetch is None:
        made = insert(tables.fetches).returning(tables.fetches.c.id)
        line.fetch = connection.scalar(made, {**key, **values, "new": line.new})
    else:
        attempt = tables.fetches.c.id == line.fetch
        connection.execute(update(tables.fetches).where(attempt).values(**values, new=line.new))
    if _proves_less(line):
        return
    ledger = tables.batches
    values |= {
        "refused": [[refusal.place, refusal.reason] for refusal in batch.refused],
        "taken": line.taken,
        "revised": line.revised,
        "cross": batch.cross,
    }
    insert_missing(connection, ledger, [{**key, **values, "new": 0}])
    connection.execute(update(ledger).where(*_is(ledger, batch)).values(**values, new=ledger.c.new + new))


def _settle_failures(connection: Connection, batch: Batch) -> None:
    """Drop from the ledger that the batch's source failed as a whole, on that day or before: it answers again.

    What it still owes of those days is told by its categories; `fetches` keeps every failure.
    """
    ledger = tables.batches
    failures = (ledger.c.source == batch.source, ledger.c.category == "", ledger.c.day <= batch.day)
    is_open = ledger.c.state.not_in([state.value for state in BatchState if state.is_closed])
    connection.execute(delete(ledger).where(*failures, is_open))


def _proves_less(line: Line) -> bool:
    """Whether a fetch that brought nothing comes after one that proved the batch complete: the proof stands.

    The day is settled by the proof's own time, so the batch is asked for again all the same.
    """
    return (
        line.before is not None and line.before.is_closed and not line.batch.state.is_closed and not line.batch.records
    )


def _report(line: Line, edition: Edition) -> BatchReport:
    batch = line.batch
    is_news = batch.day == edition.day or line.said != batch.state
    return BatchReport(
        batch=batch,
        new=line.new,
        known=line.taken - line.new,
        outside=line.outside,
        revised=line.revised,
        needs_attention=batch.state.needs_attention and line.is_owed and is_news,
        before=line.before,
    )


def _join(whole: Batch, part: Batch) -> Batch:
    return replace(
        whole,
        state=part.state,
        refused=whole.refused + part.refused,
        records=whole.records + part.records,
        cross=whole.cross + part.cross,
        expected=part.expected if part.expected is not None else whole.expected,
        reasons=part.reasons,
    )


def _order(batch: Batch) -> tuple[date, str]:
    """By day, and for each day by source, whichever answered first; those of one source keep their order."""
    return batch.day, batch.source


def _key(batch: Batch) -> tuple[str, str, date]:
    return batch.source, batch.category, batch.day


def _is(table: Table, batch: Batch) -> tuple[ColumnElement[bool], ...]:
    return table.c.source == batch.source, table.c.category == batch.category, table.c.day == batch.day
