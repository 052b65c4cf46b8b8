"""Remembers whether sending is paused, by whom, why, and when one mail may try again. Stops nothing itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Engine, delete, select, update

from digest.domain import Pause, PausedBy
from digest.planning import SHORTEST_WAIT, is_wait_over, wait_before_retry
from digest.storage import rows, tables
from digest.storage.engine import reading

_PAUSE = select(tables.pauses)
_THE_ONE_ROW = 1
_A_MOMENT = timedelta(seconds=1)
_JUST_MADE = -1  # failed probes, in a row that nobody else has seen


@dataclass(frozen=True, slots=True)
class PauseStore:
    """The pause, if there is one."""

    engine: Engine
    now: Callable[[], datetime]

    def current(self) -> Pause | None:
        """The pause that holds all mail back now."""
        with reading(self.engine) as connection:
            row = connection.execute(_PAUSE).one_or_none()
        return Pause(PausedBy(row.by), row.reason, row.since, row.probe_at) if row is not None else None

    def begin(self, by: PausedBy, reason: str) -> bool:
        """Pause sending. Returns whether this is news: a probe that failed isn't, nor does it undo an operator's pause.

        After each failed probe the wait for the next one grows, as it does between the attempts of a mail.
        """
        table = tables.pauses
        with self.engine.begin() as connection:
            new = {"id": _THE_ONE_ROW, "by": by.value, "reason": reason, "since": self.now(), "probes": _JUST_MADE}
            rows.insert_missing(connection, table, [new])
            row = connection.execute(select(table).with_for_update()).one_or_none()
            if row is None:  # somebody ended the pause that was there a moment ago, and has the last word
                return False
            is_new = row.probes == _JUST_MADE
            if PausedBy(row.by) is PausedBy.OPERATOR and not is_new:
                return False
            probes = row.probes + 1
            wait = wait_before_retry(probes + 1, seed=reason)
            values = {
                "by": by.value,
                "reason": reason,
                "probes": probes,
                "probe_at": self.now() + wait if by is PausedBy.SENDING else None,
            }
            connection.execute(update(table).values(**values))
            return is_new or by is PausedBy.OPERATOR

    def take_probe(self, pause: Pause) -> Pause | None:
        """The pause with one mail's leave to try again; None where another process that saw the same has it.

        The next one may try a while later, lest nobody does after a process that died on the way.
        """
        if pause.probe_at is None:
            return None
        soonest = self.now() + SHORTEST_WAIT
        is_early = not is_wait_over(pause.probe_at, now=self.now())
        # a moment later even where that is far off: by another time others see that this one is taken
        taken = replace(pause, probe_at=max(soonest, pause.probe_at + _A_MOMENT) if is_early else soonest)
        return taken if self._move_probe(pause, taken.probe_at) else None

    def give_back_probe(self, taken: Pause) -> None:
        """The mail that tried told nothing: another may try at once."""
        self._move_probe(taken, self.now())

    def _move_probe(self, seen: Pause, probe_at: datetime | None) -> bool:
        table = tables.pauses
        same = (table.c.by == seen.by.value, table.c.probe_at == seen.probe_at)
        with self.engine.begin() as connection:
            return connection.execute(update(table).where(*same).values(probe_at=probe_at)).rowcount > 0

    def end(self, *by: PausedBy) -> bool:
        """Let mail go out again if one of these paused it, by default either. Returns whether they had."""
        ended = delete(tables.pauses).where(tables.pauses.c.by.in_(one.value for one in by or PausedBy))
        with self.engine.begin() as connection:
            return connection.execute(ended).rowcount > 0
