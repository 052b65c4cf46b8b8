"""Reads bounces that keep to no standard, by flufl.bounce and by their words, and tells automatic replies. Pure."""

from __future__ import annotations

import logging
import re
from collections.abc import Collection

from flufl.bounce import all_failures

from digest.bounces.reports.fields import address_in
from digest.bounces.reports.mail import Mail
from digest.bounces.reports.report import Report
from digest.bounces.reports.verdicts import enhanced_code_in, kind_of
from digest.domain import ReportKind
from digest.servers_words import tidy_words

logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL)  # it logs a traceback for each hostile mail

_SAID_BEFORE_ORIGINAL = 8000
_SERVERS = re.compile(
    r"(?:mailer-?daemon|postmaster|mail-?admin|mail delivery|mail router|system administrator|mail subsystem)",
    re.IGNORECASE,
)
_RETURNED = re.compile(
    r"undeliver|returned (?:e?mail|to sender)|delivery (?:status|fail|report|problem|has failed)|failure notice"
    r"|fail(?:ed|ure).{0,20}deliver|could ?n.t be delivered|non[- ]?delivery|mail (?:could not|system error|failure)"
    r"|unable to deliver|could not send mail|mail error|not be delivered|unzustellbar|user unknown"
    r"|message not delivered",
    re.IGNORECASE,
)
_WAITS = re.compile(
    r"delayed|will (?:be retried|retry|continue|keep trying)|still (?:trying|being)|warning", re.IGNORECASE
)
_AWAY = re.compile(
    r"out of (?:the )?office|auto(?:matic|mated|-)? ?(?:reply|response)|autoreply|on vacation|abwesen|away from",
    re.IGNORECASE,
)
_CHALLENGE = re.compile(
    r"(?:confirm|verify|verification).{0,40}(?:your|this) (?:e-?mail|message|sender|address)|boxtrapper"
    r"|waiting for (?:your )?(?:confirmation|approval)|sender (?:confirmation|verification)|challenge",
    re.IGNORECASE,
)
_TAG = re.compile(r"<[^<>@]{1,200}>")
_ORIGINAL = re.compile(r"\n-{2,}.{0,40}(?:original|copy of|returned|below|header)", re.IGNORECASE)
_REPLY = re.compile(r"(?<![\d.])[45]\d\d[ -]+\D|(?<![\d.])#?[45]\.\d{1,2}\.\d{1,2}(?![\d.])")


def read_auto_reply(mail: Mail) -> Report | None:
    """Why a mail is a program's answer to ours and no bounce: somebody is away, or asks who we are; else None.

    The null return path tells nothing: replies have it too (RFC 3834 §3.3).
    """
    if "disposition-notification" in mail.header("content-type").lower():  # RFC 8098
        return Report(ReportKind.NONE, reason="read receipt")
    if mail.header("x-failed-recipients") or _is_from_server(mail):
        return None
    subject = mail.header("subject")
    if _CHALLENGE.search(subject) or mail.header("x-boxtrapper"):
        return Report(ReportKind.NONE, reason="challenge")
    is_marked = mail.header("auto-submitted").lower().startswith(("auto-replied", "auto-generated"))
    is_old_form = any(mail.header(name) for name in ("x-autoreply", "x-autorespond", "x-autoresponse"))
    if _AWAY.search(subject):
        return Report(ReportKind.NONE, reason="out of office")
    if is_marked or is_old_form or "auto_reply" in mail.header("precedence").lower():  # RFC 3834, and from before it
        return Report(ReportKind.NONE, reason="automatic reply")
    return None


def read_plain_bounce(mail: Mail) -> Report | None:
    """What a bounce without a delivery status says; None if the mail doesn't look like one."""
    delayed, failed = _scan(mail)
    said = _said(mail)
    if not (delayed or failed or _looks_returned(mail, said)):
        return None
    words = _telling_lines(said)
    code = enhanced_code_in(words)
    found = next(iter((*failed, *delayed)), "")
    recipient = found or address_in(mail.header("x-failed-recipients")) or address_in(said)
    waits = bool(delayed) or bool(_WAITS.search(mail.header("subject")))
    if waits and not failed:
        return Report(ReportKind.NONE, "delayed", recipient, code, tidy_words(words))
    return Report(kind_of(code, words), "", recipient, code, tidy_words(words))


def _scan(mail: Mail) -> tuple[Collection[str], Collection[str]]:
    """The recipients that flufl.bounce finds: those still waited for, and those given up."""
    try:
        delayed, failed = all_failures(mail.message)
    except Exception:  # noqa: BLE001 - on hostile mails it raises whatever the email package does
        return (), ()
    return [_address(found) for found in sorted(delayed)], [_address(found) for found in sorted(failed)]


def _address(found: bytes | str) -> str:
    text = found.decode("ascii", "replace") if isinstance(found, bytes) else found
    return address_in(text) or tidy_words(text)[:320]


def _is_from_server(mail: Mail) -> bool:
    sender = mail.header("from")
    return bool(_SERVERS.search(sender)) or sender.endswith("<>")


def _looks_returned(mail: Mail, said: str) -> bool:
    is_told = bool(_RETURNED.search(mail.header("subject")) or _RETURNED.search(said))
    return is_told and (_is_from_server(mail) or mail.header("return-path") == "<>")


def _said(mail: Mail) -> str:
    """What the server says itself, without the mail that it returns in its text."""
    text = mail.text if mail.parts_of("text/plain") else _TAG.sub(" ", mail.text)
    said, *_ = _ORIGINAL.split(text, maxsplit=1)
    return said[:_SAID_BEFORE_ORIGINAL]


def _telling_lines(said: str) -> str:
    """The lines around the server's reply; without one all of it."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    for number, line in enumerate(lines):
        if _REPLY.search(line):
            return " ".join(lines[number : number + 3])
    return " ".join(lines[:40])
