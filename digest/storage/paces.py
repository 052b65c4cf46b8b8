"""Hands out turns to relays that take only so many mails in a while; restarts and other processes keep the pace."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine, select, update

from digest.storage import rows, tables

FURTHEST_AHEAD = 60
"""So many reservations may stand before ours; what lies further ahead is a clock that was set back."""


@dataclass(frozen=True, slots=True)
class PaceStore:
    """When the next mail may go to each relay."""

    engine: Engine
    now: Callable[[], datetime]

    def reserve(self, relay: str, turns: int, interval: timedelta) -> timedelta:
        """Take the next turns, one every `interval`; returns how long to wait for the first."""
        table, now = tables.paces, self.now()
        mine = table.c.relay == relay
        with self.engine.begin() as connection:
            rows.insert_missing(connection, table, [{"relay": relay, "free_at": now}])
            free_at: datetime = connection.execute(select(table.c.free_at).where(mine).with_for_update()).scalar_one()
            begins = min(max(now, free_at), now + FURTHEST_AHEAD * turns * interval)
            connection.execute(update(table).where(mine).values(free_at=begins + turns * interval))
        return begins - now
