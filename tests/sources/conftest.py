"""A real web server that plays the upstream, and the pages we wrote in each upstream's format."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from digest.sources._http import HttpClient, Retries, open_http

# a loaded machine is slow, and that is no fault
settings.register_profile("unhurried", deadline=None, suppress_health_check=(HealthCheck.too_slow,))
settings.load_profile("unhurried")


@dataclass(frozen=True)
class Answer:
    """What the server says to one request."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class Upstream(ThreadingHTTPServer):
    """Answers each path with its own answers in their order, the last one for ever; notes what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: dict[str, list[Answer]] = {}
        self.asked: list[str] = []
        self.user_agents: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def says(
        self, path: str, body: bytes | str = b"", *, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> None:
        content = body.encode() if isinstance(body, str) else body
        self.answers.setdefault(path, []).append(Answer(status, content, headers or {}))


class _Handler(BaseHTTPRequestHandler):
    server: Upstream

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.server.user_agents.append(self.headers["User-Agent"])
        answers = self.server.answers.get(self.path) or [Answer(status=404)]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        self.send_response(answer.status)
        for name, value in {"Content-Length": str(len(answer.body)), **answer.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's own name
        """Stay silent."""


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def http() -> Iterator[HttpClient]:
    with open_http("operator@example.org", retries=Retries(attempts=2, first_seconds=0.001)) as client:
        yield client


@pytest.fixture(scope="session")
def page() -> Callable[[str], bytes]:
    """Reads one of our pages by name."""
    folder = Path(__file__).parent.parent / "pages"
    return lambda name: (folder / name).read_bytes()
