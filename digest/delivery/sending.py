"""The sending loop: hands emails to a relay over several connections at once; never decides who gets a mail.

Every email that is drawn is recorded exactly once, whatever happens to it on the way.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from digest.delivery.health import RELAY_ERRORS_IN_A_ROW, Health, Stopped
from digest.delivery.outcomes import accepted, held_back, outcome_of
from digest.delivery.pacing import Domains, Pace, Reserve, no_wait, sleep_until
from digest.delivery.port import Relay, Transport
from digest.domain import DeliveryState, Email, Outcome
from digest.errors import DeliveryError, InDoubt, RelayDown

TRIES_OF_AN_EMAIL = 3
"""After so many of them over an open connection an email is given back, lest an odd one hold up all the others.

Where another relay stands by, it is tried until that one's turn comes.
"""
TICK_SECONDS = 0.5
"""How often `on_tick` is called."""
LOGGED_OF_A_KIND = 10
"""So many failures of one state and code are logged each; the history has them all."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SendingEnd:
    """How sending ended: why, in words for the operator, and how many emails took each state."""

    stopped: Stopped
    words: str
    counts: Mapping[DeliveryState, int]
    is_probe_passed: bool = False
    """Whether a relay took a mail, or refused it for its reader's sake alone."""
    is_probe_left: bool = False
    """Whether a probe met nothing, or what is known of its readers: neither a word on us nor trouble with the relay."""


def send_emails(
    emails: Iterator[Email],
    relays: Sequence[Relay],
    record: Callable[[Outcome], None],
    *,
    stopping: Callable[[], bool] = lambda: False,
    reserve: Reserve = no_wait,
    is_probe: bool = False,
    has_taken: bool = False,
    on_tick: Callable[[], None] = lambda: None,
) -> SendingEnd:
    """Send every email and record its outcome at once; returns when nothing is in flight any more.

    At most as many emails as the relay has connections are drawn and not yet recorded. An email that meets the relay's
    trouble is kept and tried again after a wait, until the relay answers or we give it up; then the next relay gets
    what no body of was begun. When `stopping` says so, or at Ctrl-C, what is in flight is finished and no more is
    drawn; at a second Ctrl-C it is recorded as unknown. `on_tick` is called now and then meanwhile. What `emails`,
    `record` or `on_tick` raise is raised here, once the rest is finished. As a probe, one email goes first, and the
    others only if no policy stands against it. `has_taken` says whether a relay took somebody's mail of late.
    """
    sending = _Sending(emails, relays[0], record, stopping, is_probe=is_probe, has_taken=has_taken)
    try:
        asyncio.run(_use_relays(sending, relays, reserve, on_tick))
    finally:
        sending.give_back_claims()
    if sending.failure is not None:
        raise sending.failure
    sending.log_unnamed()
    return sending.end()


async def _use_relays(
    sending: _Sending, relays: Sequence[Relay], reserve: Reserve, on_tick: Callable[[], None]
) -> None:
    ticking = asyncio.create_task(_tick(sending, on_tick))
    try:
        for relay in relays:
            sending.turn_to(relay, Pace(relay, reserve), is_last=relay is relays[-1])
            await _run_workers(sending, relay.connections)
            if not sending.needs_another_relay():
                break
    finally:
        ticking.cancel()


async def _tick(sending: _Sending, on_tick: Callable[[], None]) -> None:
    try:
        while True:
            await asyncio.sleep(TICK_SECONDS)
            on_tick()
    except Exception as error:  # noqa: BLE001 - as in _work
        sending.fail(error)


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
        sending.may_follow.set()


async def _follow(sending: _Sending) -> None:
    await sending.may_follow.wait()
    await _work(sending)


async def _work(sending: _Sending) -> None:
    try:
        while (claim := sending.draw()) is not None:
            await _use_one_connection(sending, claim)
    except Exception as error:  # noqa: BLE001 - send_emails raises it, once the other workers have finished
        sending.fail(error)


async def _use_one_connection(sending: _Sending, claim: _Claim) -> None:
    """Send over one connection until nothing is left or the relay has trouble."""
    next_claim: _Claim | None = claim
    errors_before = sending.health.relay_errors
    try:
        async with sending.relay.connect() as transport:
            sending.let_follow()
            while next_claim is not None:
                claim, errors_before = next_claim, sending.health.relay_errors
                await _send_in_turn(sending, transport, claim)
                next_claim = sending.draw()
    except RelayDown as error:
        if next_claim is not None:
            await _after_trouble(sending, claim, error, errors_before)


async def _send_in_turn(sending: _Sending, transport: Transport, claim: _Claim) -> None:
    """Send one email when the relay's rate and its recipient's domain allow; else put it aside or hold it back."""
    domain = claim.email.recipient.rpartition("@")[2].lower()
    if await sending.pace.turn(sending.is_stopped) and await sending.domains.enter(domain, sending.is_stopped):
        await _send(sending, transport, claim, domain)
    elif sending.domains.is_closed(domain):
        sending.record(claim, held_back(claim.email, f"not tried: {domain} asked us to send less"))
    else:
        sending.put_aside(claim)


async def _send(sending: _Sending, transport: Transport, claim: _Claim, domain: str) -> None:
    """Send one email and record what became of it; only RelayDown leaves it unrecorded."""
    errors_before, began = sending.health.relay_errors, time.monotonic()
    is_slowed = is_accepted = False
    claim.is_in_flight = True
    try:
        reply = await transport.send(claim.email)
    except RelayDown as error:
        is_slowed = error.slows_domain
        claim.is_in_flight = False
        claim.tries += 1
        raise
    except DeliveryError as error:
        is_slowed = error.slows_domain
        sending.heed_failure(error, claim.email, errors_before)
        sending.let_follow()
        sending.record(claim, outcome_of(claim.email, error), seconds=time.monotonic() - began)
    else:
        is_accepted = True
        sending.health.heed_success()
        sending.let_follow()
        sending.record(claim, accepted(claim.email, reply), seconds=time.monotonic() - began)
    finally:
        sending.domains.leave(domain, is_slowed=is_slowed, is_accepted=is_accepted)


async def _after_trouble(sending: _Sending, claim: _Claim, error: RelayDown, errors_before: int) -> None:
    """Wait, then keep the email for another try, or give it back as pending."""
    sending.heed_failure(error, claim.email, errors_before)
    claim.trouble = error
    step = max(claim.tries, sending.health.relay_errors, 1)
    waits = sending.relay.waits_seconds
    wait = waits[min(step, len(waits)) - 1]
    await sleep_until(asyncio.get_running_loop().time() + wait, sending.is_stopped)
    if claim.tries < sending.tries_of_an_email or sending.needs_another_relay():
        sending.put_aside(claim)
    else:
        sending.record(claim, outcome_of(claim.email, error))


@dataclass(slots=True, eq=False)
class _Claim:
    """One email that was drawn and isn't recorded yet."""

    email: Email
    tries: int = 0
    is_in_flight: bool = False
    trouble: RelayDown | None = None


class _Sending:
    """What the workers share: the emails, the counts, and whether to go on."""

    pace: Pace
    domains: Domains
    may_follow: asyncio.Event
    tries_of_an_email: int

    def __init__(
        self,
        emails: Iterator[Email],
        relay: Relay,
        record: Callable[[Outcome], None],
        stopping: Callable[[], bool],
        *,
        is_probe: bool,
        has_taken: bool,
    ) -> None:
        self.relay = relay
        self.health = Health(is_probe=is_probe, has_taken=has_taken)
        self.failure: Exception | None = None
        self._words: list[str] = []
        self._stopped: Stopped | None = None
        self._is_relay_at_fault = False
        self._is_probe, self._has_taken = is_probe, has_taken
        self._counts: Counter[DeliveryState] = Counter()
        self._kinds: Counter[tuple[DeliveryState, int | None]] = Counter()
        self._emails = emails
        self._record = record
        self._stopping = stopping
        self._claims: set[_Claim] = set()
        self._aside: deque[_Claim] = deque()

    def turn_to(self, relay: Relay, pace: Pace, *, is_last: bool) -> None:
        """Go on with this relay, which is judged afresh."""
        self.relay, self.pace = relay, pace
        self._stopped, self._is_relay_at_fault = None, False
        self.tries_of_an_email = TRIES_OF_AN_EMAIL if is_last else RELAY_ERRORS_IN_A_ROW
        self.health = Health(is_probe=self.health.is_probe, has_taken=self._has_taken)
        self.domains = Domains(relay.connections)
        self.may_follow = asyncio.Event()
        for claim in self._aside:
            claim.tries = 0

    def needs_another_relay(self) -> bool:
        """Whether this relay is at fault, and not we or our mail."""
        return self.failure is None and self._is_relay_at_fault

    def let_follow(self) -> None:
        """Let the other workers begin, unless a probe has still to come to its end."""
        if not self.health.is_probe:
            self.may_follow.set()

    def draw(self) -> _Claim | None:
        """The next email, or None when there is none or no more may be drawn."""
        if self.is_stopped():
            return None
        if self._aside:
            return self._aside.popleft()
        email = next(self._emails, None)
        if email is None:
            return None
        claim = _Claim(email)
        self._claims.add(claim)
        return claim

    def put_aside(self, claim: _Claim) -> None:
        """Keep an email that was drawn for whichever worker is free next, or for the next relay."""
        self._aside.append(claim)

    def record(self, claim: _Claim, outcome: Outcome, *, seconds: float | None = None) -> None:
        """Record what became of an email that was drawn."""
        self._claims.discard(claim)
        self._counts[outcome.state] += 1
        kind = (outcome.state, outcome.code)
        self._kinds[kind] += 1
        is_worth_a_line = outcome.state is not DeliveryState.SENT and self._kinds[kind] <= LOGGED_OF_A_KIND
        level = logging.WARNING if is_worth_a_line else logging.DEBUG
        log.log(level, "%s: %s: %s", outcome.email.recipient, outcome.state, outcome.reply)
        self._record(replace(outcome, relay=self.relay.name, seconds=seconds))

    def log_unnamed(self) -> None:
        """Say how many failures of each kind had no line of their own."""
        for (state, code), count in self._kinds.items():
            if state is not DeliveryState.SENT and count > LOGGED_OF_A_KIND:
                log.warning("%s %s: %s more; the history has them all", state, code or "", count - LOGGED_OF_A_KIND)

    def give_back_claims(self) -> None:
        """Record what nobody did, after a stop by force or a failure: in flight is in doubt, the rest was not tried."""
        for claim in tuple(self._claims):
            error: DeliveryError = claim.trouble or RelayDown("stopped before it was tried")
            if claim.is_in_flight:
                error = InDoubt("stopped before the server's reply was known")
            self.record(claim, outcome_of(claim.email, error))

    def is_stopped(self) -> bool:
        """Whether no more emails may be drawn."""
        if self._stopping():
            self.stop(Stopped.INTERRUPTED, "asked to stop")
        return self._stopped is not None or self.failure is not None

    def stop(self, why: Stopped, words: str) -> None:
        """Draw no more; the first reason counts, but whoever is asked to stop turns to no other relay either."""
        if self._stopped is None or (why is Stopped.INTERRUPTED and self._stopped is not why):
            self._stopped = why
            self._words.append(words)
            # what other connections meet from now on says nothing of why we stopped
            self._is_relay_at_fault = why is not Stopped.INTERRUPTED and self.health.relay_errors > 0

    def fail(self, error: Exception) -> None:
        """Draw no more because of an error of our own; the first counts."""
        if self.failure is None:
            self.failure = error

    def heed_failure(self, error: DeliveryError, email: Email, errors_before: int) -> None:
        """Stop if the failure would meet the next email too."""
        if verdict := self.health.heed_failure(error, email, errors_before=errors_before):
            why, words = verdict
            self.stop(why, f"{self.relay.name}: {words}")

    def end(self) -> SendingEnd:
        """How it went, once nothing is in flight any more."""
        stopped, health = self._stopped or Stopped.DONE, self.health
        is_passed = self._is_probe and not health.is_probe
        is_left = health.is_probe and stopped is Stopped.DONE and not health.relay_errors
        return SendingEnd(stopped, "; ".join(self._words), dict(self._counts), is_passed, is_left)
