"""READ FIRST: one edition from feed to inbox — collect, store, plan; then `mailing` takes over, up to the inbox.

It holds no format, no SQL and no SMTP; only `Parts.now` tells it the time.
"""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from datetime import date

from digest.after_sending import holds_all
from digest.assembly import count_editions
from digest.composing.wording import counted
from digest.domain import Batch, BatchReport, DeliveryState, Edition, EditionTotals, Status, Subscriber
from digest.mailing import deliver_digests, is_unreachable, may_go, rehearse_digests
from digest.parts import EVERYBODY, Choice, Parts, RunReport
from digest.planning import READERS_A_BATCH, has_missed_their_day, in_batches, is_due, refuse_leap
from digest.sources import collect_papers
from digest.storage import Chosen

_KEPT_BACK = _SERVED, _IN_DOUBT, _SAMPLE, _BARRED = (
    "already served with the edition of {day} or a later one",
    "held back: another edition's mail to them is in doubt",
    "skipped: example.com, .net and .org are for samples",
    "skipped: mail to them came back (digest subscribers suppressed)",
)

log = logging.getLogger(__name__)


def run_edition(day: date, parts: Parts, choice: Choice = EVERYBODY) -> RunReport:
    """One edition through all stages. Safe to repeat: nobody gets a second copy.

    Raises ClockError if the clock has leapt far ahead and nobody named the day.
    """
    report = RunReport(day)
    if choice.plans and not choice.is_day_named:
        check_clock(day, parts)
    if choice.collects:
        with report.timed("collect"):
            report.batches = collect_edition(Edition(day, day - parts.lookback), parts)
    if parts.stopping():  # the sources were not asked to the end: closing the edition now would lose the rest
        report.notices.append("asked to stop before anything was planned")
    elif choice.is_rehearsal:
        rehearse_digests(_find_due(day, parts, choice, report), day, parts, choice, report)
    else:
        _settle_claims(parts, report)
        if choice.plans:
            plan_digests(_find_due(day, parts, choice, report), day, parts)
        deliver_digests(day, parts, choice, report)
        parts.store.history.forget(before=day - parts.retention)
    report.left_out = parts.file_mistakes()
    states, empty = parts.store.history.totals(day)
    report.totals = EditionTotals(day, parts.store.papers.count(day), _count_active(parts), states, empty)
    return report


def check_clock(day: date, parts: Parts) -> None:
    """Raise ClockError if the clock, which told the day, has leapt far ahead of all that is remembered."""
    ledger = parts.store.ledger
    newest = next(iter(ledger.newest_editions(1)), None)
    refuse_leap(day, parts.now(), newest=newest, last_fetched=ledger.last_fetched())


def nothing_to_run(day: date) -> RunReport:
    """The report of a run that had no source and did nothing."""
    report = RunReport(day)
    report.totals = EditionTotals(day, 0, 0, dict.fromkeys(DeliveryState, 0), 0)
    return report


def collect_edition(edition: Edition, parts: Parts) -> tuple[BatchReport, ...]:
    """Ask every source, and write what comes as it comes: no source is waited for while a transaction is open."""
    with closing(_collect(edition, parts)) as batches:
        return parts.store.ledger.add_batches(edition, batches)


def fetch_batches(edition: Edition, parts: Parts) -> list[Batch]:
    """What the sources have for the days the edition takes; nothing is written."""
    return list(_collect(edition, parts))


def _collect(edition: Edition, parts: Parts) -> Generator[Batch]:
    memory = parts.store.ledger.memory
    with parts.open_http() as http:
        batches = collect_papers(parts.sources, edition, memory=memory, http=http, stopping=parts.stopping)
        for number, batch in enumerate(batches, start=1):
            parts.on_progress("collecting", number, None)
            yield batch


def retry_digests(day: date, parts: Parts, *, email: str = "") -> tuple[RunReport, int]:
    """Try the edition's deferred and failed mail again now. Returns the report, and how many a later digest covers."""
    again, covered = parts.store.by_hand.retry(Chosen(edition=day, email=email))
    report = run_edition(day, parts, Choice(only=email, collects=False, plans=False, probes_at_once=True))
    report.notices.append(f"{counted(again, 'mail')} tried again")
    return report, covered


def plan_digests(due: Iterable[Subscriber], day: date, parts: Parts) -> None:
    """Close the edition and promise everyone due a digest: from here on its list is fixed."""
    for number, some in enumerate(in_batches(due, READERS_A_BATCH)):
        if number == 0:
            parts.store.ledger.close_edition(day)
            parts.store.ledger.keep_word_counts(count_editions(day, parts.store.papers))
        parts.store.subscribers.enroll(some, edition=day)
        parts.store.deliveries.plan(day, some)


def is_anybody_waiting(day: date, parts: Parts, choice: Choice) -> bool:
    """Whether a run of that day would find somebody to serve; claims of processes that died count as alive."""
    deliveries = parts.store.deliveries
    pause = parts.store.pause.current()
    is_held = pause is not None and holds_all(pause, now=parts.now(), probes_at_once=choice.probes_at_once)
    waiting = frozenset() if is_held else deliveries.open_rows(day)
    readers = parts.store.subscribers.among(waiting, parts.read_files()) if waiting else ()
    has_waiting = any(may_go(reader, waiting, parts) for reader in readers)
    has_doubtful = parts.resends and not is_held and deliveries.kept_emails(day)
    if has_waiting or has_doubtful:
        return True
    return choice.plans and any(True for _ in _find_due(day, parts, choice, RunReport(day)))


def release_claims(parts: Parts) -> None:
    """Settle the claims of processes that died, and tell the log; their mail may have gone."""
    if released := parts.store.deliveries.release_lapsed():
        log.warning("%s of a run that died may have gone: held as unknown", counted(released, "mail"))


def _settle_claims(parts: Parts, report: RunReport) -> None:
    """Give up what can't be known or has waited too long, so that the planned digests cover it."""
    if released := parts.store.deliveries.release_lapsed():
        report.notices.append(f"{counted(released, 'mail')} of a run that died may have gone: held as unknown")
    parts.store.deliveries.expire_deferred(planned_before=parts.now() - parts.expires_after)


def _find_due(day: date, parts: Parts, choice: Choice, report: RunReport) -> Iterator[Subscriber]:
    """Those to whom a digest is to be promised, one by one; once all are told, the report says why others aren't."""
    deliveries, kept_back = parts.store.deliveries, dict.fromkeys(_KEPT_BACK, 0)
    planned, held = deliveries.planned(day), deliveries.in_doubt(day)
    owed, tried = deliveries.owed_before(day), parts.store.history.losses(before=day)
    for some in in_batches(filter(choice.takes, parts.each_reader()), READERS_A_BATCH):
        barred = parts.store.suppressions.barred(reader.id for reader in some)
        for reader in some:
            is_owed = reader.id in owed or (reader.id not in tried and has_missed_their_day(reader, day))
            if not is_due(reader, day, ignore_frequency=bool(choice.only), is_owed=is_owed):
                kept_back[_SERVED] += reader.cursor is not None and reader.cursor >= day
            elif reader.id in held:
                kept_back[_IN_DOUBT] += 1
            elif is_unreachable(reader, parts):
                kept_back[_SAMPLE] += 1
            elif reader.id in barred:
                kept_back[_BARRED] += 1
            elif reader.id not in planned:
                yield reader
    report.notices += [f"{counted(count, 'reader')} {why.format(day=day)}" for why, count in kept_back.items() if count]


def _count_active(parts: Parts) -> int:
    return sum(reader.status is Status.ACTIVE for reader in parts.each_reader())
