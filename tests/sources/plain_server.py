"""A web server that says exact bytes, however wrong they are, and notes every byte that it was told."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

Talk = Callable[[socket.socket], None]


@dataclass
class PlainServer:
    """Answers one connection after another, the last answer for ever."""

    answers: list[bytes | Talk]
    port: int
    told: list[str] = field(default_factory=list)
    """The head of each request."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def serve(self, listener: socket.socket) -> None:
        with suppress(OSError):  # closed at the end of the test
            while True:
                connection, _ = listener.accept()
                answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
                with connection, suppress(ConnectionError):
                    self.told.append(connection.recv(65_536).decode("ascii"))
                    answer(connection) if callable(answer) else connection.sendall(answer)


@contextmanager
def plain_server(*answers: bytes | Talk) -> Iterator[PlainServer]:
    """A PlainServer on a free port of this machine."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = PlainServer(list(answers), listener.getsockname()[1])
        thread = threading.Thread(target=server.serve, args=(listener,))
        thread.start()
        try:
            yield server
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def reply(body: bytes = b"words", *, status: int = 200, **headers: str) -> bytes:
    """A whole reply; `content_type="…"` is the header Content-Type."""
    told = {"Content-Length": str(len(body))} | {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"HTTP/1.1 {status} Whatever", *(f"{name}: {value}" for name, value in told.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@dataclass
class Clock:
    """Moves only when somebody sleeps."""

    now: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
