"""What a digest says of its sources: told from the ledger while an edition is open, and frozen when it closes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, Row, func, select, update

from digest.domain import BatchState, SourceAccount
from digest.storage import rows, tables

_OWED_FOR = timedelta(days=14)
"""How long an account may come back to a day of which an earlier one said that papers are late."""


def read_accounts(connection: Connection, after: date, through: date) -> tuple[SourceAccount, ...]:
    """What the editions after one day up to another say of each source and day; the latest word counts."""
    editions = tables.editions
    query = select(editions).where(editions.c.day > after, editions.c.day <= through).order_by(editions.c.day)
    told: dict[tuple[str, date], SourceAccount] = {}
    for edition in connection.execute(query).all():
        for entry in _read(connection, edition):
            told[entry.source, entry.day] = entry
    return tuple(sorted(told.values(), key=lambda entry: (entry.day, entry.source)))


def freeze_accounts(connection: Connection, through: date) -> None:
    """Keep what is told of every edition up to a day, so that a mail of them stays as it was sent."""
    editions = tables.editions
    unfrozen = (editions.c.day <= through, editions.c.account.is_(None))
    for day in connection.scalars(select(editions.c.day).where(*unfrozen).order_by(editions.c.day)).all():
        account = [rows.from_account(entry) for entry in _tell(connection, day)]
        connection.execute(update(editions).where(editions.c.day == day).values(account=account))


def _read(connection: Connection, edition: Row[Any]) -> Iterable[SourceAccount]:
    if edition.account is None:
        return _tell(connection, edition.day)
    return [rows.to_account(entry) for entry in edition.account]


def _tell(connection: Connection, day: date) -> Iterable[SourceAccount]:
    """What the ledger has of the days since the edition before, and of earlier ones what is new since it was told."""
    for own in _own_days(connection, day):
        yield from _tell_day(connection, own)
    told = _told_before(connection, day)
    for earlier in sorted({entry.day for entry in told if entry.is_open}):
        now = {entry.source: entry for entry in _tell_day(connection, earlier)}
        was = (entry for entry in told if entry.day == earlier and entry.is_open and entry.source in now)
        yield from (now[entry.source] for entry in was if now[entry.source] != entry)


def _own_days(connection: Connection, day: date) -> list[date]:
    """An edition's own day, and those before it that have no edition, as when the machine was off."""
    editions = tables.editions
    before = connection.scalar(select(func.max(editions.c.day)).where(editions.c.day < day))
    first = max(before + timedelta(days=1), day - _OWED_FOR) if before else day
    return [date.fromordinal(ordinal) for ordinal in range(first.toordinal(), day.toordinal() + 1)]


def _told_before(connection: Connection, day: date) -> list[SourceAccount]:
    """The latest word of the frozen accounts before an edition, as far as it may come back to them."""
    editions = tables.editions
    frozen = (editions.c.day >= day - _OWED_FOR, editions.c.day < day, editions.c.account.is_not(None))
    told: dict[tuple[str, date], SourceAccount] = {}
    for account in connection.scalars(select(editions.c.account).where(*frozen).order_by(editions.c.day)):
        for entry in map(rows.to_account, account):
            told[entry.source, entry.day] = entry
    return list(told.values())


def _tell_day(connection: Connection, day: date) -> Iterable[SourceAccount]:
    ledger = tables.batches
    query = select(ledger).where(ledger.c.day == day).order_by(ledger.c.source, ledger.c.category)
    by_source: defaultdict[str, list[Row[Any]]] = defaultdict(list)
    for row in connection.execute(query).all():
        by_source[row.source].append(row)
    return [_tell_source(connection, day, batches) for batches in by_source.values()]


def _tell_source(connection: Connection, day: date, batches: list[Row[Any]]) -> SourceAccount:
    waiting = [row for row in batches if not BatchState(row.state).is_closed]
    partial = [row for row in waiting if row.state == BatchState.PARTIAL and row.records]
    return SourceAccount(
        source=batches[0].source,
        day=day,
        announced=_count_papers(connection, day, batches),
        late=tuple(row.category for row in waiting if row not in partial),
        partial=tuple(row.category for row in partial),
        is_holiday=any("holiday" in reason for row in batches for reason in row.reasons),
    )


def _count_papers(connection: Connection, day: date, batches: list[Row[Any]]) -> int:
    """How many papers the batches hold that their source had brought on no day before; a stale list has none."""
    seen, source = tables.sightings, tables.sightings.c.source == batches[0].source
    there = select(seen.c.paper_id).where(
        source, seen.c.category.in_([row.category for row in batches]), seen.c.day == day
    )
    first = select(seen.c.paper_id).where(source, seen.c.paper_id.in_(there))
    first_there = first.group_by(seen.c.paper_id).having(func.min(seen.c.day) == day)
    return connection.scalar(select(func.count()).select_from(first_there.subquery())) or 0
