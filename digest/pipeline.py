"""READ FIRST: one edition from feed to inbox — collect, store, match, compose, claim, send, record.

The only part that sees all stages. It holds no format, no SQL and no SMTP; only `Parts.now` tells it the time.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Container, Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import date
from itertools import chain

from digest.after_sending import (
    are_templates_broken,
    begin_pause,
    count_refusals,
    find_mismatch,
    find_reason_to_pause,
    holds_all,
    refusal_in,
    words_of,
)
from digest.assembly import assemble_digests, count_editions
from digest.composing import Card, compose_email, render_cards
from digest.composing.headers import sender_address
from digest.composing.wording import counted
from digest.delivery import send_emails
from digest.dispatching import Dispatch
from digest.domain import (
    Batch,
    BatchReport,
    DeliveryState,
    Digest,
    Edition,
    EditionTotals,
    Email,
    Outcome,
    PausedBy,
    Status,
    Subscriber,
)
from digest.parts import EVERYBODY, Choice, Parts, RunReport
from digest.planning import (
    CLAIMS_A_GROUP,
    READERS_A_BATCH,
    has_missed_their_day,
    in_batches,
    is_due,
    is_sample,
    refuse_leap,
)
from digest.sources import collect_papers
from digest.storage import Chosen, Returned

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
        with _watch(report, "collect"):
            report.batches = collect_edition(Edition(day, day - parts.lookback), parts)
    if parts.stopping():  # the sources were not asked to the end: closing the edition now would lose the rest
        report.notices.append("asked to stop before anything was planned")
    elif choice.is_rehearsal:
        _try_out(_find_due(day, parts, choice, report), day, parts, choice, report)
    else:
        _settle_claims(parts, report)
        if choice.plans:
            plan_digests(_find_due(day, parts, choice, report), day, parts)
        deliver_digests(day, parts, choice, report)
        parts.store.history.forget(before=day - parts.retention)
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
    may_go = waiting and any(_may_go(reader, waiting, parts) for reader in parts.each_reader())
    has_doubtful = parts.resends and not is_held and deliveries.kept_emails(day)
    if may_go or has_doubtful:
        return True
    return choice.plans and any(True for _ in _find_due(day, parts, choice, RunReport(day)))


def release_claims(parts: Parts) -> None:
    """Settle the claims of processes that died, and tell the log; their mail may have gone."""
    if released := parts.store.deliveries.release_lapsed():
        log.warning("%s of a run that died may have gone: held as unknown", counted(released, "mail"))


def deliver_digests(day: date, parts: Parts, choice: Choice, report: RunReport) -> None:
    """Match, compose, claim, send and record every digest of the edition that is still open."""
    store = parts.store
    store.deliveries.suppress_strangers(day, known={reader.id for reader in parts.each_reader()})
    pause = store.pause.current()
    if pause is not None and holds_all(pause, now=parts.now(), probes_at_once=choice.probes_at_once):
        report.paused = words_of(pause)
        return
    waiting = store.deliveries.open_rows(day)
    emails = _waiting_emails(waiting, day, parts, choice, report)
    total = 1 if choice.only else len(waiting)
    with store.deliveries.open_ownership() as owner:
        dispatch = _open_dispatch(parts, owner)
        _send(emails, dispatch, parts, report, total=total, is_probe=pause is not None)
        report.mismatch = find_mismatch(day, dispatch, store.history)
    report.seconds["deliver"] -= report.seconds["match"] + report.seconds["compose"]


def _waiting_emails(
    waiting: Container[str], day: date, parts: Parts, choice: Choice, report: RunReport
) -> Iterator[Email]:
    """Every email that may go now, and last those in doubt that the operator wants to go again."""

    def each_reader() -> Iterator[Subscriber]:
        may_go = (reader for reader in parts.each_reader() if _may_go(reader, waiting, parts))
        return (reader for reader in may_go if choice.only in ("", reader.email))

    doubtful = [email for email in _doubtful(day, parts) if choice.only.lower() in ("", email.recipient.lower())]
    return chain(_compose_untried_first(each_reader, day, parts, report), doubtful)


def _send(
    emails: Iterator[Email], dispatch: Dispatch, parts: Parts, report: RunReport, *, total: int, is_probe: bool
) -> None:
    """Claim, send and record them; what the relay refused for good counts, however the sending ends."""
    refused: list[Returned] = []

    def record(outcome: Outcome) -> None:
        dispatch.record(outcome)
        refused.extend(refusal_in(outcome))
        parts.on_progress("delivering", report.composed, total)

    claimed = dispatch.claim(emails)
    try:
        with _watch(report, "deliver"), closing(claimed):
            report.end = send_emails(
                claimed,
                parts.relays,
                record,
                stopping=parts.stopping,
                reserve=parts.store.pace.reserve,
                is_probe=is_probe,
                on_tick=dispatch.write_late,
            )
    finally:
        try:
            dispatch.close()
        finally:
            _settle_pause(count_refusals(refused, dispatch.counts, parts.store.reports), parts, report)


def _open_dispatch(parts: Parts, owner: str) -> Dispatch:
    """Claims in groups that go out within a second, lest many wait in `sending` for a slow relay."""
    rate = parts.relays[0].mails_a_second

    def is_free() -> bool:
        pause = parts.store.pause.current()
        return pause is None or pause.by is PausedBy.SENDING

    return Dispatch(
        parts.store.deliveries,
        owner,
        group=CLAIMS_A_GROUP if rate is None else max(1, min(CLAIMS_A_GROUP, int(rate))),
        keeps=parts.resends,
        too_old=parts.now() - parts.expires_after,
        may_claim=is_free,
    )


def _doubtful(day: date, parts: Parts) -> tuple[Email, ...]:
    return parts.store.deliveries.kept_emails(day) if parts.resends else ()


def _settle_pause(doubts: str, parts: Parts, report: RunReport) -> None:
    """Pause sending where the next mail would fare no better; end its own pause when a probe went through."""
    if reason := find_reason_to_pause(report.end, broken=report.broken, composed=report.composed) or doubts:
        report.paused = begin_pause(parts.store.pause, reason)
    elif report.end is not None and report.end.is_probe_passed and parts.store.pause.end(PausedBy.SENDING):
        report.notices.append("a mail went through: sending is no longer paused")


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
            elif _is_unreachable(reader, parts):
                kept_back[_SAMPLE] += 1
            elif reader.id in barred:
                kept_back[_BARRED] += 1
            elif reader.id not in planned:
                yield reader
    report.notices += [f"{counted(count, 'reader')} {why.format(day=day)}" for why, count in kept_back.items() if count]


def _may_go(reader: Subscriber, waiting: Container[str], parts: Parts) -> bool:
    return reader.id in waiting and not _is_unreachable(reader, parts)


def _is_unreachable(reader: Subscriber, parts: Parts) -> bool:
    """Whether it is a sample reader, whom no live relay is asked to reach."""
    return is_sample(reader.email) and not parts.is_local


def _count_active(parts: Parts) -> int:
    return sum(reader.status is Status.ACTIVE for reader in parts.each_reader())


def _digests_of(readers: Iterable[Subscriber], day: date, parts: Parts, report: RunReport) -> Iterator[Digest]:
    store = parts.store
    losses = store.history.losses(before=day)
    digests = assemble_digests(readers, day, papers=store.papers, history=store.history, losses=losses)
    while True:
        with _watch(report, "match"):
            digest = next(digests, None)
        if digest is None:
            return
        yield digest


def _compose_untried_first(
    each_reader: Callable[[], Iterable[Subscriber]], day: date, parts: Parts, report: RunReport
) -> Iterator[Email]:
    """The emails of readers whose mail hasn't failed, then the others': a few who block us stop nobody else's mail."""
    failed = parts.store.deliveries.failed_through(day)
    deferred = {row.subscriber_id for row in parts.store.history.find(edition=day, state=DeliveryState.DEFERRED)}
    turns = (False, True) if failed else (False,)
    readers = ((reader for reader in each_reader() if (reader.id in failed) is turn) for turn in turns)
    digests = chain.from_iterable(_digests_of(some, day, parts, report) for some in readers)
    for email in _compose(digests, parts, report):
        yield replace(email, before=DeliveryState.DEFERRED) if email.subscriber_id in deferred else email


def _compose(
    digests: Iterable[Digest], parts: Parts, report: RunReport, *, is_rehearsal: bool = False
) -> Iterator[Email]:
    cards: dict[tuple[str, str], Card] = {}
    for digest in _without_empty(digests, parts, report, is_rehearsal=is_rehearsal):
        reader = digest.subscriber
        try:
            with _watch(report, "compose"):
                email = compose_with_cards(digest, cards, parts)
        except Exception as error:  # one digest that can't be made must not cost the others theirs
            log.exception("the digest for %s can't be made", reader.email)
            report.broken += 1
            report.notices.append(f"the digest for {reader.email} can't be made: {error}")
            if not is_rehearsal:
                parts.store.deliveries.fail(digest.edition, reader.id, str(error))
            if are_templates_broken(broken=report.broken, composed=report.composed):
                return
            continue
        report.composed += 1
        yield email


def _without_empty(
    digests: Iterable[Digest], parts: Parts, report: RunReport, *, is_rehearsal: bool
) -> Iterator[Digest]:
    """The digests that are mailed; the readers of empty ones are skipped, many in one commit."""
    empty = list[str]()
    for digest in digests:
        if not digest.is_empty or parts.composer.letterhead.mails_when_empty:
            yield digest
        elif not is_rehearsal:
            empty.append(digest.subscriber.id)
        if len(empty) == READERS_A_BATCH:
            parts.store.deliveries.skip(report.edition, empty)
            empty = []
    if empty:
        parts.store.deliveries.skip(report.edition, empty)


def compose_with_cards(digest: Digest, cards: dict[tuple[str, str], Card], parts: Parts) -> Email:
    """One digest's email; `cards` keeps what is rendered: each paper's card once an edition and language."""
    language = parts.composer.language_of(digest.subscriber.language).code
    missing = [match.paper for match in digest.shown if (match.paper.id, language) not in cards]
    cards.update(render_cards(missing, parts.composer, language))
    return compose_email(digest, cards, parts.composer, sent_at=parts.now())


def _try_out(due: Iterable[Subscriber], day: date, parts: Parts, choice: Choice, report: RunReport) -> None:
    """Compose all that would go out, planned already or not, and send it to the operator if asked; record nothing."""
    waiting = parts.store.deliveries.open_rows(day) | {reader.id for reader in due}
    readers = (reader for reader in parts.each_reader() if reader.id in waiting and choice.takes(reader))
    emails = _compose(_digests_of(readers, day, parts, report), parts, report, is_rehearsal=True)
    if choice.no_send:
        for _ in emails:
            pass
        return
    # what comes back of these is no reader's fault
    sender = sender_address(parts.composer.letterhead)
    redirected = (replace(email, recipient=choice.send_to, sender=sender) for email in emails)
    with _watch(report, "deliver"):
        report.end = send_emails(redirected, parts.relays, _forget, stopping=parts.stopping)


def _forget(_outcome: Outcome) -> None:
    """Record nothing: what goes to the operator's own address is no delivery."""


@contextmanager
def _watch(report: RunReport, stage: str) -> Iterator[None]:
    started = time.perf_counter()
    try:
        yield
    finally:
        report.seconds[stage] += time.perf_counter() - started
