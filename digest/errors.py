"""Every error digest raises on purpose; never a place for handling one.

DigestError
├── ConfigError            the operator must act; carries every mistake at once
├── SourceError            skip this source today and say so
│   └── SourceBlocked      the server refuses us; ask it less
├── LinkError              a signed link is forged, expired or meant for another purpose
├── MailboxError           the mailbox of reports can't be read
├── StoreError             the database can't be used as it is
├── ClockError             the clock has leapt so far that it may be wrong
├── ComposeError           one digest can't be made; the others can
└── DeliveryError          what became of one email
    ├── RelayDown          the relay's trouble: nobody is charged, try again later
    ├── Deferred           this person, for now
    ├── PolicyRefused      our policy is at fault: the run pauses, nobody is suppressed
    │   └── SenderRefused  our sender is: the next mail can't fare better
    ├── Rejected           this person, for good
    ├── Undeliverable      the relay can't carry this email
    └── InDoubt            the connection was lost after the body began
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class DigestError(Exception):
    """The root: anything below it is expected and has a message for a person."""


LONGEST_ENTRY = 80
"""Characters that are shown of what an operator wrote."""


@dataclass(frozen=True)
class Mistake:
    """One thing wrong in what the operator wrote: where it is, what is wrong, what would be right."""

    file: str
    key: str
    problem: str
    repair: str = ""
    entry: str = ""
    """What stands there, of a list's entries: by that a person finds it, while the key counts from 0."""

    @property
    def place(self) -> str:
        """Where it is, for a person."""
        entry = self.entry if len(self.entry) <= LONGEST_ENTRY else f"{self.entry[: LONGEST_ENTRY - 1]}…"
        key = f"{self.key} {entry!r}" if entry else self.key
        return ": ".join(filter(None, (self.file, key)))

    def __str__(self) -> str:
        return f"{self.place}: {self.problem}" + (f" — {self.repair}" if self.repair else "")


class ConfigError(DigestError):
    """The configuration or a subscriber file is wrong. `mistakes` holds all of them, not only the first."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(str(mistake) for mistake in self.mistakes))


class SourceError(DigestError):
    """One source, page or file can't be used today. The message names the source, the place and the cause.

    `status` is the HTTP status where a server's answer is the cause.
    """

    def __init__(self, message: str, *, status: int | None = None) -> None:
        self.status = status
        super().__init__(message)


class SourceBlocked(SourceError):
    """The server refuses us: 403 (asking again counts as an attack), 429 or 503 even after waiting."""


class LinkError(DigestError):
    """A link's token is forged, expired, or signed for another purpose."""


class MailboxError(DigestError):
    """A mailbox can't be read: no such file, or an IMAP server that can't be reached or doesn't let us in."""


class StoreError(DigestError):
    """The database can't be used: not reachable, or its schema isn't the one this version needs."""


class ClockError(DigestError):
    """So long after all we remember that the clock may be wrong: what is closed for its day can't be opened again."""


class ComposeError(DigestError):
    """One subscriber's email can't be made; the cause is in the message."""


class DeliveryError(DigestError):
    """What became of one email that the relay did not accept. `code` and `reply` are the server's own words.

    `slows_domain`: the recipient's mail server asks for fewer mails at a time.
    """

    def __init__(
        self, reply: str, *, code: int | None = None, enhanced_code: str = "", slows_domain: bool = False
    ) -> None:
        self.reply = reply
        self.code = code
        self.enhanced_code = enhanced_code
        self.slows_domain = slows_domain
        super().__init__(reply)


class RelayDown(DeliveryError):
    """Connect, TLS, AUTH, 421 or anything at MAIL but 5xx: the relay's trouble, no attempt is charged."""


class BrokenOff(RelayDown):
    """A 421 from RCPT on: the reader's own server may be the cause, so after its last try the email waits."""


class Deferred(DeliveryError):
    """Refused for now: RCPT 4xx, 4xx at the end of DATA, or lost from RCPT until before 354."""


class PolicyRefused(DeliveryError):
    """Our policy is at fault: MAIL 5xx, 5.7.x, 5.3.4, 552 after RCPT. The run pauses; nobody is suppressed."""


class SenderRefused(PolicyRefused):
    """MAIL 5xx, which says nothing of the reader: it isn't known yet who they are."""


class Rejected(DeliveryError):
    """Refused for good: any other 5xx."""


class Undeliverable(DeliveryError):
    """This relay can't carry this email, such as an address that needs SMTPUTF8 where it isn't offered."""


class InDoubt(DeliveryError):
    """No reply, a cut or garbage after 354: the server may or may not have taken the email."""
