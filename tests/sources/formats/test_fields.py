from datetime import date

import pytest

from digest.sources.formats.fields import cite, read_announced, read_count
from digest.sources.formats.page import UnusableRecordError


@pytest.mark.parametrize(("written", "count"), [(7, 7), ("873", 873), (" 0 ", 0), (0, 0)])
def test_a_count_may_be_a_number_or_a_text(written: object, count: int) -> None:
    assert read_count(written) == count


@pytest.mark.parametrize("written", [None, True, -1, 1.0, "", "-1", "1e3", "³", "٣", "1,000", "9" * 10, [1], 10**12])
def test_what_is_no_count_is_none(written: object) -> None:
    assert read_count(written) is None


def test_an_announced_day_may_lack_padding_or_carry_a_time() -> None:
    assert read_announced("2026-3-9") == date(2026, 3, 9)
    assert read_announced("2026-03-09T23:59:00Z") == date(2026, 3, 9)


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        (None, "it has no announced day"),
        (17, "it has no announced day"),
        (" ", "it has no announced day"),
        ("0000-00-00", "the announced day '0000-00-00' can't be right"),
        ("1970-01-01", "the announced day '1970-01-01' can't be right"),
        ("tomorrow", "the announced day 'tomorrow' can't be right"),
    ],
)
def test_a_missing_or_impossible_day_costs_the_record(written: object, reason: str) -> None:
    with pytest.raises(UnusableRecordError, match=f"^{reason}$"):
        read_announced(written)


def test_a_citation_holds_what_is_known() -> None:
    assert cite("Ann Moss", volume="12", issue="3", pages="45-67", year="2026") == "Ann Moss 12(3), 45-67 (2026)"
    assert cite("Ann Moss", volume="12") == "Ann Moss 12"
    assert cite("Ann Moss", pages="e17", year="2026") == "Ann Moss, e17 (2026)"
    assert cite(" ", volume="12", year="2026") == ""
