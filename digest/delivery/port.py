"""The port that every way out of the house has, and what a run knows of a relay. Sends nothing itself."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from digest.domain import Email


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
