"""One email's way to one inbox, and what came back of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from digest.domain.digests import Digest


class DeliveryState(StrEnum):
    """Where one digest is on its way to one inbox."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    DEFERRED = "deferred"
    REJECTED = "rejected"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SUPPRESSED = "suppressed"
    EXPIRED = "expired"
    BOUNCED = "bounced"
    COMPLAINED = "complained"

    @property
    def is_accepted(self) -> bool:
        """Whether the relay took the mail, whatever was reported of it afterwards."""
        return self in (DeliveryState.SENT, DeliveryState.BOUNCED, DeliveryState.COMPLAINED)


class ReportKind(StrEnum):
    """What a mail that came back to us says of one of ours."""

    HARD = "hard"  # there is no such address
    REFUSED = "refused"  # refused for good, for another reason
    SOFT = "soft"  # a full mailbox, or a server that never answered
    POLICY = "policy"  # our own fault, such as a missing signature
    COMPLAINT = "complaint"  # the reader called it spam
    NONE = "none"  # no bounce: a delay, an automatic reply, or no report at all


@dataclass(frozen=True, slots=True)
class Suppression:
    """An address that gets no mail, known by its reader's id alone: the list holds a keyed hash of it."""

    subscriber_id: str
    kind: ReportKind
    enhanced_code: str
    since: datetime
    probe_after: datetime | None = None
    """When one digest is tried again; None: never."""
    probed_at: datetime | None = None
    """When that digest was claimed; nothing else goes until it had time to come back."""


@dataclass(frozen=True, slots=True)
class Email:
    """A finished message: envelope and bytes, nothing left to decide.

    `content` is the whole message as it goes over the wire: ASCII, CRLF line ends, no line over 998 octets (RFC 5322).
    """

    recipient: str
    sender: str
    """The envelope sender, a bare address."""
    message_id: str
    subject: str
    content: bytes
    subscriber_id: str = ""
    edition: date | None = None
    digest: Digest | None = None
    before: DeliveryState = DeliveryState.PENDING
    """The state its row has before it is claimed, and again where it isn't tried."""
    refused_in: date | None = None
    """The newest edition whose mail to its reader was refused as our fault, since their cursor."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one email: the state its row takes and the server's own words."""

    email: Email
    state: DeliveryState
    reply: str = ""
    code: int | None = None
    enhanced_code: str = ""
    retry_after: timedelta | None = None
    """How long the server asked us to wait, where it did."""
    charges_attempt: bool = True
    is_given_back: bool = False
    """Whether nothing was tried: the row becomes what it was before it was claimed, with the wait it had."""
    relay: str = ""
    seconds: float | None = None
    """How long the attempt took."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A row of the history: one edition's digest for one subscriber."""

    edition: date
    subscriber_id: str
    email: str
    state: DeliveryState
    attempts: int = 0
    message_id: str = ""
    code: int | None = None
    enhanced_code: str = ""
    reply: str = ""
    relay: str = ""
    updated_at: datetime | None = None
    covers: tuple[date, ...] = ()
    papers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DeliveryEvent:
    """A line of the history: what became of a delivery at a moment, with the server's own words."""

    edition: date
    email: str
    message_id: str
    state: DeliveryState
    at: datetime
    attempt: int
    code: int | None = None
    enhanced_code: str = ""
    reply: str = ""
    relay: str = ""
    seconds: float | None = None
    """How long the attempt took."""


class PausedBy(StrEnum):
    """Who paused sending."""

    OPERATOR = "operator"
    SENDING = "sending"  # the sending loop, because what it met would meet the next mail too


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing goes out: by whom, why, since when."""

    by: PausedBy
    reason: str
    since: datetime
    probe_at: datetime | None = None
    """When one mail may try again; None if only the operator ends the pause."""


@dataclass(frozen=True, slots=True)
class EditionTotals:
    """How one edition stands: deliveries by state, and readers for whom nothing matched."""

    edition: date
    papers: int
    subscribers: int
    states: Mapping[DeliveryState, int]
    empty: int

    @property
    def accepted(self) -> int:
        """The deliveries that the relay took, whatever came back of them afterwards."""
        return sum(count for state, count in self.states.items() if state.is_accepted)

    @property
    def planned(self) -> int:
        """All deliveries, whatever their state."""
        return sum(self.states.values())
