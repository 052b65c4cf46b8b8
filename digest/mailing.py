"""From promised digests to mails that were taken: who waits, what they get, in which order. Promises none itself."""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from itertools import chain

from digest.after_sending import (
    begin_pause,
    count_refusals,
    find_mismatch,
    find_reason_to_pause,
    holds_all,
    words_of,
)
from digest.composing.headers import sender_address
from digest.delivery import send_emails
from digest.dispatching import Dispatch
from digest.domain import DeliveryState, Email, Outcome, Pause, PausedBy, Subscriber
from digest.making import make_emails
from digest.parts import Choice, Parts, RunReport
from digest.planning import CLAIMS_A_GROUP, in_own_order, is_sample


def deliver_digests(day: date, parts: Parts, choice: Choice, report: RunReport) -> None:
    """Match, compose, claim, send and record every digest of the edition that is still open."""
    store = parts.store
    if not choice.is_helping:  # whose subscriber files may be older
        store.deliveries.suppress_strangers(day, find_known=partial(_find_known, parts))
    pause = store.pause.current()
    probe = _take_probe(pause, parts, choice) if pause is not None else None
    if pause is not None and probe is None:
        report.paused = words_of(pause)
        return
    waiting = store.deliveries.open_rows(day)
    total = 1 if choice.only else len(waiting)
    with store.deliveries.open_ownership() as owner:
        each_reader = partial(_each_waiting, waiting, parts, choice, owner)
        emails = _waiting_emails(each_reader, day, parts, choice, report)
        dispatch = _open_dispatch(parts, owner, is_probe=probe is not None)
        _send(emails, dispatch, parts, report, total=total, probe=probe)
        report.mismatch = find_mismatch(day, dispatch, store.history)
    if not report.paused and (held := store.pause.current()) and store.deliveries.open_rows(day):
        report.paused = words_of(held)  # somebody else's pause
    report.seconds["deliver"] -= report.seconds["match"] + report.seconds["compose"]


def _find_known(parts: Parts) -> Container[str] | None:
    """Every reader's id; None while a file can't be read, as nobody knows then whose it is, or none is found at all."""
    files = parts.read_files()
    if parts.file_mistakes() or not files:  # asked at once: a page may read the files anew while sign-ups are counted
        return None
    return {reader.id for reader in files} | parts.store.subscribers.signup_ids()


def _take_probe(pause: Pause, parts: Parts, choice: Choice) -> Pause | None:
    """The pause with this run's leave to try one mail; None if it has none."""
    is_held = holds_all(pause, now=parts.now(), probes_at_once=choice.probes_at_once)
    return None if is_held else parts.store.pause.take_probe(pause)


def _each_waiting(waiting: Collection[str], parts: Parts, choice: Choice, owner: str) -> Iterator[Subscriber]:
    """The readers who wait and can be reached, one by one."""
    readers = parts.each_reader()
    if choice.is_helping:
        readers = parts.store.subscribers.among(in_own_order(waiting, owner), parts.read_files())
    return (reader for reader in readers if may_go(reader, waiting, parts) and choice.only in ("", reader.email))


def _waiting_emails(
    each_reader: Callable[[], Iterable[Subscriber]], day: date, parts: Parts, choice: Choice, report: RunReport
) -> Iterator[Email]:
    """Every email that may go now, and last those in doubt that the operator wants to go again."""
    doubtful = [email for email in _doubtful(day, parts) if choice.only.lower() in ("", email.recipient.lower())]
    return chain(_make_untried_first(each_reader, day, parts, report), doubtful)


def _send(
    emails: Iterator[Email], dispatch: Dispatch, parts: Parts, report: RunReport, *, total: int, probe: Pause | None
) -> None:
    """Claim, send and record them; what the relay refused for good counts, however the sending ends."""

    def record(outcome: Outcome) -> None:
        dispatch.record(outcome)
        parts.on_progress("delivering", report.composed, total)

    day = report.edition
    has_taken = parts.store.history.has_arrived(since=day - timedelta(days=1), until=day)
    claimed = dispatch.claim(emails)
    try:
        with report.timed("deliver"), closing(claimed):
            report.end = send_emails(
                claimed,
                parts.relays,
                record,
                stopping=parts.stopping,
                reserve=parts.store.pace.reserve,
                is_probe=probe is not None,
                has_taken=has_taken,
                on_tick=dispatch.write_late,
            )
    finally:
        try:
            dispatch.close()
        finally:
            _settle_pause(count_refusals(day, parts.store.reports), parts, report, probe)


def _open_dispatch(parts: Parts, owner: str, *, is_probe: bool) -> Dispatch:
    """Claims in groups that go out within a second, lest many wait in `sending` for a slow relay."""
    rate = parts.relays[0].mails_a_second

    def is_free() -> bool:
        pause = parts.store.pause.current()
        return pause is None or (is_probe and pause.by is PausedBy.SENDING)

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


def _settle_pause(doubts: str, parts: Parts, report: RunReport, probe: Pause | None) -> None:
    """Pause sending where the next mail would fare no better; end its own pause when a probe went through.

    A probe that met nothing but what is known of its readers does neither.
    """
    if reason := find_reason_to_pause(report.end, broken=report.broken, composed=report.composed) or doubts:
        report.paused = begin_pause(parts.store.pause, reason)
    elif report.end is not None and report.end.is_probe_passed and parts.store.pause.end(PausedBy.SENDING):
        report.notices.append("a mail went through: sending is no longer paused")
    elif probe is not None and report.end is not None and report.end.is_probe_left:
        parts.store.pause.give_back_probe(probe)


def may_go(reader: Subscriber, waiting: Container[str], parts: Parts) -> bool:
    """Whether the reader is among those who wait, and can be reached."""
    return reader.id in waiting and not is_unreachable(reader, parts)


def is_unreachable(reader: Subscriber, parts: Parts) -> bool:
    """Whether it is a sample reader, whom no live relay is asked to reach."""
    return is_sample(reader.email) and not parts.is_local


def _make_untried_first(
    each_reader: Callable[[], Iterable[Subscriber]], day: date, parts: Parts, report: RunReport
) -> Iterator[Email]:
    """The emails of readers whose mail hasn't failed, then the others': a few who block us stop nobody else's mail."""
    failed = parts.store.deliveries.failed_through(day)
    refused = parts.store.deliveries.refused_through(day)
    deferred = {row.subscriber_id for row in parts.store.history.find(edition=day, state=DeliveryState.DEFERRED)}
    turns = (False, True) if failed else (False,)
    readers = ((reader for reader in each_reader() if (reader.id in failed) is turn) for turn in turns)
    still_waiting = partial(parts.store.deliveries.open_rows, day)
    for email in make_emails(readers, day, parts, report, still_waiting=still_waiting):
        if email.subscriber_id in deferred:
            email = replace(email, before=DeliveryState.DEFERRED)  # noqa: PLW2901 - the same mail
        if email.subscriber_id in refused:
            email = replace(email, refused_in=refused[email.subscriber_id])  # noqa: PLW2901 - the same mail
        yield email


def rehearse_digests(due: Iterable[Subscriber], day: date, parts: Parts, choice: Choice, report: RunReport) -> None:
    """Compose all that would go out, planned already or not, and send it to the operator if asked; record nothing."""
    waiting = parts.store.deliveries.open_rows(day) | {reader.id for reader in due}
    readers = (reader for reader in parts.each_reader() if reader.id in waiting and choice.takes(reader))
    emails = make_emails([readers], day, parts, report, is_rehearsal=True)
    if choice.no_send:
        for _ in emails:
            pass
        return
    # what comes back of these is no reader's fault
    sender = sender_address(parts.composer.letterhead)
    redirected = (replace(email, recipient=choice.send_to, sender=sender) for email in emails)
    with report.timed("deliver"):
        report.end = send_emails(redirected, parts.relays, _forget, stopping=parts.stopping)


def _forget(_outcome: Outcome) -> None:
    """Record nothing: what goes to the operator's own address is no delivery."""
