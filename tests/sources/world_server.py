"""Serves a World over HTTP as arXiv and Hugging Face do, with faults thrown in; notes what it was asked."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from enum import Enum, auto
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit

from tests.sources.world import ROWS_A_PAGE, World


class Kind(Enum):
    """What goes wrong."""

    TOO_MANY = auto()  # 429 with Retry-After
    UNAVAILABLE = auto()  # 503 with Retry-After
    TRUNCATED = auto()  # the body ends before its promised length
    CUT = auto()  # a sound reply whose document ends in the middle
    SLOW = auto()  # bytes drip
    HTML = auto()  # a page for people, with status 200
    EMPTY_PAGE = auto()  # an empty page in the middle of a list
    UNDATED = auto()  # dates in a form that nobody knows
    EXPIRED = auto()  # a resumption token of yesterday
    DOWN = auto()  # 500


@dataclass
class Fault:
    """Something that goes wrong on a day, for so many requests whose path begins in a certain way."""

    day: date
    path: str
    kind: Kind
    times: int = 1


@dataclass
class WorldServer:
    """The world, its faults, and what was asked."""

    world: World
    faults: list[Fault] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    url: str = ""

    def take_fault(self, path: str) -> Kind | None:
        for fault in self.faults:
            if fault.times and fault.day == self.world.today and path.startswith(fault.path):
                fault.times -= 1
                return fault.kind
        return None

    def answer(self, path: str, *, is_empty: bool) -> str | None:
        """The body for a path; None where the server would say 400."""
        parts = urlsplit(path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        match parts.path.split("/")[1:]:
            case ["rss", category]:
                return self.world.feed(category)
            case ["oai"]:
                return self._harvest(query, is_empty=is_empty)
            case ["api"]:
                return self.world.details(query["id_list"].split(","))
            case ["hf"]:
                limit, page = int(query["limit"]), int(query["p"])
                return self.world.listing(date.fromisoformat(query["date"]), page=page, limit=limit)
        return None

    def _harvest(self, query: dict[str, str], *, is_empty: bool) -> str:
        if token := query.get("resumptionToken"):
            category, since, skip = token.split("/")
        else:
            group, *rest = query["set"].split(":")
            category, since, skip = ".".join(rest) if group != rest[-1] else group, query["from"], "0"
        if is_empty:
            return self.world.harvest(category, date.fromisoformat(since), skip=int(skip), rows=0)
        return self.world.harvest(category, date.fromisoformat(since), skip=int(skip), rows=ROWS_A_PAGE)


class _HttpServer(ThreadingHTTPServer):
    def __init__(self, served: WorldServer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.served = served

    def handle_error(self, request: object, client_address: object) -> None:
        """Stay silent: a client that gives up on a slow body is what a test wants."""


class _Handler(BaseHTTPRequestHandler):
    server: _HttpServer

    def do_GET(self) -> None:
        served = self.server.served
        served.asked.append(self.path)
        kind = served.take_fault(self.path)
        body = served.answer(self.path, is_empty=kind is Kind.EMPTY_PAGE)
        content = _spoil(body or "", kind)
        status = (
            HTTPStatus.BAD_REQUEST if body is None else _STATUSES.get(kind, HTTPStatus.OK) if kind else HTTPStatus.OK
        )
        self.send_response(status)
        if kind in (Kind.TOO_MANY, Kind.UNAVAILABLE):
            self.send_header("Retry-After", "0")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if kind is Kind.SLOW:
            self._drip(content)
        else:
            self.wfile.write(content[: len(content) // 2] if kind is Kind.TRUNCATED else content)
        self.close_connection = kind is Kind.TRUNCATED

    def _drip(self, content: bytes) -> None:
        with suppress(OSError):  # whoever asked has given up
            for byte in content:
                self.wfile.write(bytes([byte]))
                time.sleep(0.05)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's own name
        """Stay silent."""


_STATUSES: dict[Kind | None, HTTPStatus] = {
    Kind.TOO_MANY: HTTPStatus.TOO_MANY_REQUESTS,
    Kind.UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
    Kind.DOWN: HTTPStatus.INTERNAL_SERVER_ERROR,
}


def _spoil(body: str, kind: Kind | None) -> bytes:
    match kind:
        case Kind.HTML:
            return b"<!DOCTYPE html><html><body>We are busy.</body></html>"
        case Kind.EXPIRED:
            error = "<error code='badResumptionToken'>Begin anew.</error>"
            return f"<OAI-PMH xmlns='http://www.openarchives.org/OAI/2.0/'>{error}</OAI-PMH>".encode()
        case Kind.UNDATED:
            return re.sub("<date>.*?</date>", "<date>last spring</date>", body).encode()
        case Kind.CUT:
            return body.encode()[: len(body) // 2]
        case _:
            return body.encode()


@contextmanager
def serve_world(world: World) -> Iterator[WorldServer]:
    """The world at an address of its own."""
    served = WorldServer(world)
    with _HttpServer(served) as http:
        served.url = f"http://127.0.0.1:{http.server_port}"
        thread = Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield served
        finally:
            http.shutdown()
            thread.join()
