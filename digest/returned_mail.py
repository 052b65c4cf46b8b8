"""Takes in what came back: reads each mail, believes only what carries our signature, and writes down what follows.

Never deletes a mail and never sends one.
"""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import takewhile

from digest.bounces import Incoming
from digest.bounces.reports import UNREADABLE, UNRECOGNISED, Report, read_report
from digest.composing.headers import envelope_address
from digest.domain import ReportKind
from digest.errors import LinkError
from digest.links import Purpose, read_token
from digest.return_paths import read_return_path
from digest.storage import Consequence, ReportStore, Returned

_TOKEN = re.compile(r"/unsubscribe/([\w.\-]{1,300})")
_MOST_LOGGED = 20
"""Forged and unread mails named in the log by one call; a flood of them must not fill the disk."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Taken:
    """One believed report and what it led to."""

    address: str
    edition: date
    report: Report
    consequence: Consequence


@dataclass(slots=True)
class Tally:
    """What a mailbox held."""

    mails: int = 0
    kinds: Counter[ReportKind] = field(default_factory=Counter)
    """Believed reports that weren't known already."""
    known: int = 0
    unsigned: int = 0
    """Reports without our signature, forged ones among them: they change nothing."""
    others: Counter[str] = field(default_factory=Counter)
    """What is no bounce, by the reason."""
    unread: int = 0
    """Mails in which no report was found; they are kept where they are."""
    taken: list[Taken] = field(default_factory=list)
    """The believed reports that changed something for a reader, or that point to a fault of ours."""


def take_reports(
    mails: Iterable[Incoming],
    store: ReportStore,
    *,
    secrets: Sequence[str],
    today: date,
    stopping: Callable[[], bool] = lambda: False,
) -> Tally:
    """Take in every mail of a mailbox, each written down before it is marked there, until asked to stop."""
    tally = Tally()
    for mail in takewhile(lambda _mail: not stopping(), mails):
        tally.mails += 1
        report = read_report(mail.content)
        is_read = report.reason not in (UNREADABLE, UNRECOGNISED)
        if not is_read:
            tally.unread += 1
            _log_seldom(tally.unread, "%s: %s; it is kept", mail.place, report.reason)
        elif report.kind is ReportKind.NONE:
            tally.others[report.reason] += 1
        else:
            _take(report, mail.place, store, tally, secrets=secrets, today=today)
        mail.mark(is_read)
    return tally


def _take(report: Report, place: str, store: ReportStore, tally: Tally, *, secrets: Sequence[str], today: date) -> None:
    by_path = _signed_delivery(report, secrets=secrets)
    delivery = by_path or _delivery_by_link(report, store, secrets=secrets, today=today)
    if delivery is None:
        tally.unsigned += 1
        _log_seldom(tally.unsigned, "%s: a %s report without our signature is ignored", place, report.kind)
        return
    edition, subscriber_id = delivery
    address = store.address_of(subscriber_id)
    is_another = _is_another(report, address)
    consequence = store.take(
        Returned(
            edition,
            subscriber_id,
            report.kind,
            report.enhanced_code,
            report.words,
            is_by_link=by_path is None,
            is_another=is_another,
        )
    )
    if consequence is Consequence.KNOWN:
        tally.known += 1
        return
    tally.kinds[report.kind] += 1
    taken = Taken(address, edition, report, consequence)
    behind = f", for {report.recipient} behind it" if is_another else ""
    log.info("%s: %s%s, edition of %s: %s: %s", place, address, behind, edition, report.kind, report.words)
    if consequence is not Consequence.NOTED or report.kind is ReportKind.POLICY:
        tally.taken.append(taken)


def _signed_delivery(report: Report, *, secrets: Sequence[str]) -> tuple[date, str] | None:
    """The edition and the reader of the mail a report is about, if it names a return path signed by us."""
    for path in report.return_paths:
        try:
            return read_return_path(path, secrets=secrets)
        except LinkError:
            continue
    return None


def _is_another(report: Report, address: str) -> bool:
    """Whether a delivery status names others than the reader: somebody behind an alias, or to whom it was forwarded."""
    ours = {address.lower(), envelope_address(address).lower()} if address else set()
    return bool(ours and report.named) and ours.isdisjoint(named.lower() for named in report.named)


def _delivery_by_link(
    report: Report, store: ReportStore, *, secrets: Sequence[str], today: date
) -> tuple[date, str] | None:
    """The same of a complaint, by the mail's id and its unsubscribe link."""
    if report.kind is not ReportKind.COMPLAINT:
        return None
    # providers strip return paths from complaints; whoever holds the unsubscribe link may end the subscription anyway
    found = _TOKEN.search(report.unsubscribe)
    try:
        reader = read_token(found[1] if found else "", Purpose.UNSUBSCRIBE, today=today, secrets=secrets)
    except LinkError:
        return None
    edition = store.edition_of(report.message_id, reader)
    return (edition, reader) if edition else None


def _log_seldom(number: int, message: str, *values: object) -> None:
    if number <= _MOST_LOGGED:
        log.warning(message, *values)
