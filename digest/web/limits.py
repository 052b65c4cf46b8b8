"""Bounds how often something may be done for one address or by one visitor. Remembers in memory, within bounds."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Limit:
    """At most so many times within a span."""

    most: int
    within: timedelta


class Limiter:
    """Counts uses by key; the key that was used longest ago is forgotten when there are too many."""

    def __init__(self, limits: Sequence[Limit], *, now: Callable[[], datetime], most_keys: int = 10_000) -> None:
        self._limits = tuple(limits)
        self._now = now
        self._most_keys = most_keys
        self._uses: OrderedDict[str, list[datetime]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, key: str) -> bool:
        """Whether one more use is within every limit; if it is, it counts."""
        now = self._now()
        with self._lock:
            longest = max(limit.within for limit in self._limits)
            uses = [use for use in self._uses.get(key, ()) if now - use < longest]
            may_use = all(sum(now - use < limit.within for use in uses) < limit.most for limit in self._limits)
            if may_use:
                uses.append(now)
            self._remember(key, uses)
            return may_use

    def _remember(self, key: str, uses: list[datetime]) -> None:
        self._uses[key] = uses
        self._uses.move_to_end(key)
        while len(self._uses) > self._most_keys:
            self._uses.popitem(last=False)
