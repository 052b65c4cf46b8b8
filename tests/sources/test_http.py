import gzip
import socket
from typing import Any

import httpx
import pytest

from digest.errors import SourceBlocked, SourceError
from digest.sources._http import (
    HttpClient,
    Pace,
    Retries,
    _refuse_downgrade,
    is_loopback,
    open_http,
    retry_after_seconds,
)

NO_WAIT = Retries(attempts=3, first_seconds=0.0)


def test_a_page_comes_with_its_address_and_we_say_who_asks(upstream: Any, http: HttpClient) -> None:
    upstream.says("/page?a=1&q=two+words", "words", headers={"ETag": '"7"'})
    reply = http.get(f"{upstream.url}/page?a=1", params={"q": "two words"})
    assert (reply.status, reply.body, reply.headers["etag"]) == (200, b"words", '"7"')
    assert reply.url == f"{upstream.url}/page?a=1&q=two+words"
    assert upstream.user_agents[0].startswith("digest")
    assert upstream.user_agents[0].endswith("(+mailto:operator@example.org)")


def test_a_contact_cannot_add_a_header(upstream: Any) -> None:
    upstream.says("/page", "words")
    with open_http("me@example.org\r\nX-Evil: 1") as http:
        http.get(f"{upstream.url}/page")
    assert upstream.user_agents[0].endswith("(+mailto:me@example.orgX-Evil: 1)")


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_is_asked_again(upstream: Any, http: HttpClient, status: int) -> None:
    upstream.says("/page", status=status, headers={"Retry-After": "0"})
    upstream.says("/page", "words")
    assert http.get(f"{upstream.url}/page").body == b"words"
    assert len(upstream.asked) == 2


def test_a_server_that_stays_busy_blocks_us_in_the_end(upstream: Any) -> None:
    upstream.says("/page", status=503)
    with (
        open_http("me@example.org", retries=NO_WAIT) as http,
        pytest.raises(SourceBlocked, match=r"/page.*503") as error,
    ):
        http.get(f"{upstream.url}/page")
    assert (error.value.status, len(upstream.asked)) == (503, 3)


def test_a_wait_longer_than_ours_is_not_begun(upstream: Any, http: HttpClient) -> None:
    upstream.says("/page", status=429, headers={"Retry-After": "86400"})
    with pytest.raises(SourceBlocked):
        http.get(f"{upstream.url}/page")
    assert len(upstream.asked) == 1


def test_a_403_is_never_tried_again(upstream: Any, http: HttpClient) -> None:
    upstream.says("/page", status=403)
    with pytest.raises(SourceBlocked, match="403") as error:
        http.get(f"{upstream.url}/page")
    assert (error.value.status, len(upstream.asked)) == (403, 1)


@pytest.mark.parametrize("status", [204, 304, 400, 404, 406, 500])
def test_any_other_status_is_an_error_that_names_address_and_status(
    upstream: Any, http: HttpClient, status: int
) -> None:
    upstream.says("/page", status=status)
    with pytest.raises(SourceError, match=rf"/page: the server answered {status}") as error:
        http.get(f"{upstream.url}/page")
    assert not isinstance(error.value, SourceBlocked)
    assert error.value.status == status


def test_a_server_that_is_not_there_is_an_error_that_names_the_address(http: HttpClient) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/page"
        with pytest.raises(SourceError, match=f"{url}: ConnectError"):
            http.get(url)


def test_a_reply_cut_in_the_middle_is_an_error(upstream: Any, http: HttpClient) -> None:
    upstream.says("/page", "words", headers={"Content-Length": "500"})
    with pytest.raises(SourceError, match="RemoteProtocolError"):
        http.get(f"{upstream.url}/page")
    assert len(upstream.asked) == 2


@pytest.mark.parametrize("url", ["ftp://example.org/x", "http://[::", "nonsense"])
def test_an_address_that_cannot_be_asked_is_an_error(http: HttpClient, url: str) -> None:
    with pytest.raises(SourceError):
        http.get(url)


def test_redirects_are_followed_a_few_times(upstream: Any, http: HttpClient) -> None:
    for hop in range(5):
        upstream.says(f"/{hop}", status=302, headers={"Location": f"/{hop + 1}"})
    upstream.says("/5", "words")
    assert http.get(f"{upstream.url}/0").url == f"{upstream.url}/5"
    upstream.says("/loop", status=302, headers={"Location": "/loop"})
    with pytest.raises(SourceError, match="more than 5 redirects"):
        http.get(f"{upstream.url}/loop")


def test_a_redirect_never_leaves_https_but_for_this_machine() -> None:
    secure = httpx.URL("https://one.example/a")
    with pytest.raises(SourceError, match=r"one\.example/a: redirected to http://one\.example/b"):
        _refuse_downgrade(secure, httpx.URL("http://one.example/b"))
    _refuse_downgrade(secure, httpx.URL("https://two.example/"))
    _refuse_downgrade(secure, httpx.URL("http://127.0.0.1/"))
    _refuse_downgrade(httpx.URL("http://mirror.example/"), httpx.URL("http://mirror.example/b"))


def test_a_body_over_the_limit_is_refused_packed_or_not(upstream: Any) -> None:
    upstream.says("/plain", b"x" * 1_001)
    upstream.says("/bomb", gzip.compress(b"\0" * 100_000), headers={"Content-Encoding": "gzip"})
    with open_http("me@example.org", max_bytes=1_000) as http:
        for path in ("/plain", "/bomb"):
            with pytest.raises(SourceError, match=f"{path}: larger than 1000 bytes"):
                http.get(upstream.url + path)


def test_a_packed_body_is_unpacked_and_a_damaged_one_refused(upstream: Any, http: HttpClient) -> None:
    packed = gzip.compress(b"words")
    upstream.says("/good", packed, headers={"Content-Encoding": "gzip"})
    upstream.says("/bad", packed[:-3], headers={"Content-Encoding": "gzip"})
    upstream.says("/odd", packed, headers={"Content-Encoding": "br"})
    assert http.get(f"{upstream.url}/good").body == b"words"
    with pytest.raises(SourceError, match="cut short"):
        http.get(f"{upstream.url}/bad")
    with pytest.raises(SourceError, match="'br' was not asked for"):
        http.get(f"{upstream.url}/odd")


class _Clock:
    """A clock that moves only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def test_two_requests_to_one_host_keep_their_distance_and_other_hosts_do_not_wait() -> None:
    clock = _Clock()
    pace = Pace(3.0, clock=clock, sleep=clock.sleep)
    first, second = httpx.URL("https://one.example/a"), httpx.URL("https://two.example/a")
    pace.wait_for(first)
    pace.wait_for(second)
    assert clock.slept == []
    clock.now += 1.0
    pace.wait_for(first)
    pace.wait_for(first)
    assert clock.slept == [2.0, 3.0]


def test_this_machine_is_never_kept_waiting() -> None:
    clock = _Clock()
    pace = Pace(3.0, clock=clock, sleep=clock.sleep)
    for host in ("localhost", "127.0.0.1", "127.8.8.8", "[::1]"):
        for _ in range(2):
            pace.wait_for(httpx.URL(f"http://{host}/"))
    assert clock.slept == []
    assert not is_loopback("localhost.example.org")


def test_retry_after_is_seconds_or_a_date_beside_the_replys_own() -> None:
    assert retry_after_seconds({"retry-after": "120"}) == 120.0
    dated = {"retry-after": "Wed, 11 Mar 2026 10:02:00 GMT", "date": "Wed, 11 Mar 2026 10:00:00 GMT"}
    assert retry_after_seconds(dated) == 120.0
    assert retry_after_seconds({"retry-after": "Wed, 11 Mar 2026 10:02:00 GMT"}) is None
    assert retry_after_seconds({"retry-after": "soon", "date": dated["date"]}) is None
    assert retry_after_seconds({}) is None
