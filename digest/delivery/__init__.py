"""Delivering: hands emails to a transport over several connections at once; never decides who gets a mail."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from digest.delivery.outcomes import outcome_of
from digest.domain import DeliveryState, Email, Outcome
from digest.errors import Deferred, DeliveryError, InDoubt, PolicyRefused, RelayDown

RELAY_ERRORS_IN_A_ROW = 5
"""After so many rounds of trouble with the relay sending stops."""
TRIES_OF_AN_EMAIL = 3
"""After so many of them over an open connection an email is given back, lest an odd one hold up all the others."""
POLICY_REFUSALS_IN_A_ROW = 3
"""So many 5.7.x replies in a row are about us and not about one reader's mail server."""
REFUSED_AT_ONCE = frozenset({"5.7.26", "5.7.515"})
"""Gmail's and Microsoft's codes for mail that isn't authenticated: one is enough."""
LOGIN_REFUSED = frozenset({530, 534, 535})
"""Replies that more tries make worse: log-in is needed, too weak, or wrong (RFC 4954 §6)."""
WAITS_SECONDS = (1.0, 2.0, 5.0, 10.0)
"""The pauses after trouble with the relay; the last one repeats."""

_STOPPING_IS_ASKED_EVERY_SECONDS = 0.1

log = logging.getLogger(__name__)


class Transport(Protocol):
    """A way for emails to leave."""

    async def send(self, email: Email) -> str:
        """Hand over one email and return the server's words.

        Raises RelayDown, Deferred, PolicyRefused, Rejected, Undeliverable or InDoubt. After RelayDown the sending loop
        leaves the transport's context and enters a new one.
        """
        ...


class Stopped(StrEnum):
    """Why sending came to its end."""

    DONE = "done"  # every email was tried
    RELAY_DOWN = "relay-down"
    PAUSED = "paused"  # our policy or our log-in is refused: the operator must act
    INTERRUPTED = "interrupted"  # asked to stop


@dataclass(frozen=True, slots=True)
class SendingEnd:
    """How sending ended: why, in words for the operator, and how many emails took each state."""

    stopped: Stopped
    words: str
    counts: Mapping[DeliveryState, int]


def send_emails(
    emails: Iterator[Email],
    connect: Callable[[], AbstractAsyncContextManager[Transport]],
    record: Callable[[Outcome], None],
    *,
    connections: int,
    stopping: Callable[[], bool] = lambda: False,
    waits_seconds: Sequence[float] = WAITS_SECONDS,
) -> SendingEnd:
    """Send every email and record its outcome at once; returns when nothing is in flight any more.

    At most `connections` emails are drawn and not yet recorded. An email that meets the relay's trouble is kept and
    tried again after a wait, until the relay answers or we give up. When `stopping` says so, or at Ctrl-C, what is in
    flight is finished and no more is drawn; at a second Ctrl-C it is recorded as unknown. What `emails` or `record`
    raise is raised here, once the rest is finished. Every email that was drawn is recorded exactly once.
    """
    sending = _Sending(emails, connect, record, stopping, waits_seconds)
    try:
        asyncio.run(_run_workers(sending, connections))
    finally:
        sending.give_back_claims()
    if sending.failure is not None:
        raise sending.failure
    return SendingEnd(sending.stopped or Stopped.DONE, sending.words, dict(sending.counts))


async def _run_workers(sending: _Sending, connections: int) -> None:
    workers = asyncio.gather(_go_ahead(sending), *(_follow(sending) for _ in range(connections - 1)))
    try:
        await asyncio.shield(workers)
    except asyncio.CancelledError:  # asyncio.run makes this of the first Ctrl-C; the second one ends the workers too
        sending.stop(Stopped.INTERRUPTED, "interrupted")
        await workers


async def _go_ahead(sending: _Sending) -> None:
    """The first worker finds out whether the relay lets us in: a wrong password is tried once, not eight times."""
    try:
        await _work(sending)
    finally:
        sending.relay_let_us_in.set()


async def _follow(sending: _Sending) -> None:
    await sending.relay_let_us_in.wait()
    await _work(sending)


async def _work(sending: _Sending) -> None:
    try:
        claim = sending.draw()
        while claim is not None:
            claim = await _use_one_connection(sending, claim)
    except Exception as error:  # noqa: BLE001 - send_emails raises it, once the other workers have finished
        sending.fail(error)


async def _use_one_connection(sending: _Sending, claim: _Claim) -> _Claim | None:
    """Send over one connection until nothing is left or the relay has trouble; returns what to go on with."""
    next_claim: _Claim | None = claim
    errors_before = sending.relay_errors
    try:
        async with sending.connect() as transport:
            sending.relay_let_us_in.set()
            while next_claim is not None:
                claim, errors_before = next_claim, sending.relay_errors
                await _send(sending, transport, claim)
                next_claim = sending.draw()
    except RelayDown as error:
        return await _after_trouble(sending, claim, error, errors_before) if next_claim is not None else None
    return None


async def _send(sending: _Sending, transport: Transport, claim: _Claim) -> None:
    """Send one email and record what became of it; only RelayDown leaves it unrecorded."""
    errors_before = sending.relay_errors
    claim.is_in_flight = True
    try:
        reply = await transport.send(claim.email)
    except RelayDown:
        claim.is_in_flight = False
        claim.tries += 1
        raise
    except DeliveryError as error:
        sending.heed_failure(error, errors_before)
        sending.record(claim, outcome_of(claim.email, error))
    else:
        sending.heed_success()
        sending.record(claim, Outcome(email=claim.email, state=DeliveryState.SENT, reply=reply))


async def _after_trouble(sending: _Sending, claim: _Claim, error: RelayDown, errors_before: int) -> _Claim | None:
    """Wait and keep the email for another try, or give it back as pending and draw the next."""
    sending.heed_failure(error, errors_before)
    step = max(claim.tries, sending.relay_errors, 1)
    wait = sending.waits_seconds[min(step, len(sending.waits_seconds)) - 1]
    while wait > 0 and not sending.is_stopped():
        await asyncio.sleep(min(wait, _STOPPING_IS_ASKED_EVERY_SECONDS))
        wait -= _STOPPING_IS_ASKED_EVERY_SECONDS
    if claim.tries < TRIES_OF_AN_EMAIL and not sending.is_stopped():
        return claim
    sending.record(claim, outcome_of(claim.email, error))
    return sending.draw()


@dataclass(slots=True, eq=False)
class _Claim:
    """One email that was drawn and isn't recorded yet."""

    email: Email
    tries: int = 0
    is_in_flight: bool = False


class _Sending:
    """What the workers share: the emails, the counts, and whether to go on."""

    def __init__(
        self,
        emails: Iterator[Email],
        connect: Callable[[], AbstractAsyncContextManager[Transport]],
        record: Callable[[Outcome], None],
        stopping: Callable[[], bool],
        waits_seconds: Sequence[float],
    ) -> None:
        self.connect = connect
        self.waits_seconds = waits_seconds
        self.relay_let_us_in = asyncio.Event()
        self.relay_errors = 0
        self.stopped: Stopped | None = None
        self.words = ""
        self.failure: Exception | None = None
        self.counts: Counter[DeliveryState] = Counter()
        self._emails = emails
        self._record = record
        self._stopping = stopping
        self._refusals_in_a_row = 0
        self._claims: set[_Claim] = set()

    def draw(self) -> _Claim | None:
        """The next email, or None when there is none or no more may be drawn."""
        email = None if self.is_stopped() else next(self._emails, None)
        if email is None:
            return None
        claim = _Claim(email)
        self._claims.add(claim)
        return claim

    def record(self, claim: _Claim, outcome: Outcome) -> None:
        """Record what became of an email that was drawn."""
        self._claims.discard(claim)
        self.counts[outcome.state] += 1
        level = logging.DEBUG if outcome.state is DeliveryState.SENT else logging.WARNING
        log.log(level, "%s: %s: %s", outcome.email.recipient, outcome.state, outcome.reply)
        self._record(outcome)

    def give_back_claims(self) -> None:
        """Record what nobody did, after a stop by force or a failure: in flight is in doubt, the rest was not tried."""
        for claim in tuple(self._claims):
            words = (
                "stopped before the server's reply was known" if claim.is_in_flight else "stopped before it was tried"
            )
            error = InDoubt(words) if claim.is_in_flight else RelayDown(words)
            self.record(claim, outcome_of(claim.email, error))

    def is_stopped(self) -> bool:
        """Whether no more emails may be drawn."""
        if self._stopping():
            self.stop(Stopped.INTERRUPTED, "asked to stop")
        return self.stopped is not None or self.failure is not None

    def stop(self, why: Stopped, words: str) -> None:
        """Draw no more; the first reason counts."""
        if self.stopped is None:
            self.stopped, self.words = why, words

    def fail(self, error: Exception) -> None:
        """Draw no more because of an error of our own; the first counts."""
        if self.failure is None:
            self.failure = error

    def heed_success(self) -> None:
        """Take note that the relay works and likes our mail."""
        self.relay_errors = self._refusals_in_a_row = 0

    def heed_failure(self, error: DeliveryError, errors_before: int) -> None:
        """Stop if the failure, or the run of failures it belongs to, would meet the next email too."""
        if isinstance(error, RelayDown | InDoubt) or (isinstance(error, Deferred) and error.code is None):
            self._heed_trouble(error, errors_before)
            return
        self.relay_errors = 0
        if isinstance(error, PolicyRefused):
            self._heed_refusal(error)
        else:
            self._refusals_in_a_row = 0

    def _heed_trouble(self, error: DeliveryError, errors_before: int) -> None:
        if errors_before == self.relay_errors:  # connections that fail together count once
            self.relay_errors += 1
        if error.code in LOGIN_REFUSED:
            self.stop(Stopped.PAUSED, f"the relay refuses our log-in: {error.reply}")
        elif self.relay_errors >= RELAY_ERRORS_IN_A_ROW:
            self.stop(Stopped.RELAY_DOWN, f"the relay is down: {error.reply}")

    def _heed_refusal(self, error: PolicyRefused) -> None:
        self._refusals_in_a_row += 1
        if not error.enhanced_code.startswith("5.7."):
            self.stop(Stopped.PAUSED, f"our mail is refused: {error.reply}")
        elif error.enhanced_code in REFUSED_AT_ONCE or self._refusals_in_a_row >= POLICY_REFUSALS_IN_A_ROW:
            self.stop(Stopped.PAUSED, f"our mail is refused: {error.reply} — check the sender's SPF, DKIM and DMARC")
