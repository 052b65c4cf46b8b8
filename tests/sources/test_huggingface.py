import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from digest.domain import Batch, BatchState, Edition, Memory
from digest.sources._http import HttpClient
from digest.sources.huggingface import Huggingface

WEDNESDAY = date(2026, 3, 11)


@pytest.fixture
def collect(upstream: Any, http: HttpClient) -> Callable[..., list[Batch]]:
    def run(since: date, day: date = WEDNESDAY, *settled: date, limit: int = 100) -> list[Batch]:
        source = Huggingface(url=f"{upstream.url}/api", limit=limit)
        memory = Memory(settled=frozenset(("", day) for day in settled))
        return list(source.fetch(Edition(day=day, since=since), memory, http))

    return run


def _asking(day: date, number: int = 0, limit: int = 100) -> str:
    return f"/api?date={day}&limit={limit}&p={number}"


def _rows(*numbers: int) -> str:
    return json.dumps([{"paper": {"id": f"2603.{number:05}", "title": f"Paper {number}"}} for number in numbers])


def test_the_day_s_list_becomes_a_batch_without_category(
    upstream: Any, page: Callable[[str], bytes], collect: Callable[..., list[Batch]]
) -> None:
    upstream.says(_asking(WEDNESDAY), page("hf_list.json"))
    [batch] = collect(WEDNESDAY)
    assert (batch.category, batch.day, batch.state) == ("", WEDNESDAY, BatchState.OK)
    assert [paper.upvotes for paper in batch.papers] == [41, 7]


def test_the_day_itself_and_whatever_may_have_grown_since_is_asked(
    upstream: Any, collect: Callable[..., list[Batch]]
) -> None:
    days = [date(2026, 3, number) for number in (6, 7, 8, 9, 10, 11)]
    for day in days:
        upstream.says(_asking(day), _rows(day.day))
    batches = collect(days[0], WEDNESDAY, days[0], days[3], days[4], days[5])
    assert [batch.day for batch in batches] == [days[1], days[2], days[5]]
    assert [batch.papers[0].announced for batch in batches] == [days[1], days[2], days[5]]


def test_a_full_page_is_followed_by_the_next(upstream: Any, collect: Callable[..., list[Batch]]) -> None:
    upstream.says(_asking(WEDNESDAY, 0, 2), _rows(1, 2))
    upstream.says(_asking(WEDNESDAY, 1, 2), _rows(2, 3))
    upstream.says(_asking(WEDNESDAY, 2, 2), _rows())
    [batch] = collect(WEDNESDAY, limit=2)
    assert (batch.state, len(batch.papers), batch.records) == (BatchState.OK, 3, 4)
    assert batch.reasons == ("1 of 4 records repeat another one",)


def test_a_page_that_fails_in_the_middle_keeps_what_came_before(
    upstream: Any, collect: Callable[..., list[Batch]]
) -> None:
    upstream.says(_asking(WEDNESDAY, 0, 2), _rows(1, 2))
    upstream.says(_asking(WEDNESDAY, 1, 2), "[{")
    [batch] = collect(WEDNESDAY, limit=2)
    assert (batch.state, len(batch.papers)) == (BatchState.PARTIAL, 2)
    assert "not valid JSON" in batch.reasons[0]


def test_a_server_that_repeats_its_page_does_not_keep_us_for_ever(
    upstream: Any, collect: Callable[..., list[Batch]]
) -> None:
    upstream.says(_asking(WEDNESDAY, 0, 2), _rows(1, 2))
    upstream.says(_asking(WEDNESDAY, 1, 2), _rows(1, 2))
    [batch] = collect(WEDNESDAY, limit=2)
    assert (batch.state, len(upstream.asked)) == (BatchState.PARTIAL, 2)


def test_an_empty_list_is_quiet_on_a_weekend_only(upstream: Any, collect: Callable[..., list[Batch]]) -> None:
    for number in (14, 15, 16):
        upstream.says(_asking(date(2026, 3, number)), "[]")
    states = [batch.state for batch in collect(date(2026, 3, 14), date(2026, 3, 16))]
    assert states == [BatchState.QUIET, BatchState.QUIET, BatchState.NOT_YET]


def test_a_day_to_come_is_not_yet_there(upstream: Any, collect: Callable[..., list[Batch]]) -> None:
    upstream.says(_asking(WEDNESDAY), '{"error": "Invalid date"}', status=400)
    [batch] = collect(WEDNESDAY)
    assert batch.state is BatchState.NOT_YET


def test_a_list_that_is_refused_today_is_not_yet_there_on_a_weekend_too(
    upstream: Any, collect: Callable[..., list[Batch]]
) -> None:
    saturday = date(2026, 3, 14)
    upstream.says(_asking(saturday), status=400)
    [batch] = collect(saturday, saturday)
    assert (batch.state, batch.reasons) == (BatchState.NOT_YET, ("there is no list of 2026-03-14 yet",))


def test_a_refusal_of_a_day_that_is_over_is_a_failure(upstream: Any, collect: Callable[..., list[Batch]]) -> None:
    sunday, monday = date(2026, 3, 8), date(2026, 3, 9)
    for day in (sunday, monday):
        upstream.says(_asking(day), '{"error": "Invalid date"}', status=400)
    upstream.says(_asking(date(2026, 3, 10)), _rows(1))
    batches = collect(sunday, date(2026, 3, 10))
    assert [batch.state for batch in batches] == [BatchState.BROKEN, BatchState.BROKEN, BatchState.OK]
    assert all("answered 400" in batch.reasons[0] for batch in batches[:2])


def test_a_reply_that_is_no_list_is_broken_and_named(upstream: Any, collect: Callable[..., list[Batch]]) -> None:
    upstream.says(_asking(WEDNESDAY), "<html>Sorry</html>")
    [batch] = collect(WEDNESDAY)
    assert batch.state is BatchState.BROKEN
    assert upstream.url in batch.reasons[0]


def test_after_a_403_no_other_day_is_asked(upstream: Any, collect: Callable[..., list[Batch]]) -> None:
    upstream.says(_asking(date(2026, 3, 9)), status=403)
    batches = collect(date(2026, 3, 9))
    assert len(upstream.asked) == 1
    assert [batch.state for batch in batches] == [BatchState.BLOCKED] * 3
