"""Reads what mail servers report of our mails: bytes of a mail in, a Report out. Pure; believes and changes nothing."""

from __future__ import annotations

from dataclasses import replace

from digest.bounces.reports.feedback import read_feedback
from digest.bounces.reports.fields import parse_fields
from digest.bounces.reports.mail import Mail, parse_mail
from digest.bounces.reports.plain import read_auto_reply, read_plain_bounce
from digest.bounces.reports.report import Report
from digest.bounces.reports.status import read_status
from digest.bounces.reports.verdicts import kind_of
from digest.domain import ReportKind
from digest.return_paths import find_return_paths

__all__ = ["UNREADABLE", "UNRECOGNISED", "Report", "kind_of", "read_report"]

UNRECOGNISED = "no report in it"
UNREADABLE = "it can't be read"

_ARRIVED_AT = ("delivered-to", "x-original-to", "x-envelope-to", "envelope-to", "x-delivered-to", "to", "cc")
_MOST_RETURN_PATHS = 20
_READERS = (read_feedback, read_status, read_auto_reply, read_plain_bounce)
"""Standards first: they say what happened, the others guess."""


def read_report(content: bytes) -> Report:
    """What a mail reports of one of ours. Whatever the mail holds, there is an answer and no exception."""
    try:
        return _read(parse_mail(content))
    except Exception:  # noqa: BLE001 - the email package raises all kinds of errors on hostile mails
        return Report(ReportKind.NONE, reason=UNREADABLE)


def _read(mail: Mail) -> Report:
    found = next(filter(None, (read(mail) for read in _READERS)), None) or Report(ReportKind.NONE, reason=UNRECOGNISED)
    groups = parse_fields(mail.original)
    original = groups[0] if groups else {}
    return replace(
        found,
        return_paths=_return_paths(mail),
        message_id=original.get("message-id", "")[:320],
        unsubscribe=original.get("list-unsubscribe", ""),
    )


def _return_paths(mail: Mail) -> tuple[str, ...]:
    """Where the report was sent to, then whatever the report and the mail in it name: each is signed or worthless."""
    arrived = [value for name, value in mail.headers if name in _ARRIVED_AT]
    return find_return_paths("\n".join((*arrived, *(part.text for part in mail.parts))))[:_MOST_RETURN_PATHS]
