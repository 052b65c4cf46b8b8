"""Who is due, when their hour has come, and which editions a digest covers."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from digest.domain import Frequency, Profile, Status, Subscriber
from digest.planning import (
    MOST_EDITIONS,
    cursor_before,
    hour_of,
    in_batches,
    is_due,
    is_sample,
    split_covered,
    wait_before_retry,
)

TUESDAY = date(2026, 6, 30)
WEEK = [TUESDAY + timedelta(days=day) for day in range(7)]


def reader(**details: object) -> Subscriber:
    values = {"id": "s-ada", "email": "ada@readers.example", "profile": Profile(), "is_new": False}
    return Subscriber(**values | details)  # type: ignore[arg-type]  # details are a test's own


@pytest.mark.parametrize(
    ("frequency", "weekday", "due"),
    [
        (Frequency.DAILY, "monday", [1, 2, 3, 4, 5, 6, 7]),
        (Frequency.WEEKDAYS, "monday", [2, 3, 4, 5, 1]),
        (Frequency.WEEKLY, "monday", [1]),
        (Frequency.WEEKLY, "sunday", [7]),
    ],
)
def test_a_reader_is_due_on_their_days(frequency: Frequency, weekday: str, due: list[int]) -> None:
    one = reader(frequency=frequency, weekday=weekday)

    assert {day.isoweekday() for day in WEEK if is_due(one, day)} == set(due)


def test_the_first_digest_goes_out_at_once_and_then_on_the_reader_s_day() -> None:
    new = reader(frequency=Frequency.WEEKLY, weekday="monday", is_new=True)
    served = reader(frequency=Frequency.WEEKLY, weekday="monday", cursor=TUESDAY)

    assert is_due(new, TUESDAY)
    assert [day.isoweekday() for day in WEEK if is_due(served, day)] == [1]


def test_whoever_is_owed_an_older_digest_or_asked_for_by_name_is_due_on_any_day() -> None:
    weekly = reader(frequency=Frequency.WEEKLY, weekday="monday", cursor=TUESDAY - timedelta(days=1))

    assert not is_due(weekly, TUESDAY)
    assert is_due(weekly, TUESDAY, is_owed=True)
    assert is_due(weekly, TUESDAY, ignore_frequency=True)


@pytest.mark.parametrize("cursor", [TUESDAY, TUESDAY + timedelta(days=3)])
def test_whoever_has_the_edition_or_a_later_one_is_not_due(cursor: date) -> None:
    assert not is_due(reader(cursor=cursor, is_new=True), TUESDAY, is_owed=True, ignore_frequency=True)
    assert is_due(reader(cursor=TUESDAY - timedelta(days=1)), TUESDAY)


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.ACTIVE])
def test_nobody_but_active_readers_is_ever_due(status: Status) -> None:
    assert not is_due(reader(status=status, is_new=True), TUESDAY, is_owed=True, ignore_frequency=True)


@pytest.mark.parametrize(
    ("timezone", "edition", "utc"),
    [
        ("UTC", "2026-06-30", "2026-06-30T07:30"),
        ("Europe/Zurich", "2026-06-30", "2026-06-30T05:30"),
        ("Europe/Zurich", "2026-12-30", "2026-12-30T06:30"),
        ("America/Los_Angeles", "2026-06-30", "2026-06-30T14:30"),
        ("Asia/Kolkata", "2026-06-30", "2026-06-30T02:00"),
        ("Pacific/Auckland", "2026-06-30", "2026-06-30T19:30"),
    ],
)
def test_a_digest_is_due_at_the_reader_s_own_hour_of_the_site_s_day(timezone: str, edition: str, utc: str) -> None:
    due = hour_of(reader(timezone=timezone), date.fromisoformat(edition), site_timezone="UTC", site_send_at=time.min)

    assert due == datetime.fromisoformat(utc).replace(tzinfo=UTC)


def test_no_digest_is_due_before_the_site_s_own_hour() -> None:
    due = hour_of(reader(send_at=time(0, 5)), TUESDAY, site_timezone="Europe/Zurich", site_send_at=time(7, 30))

    assert due == datetime(2026, 6, 30, 5, 30, tzinfo=UTC)


zones = st.sampled_from([f"Etc/GMT{offset:+d}" for offset in range(-14, 13)])
changing = st.sampled_from(["Europe/Zurich", "America/St_Johns", "Australia/Lord_Howe", "Africa/Casablanca", "UTC"])
hours = st.times().map(lambda moment: moment.replace(second=0, microsecond=0))


@given(zones, zones, hours, st.dates(date(2020, 1, 1), date(2030, 1, 1)))
@example(site="Etc/GMT+12", home="Etc/GMT-14", send_at=time(0, 30), edition=TUESDAY)
@example(site="Etc/GMT-14", home="Etc/GMT+12", send_at=time(23, 30), edition=TUESDAY)
def test_every_reader_has_their_hour_once_in_every_day_of_the_site(
    site: str, home: str, send_at: time, edition: date
) -> None:
    due = hour_of(reader(timezone=home, send_at=send_at), edition, site_timezone=site, site_send_at=time.min)

    assert due.astimezone(ZoneInfo(site)).date() == edition
    assert due.astimezone(ZoneInfo(home)).time() == send_at


@given(changing, changing, hours, st.dates(date(2020, 1, 1), date(2030, 1, 1)))
def test_a_change_of_clocks_costs_no_reader_an_edition(site: str, home: str, send_at: time, edition: date) -> None:
    due = hour_of(reader(timezone=home, send_at=send_at), edition, site_timezone=site, site_send_at=time.min)

    assert due.astimezone(ZoneInfo(site)).date() == edition


@given(st.integers(0, 60))
def test_a_digest_covers_the_newest_fourteen_editions_and_counts_the_older_ones(count: int) -> None:
    days = [TUESDAY + timedelta(days=number) for number in range(count)]

    covered, older = split_covered(days)

    assert [*older, *covered] == days
    assert len(covered) == min(count, MOST_EDITIONS) == min(count, 14)


def test_somebody_new_begins_the_day_before_the_edition() -> None:
    assert cursor_before(reader(cursor=None), TUESDAY) == date(2026, 6, 29)
    assert cursor_before(reader(cursor=date(2026, 6, 1)), TUESDAY) == date(2026, 6, 1)


@pytest.mark.parametrize(
    ("email", "sample"),
    [
        ("ada@example.org", True),
        ("ada@EXAMPLE.COM", True),
        ("ada@example.net", True),
        ("ada@example.org.au", False),
        ("ada@myexample.org", False),
        ("example.org@university.edu", False),
    ],
)
def test_addresses_of_documentation_are_samples(email: str, sample: bool) -> None:  # noqa: FBT001 - a column of the table
    assert is_sample(email) is sample


@given(st.lists(st.integers()), st.integers(1, 9))
def test_batches_hold_everything_in_its_order_and_none_is_too_big(items: list[int], size: int) -> None:
    batches = list(in_batches(iter(items), size))

    assert [item for batch in batches for item in batch] == items
    assert all(0 < len(batch) <= size for batch in batches)


@pytest.mark.parametrize(
    ("attempts", "minutes"), [(0, 5), (1, 5), (2, 15), (3, 30), (4, 60), (5, 120), (6, 240), (9, 240)]
)
def test_the_wait_before_a_retry_grows_and_is_spread_by_a_fifth(attempts: int, minutes: int) -> None:
    waits = [wait_before_retry(attempts, seed=str(seed)) for seed in range(200)]
    wanted = timedelta(minutes=minutes)
    assert max(wanted * 0.8, timedelta(minutes=5)) <= min(waits) <= wanted <= max(waits) <= wanted * 1.2
    assert len(set(waits)) > 50
    assert waits == [wait_before_retry(attempts, seed=str(seed)) for seed in range(200)]


@pytest.mark.parametrize(("asked", "minutes"), [(20, 20), (60 * 24, 240)])
def test_what_the_server_asks_for_is_obeyed_within_reason(asked: int, minutes: int) -> None:
    assert wait_before_retry(5, asked=timedelta(minutes=asked)) == timedelta(minutes=minutes)
