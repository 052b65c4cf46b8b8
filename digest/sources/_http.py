"""The polite client: one request at a time, slowly, bounded, and saying who asks. Understands no page."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from importlib.metadata import PackageNotFoundError, version

import httpx
import stamina

from digest.errors import SourceBlocked, SourceError
from digest.sources._stopping import await_result, begin, refuse_after_stop
from digest.sources.formats.decoding import MOST_BYTES, unpack

CONNECT_SECONDS = 10.0
READ_SECONDS = 60.0
MOST_REDIRECTS = 5
_BLOCKING = frozenset({403, 429, 503})
_RETRIED = frozenset({429, 503})


@dataclass(frozen=True, slots=True)
class Reply:
    """A page that the server gave with status 200."""

    url: str
    """The address it came from, after redirects."""
    status: int
    body: bytes
    """Decompressed."""
    headers: Mapping[str, str] = field(default_factory=dict)
    troubles: tuple[str, ...] = ()
    """What went wrong before it came, such as a refusal that was waited out."""


@dataclass(frozen=True, slots=True)
class Retries:
    """How often and how long a request is tried again after 429, 503 or a lost connection."""

    attempts: int = 4
    first_seconds: float = 3.0
    """The wait before the second attempt; it doubles from then on, with jitter of as much again."""
    most_seconds: float = 600.0
    """The longest wait, and the longest that all attempts of one request may take."""


class HttpClient:
    """Asks for one page after another; made by `open_http`."""

    def __init__(
        self,
        client: httpx.Client,
        pace: Pace,
        retries: Retries,
        *,
        most_bytes: int,
        clock: Callable[[], float],
        stopping: Callable[[], bool],
    ) -> None:
        self._client = client
        self._pace = pace
        self._retries = retries
        self._most_bytes = most_bytes
        self._clock = clock
        self._stopping = stopping
        self._latest: Future[Reply] | None = None

    def get(
        self,
        url: str,
        *,
        params: Mapping[str, str | int] | None = None,
        secrets: Mapping[str, str] | None = None,  # noqa: ARG002
        headers: Mapping[str, str] | None = None,  # noqa: ARG002
    ) -> Reply:
        """The page at `url`; `params` become its query, and so do `secrets`, which are never shown.

        Raises SourceBlocked on 403, 429 and 503, SourceError on anything else but a sound reply of status 200; both
        name the address and the cause; SourceError("stopped") as soon as the program is asked to stop.
        """
        self._latest = begin(partial(self._get, url, params or {}))
        return await_result(self._latest, self._stopping)

    def close(self) -> None:
        """Close the connections; if a stop left a request behind, then once that is over."""
        if self._latest is None:
            self._client.close()
        else:
            self._latest.add_done_callback(lambda _: self._client.close())

    def _get(self, url: str, params: Mapping[str, str | int]) -> Reply:
        caller = stamina.RetryingCaller(
            attempts=self._retries.attempts,
            timeout=self._retries.most_seconds,
            wait_initial=self._retries.first_seconds,
            wait_max=self._retries.most_seconds,
            wait_jitter=self._retries.first_seconds,
        )
        try:
            return caller(self._wait_before_retry, self._ask, httpx.URL(url).copy_merge_params(params))
        except httpx.HTTPStatusError as error:
            raise _refusal(error.response) from error
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            raise SourceError(f"{url}: {type(error).__name__}: {str(error) or 'no reason given'}") from error

    def _wait_before_retry(self, error: Exception) -> bool | float:
        if isinstance(error, httpx.UnsupportedProtocol) or not isinstance(error, httpx.HTTPError):
            return False
        if not isinstance(error, httpx.HTTPStatusError):
            return True
        if error.response.status_code not in _RETRIED:
            return False
        asked_seconds = retry_after_seconds(error.response.headers)
        if asked_seconds is None:
            return True
        return asked_seconds if asked_seconds <= self._retries.most_seconds else False

    def _ask(self, url: httpx.URL) -> Reply:
        request = self._client.build_request("GET", url)
        for _ in range(1 + MOST_REDIRECTS):
            self._pace.wait_for(request.url)
            refuse_after_stop(self._stopping)
            with closing(self._client.send(request, stream=True)) as response:
                if response.next_request is None:
                    return self._read(response)
                _refuse_downgrade(request.url, response.next_request.url)
                request = response.next_request
        raise SourceError(f"{url}: more than {MOST_REDIRECTS} redirects")

    def _read(self, response: httpx.Response) -> Reply:
        if response.status_code != httpx.codes.OK:
            raise httpx.HTTPStatusError("not the page", request=response.request, response=response)
        body = self._read_body(response)
        return Reply(str(response.url), response.status_code, body, dict(response.headers))

    def _read_body(self, response: httpx.Response) -> bytes:
        encoding = response.headers.get("content-encoding", "identity").lower()
        if encoding not in {"identity", "gzip"}:
            raise SourceError(f"{response.url}: the encoding {encoding!r} was not asked for")
        body = bytearray()
        # raw, so that a small reply that unpacks to gigabytes is stopped by our own limit
        deadline = self._clock() + self._retries.most_seconds
        for chunk in response.iter_raw():
            body += chunk
            refuse_after_stop(self._stopping)
            if self._clock() > deadline:
                raise SourceError(f"{response.url}: not complete after {self._retries.most_seconds:g} seconds")
            if len(body) > self._most_bytes:
                raise SourceError(f"{response.url}: larger than {self._most_bytes} bytes")
        try:
            return unpack(bytes(body), most_bytes=self._most_bytes) if encoding == "gzip" else bytes(body)
        except SourceError as error:
            raise SourceError(f"{response.url}: {error}") from error


class Pace:
    """Keeps at least `wait_seconds` between two requests to one host; never holds back those to this machine."""

    def __init__(self, wait_seconds: float, *, clock: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self._wait_seconds = wait_seconds
        self._clock = clock
        self._sleep = sleep
        self._last_request: dict[str, float] = {}

    def wait_for(self, url: httpx.URL) -> None:
        """Return once the host of `url` may be asked."""
        if is_loopback(url.host):
            return
        due = self._last_request.get(url.host, float("-inf")) + self._wait_seconds
        pause_seconds = due - self._clock()
        if pause_seconds > 0:
            self._sleep(pause_seconds)
        self._last_request[url.host] = self._clock()


@contextmanager
def open_http(
    contact: str,
    *,
    wait_seconds: float = 3.0,
    max_bytes: int = MOST_BYTES,
    retries: Retries | None = None,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
    stopping: Callable[[], bool] = lambda: False,
) -> Iterator[HttpClient]:
    """A client that gives `contact`, the operator's address, in its User-Agent.

    `wait_seconds` lie between two requests to one host: arXiv's terms ask for three
    (https://info.arxiv.org/help/api/tou.html). `max_bytes` bounds a body, after decompression too.
    Once `stopping` says so, every wait and request ends within a moment; it is asked from several threads.
    """
    client = httpx.Client(
        headers={"User-Agent": _user_agent(contact), "Accept-Encoding": "gzip"},
        timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
        mounts={f"all://{host}": None for host in ("localhost", "127.0.0.1", "[::1]")},  # no proxy to this machine
    )
    pace = Pace(wait_seconds, clock=clock, sleep=sleep)
    http = HttpClient(client, pace, retries or Retries(), most_bytes=max_bytes, clock=clock, stopping=stopping)
    with closing(http):
        yield http


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """What `Retry-After` asks for (RFC 9110, 10.2.3), a date being counted from the reply's own `Date`."""
    asked = headers.get("retry-after", "").strip()
    if asked.isascii() and asked.isdecimal():
        return float(asked[:9])
    try:
        until, now = (parsedate_to_datetime(text) for text in (asked, headers.get("date", "")))
    except (TypeError, ValueError):
        return None
    return max(0.0, (_in_utc(until) - _in_utc(now)).total_seconds())


def _in_utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _refuse_downgrade(asked: httpx.URL, target: httpx.URL) -> None:
    if asked.scheme == "https" and target.scheme != "https" and not is_loopback(target.host):
        raise SourceError(f"{asked}: redirected to {target}, which is not https")


def _refusal(response: httpx.Response) -> SourceError:
    status = response.status_code
    message = f"{response.url}: the server answered {status}"
    kind = SourceBlocked if status in _BLOCKING else SourceError
    return kind(message, status=status)


def _user_agent(contact: str) -> str:
    try:
        program = f"digest/{version('paper-digest')}"
    except PackageNotFoundError:
        program = "digest"
    known = "".join(character for character in contact if character.isascii() and character.isprintable())
    return f"{program} (+mailto:{known})"
