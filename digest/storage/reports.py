"""Writes down what came back of our mails or was refused, and decides when an address gets no more. Reads no mail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from sqlalchemy import Connection, Engine, exists, func, not_, select, update

from digest.domain import DeliveryState, ReportKind, Status, Suppression
from digest.storage import kept_emails, tables
from digest.storage.engine import reading
from digest.storage.rows import insert_missing
from digest.storage.suppressions import SuppressionStore
from digest.storage.transitions import MAY_BECOME, Transition, is_one_of, locked, write

COUNTS_FOR = timedelta(days=14)
"""What is reported of a mail sent longer ago, as by a mailbox read late, says little of the address today."""
REFUSED_TWICE_WITHIN = timedelta(days=7)
SOFT_OF_LAST, SOFT_AT_LEAST, SOFT_SPAN = 7, 4, timedelta(days=5)
"""Four of the last seven digests, over at least five days: a mailbox that is full for a weekend isn't given up."""
PROBE_AFTER = timedelta(days=14)

_FAILURES = (ReportKind.REFUSED, ReportKind.SOFT)
_TRIED = (
    *(DeliveryState.REJECTED, DeliveryState.DEFERRED, DeliveryState.UNKNOWN),
    *(state for state in DeliveryState if state.is_accepted),
)


class Consequence(StrEnum):
    """What a report led to."""

    KNOWN = "known"  # the same had been reported before
    NOTED = "noted"
    SUPPRESSED = "suppressed"
    UNSUBSCRIBED = "unsubscribed"


@dataclass(frozen=True, slots=True)
class Returned:
    """One verified report, or a refusal by the relay itself: of which delivery, and what it says."""

    edition: date
    subscriber_id: str
    kind: ReportKind
    enhanced_code: str = ""
    words: str = ""
    is_another: bool = False
    """Whether it is about another address, to which the reader's mail goes on: of an alias others may be alive."""
    is_by_link: bool = False
    """Whether the unsubscribe link alone proves it: whoever the mail was forwarded to has that too."""


@dataclass(frozen=True, slots=True)
class Refusals:
    """How an edition's mails fared at the relay, whoever sent them, but for those at whose refusal it was at fault."""

    attempts: int
    refused: int
    """Of them, for good."""
    new: tuple[tuple[str, str, str], ...]
    """Of the refused those that were not written down as reports yet: subscriber, enhanced code, the relay's words."""
    excused: int
    """The other refusals: written down earlier as our own fault, by the relay's words or as it was found at fault."""


@dataclass(frozen=True, slots=True)
class ReportStore:
    """What came back, and what follows."""

    engine: Engine
    now: Callable[[], datetime]
    suppressions: SuppressionStore

    def take(self, report: Returned) -> Consequence:
        """Write a report down with all that follows, in one transaction; the same one again changes nothing."""
        with self.engine.begin() as connection:
            if self._is_known(connection, report):
                return Consequence.KNOWN
            self._note(connection, report)
            if report.kind is ReportKind.COMPLAINT:
                return self._end_subscription(connection, report)
            if report.is_another:
                return Consequence.NOTED
            entry = self.suppressions.find(connection, report.subscriber_id)
            if entry is not None:
                return self._suppress_longer(connection, report, entry)
            if not self._is_too_much(connection, report):
                return Consequence.NOTED
            self._suppress(connection, report)
            return Consequence.SUPPRESSED

    def refusals_of(self, edition: date) -> Refusals | None:
        """What the relay refused of an edition; None if that is nothing new.

        None also while a mail is on its way, whose sender will ask in its turn.
        """
        table, told = tables.deliveries, tables.reports
        of_edition = table.c.edition == edition
        reported = exists().where(told.c.edition == edition, told.c.subscriber_id == table.c.subscriber_id)
        is_excused = reported.where(told.c.kind == ReportKind.POLICY.value)
        tried = (of_edition, is_one_of(_TRIED), not_(is_excused))
        refused = (of_edition, table.c.state == DeliveryState.REJECTED.value)
        with reading(self.engine) as connection:
            if connection.scalar(select(exists().where(of_edition, table.c.state == DeliveryState.SENDING.value))):
                return None
            columns = (table.c.subscriber_id, table.c.enhanced_code, table.c.reply)
            new = connection.execute(select(*columns).where(*refused, not_(reported))).all()
            if not new:
                return None
            return Refusals(
                attempts=connection.scalar(select(func.count()).select_from(table).where(*tried)) or 0,
                refused=connection.scalar(select(func.count()).select_from(table).where(*tried, *refused)) or 0,
                new=tuple((row.subscriber_id, row.enhanced_code, row.reply) for row in new),
                excused=connection.scalar(select(func.count()).select_from(table).where(*refused, is_excused)) or 0,
            )

    def excuse(self, edition: date, refusals: Refusals) -> None:
        """Write an edition's new refusals down as our own fault, of which nothing follows: thousands in one commit."""
        excused = (Returned(edition, who, ReportKind.POLICY, code, words) for who, code, words in refusals.new)
        with self.engine.begin() as connection:
            insert_missing(connection, tables.reports, [self._row(report) for report in excused])

    def address_of(self, subscriber_id: str) -> str:
        """The address to which the subscriber's last mail went; empty if none is remembered."""
        table = tables.deliveries
        query = select(table.c.email).where(table.c.subscriber_id == subscriber_id).order_by(table.c.edition.desc())
        with reading(self.engine) as connection:
            return connection.scalar(query.limit(1)) or ""

    def edition_of(self, message_id: str, subscriber_id: str) -> date | None:
        """The edition that a subscriber's mail with this Message-ID brought; None if there was no such mail."""
        table = tables.deliveries
        mine = (table.c.subscriber_id == subscriber_id, table.c.message_id == message_id)
        with reading(self.engine) as connection:
            return connection.scalar(select(table.c.edition).where(*mine)) if message_id else None

    def _is_known(self, connection: Connection, report: Returned) -> bool:
        table = tables.reports
        same = (
            table.c.edition == report.edition,
            table.c.subscriber_id == report.subscriber_id,
            table.c.kind == report.kind.value,
        )
        return connection.scalar(select(table.c.kind).where(*same)) is not None

    def _note(self, connection: Connection, report: Returned) -> None:
        insert_missing(connection, tables.reports, [self._row(report)])
        complains = report.kind is ReportKind.COMPLAINT
        state = DeliveryState.COMPLAINED if complains else DeliveryState.BOUNCED
        # what came back had been accepted, so it settles a doubt too
        accepted = is_one_of([before for before, after in MAY_BECOME.items() if state in after])
        table = tables.deliveries
        mine = (table.c.edition == report.edition, table.c.subscriber_id == report.subscriber_id)
        told = {"reply": f"{report.kind}: {report.words}", "enhanced_code": report.enhanced_code, "code": None}
        found = locked(connection, *mine, accepted)
        write(connection, [Transition(row, state, told) for row in found], now=self.now())
        kept_emails.drop(connection, [row.id for row in found])

    def _row(self, report: Returned) -> dict[str, object]:
        return {
            "edition": report.edition,
            "subscriber_id": report.subscriber_id,
            "kind": report.kind.value,
            "enhanced_code": report.enhanced_code,
            "words": report.words,
            "counts": not report.is_another,
            "taken_at": self.now(),
        }

    def _end_subscription(self, connection: Connection, report: Returned) -> Consequence:
        people = tables.subscribers
        mine = people.c.id == report.subscriber_id
        connection.execute(update(people).where(mine).values(status=Status.UNSUBSCRIBED.value))
        if not report.is_by_link:
            self._suppress(connection, report)
        return Consequence.UNSUBSCRIBED

    def _suppress(self, connection: Connection, report: Returned, *, is_probed: bool = True) -> None:
        may_probe = is_probed and report.kind in _FAILURES
        probe_after = self.now() + PROBE_AFTER if may_probe else None
        entry = Suppression(report.subscriber_id, report.kind, report.enhanced_code, self.now(), probe_after)
        self.suppressions.put(connection, entry)

    def _suppress_longer(self, connection: Connection, report: Returned, entry: Suppression) -> Consequence:
        """What a bounce means for an address on the list: of a probe the end of trying, of an earlier mail little."""
        mailed_at = self._mailed_at(connection, report)
        is_probe = entry.probed_at is not None and mailed_at is not None and mailed_at >= entry.probed_at
        is_gone = report.kind is ReportKind.HARD and self._is_too_much(connection, report)
        if entry.kind is ReportKind.COMPLAINT or not (is_gone or (is_probe and report.kind in _FAILURES)):
            return Consequence.NOTED
        self._suppress(connection, report, is_probed=False)
        return Consequence.SUPPRESSED

    def _is_too_much(self, connection: Connection, report: Returned) -> bool:
        # of a mail whose row is gone the edition's day alone is known
        mailed_at = self._mailed_at(connection, report) or datetime.combine(report.edition, time.min, UTC)
        if self.now() - mailed_at > COUNTS_FOR:
            return False
        match report.kind:
            case ReportKind.HARD:
                return True
            case ReportKind.REFUSED:
                return self._is_refused_twice(connection, report) or self._is_soft_too_often(connection, report)
            case ReportKind.SOFT:
                return self._is_soft_too_often(connection, report)
            case _:  # our own fault is no reader's
                return False

    def _mailed_at(self, connection: Connection, report: Returned) -> datetime | None:
        """When the mail was made that came back: an edition's day may be long past when it is made up for."""
        table = tables.deliveries
        mine = (table.c.edition == report.edition, table.c.subscriber_id == report.subscriber_id)
        return connection.scalar(select(table.c.composed_at).where(*mine))

    def _is_refused_twice(self, connection: Connection, report: Returned) -> bool:
        """Whether another refusal lies near this one: an old pair, read late, says nothing of the address today."""
        days = self._failed_days(connection, report.subscriber_id, ReportKind.REFUSED)
        return any(timedelta(0) < abs(day - report.edition) <= REFUSED_TWICE_WITHIN for day in days)

    def _is_soft_too_often(self, connection: Connection, report: Returned) -> bool:
        table = tables.deliveries
        tried = [state.value for state in DeliveryState if state.is_accepted or state is DeliveryState.REJECTED]
        mine = (table.c.subscriber_id == report.subscriber_id, table.c.state.in_(tried))
        last = select(table.c.edition).where(*mine).order_by(table.c.edition.desc()).limit(SOFT_OF_LAST)
        recent = set(connection.scalars(last))
        days = [day for day in self._failed_days(connection, report.subscriber_id, *_FAILURES) if day in recent]
        return len(days) >= SOFT_AT_LEAST and days[-1] - days[0] >= SOFT_SPAN

    def _failed_days(self, connection: Connection, subscriber_id: str, *kinds: ReportKind) -> list[date]:
        """The editions of which such a report counts, oldest first, each once."""
        table = tables.reports
        mine = (table.c.subscriber_id == subscriber_id, table.c.counts, table.c.kind.in_([k.value for k in kinds]))
        return list(connection.scalars(select(table.c.edition).where(*mine).distinct().order_by(table.c.edition)))
