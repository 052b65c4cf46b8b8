"""The polite client: one page after another, bounded, kept, and asked for by name. Understands no page."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import Future, wait
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from http import HTTPStatus
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import httpx

from digest.errors import SourceBlocked, SourceError
from digest.sources._http.addresses import Resolve, resolve
from digest.sources._http.allowance import Allowance
from digest.sources._http.archive import Archive
from digest.sources._http.charset import to_utf8
from digest.sources._http.exchange import Exchange
from digest.sources._http.pace import Pace
from digest.sources._http.question import Question, make_question
from digest.sources._http.retrying import BUSY, GaveUp, Retries, ask_patiently
from digest.sources._http.stopping import await_result, begin
from digest.sources.formats.decoding import MOST_BYTES

__all__ = ["HttpClient", "Reply", "Retries", "open_http"]

CONNECT_SECONDS = 10.0
READ_SECONDS = 60.0
SOURCE_SECONDS = 600.0
_BLOCKING = BUSY | {HTTPStatus.FORBIDDEN}


@dataclass(frozen=True, slots=True)
class Reply:
    """A page that the server gave with status 200, or gave so before and now says is unchanged."""

    url: str
    """The address it came from, after redirects, without secrets."""
    status: int
    body: bytes
    """Decompressed; text is UTF-8."""
    headers: Mapping[str, str] = field(default_factory=dict)
    troubles: tuple[str, ...] = ()
    """What went wrong before it came, such as a refusal that was waited out."""
    is_unchanged: bool = False
    """Whether this is the page we kept, as the server says that it still is the same."""


@dataclass(frozen=True, slots=True)
class _Equipment:
    """What the clients of all sources share."""

    contact: str
    exchange: Exchange
    archive: Archive | None
    retries: Retries
    sleep: Callable[[float], None]
    allow: Callable[[], Allowance]
    """Makes the allowance of one source, whose time begins then."""
    is_closed: threading.Event
    under_way: set[Future[Reply]] = field(default_factory=set)


class HttpClient:
    """Asks for the pages of one source; made by `open_http`."""

    def __init__(self, equipment: _Equipment) -> None:
        self._equipment = equipment
        self._allowance = equipment.allow()

    @property
    def contact(self) -> str:
        """The operator's address, for servers that ask for it by a parameter of their own."""
        return self._equipment.contact

    def for_source(self) -> HttpClient:
        """A client with an allowance of its own: no lost time of another source counts for it, but a 403 does."""
        return HttpClient(self._equipment)

    def get(
        self,
        url: str,
        *,
        params: Mapping[str, str | int] | None = None,
        secrets: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """The page at `url`; `params` become its query, and so do `secrets`, which are never shown.

        `headers` go to that server alone, wherever it redirects us. Raises SourceBlocked on 403, 429 and 503, and
        without asking once the service has answered 403, whichever source asked; SourceError on anything else but a
        sound reply of status 200. Both name the address and the cause. Raises SourceError("stopped") as soon as the
        program is asked to stop.
        """
        question = make_question(url, params=params or {}, secrets=secrets or {}, headers=headers or {})
        request = begin(partial(self._get, question))
        self._equipment.under_way.add(request)
        request.add_done_callback(self._equipment.under_way.discard)
        return await_result(request, partial(self._allowance.check, question.asked))

    def close(self) -> None:
        """Stop all sources' requests, and close the connections once those are over that were left behind."""
        self._equipment.is_closed.set()
        if left_behind := tuple(self._equipment.under_way):
            begin(partial(_close_after, left_behind, self._equipment.exchange.connections))
        else:
            self._equipment.exchange.connections.close()

    def _get(self, question: Question) -> Reply:
        try:
            return self._fetch(question)
        except SourceError as error:  # what caused it may hold secrets too
            raise type(error)(question.conceal(str(error)), status=error.status) from None

    def _fetch(self, question: Question) -> Reply:
        archive, retries = self._equipment.archive, self._equipment.retries
        kept = archive.latest(question.asked) if archive else None
        ask = partial(self._equipment.exchange.ask, question, kept, self._allowance)
        try:
            page, troubles = ask_patiently(
                ask, retries, sleep=self._equipment.sleep, seconds_left=self._allowance.seconds_left
            )
        except GaveUp as failure:
            raise _as_source_error(failure, question.place(failure.error.request.url)) from failure
        except (httpx.InvalidURL, UnicodeError) as error:
            raise SourceError(f"{question.asked}: {type(error).__name__}: {error}") from error
        if archive and page is not kept:
            archive.keep(replace(page, body=question.conceal_in_body(page.body)))
        try:
            body = to_utf8(page.body, page.headers.get("content-type", ""))
        except SourceError as error:
            raise SourceError(f"{page.url}: {error}") from error
        told = tuple(question.conceal(trouble) for trouble in troubles)
        return Reply(page.url, page.status, body, page.headers, told, is_unchanged=page is kept)


@contextmanager
def open_http(
    contact: str,
    *,
    folder: Path | None = None,
    retention: timedelta | None = None,
    wait_seconds: float = 0.0,
    source_seconds: float = SOURCE_SECONDS,
    max_bytes: int = MOST_BYTES,
    retries: Retries | None = None,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    resolve: Resolve = resolve,
    stopping: Callable[[], bool] = lambda: False,
) -> Iterator[HttpClient]:
    """A client that gives `contact`, the operator's address, in its User-Agent.

    In `folder` fetched pages are kept, and all processes that share it keep one pace; without it nothing is kept, and
    the pace is that of this client alone. Pages older than `retention` are removed. `wait_seconds` is the least wait
    between two requests to one service; what known services ask for holds all the same. `max_bytes` bounds a body,
    after decompression too, and `source_seconds` the time that all requests of one source take together. Once
    `stopping` says so, every wait and request ends within a moment; it is asked from several threads.
    """
    for chatty in ("httpx", "httpcore"):
        logging.getLogger(chatty).setLevel(logging.WARNING)  # at INFO they tell whole addresses, secrets included
    archive = Archive(folder / "pages", most_bytes=max_bytes) if folder else None
    if archive and retention is not None:
        archive.remove_before((now() - retention).date())
    retries = retries or Retries()
    exchange = Exchange(
        _open_connections(contact),
        Pace(wait_seconds, folder=folder and folder / "pace", clock=clock, sleep=sleep),
        most_bytes=max_bytes,
        attempt_seconds=retries.attempt_seconds,
        resolve=resolve,
        clock=clock,
        now=now,
    )
    is_closed = threading.Event()
    allow = partial(
        Allowance, source_seconds, refusals={}, clock=clock, stopping=lambda: is_closed.is_set() or stopping()
    )
    with closing(HttpClient(_Equipment(contact, exchange, archive, retries, sleep, allow, is_closed))) as http:
        yield http


def _close_after(requests: Collection[Future[Reply]], connections: httpx.Client) -> None:
    wait(requests)
    connections.close()


def _open_connections(contact: str) -> httpx.Client:
    return httpx.Client(
        headers={"User-Agent": _user_agent(contact), "Accept-Encoding": "gzip"},
        timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
        limits=httpx.Limits(max_keepalive_connections=0),  # an idle one would be a second one to its service
        mounts={f"all://{host}": None for host in ("localhost", "127.0.0.1", "[::1]")},  # no proxy to this machine
    )


def _as_source_error(failure: GaveUp, place: str) -> SourceError:
    if not isinstance(failure.error, httpx.HTTPStatusError):
        return SourceError(f"{place}: {failure}")
    status = failure.error.response.status_code
    kind = SourceBlocked if status in _BLOCKING else SourceError
    return kind(f"{place}: {failure}", status=status)


def _user_agent(contact: str) -> str:
    try:
        program = f"digest/{version('paper-digest')}"
    except PackageNotFoundError:
        program = "digest"
    known = "".join(character for character in contact if character.isascii() and character.isprintable())
    return f"{program} (+mailto:{known})"
