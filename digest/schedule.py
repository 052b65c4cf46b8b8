"""Starts an edition at the readers' hours, each once a day; knows the clock and nothing of what a run does."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.interval import IntervalTrigger

SLOTS_ARE_READ_EVERY = timedelta(minutes=5)
"""How soon the hour of somebody who has just signed up counts."""
CLOCKS_ARE_SET_BACK_BY = timedelta(minutes=1)
"""At most, between a slot's coming and its run: without this allowance such a day's edition would be missed."""

_RUNS, _CHORES = "runs", "chores"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, order=True)
class Slot:
    """An hour of the day in a time zone."""

    timezone: str
    at: time

    @property
    def name(self) -> str:
        """The slot as logs and jobs call it."""
        return f"{self.at.isoformat()} {self.timezone}"

    def moment(self, day: date) -> datetime:
        """When the slot comes on a day, in UTC: an hour that summer time repeats comes at its first turn.

        An hour that summer time leaves out comes as much after the change as it would have come after it.
        """
        return datetime.combine(day, self.at, ZoneInfo(self.timezone)).astimezone(UTC)

    def first_after(self, moment: datetime) -> datetime:
        """When the slot comes next."""
        today = moment.astimezone(ZoneInfo(self.timezone)).date()
        days = (today + timedelta(days=offset) for offset in (-1, 0, 1, 2))
        return next(comes for day in days if (comes := self.moment(day)) > moment)

    def last_before(self, moment: datetime) -> datetime:
        """When the slot came last, `moment` included."""
        today = moment.astimezone(ZoneInfo(self.timezone)).date()
        days = (today + timedelta(days=offset) for offset in (1, 0, -1, -2))
        return next(came for day in days if (came := self.moment(day)) <= moment)


class SlotTrigger(BaseTrigger):  # type: ignore[misc]  # the library's port has no types
    """Fires once a day at a slot. The library's own cron trigger fires twice when summer time repeats the hour."""

    def __init__(self, slot: Slot) -> None:
        self.slot = slot

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        """When to fire next: of the missed days none is left out, for the scheduler judges how late is too late."""
        return self.slot.first_after(previous_fire_time or now - timedelta(microseconds=1))


@dataclass(frozen=True, slots=True)
class EditionSchedule:
    """What is to run when: the site's own slot and every other one that a reader has."""

    run: Callable[[date, datetime], object]
    """Runs the edition of a day as of a moment."""
    site_slot: Slot
    max_lateness: timedelta
    is_done: Callable[[date], bool]
    """Whether a run of that day's edition would find nobody to serve."""
    read_slots: Callable[[], Iterable[tuple[str, time]]]
    now: Callable[[], datetime]
    scheduler: Any
    executors: Mapping[str, Any]
    _changing: threading.Lock = field(default_factory=threading.Lock)
    _closed: threading.Event = field(default_factory=threading.Event)

    def run_slot(self, slot: Slot) -> None:
        """Run the edition for a slot that has just come; one before the site's own on that day waits for it."""
        moment = slot.last_before(self.now() + CLOCKS_ARE_SET_BACK_BY)
        if moment >= self.site_slot.moment(self._day_of(moment)):
            self.run_edition(moment)

    def run_edition(self, moment: datetime) -> None:
        """Run the edition of a moment's day, then read the slots anew; a failure is logged and the schedule goes on."""
        if self._closed.is_set():
            return
        day = self._day_of(moment)
        log.info("the edition of %s begins, as of %s", day, moment)
        try:
            self.run(day, moment)
        except Exception:
            log.exception("the edition of %s failed; the schedule goes on", day)
        self.refresh()

    def refresh(self) -> None:
        """Give every slot a job and remove those nobody has any more."""
        with self._changing:
            if self._closed.is_set():
                return
            known = {slot.name: slot for slot in self.slots()}
            wanted = {slot.name: slot for slot in (self.site_slot, *self._readers_slots(known.values()))}
            for name in sorted(wanted.keys() - known):
                self._add_job(self.run_slot, wanted[name], SlotTrigger(wanted[name]), name)
            for name in known.keys() - wanted.keys():
                self.scheduler.remove_job(name)

    def repeat_between_runs(self, call: Callable[[], object], *, every: timedelta, name: str) -> None:
        """Call something regularly, never while an edition runs."""
        self._repeat(call, every, name, executor=_RUNS)

    def repeat_beside_runs(self, call: Callable[[], object], *, every: timedelta, name: str) -> None:
        """Call something now and then regularly, whatever runs meanwhile."""
        self._repeat(call, every, name, executor=_CHORES, next_run_time=self.now())

    def slots(self) -> set[Slot]:
        """Every slot that has a job."""
        return {job.trigger.slot for job in self.scheduler.get_jobs() if isinstance(job.trigger, SlotTrigger)}

    def catch_up(self) -> None:
        """For each day of which an hour has passed unnoticed, run its edition once now, or say that it is too late."""
        now = self.now()
        missed = {self._day_of(moment): moment for moment in sorted(slot.last_before(now) for slot in self.slots())}
        for day, moment in missed.items():
            if self.is_done(day):
                continue
            if now - moment <= self.max_lateness:
                log.warning("the edition of %s was due at %s: catching up", day, moment)
                self._add_job(self.run_edition, moment, None, f"catch up {day}")
            else:
                log.warning("the edition of %s was due at %s: that is too long ago, it is skipped", day, moment)

    def close(self) -> None:
        """Start nothing any more, and wait for the edition that is running."""
        with self._changing:
            self._closed.set()
            # with wait=True the library would wait under a lock that a run which reads the slots needs too
            self.scheduler.shutdown(wait=False)
        for executor in self.executors.values():
            executor.shutdown(wait=True)

    def _readers_slots(self, known: Iterable[Slot]) -> set[Slot]:
        try:
            return {Slot(timezone, at) for timezone, at in self.read_slots()}
        except Exception:
            log.exception("the readers' hours can't be read; those known so far stay")
            return set(known)

    def _day_of(self, moment: datetime) -> date:
        return moment.astimezone(ZoneInfo(self.site_slot.timezone)).date()

    def _repeat(self, call: Callable[[], object], every: timedelta, name: str, **where: Any) -> None:
        trigger = IntervalTrigger(seconds=max(1, int(every.total_seconds())), timezone=UTC)
        self.scheduler.add_job(call, trigger, id=name, name=name, **where)

    def _add_job(self, call: Callable[[Any], None], argument: object, trigger: SlotTrigger | None, name: str) -> None:
        self.scheduler.add_job(call, trigger, args=[argument], id=name, name=name, executor=_RUNS)


@contextmanager
def open_schedule(
    run: Callable[[date, datetime], object],
    *,
    timezone: str,
    send_at: time,
    max_lateness: timedelta,
    is_done: Callable[[date], bool],
    slots: Callable[[], Iterable[tuple[str, time]]],
    now: Callable[[], datetime],
) -> Iterator[EditionSchedule]:
    """Call `run(day, moment)` at `send_at` in the site's time zone and at each of the readers' slots, while open.

    `moment` is when the slot came and `day` the site's day then. Runs wait for each other. An hour missed by at most
    `max_lateness` is caught up once, unless `is_done` says that nobody waits for that day's edition. Closing the
    schedule waits for a running edition.
    """
    # one thread for the runs, so that there are never two at once, and one for reading the slots meanwhile
    executors = {_RUNS: ThreadPoolExecutor(1), _CHORES: ThreadPoolExecutor(1)}
    schedule = EditionSchedule(
        run=run,
        site_slot=Slot(timezone, send_at),
        max_lateness=max_lateness,
        is_done=is_done,
        read_slots=slots,
        now=now,
        scheduler=_make_scheduler(executors, max_lateness),
        executors=executors,
    )
    schedule.refresh()
    schedule.catch_up()
    schedule.repeat_beside_runs(schedule.refresh, every=SLOTS_ARE_READ_EVERY, name="read the slots")
    schedule.scheduler.start()
    try:
        yield schedule
    finally:
        schedule.close()


def _make_scheduler(executors: Mapping[str, Any], max_lateness: timedelta) -> Any:
    grace_seconds = max(1, int(max_lateness.total_seconds()))
    defaults = {"coalesce": True, "max_instances": 1, "misfire_grace_time": grace_seconds}
    return BackgroundScheduler(timezone=UTC, executors=dict(executors), job_defaults=defaults)
