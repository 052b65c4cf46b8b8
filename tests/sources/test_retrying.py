"""What a busy server or a lost connection denied us is asked for again, after a while, and told."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import partial
from typing import Any

import httpx
import pytest

from digest.errors import SourceBlocked, SourceError
from digest.sources._http import Retries, open_http
from digest.sources._http.retrying import GaveUp, ask_patiently, retry_after_seconds
from tests.sources.plain_server import Clock, plain_server, reply

CUT = reply(Content_Length="500")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def open_timed(clock: Clock) -> Callable[..., Any]:
    return partial(open_http, "me@example.org", clock=clock, sleep=clock.sleep)


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_is_asked_again_when_it_said_and_that_is_told(
    status: int, clock: Clock, open_timed: Callable[..., Any]
) -> None:
    with plain_server(reply(status=status, Retry_After="2"), reply()) as server, open_timed() as http:
        found = http.get(server.url)
    assert (found.body, clock.slept) == (b"words", [2.0])
    assert found.troubles == (f"the server answered {status}, came after 2 s on attempt 2",)


@pytest.mark.parametrize("broken", [CUT, b"", b"HTTP/1.1 200 OK\r\n", b"nonsense\r\n\r\n"])
def test_a_lost_connection_and_a_cut_body_are_tried_again(broken: bytes, open_timed: Callable[..., Any]) -> None:
    with plain_server(broken, broken, reply()) as server, open_timed() as http:
        found = http.get(server.url)
    assert found.body == b"words"
    assert "Error: " in found.troubles[0]
    assert found.troubles[0].endswith("on attempt 3")


def test_every_failure_before_the_page_is_told(clock: Clock, open_timed: Callable[..., Any]) -> None:
    busy, busier = reply(status=503, Retry_After="1"), reply(status=429, Retry_After="5")
    with plain_server(busy, b"", busier, reply()) as server, open_timed() as http:
        [told] = http.get(server.url).troubles
    assert told.startswith("the server answered 503, then RemoteProtocolError: ")
    assert told.endswith(f", then the server answered 429, came after {round(sum(clock.slept), 1):g} s on attempt 4")


def test_waits_double_with_as_much_again_by_chance(clock: Clock, open_timed: Callable[..., Any]) -> None:
    with plain_server(reply(status=503)) as server, open_timed() as http, pytest.raises(SourceBlocked):
        http.get(server.url)
    assert [3 * 2**n <= waited <= 3 * 2**n + 3 for n, waited in enumerate(clock.slept)] == [True] * 3
    assert len(set(clock.slept)) == 3


def test_no_wait_is_longer_than_the_longest() -> None:
    clock = Clock()

    def fail() -> None:
        raise httpx.ReadError("lost")

    retries = Retries(attempts=9, first_seconds=3, most_seconds=20)
    with pytest.raises(GaveUp, match="tried 9 times"):
        ask_patiently(fail, retries, sleep=clock.sleep, seconds_left=lambda: 600)
    assert clock.slept[-3:] == [20.0] * 3


def test_a_server_that_stays_busy_blocks_us_in_the_end_and_how_often_it_was_asked_is_told(
    open_timed: Callable[..., Any],
) -> None:
    with (
        plain_server(reply(status=503)) as server,
        open_timed(retries=Retries(attempts=3)) as http,
        pytest.raises(SourceBlocked, match=r"^http.*/page: the server answered 503, tried 3 times$") as error,
    ):
        http.get(f"{server.url}/page")
    assert (error.value.status, len(server.told)) == (503, 3)


def test_a_reply_that_is_always_cut_is_an_error_with_its_cause(open_timed: Callable[..., Any]) -> None:
    with (
        plain_server(CUT) as server,
        open_timed(retries=Retries(attempts=2)) as http,
        pytest.raises(SourceError, match=r"RemoteProtocolError: .*, tried 2 times$"),
    ):
        http.get(server.url)
    assert len(server.told) == 2


@pytest.mark.parametrize("asked", ["601", "86400", "999999999999999"])
def test_a_wait_longer_than_ours_is_not_begun(asked: str, clock: Clock, open_timed: Callable[..., Any]) -> None:
    with (
        plain_server(reply(status=429, Retry_After=asked)) as server,
        open_timed() as http,
        pytest.raises(SourceBlocked, match=r"answered 429$"),
    ):
        http.get(server.url)
    assert (len(server.told), clock.slept) == (1, [])


def test_a_wait_longer_than_what_the_source_has_left_is_not_begun(clock: Clock, open_timed: Callable[..., Any]) -> None:
    with plain_server(reply(status=429, Retry_After="30")) as server, open_timed() as http:
        clock.now += 580
        with pytest.raises(SourceBlocked):
            http.get(server.url)
    assert clock.slept == []


@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_server_that_fails_is_asked_again_after_a_wait_and_never_counts_as_one_that_refuses_us(
    status: int, clock: Clock, open_timed: Callable[..., Any]
) -> None:
    fault = reply(b"Oh dear", status=status)
    with plain_server(fault, reply(), fault) as server, open_timed(retries=Retries(attempts=2)) as http:
        found = http.get(server.url)
        with pytest.raises(SourceError, match=rf"answered {status}: Oh dear, tried 2 times$") as error:
            http.get(server.url)
    assert found.troubles[0].startswith(f"the server answered {status}: Oh dear, came after ")
    assert [3 <= waited <= 6 for waited in clock.slept] == [True] * 2
    assert not isinstance(error.value, SourceBlocked)


@pytest.mark.parametrize("status", [400, 403, 404, 501])
def test_what_waiting_does_not_mend_is_not_tried_again(status: int, open_timed: Callable[..., Any]) -> None:
    with (
        plain_server(reply(status=status)) as server,
        open_timed() as http,
        pytest.raises(SourceError, match=rf"answered {status}: words$"),
    ):
        http.get(server.url)
    assert len(server.told) == 1


def test_an_address_of_an_unknown_kind_is_tried_once() -> None:
    tries = itertools.count(1)

    def fail() -> None:
        next(tries)
        raise httpx.UnsupportedProtocol("gopher")

    with pytest.raises(GaveUp, match=r"^UnsupportedProtocol: gopher$"):
        ask_patiently(fail, Retries(), sleep=Clock().sleep, seconds_left=lambda: 600)
    assert next(tries) == 2


def test_retry_after_is_seconds_or_a_date_beside_the_replys_own() -> None:
    assert retry_after_seconds({"retry-after": "120"}) == 120.0
    dated = {"retry-after": "Wed, 11 Mar 2026 10:02:00 GMT", "date": "Wed, 11 Mar 2026 10:00:00 GMT"}
    assert retry_after_seconds(dated) == 120.0
    assert retry_after_seconds({"retry-after": "Wed, 11 Mar 2026 10:02:00 GMT"}) is None
    assert retry_after_seconds({"retry-after": "soon", "date": dated["date"]}) is None
    assert retry_after_seconds({}) is None


@pytest.mark.parametrize(
    "date", [f"Wed, 11 Mar {'9' * 20} 10:02:00 GMT", f"Wed, 11 Mar 2026 10:02:00 +{'9' * 20}", "Wed, 11 Mar 99999"]
)
def test_a_date_beyond_all_calendars_asks_for_nothing(date: str) -> None:
    sound = "Wed, 11 Mar 2026 10:00:00 GMT"
    assert retry_after_seconds({"retry-after": date, "date": sound}) is None
    assert retry_after_seconds({"retry-after": sound, "date": date}) is None
