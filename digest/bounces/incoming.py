"""One mail as it lies in a mailbox, whichever kind. Reads none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

MOST_OCTETS = 2_000_000
"""How much of a mail is taken from a mailbox."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """One mail, and how to mark it once it was taken in."""

    place: str
    """Where it lies, for messages."""
    content: bytes
    mark: Callable[[bool], None]
    """Marks it as taken where the mailbox can, told whether a report was found in it; never deletes it."""
