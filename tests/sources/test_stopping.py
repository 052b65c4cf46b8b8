"""A stop doesn't wait for a slow server, and asks nothing more of any."""

from __future__ import annotations

import socket
import threading
from contextlib import closing, suppress
from typing import Any

import pytest

from digest.errors import SourceError
from digest.sources._http import READ_SECONDS, open_http
from tests.sources.plain_server import plain_server, reply

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"


@pytest.fixture
def stop() -> threading.Event:
    return threading.Event()


class SilentServer:
    """Takes one connection and its request, says what it was given, sets `stop`, and is silent from then on."""

    def __init__(self, words: bytes, stop: threading.Event) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/page"
        self.connection = socket.socket()
        self._thread = threading.Thread(target=self._serve, args=(words, stop))
        self._thread.start()

    def _serve(self, words: bytes, stop: threading.Event) -> None:
        self.connection.close()
        self.connection, _ = self._listener.accept()
        self.connection.recv(10_000)
        self.connection.sendall(words)
        stop.set()

    def is_still_asked(self) -> bool:
        """Whether the other side keeps its connection."""
        self.connection.setblocking(False)
        try:
            return self.connection.recv(1) != b""
        except BlockingIOError:
            return True
        finally:
            self.connection.setblocking(True)

    def hangs_up_on(self, words: bytes) -> bool:
        """Say some more; whether the other side then closes its connection instead of waiting on."""
        self.connection.settimeout(READ_SECONDS / 2)  # sooner than the other side loses its patience
        with suppress(ConnectionError):
            self.connection.sendall(words)
            return self.connection.recv(1) == b""
        return True

    def close(self) -> None:
        self._thread.join()
        self._listener.close()
        self.connection.close()


@pytest.mark.parametrize("words", [b"", b"HTTP/1.1 200 OK\r\n", HEAD])
def test_a_silent_server_holds_up_no_stop(words: bytes, stop: threading.Event) -> None:
    with closing(SilentServer(words, stop)) as server:
        with open_http("me@example.org", stopping=stop.is_set) as http, pytest.raises(SourceError, match=r"^stopped$"):
            http.get(server.url)
        assert server.is_still_asked()


@pytest.mark.parametrize(("words", "more"), [(b"", HEAD + b"x" * 100), (HEAD, b"x" * 100), (HEAD + b"x", b"x")])
def test_a_request_left_behind_ends_with_the_server_s_next_words(
    words: bytes, more: bytes, stop: threading.Event
) -> None:
    with closing(SilentServer(words, stop)) as server:
        with open_http("me@example.org", stopping=stop.is_set) as http, pytest.raises(SourceError, match=r"^stopped$"):
            http.get(server.url)
        assert server.hangs_up_on(more)


def test_after_a_stop_nothing_is_asked(upstream: Any) -> None:
    upstream.says("/page", "words")
    with open_http("me@example.org", stopping=lambda: True) as http, pytest.raises(SourceError, match=r"^stopped$"):
        http.get(f"{upstream.url}/page")
    assert upstream.asked == []


def test_a_redirect_is_not_followed_after_a_stop(stop: threading.Event) -> None:
    def redirect(connection: socket.socket) -> None:
        stop.set()
        connection.sendall(reply(b"", status=302, Location="/other"))

    with (
        plain_server(redirect) as server,
        open_http("me@example.org", stopping=stop.is_set) as http,
        pytest.raises(SourceError, match=r"^stopped$"),
    ):
        http.get(server.url)
    assert len(server.told) == 1


def test_a_wait_between_two_requests_holds_up_no_stop(upstream: Any, stop: threading.Event) -> None:
    upstream.says("/page", "words")
    url = f"http://127.1:{upstream.server_port}/page"  # this machine under a name that isn't known as such
    waited = threading.Event()
    sleepers = []

    def sleep(_: float) -> None:
        sleepers.append(threading.current_thread())
        stop.set()
        waited.wait()

    with open_http("me@example.org", sleep=sleep, stopping=stop.is_set) as http:
        http.get(url)
        with pytest.raises(SourceError, match=r"^stopped$"):
            http.get(url)
    waited.set()
    sleepers[0].join()
    assert upstream.asked == ["/page"]


def test_a_wait_before_another_try_holds_up_no_stop(upstream: Any, stop: threading.Event) -> None:
    upstream.says("/page", status=503)
    waited = threading.Event()
    sleepers = []

    def sleep(_: float) -> None:
        sleepers.append(threading.current_thread())
        stop.set()
        waited.wait()

    with (
        open_http("me@example.org", sleep=sleep, stopping=stop.is_set) as http,
        pytest.raises(SourceError, match=r"^stopped$"),
    ):
        http.get(f"{upstream.url}/page")
    waited.set()
    sleepers[0].join()
    assert upstream.asked == ["/page"]
