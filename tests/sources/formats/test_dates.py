from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.sources.formats.dates import day_in_name, iso_day, mail_day, newest_day


@pytest.mark.parametrize("text", ["2026-06-30", "2026-6-30", " 2026-06-30T23:59:00-05:00", "2026-06-30 x"])
def test_an_iso_date_is_read_as_written(text: str) -> None:
    assert iso_day(text) == date(2026, 6, 30)


@pytest.mark.parametrize("text", ["", "June 30", "2026-13-01", "2026-02-30", "1899-01-01", "9999-01-01", "2026-06-301"])
def test_what_is_no_date_or_cannot_be_trusted_is_none(text: str) -> None:
    assert iso_day(text) is None


def test_a_mail_date_is_not_shifted_to_another_zone() -> None:
    assert mail_day("Wed, 29 Jul 2026 00:00:00 -0400") == date(2026, 7, 29)
    assert mail_day("Wed, 29 Jul 2026 23:30:00 +0900") == date(2026, 7, 29)


def test_a_date_in_a_file_name_is_found_padded_or_not() -> None:
    assert day_in_name("arxiv-2026-06-30.jsonl.gz") == date(2026, 6, 30)
    assert day_in_name("2026-6-3_page.txt") == date(2026, 6, 3)
    assert day_in_name("2026-99-99 or 2026-01-02.txt") == date(2026, 1, 2)
    assert day_in_name("page-12026-01-02.txt") is None
    assert day_in_name("trending.txt") is None


def test_a_year_less_date_is_the_newest_not_after_the_edition() -> None:
    assert newest_day("Mar 11", latest=date(2026, 3, 11)) == date(2026, 3, 11)
    assert newest_day("Mar 12", latest=date(2026, 3, 11)) == date(2025, 3, 12)
    assert newest_day("Dec 31", latest=date(2026, 1, 1)) == date(2025, 12, 31)


def test_a_leap_day_is_looked_for_in_leap_years() -> None:
    assert newest_day("Feb 29", latest=date(2027, 8, 1)) == date(2024, 2, 29)
    assert newest_day("Feb 30", latest=date(2027, 8, 1)) is None
    assert newest_day("Foo 3", latest=date(2027, 8, 1)) is None


@given(st.dates(min_value=date(2000, 1, 1), max_value=date(2099, 12, 31)), st.dates(date(2000, 1, 1), date(2099, 1, 1)))
def test_the_newest_day_is_never_in_the_future_and_less_than_eight_years_old(day: date, latest: date) -> None:
    newest = newest_day(f"{day:%b} {day.day}", latest=latest)
    assert newest is not None
    assert (newest.month, newest.day) == (day.month, day.day)
    assert 0 <= (latest - newest).days < 8 * 366


@given(st.text())
def test_any_text_gives_a_date_or_none(text: str) -> None:
    for day in (iso_day(text), mail_day(text), day_in_name(text), newest_day(text, latest=date(2026, 1, 1))):
        assert day is None or isinstance(day, date)
