"""The hours at which editions run: summer time, restarts, missed hours, many slots. Nobody waits for a real hour."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from time import sleep
from zoneinfo import ZoneInfo

import pytest
from freezegun import freeze_time
from hypothesis import given
from hypothesis import strategies as st

from digest.schedule import EditionSchedule, Slot, SlotTrigger, open_schedule

ZURICH = "Europe/Zurich"
SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)


@dataclass
class Installation:
    """Notes what was run, and answers what a schedule asks."""

    moment: datetime
    slots: list[tuple[str, time]] = field(default_factory=list)
    done: set[date] = field(default_factory=set)
    runs: list[tuple[date, datetime]] = field(default_factory=list)
    has_run: threading.Event = field(default_factory=threading.Event)
    has_ended: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    failure: Exception | None = None
    is_broken: bool = False
    running: threading.Lock = field(default_factory=threading.Lock)
    were_alone: list[bool] = field(default_factory=list)

    def run(self, day: date, moment: datetime) -> None:
        self.were_alone.append(self.running.acquire(blocking=False))
        self.runs.append((day, moment))
        self.has_run.set()
        if self.were_alone[-1]:
            sleep(0.2)  # as long as another run would need to come in between
            self.running.release()
        self.has_ended.release()
        if self.failure is not None:
            raise self.failure

    def read_slots(self) -> list[tuple[str, time]]:
        if self.is_broken:
            raise ValueError("a broken file")
        return self.slots

    @contextmanager
    def open(self, *, timezone: str = ZURICH, send_at: time = time(7, 30)) -> Iterator[EditionSchedule]:
        with open_schedule(
            self.run,
            timezone=timezone,
            send_at=send_at,
            max_lateness=timedelta(hours=6),
            is_done=lambda day: day in self.done,
            slots=self.read_slots,
            now=lambda: self.moment,
        ) as schedule:
            yield schedule


def at(text: str, zone: str = ZURICH) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def fire_times(slot: Slot, start: datetime, count: int) -> list[datetime]:
    trigger, found = SlotTrigger(slot), [SlotTrigger(slot).get_next_fire_time(None, start)]
    while len(found) < count:
        found.append(trigger.get_next_fire_time(found[-1], found[-1]))
    return found


@pytest.mark.parametrize("change", [SPRING, AUTUMN])
def test_when_summer_time_changes_the_edition_runs_exactly_once_a_day(change: date) -> None:
    start = datetime.combine(change - timedelta(days=2), time(12), UTC)
    days = [moment.astimezone(ZoneInfo(ZURICH)).date() for moment in fire_times(Slot(ZURICH, time(2, 30)), start, 4)]
    assert days == [change + timedelta(days=offset) for offset in (-1, 0, 1, 2)]


def test_an_hour_that_summer_time_leaves_out_comes_just_after_the_change() -> None:
    local = Slot(ZURICH, time(2, 30)).moment(SPRING).astimezone(ZoneInfo(ZURICH))
    assert local.time() == time(3, 30)


def test_an_hour_that_comes_twice_counts_at_its_first_turn() -> None:
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    slot = Slot(ZURICH, time(2, 30))
    assert slot.moment(AUTUMN) == first
    between_the_turns = datetime(2026, 10, 25, 1, 15, tzinfo=UTC)
    assert slot.last_before(between_the_turns) == first
    assert slot.first_after(between_the_turns) == datetime(2026, 10, 26, 1, 30, tzinfo=UTC)


@given(
    st.sampled_from([ZURICH, "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kolkata", "UTC"]),
    st.times(),
    st.integers(0, 20 * 365 * 24 * 60),
)
def test_a_slot_has_come_before_it_comes_again(zone: str, hour: time, minutes: int) -> None:
    slot = Slot(zone, hour)
    moment = datetime(2011, 12, 1, tzinfo=UTC) + timedelta(minutes=minutes)  # Apia left out 30 December 2011
    before, after = slot.last_before(moment), slot.first_after(moment)
    assert before <= moment < after
    assert timedelta(hours=22) < after - before < timedelta(hours=50)


@freeze_time("2026-03-29T00:00:00Z", real_asyncio=True)
def test_the_library_asks_the_trigger_and_keeps_to_it() -> None:
    with Installation(at("2026-03-29T01:00:00")).open(send_at=time(2, 30)) as schedule:
        job = schedule.scheduler.get_job(Slot(ZURICH, time(2, 30)).name)
        assert job.next_run_time == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
        assert (job.coalesce, job.max_instances, job.misfire_grace_time) == (True, 1, 6 * 60 * 60)


def test_a_slots_run_is_for_the_sites_day_as_of_the_slots_hour() -> None:
    installation = Installation(at("2026-06-30T13:30:00.250000"), done={date(2026, 6, 30)})
    with installation.open() as schedule:
        schedule.run_slot(Slot("America/New_York", time(7, 30)))
    assert installation.runs == [(date(2026, 6, 30), at("2026-06-30T07:30:00", "America/New_York"))]


def test_a_slot_before_the_sites_own_waits_for_it() -> None:
    installation = Installation(at("2026-06-30T01:30:00"), done={date(2026, 6, 29)})
    with installation.open() as schedule:
        schedule.run_slot(Slot("Asia/Singapore", time(7, 30)))
    assert installation.runs == []


def test_a_clock_that_was_set_back_a_little_costs_no_day() -> None:
    installation = Installation(at("2026-06-30T07:29:59.900000"), done={date(2026, 6, 29)})
    with installation.open() as schedule:
        schedule.run_slot(Slot(ZURICH, time(7, 30)))
    assert installation.runs == [(date(2026, 6, 30), at("2026-06-30T07:30:00"))]


def test_an_hour_missed_while_the_machine_was_off_is_caught_up_once() -> None:
    installation = Installation(at("2026-06-30T09:00:00"))
    with installation.open():
        assert installation.has_run.wait(timeout=30)
    installation.done.add(date(2026, 6, 30))
    with installation.open():
        pass
    assert installation.runs == [(date(2026, 6, 30), at("2026-06-30T07:30:00"))]


def test_an_hour_missed_by_more_than_allowed_is_skipped_and_the_log_says_so(caplog: pytest.LogCaptureFixture) -> None:
    installation = Installation(at("2026-06-30T13:31:00"))
    with installation.open():
        pass
    assert installation.runs == []
    assert "the edition of 2026-06-30 was due" in caplog.text
    assert "skipped" in caplog.text


def test_an_edition_missed_before_midnight_is_caught_up_as_that_days() -> None:
    installation = Installation(at("2026-07-01T00:30:00"))
    with installation.open(send_at=time(23, 30)):
        assert installation.has_run.wait(timeout=30)
    assert installation.runs == [(date(2026, 6, 30), at("2026-06-30T23:30:00"))]


def test_each_distinct_hour_of_the_readers_has_a_job_of_its_own() -> None:
    new_york, seven = ("America/New_York", time(7, 0)), (ZURICH, time(7, 30))
    installation = Installation(at("2026-06-30T07:00:00"), slots=[new_york, seven, new_york], done={date(2026, 6, 30)})
    with installation.open() as schedule:
        assert schedule.slots() == {Slot(*new_york), Slot(*seven)}
        installation.slots.append(("UTC", time(9)))
        schedule.run_slot(Slot(*new_york))
        assert schedule.slots() == {Slot(*new_york), Slot(*seven), Slot("UTC", time(9))}
        installation.slots.clear()
        schedule.refresh()
        assert schedule.slots() == {Slot(*seven)}


def test_a_run_that_fails_is_logged_and_the_schedule_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    installation = Installation(at("2026-06-30T07:30:00"), failure=RuntimeError("no disk"), done={date(2026, 6, 30)})
    with installation.open() as schedule:
        schedule.run_slot(Slot(ZURICH, time(7, 30)))
        schedule.run_slot(Slot(ZURICH, time(7, 30)))
        assert schedule.slots() == {Slot(ZURICH, time(7, 30))}
    assert len(installation.runs) == 2
    assert "no disk" in caplog.text


def test_hours_that_cannot_be_read_leave_the_known_ones(caplog: pytest.LogCaptureFixture) -> None:
    installation = Installation(at("2026-06-30T06:00:00"), slots=[("UTC", time(9))], done={date(2026, 6, 29)})
    with installation.open() as schedule:
        installation.is_broken = True
        schedule.refresh()
        assert schedule.slots() == {Slot(ZURICH, time(7, 30)), Slot("UTC", time(9))}
    assert "can't be read" in caplog.text


def test_two_slots_that_come_together_run_one_after_the_other() -> None:
    installation = Installation(at("2026-06-30T09:00:00"), slots=[("UTC", time(6))], done={date(2026, 6, 30)})
    with installation.open() as schedule:
        for slot in schedule.slots():
            schedule.scheduler.modify_job(slot.name, next_run_time=datetime.now(UTC))
        assert installation.has_ended.acquire(timeout=30)
        assert installation.has_ended.acquire(timeout=30)
    assert installation.were_alone == [True, True]


def test_closing_the_schedule_waits_for_the_run() -> None:
    installation = Installation(at("2026-06-30T09:00:00"))
    with installation.open():
        assert installation.has_run.wait(timeout=30)
    assert installation.has_ended.acquire(blocking=False)
    assert not [thread for thread in threading.enumerate() if "APScheduler" in thread.name]
