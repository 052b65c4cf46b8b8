"""Shows the ledger: what was expected of each source, what came, what is still missing and what was mended."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from digest.cli.output import print_table, say, say_error
from digest.composing.wording import counted
from digest.domain import Batch, BatchReport, BatchState, Edition, LedgerEntry
from digest.parts import Parts

_COLUMNS = (
    "Source",
    "Category",
    "Day",
    "State",
    "Expected",
    "Records",
    "New",
    "Known",
    "Revised",
    "Cross-listed",
    "Refused",
    "Fetched",
)


@dataclass(frozen=True, slots=True)
class LedgerPage:
    """What the ledger has of some days and of the sources that were asked."""

    entries: tuple[LedgerEntry, ...]
    holes: tuple[LedgerEntry, ...]
    """The batches among them that are still open."""
    faults: tuple[LedgerEntry, ...]
    """Every attempt that left one of them open or closed it with trouble, mended or not."""


def read_ledger(edition: Edition, parts: Parts) -> LedgerPage:
    """The ledger of the days that an edition takes."""
    ledger = parts.store.ledger

    def asked(entries: Iterable[LedgerEntry]) -> tuple[LedgerEntry, ...]:
        return tuple(entry for entry in entries if entry.batch.source in parts.sources)

    return LedgerPage(
        entries=asked(ledger.entries(edition.since, edition.day)),
        holes=asked(ledger.holes(edition.since, edition.day)),
        faults=asked(ledger.faults(edition.since, edition.day)),
    )


def say_ledger(edition: date, reports: Sequence[BatchReport], ledger: LedgerPage, *, timezone: str) -> None:
    """Print a line for each batch, then what was mended, what is still open, and how many papers were new.

    Counts of new and known papers are those of this collecting where it asked, else the ledger's.
    """
    asked = {_key(report.batch): report for report in reports}
    if ledger.entries:
        rows = [_row(entry, asked.get(_key(entry.batch)), ZoneInfo(timezone)) for entry in ledger.entries]
        print_table(_COLUMNS, rows)
    for report in reports:
        if report.is_mended:
            say(_mended(report, edition))
    for entry in ledger.holes:
        if entry.batch.day != edition:
            say(f"{_place(entry.batch)}: still open: {_state(entry.batch)}")
    say(f"Edition of {edition}: {counted(sum(report.new for report in reports), 'new paper')}")


def say_trouble(report: BatchReport, edition: date) -> None:
    """Print to stderr what of a batch needs somebody's attention."""
    batch = report.batch
    is_stale_today = batch.state is BatchState.STALE and batch.day == edition
    if report.needs_attention or is_stale_today:
        say_error(f"{_place(batch)}: {_state(batch)}")
    if batch.refused and not report.is_outside:
        first = batch.refused[0]
        count = len(batch.refused)
        say_error(f"{_place(batch)}: {counted(count, 'record')} refused, the first at {first.place}: {first.reason}")


def _row(entry: LedgerEntry, report: BatchReport | None, timezone: ZoneInfo) -> tuple[object, ...]:
    batch = entry.batch
    return (
        batch.source,
        batch.category,
        batch.day,
        batch.state.value,
        batch.expected,
        batch.records,
        report.new if report else entry.new,
        report.known if report else entry.known,
        report.revised if report else entry.revised,
        batch.cross,
        len(batch.refused),
        f"{entry.fetched_at.astimezone(timezone):%Y-%m-%d %H:%M}",
    )


def _mended(report: BatchReport, edition: date) -> str:
    batch = report.batch
    kind = "new paper" if batch.day == edition else "late paper"
    return f"{_place(batch)}: was {report.before}, now {batch.state}: {counted(report.new, kind)}"


def _place(batch: Batch) -> str:
    return " ".join(filter(None, (batch.source, batch.category, batch.day.isoformat())))


def _state(batch: Batch) -> str:
    return ": ".join(filter(None, (batch.state.value, "; ".join(batch.reasons))))


def _key(batch: Batch) -> tuple[str, str, date]:
    return batch.source, batch.category, batch.day
