"""Keeps to the pace that a relay has and that readers' mail providers ask for. Sends nothing."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

from digest.delivery.port import Relay

LOOKS_EVERY_SECONDS = 0.05
"""How often somebody who waits looks whether they may go, or are asked to stop."""
ACCEPTED_TO_RECOVER = 20
"""After so many accepted mails a domain that asked for less gets one more at a time."""
REFUSALS_TO_CLOSE = 5
"""After so many in a row a domain that takes none at a time gets no more mail in this run."""

Reserve = Callable[[str, int, timedelta], timedelta]
"""Takes a relay's next turns, one an interval, and tells how long to wait for the first."""


def no_wait(_relay: str, _turns: int, _interval: timedelta) -> timedelta:
    """Turns for whoever asks, with nobody else to share them with."""
    return timedelta(0)


class Pace:
    """The turns of one relay; they are reserved a second's worth at a time, so that other processes share the rate."""

    def __init__(self, relay: Relay, reserve: Reserve) -> None:
        self._relay = relay
        self._reserve = reserve
        self._lock = asyncio.Lock()
        self._turns = 0
        self._next = 0.0

    async def turn(self, is_stopped: Callable[[], bool]) -> bool:
        """Wait for the next turn. False if stopping was asked meanwhile."""
        rate = self._relay.mails_a_second
        if rate is None:
            return not is_stopped()
        async with self._lock:
            if self._turns == 0:
                self._turns = max(1, int(rate))
                wait = self._reserve(self._relay.name, self._turns, timedelta(seconds=1 / rate))
                self._next = asyncio.get_running_loop().time() + wait.total_seconds()
            if not await sleep_until(self._next, is_stopped):
                return False
            self._turns -= 1
            self._next += 1 / rate
            return True


class Domains:
    """How many mails may be under way to each recipient domain at once: fewer where its server asks us to slow down."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._limits: dict[str, int] = {}
        self._under_way: Counter[str] = Counter()
        self._refusals: Counter[str] = Counter()
        self._accepted: Counter[str] = Counter()

    def is_closed(self, domain: str) -> bool:
        """Whether the domain has had enough for this run."""
        return self._refusals[domain] >= REFUSALS_TO_CLOSE and self._limits.get(domain) == 1

    async def enter(self, domain: str, is_stopped: Callable[[], bool]) -> bool:
        """Wait until one more mail may go to the domain. False if stopping was asked or the domain closed meanwhile."""
        while self._under_way[domain] >= self._limits.get(domain, self._most):
            if is_stopped() or self.is_closed(domain):
                return False
            await asyncio.sleep(LOOKS_EVERY_SECONDS)
        if is_stopped() or self.is_closed(domain):
            return False
        self._under_way[domain] += 1
        return True

    def leave(self, domain: str, *, is_slowed: bool, is_accepted: bool) -> None:
        """A mail to the domain has come to its end; `is_slowed` if the domain asked for less."""
        self._under_way[domain] -= 1
        if is_slowed:
            self._limits[domain] = max(1, self._limits.get(domain, self._most) // 2)
            self._refusals[domain] += 1
            self._accepted[domain] = 0
        elif is_accepted and domain in self._limits:
            self._refusals[domain] = 0
            self._accepted[domain] += 1
            if self._accepted[domain] % ACCEPTED_TO_RECOVER == 0:
                self._limits[domain] = min(self._most, self._limits[domain] + 1)


async def sleep_until(moment: float, is_stopped: Callable[[], bool]) -> bool:
    """Sleep until a moment of the event loop's own clock. False if stopping was asked meanwhile."""
    loop = asyncio.get_running_loop()
    while (left := moment - loop.time()) > 0 and not is_stopped():  # noqa: ASYNC110 - a stop is asked for, not announced
        await asyncio.sleep(min(left, LOOKS_EVERY_SECONDS))
    return not is_stopped()
