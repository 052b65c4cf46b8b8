"""The port that every way out of the house has, and what a run knows of a relay. Sends nothing itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from digest.domain import Email

WAITS_SECONDS = (1.0, 2.0, 5.0, 10.0)


class Transport(Protocol):
    """A way for emails to leave."""

    async def send(self, email: Email) -> str:
        """Hand over one email and return the server's words.

        Raises RelayDown, Deferred, PolicyRefused, Rejected, Undeliverable or InDoubt. After RelayDown the sending loop
        leaves the transport's context and enters a new one.
        """
        ...


@dataclass(frozen=True, slots=True)
class Relay:
    """Where emails are handed over: its name for the history, how to connect, and what it bears."""

    name: str
    connect: Callable[[], AbstractAsyncContextManager[Transport]]
    connections: int = 1
    mails_a_second: float | None = None
    """At most; None where the relay sets no rate."""
    waits_seconds: Sequence[float] = WAITS_SECONDS
    """The pauses after trouble with it; the last one repeats."""
