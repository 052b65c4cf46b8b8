"""arXiv's week: when a submission can first be announced, and which days explain an empty feed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.errors import SourceError
from digest.sources.arxiv.calendar import earliest_feed, follows_holiday, has_feed, load_holidays, why_nothing


@pytest.mark.parametrize(
    ("submitted", "feed"),
    [  # Eastern daylight saving time is four hours behind
        ("2026-06-16T17:59:59", "2026-06-17"),  # Tuesday before 14:00: Tuesday evening, dated Wednesday
        ("2026-06-16T18:00:00", "2026-06-18"),
        ("2026-06-18T17:00:00", "2026-06-19"),
        ("2026-06-18T18:00:00", "2026-06-22"),  # Thursday after 14:00: Sunday evening, dated Monday
        ("2026-06-19T17:59:00", "2026-06-22"),
        ("2026-06-19T18:00:00", "2026-06-23"),  # Friday after 14:00: Monday evening, dated Tuesday
        ("2026-06-21T12:00:00", "2026-06-23"),
        ("2026-06-22T17:59:00", "2026-06-23"),
        ("2026-06-22T18:00:00", "2026-06-24"),
        ("2026-01-13T18:59:00", "2026-01-14"),  # in winter it is five hours
        ("2026-01-13T19:00:00", "2026-01-15"),
    ],
)
def test_a_submission_appears_as_arxivs_schedule_says(submitted: str, feed: str) -> None:
    moment = datetime.fromisoformat(submitted).replace(tzinfo=UTC)
    assert earliest_feed(moment) == date.fromisoformat(feed)


@given(st.datetimes(datetime(1992, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - hypothesis adds the zone
def test_every_submission_appears_one_to_four_days_later_on_a_day_with_a_feed(submitted: datetime) -> None:
    feed = earliest_feed(submitted)
    assert has_feed(feed)
    assert timedelta(0) < datetime(feed.year, feed.month, feed.day, 4, tzinfo=UTC) - submitted < timedelta(days=5)


def test_weekends_and_listed_holidays_explain_an_empty_feed_and_other_days_do_not() -> None:
    holidays = frozenset({date(2026, 11, 26)})
    assert why_nothing(date(2026, 11, 21), holidays) == "arXiv announces nothing on a Saturday"
    assert "2026-11-26" in why_nothing(date(2026, 11, 26), holidays)
    assert why_nothing(date(2026, 11, 27), holidays) == ""
    assert "2026-11-26" in follows_holiday(date(2026, 11, 27), holidays)
    assert follows_holiday(date(2026, 11, 28), holidays) == ""
    assert why_nothing(date(2026, 11, 25), holidays) == ""


def test_the_holidays_come_with_the_program_and_from_a_file_of_ones_own(tmp_path: Path) -> None:
    assert date(2026, 12, 25) in load_holidays(None)
    own = tmp_path / "holidays.toml"
    own.write_text("days = [2027-01-01]")
    assert load_holidays(own) == {date(2027, 1, 1)}


@pytest.mark.parametrize(
    "content", ["days = 3", "days = ['2027-01-01']", "not toml at all", "days = [2027-01-01T00:00:00Z]"]
)
def test_a_file_of_holidays_that_holds_something_else_is_an_error_that_names_it(tmp_path: Path, content: str) -> None:
    own = tmp_path / "holidays.toml"
    own.write_text(content)
    with pytest.raises(SourceError, match=r"holidays\.toml"):
        load_holidays(own)


def test_a_missing_file_of_holidays_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="nowhere"):
        load_holidays(tmp_path / "nowhere.toml")
