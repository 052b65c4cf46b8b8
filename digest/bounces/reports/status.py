"""Reads delivery status notifications (RFC 3464): what became of a mail, by its recipient's server. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from digest.bounces.reports.fields import Fields, address_in, parse_fields
from digest.bounces.reports.mail import Mail
from digest.bounces.reports.report import Report
from digest.bounces.reports.verdicts import enhanced_code_in, kind_of
from digest.domain import ReportKind
from digest.servers_words import tidy_words

_PARTS = ("message/delivery-status", "message/global-delivery-status")
_NOT_BOUNCES = {"delayed": "delayed", "delivered": "delivered", "relayed": "relayed", "expanded": "expanded"}
"""Actions that are no failure (RFC 3464 §2.3.3). What is none of the five is: servers write `failure` and `expired`."""
_MOST_NAMED = 100
_BY_CLASS = {"5": "failed", "4": "delayed", "2": "delivered"}


def read_status(mail: Mail) -> Report | None:
    """What a delivery status notification says; None if the mail is none.

    A notification whose fields stand in its text, as some servers send it, counts too.
    """
    recipients = _recipients(mail)
    if not recipients:
        return None
    failed = [fields for fields in recipients if _action(fields) not in _NOT_BOUNCES] or recipients
    fields = failed[0]
    named = dict.fromkeys(address for fields in failed for address in _addresses(fields))
    code, words = _code(fields, mail), _words(fields, mail)
    reason = _NOT_BOUNCES.get(_action(fields), "")
    return Report(
        kind=ReportKind.NONE if reason else kind_of(code, words),
        reason=reason,
        recipient=next(iter(_addresses(fields)), ""),
        named=tuple(named)[:_MOST_NAMED],
        enhanced_code=code,
        words=tidy_words(words),
    )


def _recipients(mail: Mail) -> Sequence[Fields]:
    for part in mail.parts_of(*_PARTS):
        if found := _recipients_in(part.text):
            return found
    kind = mail.header("content-type").lower()
    if kind.startswith("multipart/report") and "disposition-notification" not in kind:
        return _recipients_in("\n".join(part.text for part in mail.parts if part.kind.startswith("text/")))
    return ()


def _recipients_in(text: str) -> Sequence[Fields]:
    groups = parse_fields(text)
    named = [fields for fields in groups if "final-recipient" in fields or "original-recipient" in fields]
    return named or [fields for fields in groups if "action" in fields and "status" in fields]


def _action(fields: Fields) -> str:
    words = fields.get("action", "").lower().split()
    return words[0] if words else _BY_CLASS.get(fields.get("status", "")[:1], "failed")


def _addresses(fields: Fields) -> list[str]:
    """Whom a group of fields is about, the recipient we know first; types of address (RFC 3464 §2.3.1) are left out."""
    names = ("original-recipient", "final-recipient", "x-actual-recipient")
    return list(filter(None, (address_in(fields.get(name, "")) for name in names)))


def _code(fields: Fields, mail: Mail) -> str:
    """The enhanced code: of the last server's own words, where they hold one that says something; else the status."""
    status, told = enhanced_code_in(fields.get("status", "")), enhanced_code_in(_words(fields, mail))
    says_something = bool(told) and not told.endswith(".0.0")
    return told if not status or (says_something and told[0] == status[0]) else status


def _words(fields: Fields, mail: Mail) -> str:
    """The diagnostic text without the name of its kind; where it says nothing, the status and the mail's text."""
    diagnostic = fields.get("diagnostic-code", "")
    kind, separator, rest = diagnostic.partition(";")
    words = rest.strip() if separator and " " not in kind.strip() else diagnostic
    if any(letter.isalpha() for letter in words):
        return words
    return " ".join(filter(None, (words, fields.get("status", ""), mail.text[:2000])))
