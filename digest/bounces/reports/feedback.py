"""Reads complaints: feedback reports in the Abuse Reporting Format (RFC 5965), and Hotmail's own form. Pure."""

from __future__ import annotations

from digest.bounces.reports.fields import address_in, parse_fields
from digest.bounces.reports.mail import Mail
from digest.bounces.reports.report import Report
from digest.domain import ReportKind
from digest.servers_words import tidy_words

_NO_COMPLAINTS = {"not-spam": "not spam", "auth-failure": "authentication report"}
"""Kinds of feedback that ask for nothing (RFC 5965 §7.3, RFC 6591)."""
_RECIPIENTS = ("original-rcpt-to", "removal-recipient", "redacted-address")


def read_feedback(mail: Mail) -> Report | None:
    """What a feedback report says; None if the mail is none."""
    for part in mail.parts_of("message/feedback-report"):
        fields = {name: value for group in parse_fields(part.text) for name, value in group.items()}
        kind = fields.get("feedback-type", "").lower()
        if not kind:
            continue
        reason = _NO_COMPLAINTS.get(kind, "")
        recipients = (address_in(fields.get(name, "")) for name in _RECIPIENTS)
        return Report(
            kind=ReportKind.NONE if reason else ReportKind.COMPLAINT,
            reason=reason or tidy_words(kind)[:40],
            recipient=next(filter(None, recipients), _recipient_of_original(mail)),
            words=tidy_words(mail.text),
        )
    return _read_hotmail(mail)


def _read_hotmail(mail: Mail) -> Report | None:
    """Microsoft's junk mail reports: the mail complained about, with nothing but a subject to say so."""
    is_theirs = address_in(mail.header("from")).lower() == "staff@hotmail.com"
    if not is_theirs or "complaint about message" not in mail.header("subject").lower():
        return None
    recipient = _recipient_of_original(mail)
    return Report(ReportKind.COMPLAINT, reason="abuse", recipient=recipient, words=tidy_words(mail.header("subject")))


def _recipient_of_original(mail: Mail) -> str:
    groups = parse_fields(mail.original)
    return address_in(groups[0].get("to", "")) if groups else ""
