"""One page after another: who asks, what is an error, and what is bounded."""

from __future__ import annotations

import gzip
import socket
import threading
import time
import tracemalloc
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any

import pytest

from digest.errors import SourceBlocked, SourceError
from digest.sources._http import HttpClient, Reply, Retries, open_http
from tests.sources.plain_server import Clock, plain_server, reply

ONCE = Retries(attempts=1)
ENDLESS = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def test_a_page_comes_with_its_address_and_we_say_who_asks(upstream: Any, http: HttpClient) -> None:
    upstream.says("/page?a=1&q=two+words", "words", headers={"ETag": '"7"'})
    found = http.get(f"{upstream.url}/page?a=1", params={"q": "two words"})
    assert (found.status, found.body, found.headers["etag"]) == (200, b"words", '"7"')
    assert (found.url, found.troubles) == (f"{upstream.url}/page?a=1&q=two+words", ())
    assert not found.is_unchanged
    assert upstream.user_agents[0].startswith("digest")
    assert upstream.user_agents[0].endswith("(+mailto:operator@example.org)")


def test_a_contact_cannot_add_a_header(upstream: Any) -> None:
    upstream.says("/page", "words")
    with open_http("me@example.org\r\nX-Evil: 1") as http:
        http.get(f"{upstream.url}/page")
    assert upstream.user_agents[0].endswith("(+mailto:me@example.orgX-Evil: 1)")


def test_a_page_in_another_charset_comes_as_utf_8(upstream: Any, http: HttpClient) -> None:
    upstream.says("/good", b"caf\xe9", headers={"Content-Type": "text/plain; charset=iso-8859-1"})
    upstream.says("/bad", b"caf\xe9", headers={"Content-Type": "text/plain; charset=utf-8"})
    assert http.get(f"{upstream.url}/good").body == "café".encode()
    with pytest.raises(SourceError, match=r"/bad: not UTF-8 text: byte 3 is invalid"):
        http.get(f"{upstream.url}/bad")


def test_after_a_403_this_source_asks_the_server_no_more(upstream: Any, http: HttpClient) -> None:
    upstream.says("/secret", status=403)
    upstream.says("/page", "words")
    with pytest.raises(SourceBlocked, match=r"/secret: the server answered 403"):
        http.get(f"{upstream.url}/secret")
    with pytest.raises(SourceBlocked, match=r"/page: not asked after a refusal: .*/secret: .*403") as error:
        http.get(f"{upstream.url}/page")
    assert (error.value.status, upstream.asked) == (403, ["/secret"])


def test_after_a_403_no_other_source_asks_the_service_either(upstream: Any, clock: Clock) -> None:
    upstream.says("/secret", status=403)
    upstream.says("/page", "words")
    url = f"http://127.1:{upstream.server_port}"  # this machine under a name that isn't known as such
    with open_http("me@example.org", clock=clock, sleep=clock.sleep) as http:
        with pytest.raises(SourceBlocked):
            http.for_source().get(f"{url}/secret")
        with pytest.raises(SourceBlocked, match=r"/page: not asked after a refusal: .*/secret: .*403"):
            http.for_source().get(f"{url}/page")
        assert http.for_source().get(f"{upstream.url}/page").body == b"words"
    assert (upstream.asked, clock.slept) == (["/secret", "/page"], [])


def test_a_source_that_waited_for_its_turn_while_another_one_was_refused_asks_nothing() -> None:
    with ThreadPoolExecutor() as threads, open_http("me@example.org", sleep=lambda _: None) as http:
        late: list[Future[Reply]] = []

        def refuse(connection: socket.socket) -> None:
            late.append(threads.submit(http.for_source().get, f"{url}/late"))
            time.sleep(0.3)  # for it to queue up
            connection.sendall(reply(status=403))

        with plain_server(refuse, reply()) as server:
            url = server.url.replace("127.0.0.1", "127.1")  # this machine under a name that isn't known as such
            with pytest.raises(SourceBlocked):
                http.for_source().get(f"{url}/secret")
            with pytest.raises(SourceBlocked, match="not asked after a refusal"):
                late[0].result(timeout=30)
        assert len(server.told) == 1


def test_a_redirect_to_a_server_that_refused_us_is_not_followed(upstream: Any, http: HttpClient) -> None:
    upstream.says("/secret", status=403)
    with plain_server(reply(b"", status=302, Location=f"{upstream.url}/secret")) as server:
        url = server.url.replace("127.0.0.1", "localhost")
        for _ in range(2):
            with pytest.raises(SourceBlocked):
                http.get(url)
    assert (len(server.told), upstream.asked) == (2, ["/secret"])


@pytest.mark.parametrize("status", [204, 304, 400, 404, 406])
def test_any_other_status_is_an_error_that_names_address_and_status(
    upstream: Any, http: HttpClient, status: int
) -> None:
    upstream.says("/page", status=status)
    with pytest.raises(SourceError, match=rf"/page: the server answered {status}$") as error:
        http.get(f"{upstream.url}/page")
    assert not isinstance(error.value, SourceBlocked)
    assert error.value.status == status


def test_a_server_that_is_not_there_is_an_error_that_names_the_address(http: HttpClient) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/page"
        with pytest.raises(SourceError, match=f"{url}: ConnectError"):
            http.get(url)


@pytest.mark.parametrize("url", ["ftp://example.org/x", "http://[::", "nonsense", "http://127.0.0.1:port/", "http://"])
def test_an_address_that_cannot_be_asked_is_an_error(http: HttpClient, url: str) -> None:
    with pytest.raises(SourceError):
        http.get(url)


def test_a_body_over_the_limit_is_refused_packed_or_not(upstream: Any) -> None:
    upstream.says("/plain", b"x" * 1_001)
    upstream.says("/bomb", gzip.compress(b"\0" * 100_000), headers={"Content-Encoding": "gzip"})
    with open_http("me@example.org", max_bytes=1_000) as http:
        for path in ("/plain", "/bomb"):
            with pytest.raises(SourceError, match=f"{path}: larger than 1000 bytes"):
                http.get(upstream.url + path)
    assert upstream.asked == ["/plain", "/bomb"]


def _say_for_ever(connection: socket.socket, *, head: bytes, piece: bytes, said: list[int]) -> None:
    connection.sendall(head)
    with suppress(ConnectionError):
        while True:
            connection.sendall(piece)
            said.append(len(piece))


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (ENDLESS, b"10000\r\n" + b"x" * 65_536 + b"\r\n"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2147483648\r\n\r\n", b"x" * 65_536),
        (ENDLESS.replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n"), b"10000\r\n" + b"x" * 65_536 + b"\r\n"),
    ],
)
def test_an_endless_body_ends_at_the_limit_and_takes_no_more_memory_than_that(head: bytes, piece: bytes) -> None:
    said: list[int] = []
    talk = partial(_say_for_ever, head=head, piece=piece, said=said)
    with plain_server(talk) as server, open_http("me@example.org", max_bytes=1_000_000, retries=ONCE) as http:
        tracemalloc.start()
        with pytest.raises(SourceError, match="larger than 1000000 bytes"):
            http.get(server.url)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 4_000_000
    assert sum(said) < 40_000_000  # what was under way in buffers


def test_a_packed_body_is_unpacked_and_a_damaged_one_refused(upstream: Any, http: HttpClient) -> None:
    packed = gzip.compress(b"words")
    upstream.says("/good", packed, headers={"Content-Encoding": "gzip"})
    upstream.says("/bad", packed[:-3], headers={"Content-Encoding": "gzip"})
    upstream.says("/odd", packed, headers={"Content-Encoding": "br"})
    assert http.get(f"{upstream.url}/good").body == b"words"
    with pytest.raises(SourceError, match=r"/bad: .*cut short"):
        http.get(f"{upstream.url}/bad")
    with pytest.raises(SourceError, match="'br' was not asked for"):
        http.get(f"{upstream.url}/odd")


def test_no_connection_is_left_open_after_its_page(http: HttpClient) -> None:
    ended: list[bytes] = []

    def talk(connection: socket.socket) -> None:
        connection.sendall(reply())
        ended.append(connection.recv(1))

    with plain_server(talk) as server:
        assert [http.get(server.url).body for _ in range(2)] == [b"words"] * 2
    assert ended == [b"", b""]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def open_timed(clock: Clock) -> Callable[..., Any]:
    return partial(open_http, "me@example.org", clock=clock, sleep=clock.sleep)


def test_a_source_whose_time_is_over_asks_nothing_more(
    upstream: Any, clock: Clock, open_timed: Callable[..., Any]
) -> None:
    upstream.says("/page", "words")
    with open_timed() as http:
        source = http.for_source()
        clock.now += 599
        assert source.get(f"{upstream.url}/page").body == b"words"
        clock.now += 2
        with pytest.raises(SourceError, match=r"/page: not complete within the 600 seconds that a source has"):
            source.get(f"{upstream.url}/page")
        assert http.for_source().get(f"{upstream.url}/page").body == b"words"
    assert len(upstream.asked) == 2


def test_a_server_that_never_answers_costs_the_source_no_more_than_its_time(
    clock: Clock, open_timed: Callable[..., Any]
) -> None:
    is_given_up = threading.Event()

    def talk(_connection: socket.socket) -> None:
        clock.now += 601
        is_given_up.wait()

    with plain_server(talk) as server, open_timed() as http:
        with pytest.raises(SourceError, match="not complete within the 600 seconds"):
            http.get(server.url)
        is_given_up.set()


def test_a_body_that_drips_is_given_up_and_asked_for_again(clock: Clock, open_timed: Callable[..., Any]) -> None:
    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")
        with suppress(ConnectionError):
            for _ in range(9):
                clock.now += 60
                connection.sendall(b"x")
                time.sleep(0.01)

    with plain_server(drip, reply()) as server, open_timed(retries=Retries(attempts=2, first_seconds=0)) as http:
        found = http.get(server.url)
    assert found.body == b"words"
    assert found.troubles == ("ReadTimeout: not complete after 150 seconds, came after 0 s on attempt 2",)
