"""Says what a failure of an SMTP transaction means, from phase, code and enhanced code; pure, talks to nobody.

Sources: RFC 5321 §4.2 (codes), RFC 3463 and its registry (enhanced codes), RFC 1870 §6 (size).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from digest.errors import BrokenOff, Deferred, DeliveryError, InDoubt, PolicyRefused, Rejected, RelayDown, SenderRefused
from digest.servers_words import tidy_words


class Phase(StrEnum):
    """How far a transaction had come."""

    CONNECT = "connect"  # name lookup, TCP, banner, EHLO, TLS
    LOGIN = "login"
    RESET = "reset"  # clearing what an earlier transaction left
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"  # from the DATA command until its 354: no octet of the body has left
    BODY = "body"  # from the first octet of the body until the reply to the final dot


@dataclass(frozen=True, slots=True)
class Rule:
    """What a reply means where it is given: `code` and `enhanced` are prefixes, the empty prefix fits everything."""

    phases: frozenset[Phase]
    code: str
    enhanced: str
    meaning: type[DeliveryError]
    slows_domain: bool = False
    """Whether the recipient's mail server asks for fewer mails at a time."""


_ANY = frozenset(Phase)
_BEFORE_MAIL = frozenset({Phase.CONNECT, Phase.LOGIN, Phase.RESET})
_MAIL = frozenset({Phase.MAIL})
_RCPT = frozenset({Phase.RCPT})
_FROM_RCPT = frozenset({Phase.RCPT, Phase.DATA, Phase.BODY})
_FROM_DATA = frozenset({Phase.DATA, Phase.BODY})
_BODY = frozenset({Phase.BODY})

RULES = (
    Rule(_BEFORE_MAIL, "", "", RelayDown),
    Rule(_FROM_RCPT, "421", "4.7.", BrokenOff, slows_domain=True),
    Rule(_FROM_RCPT, "421", "", BrokenOff),
    Rule(_ANY, "421", "", RelayDown),
    Rule(_MAIL, "5", "", SenderRefused),  # the sender is refused, which is nobody's fault but ours
    Rule(_MAIL, "", "", RelayDown),
    Rule(_ANY, "5", "5.7.", PolicyRefused),
    Rule(_ANY, "552", "5.2.", Rejected),  # a full mailbox (RFC 3463 §3.3), which must not pause everybody's mail
    Rule(_FROM_DATA, "552", "", PolicyRefused),  # at RCPT, where no mail was seen yet, the mailbox is full
    Rule(_ANY, "5", "5.3.4", PolicyRefused),  # too big for the relay
    Rule(_ANY, "5", "", Rejected),
    Rule(_FROM_RCPT, "4", "4.7.", Deferred, slows_domain=True),  # RFC 3463 §3.8, as the large providers use it
    Rule(_RCPT, "452", "4.2.", Deferred),  # a full mailbox, as above
    Rule(_RCPT, "452", "", Deferred, slows_domain=True),  # its server has no room, or too many recipients at once
    Rule(_ANY, "4", "", Deferred),
    Rule(_BODY, "", "", InDoubt),  # no reply, or none that makes sense
    Rule(_ANY, "", "", Deferred),  # the same, but before the body: nothing of the mail has left
)
"""The first rule that fits decides."""

_CODES = re.compile(r"(?P<code>[2-5]\d\d)(?: (?P<enhanced>[245]\.\d{1,3}\.\d{1,3})(?!\S))?(?!\S)", re.ASCII)
_HINT = re.compile(
    r"(?:try|retry|wait|come back|greylisted)\D{0,40}?(?P<number>\d{1,5}) ?(?P<unit>s|m|h)(?:ec|in|our|r|\b)",
    re.IGNORECASE,
)
_SECONDS = {"s": 1, "m": 60, "h": 3600}


def read_failure(phase: Phase, code: int | None, text: str) -> DeliveryError:
    """The error that a reply means in a phase. A `code` of None stands for no reply, a lost connection, or garbage."""
    words = tidy_words(text if code is None else f"{code} {text}")
    enhanced_code = read_codes(words)[1] if code is not None else ""
    rule = _rule_for(phase, str(code or ""), enhanced_code)
    return rule.meaning(words, code=code, enhanced_code=enhanced_code, slows_domain=rule.slows_domain)


def read_codes(words: str) -> tuple[int | None, str]:
    """The reply code and the enhanced code at the beginning of a reply, where they are there."""
    found = _CODES.match(words)
    return (int(found["code"]), found["enhanced"] or "") if found else (None, "")


def hinted_seconds(reply: str) -> int | None:
    """How long a reply asks us to wait, such as `try again in 10 minutes`; None if it doesn't say."""
    found = _HINT.search(reply)
    return int(found["number"]) * _SECONDS[found["unit"].lower()] if found else None


def _rule_for(phase: Phase, code: str, enhanced: str) -> Rule:
    return next(
        rule
        for rule in RULES
        if phase in rule.phases and code.startswith(rule.code) and enhanced.startswith(rule.enhanced)
    )
