"""Keeps us polite: one request at a time to a service, and not too soon after the last one. Sends nothing itself."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from filelock import FileLock, Timeout
from pydantic import TypeAdapter

from digest.errors import SourceBlocked, SourceError
from digest.hosts import is_loopback

log = logging.getLogger(__name__)

SERVICES = {"arxiv.org": 3.0, "ncbi.nlm.nih.gov": 0.34, "huggingface.co": 1.0}
"""Seconds from one request to the next, for a host and all below it: arXiv's terms ask for three and for one connection
(https://info.arxiv.org/help/api/tou.html), NCBI's for at most three requests a second
(https://www.ncbi.nlm.nih.gov/books/NBK25497/); Hugging Face names no limit."""
OTHERS_SECONDS = 1.0
LONGEST_REST_SECONDS = 600.0
"""The longest rest that a service can ask for."""


def service_of(host: str) -> str:
    """The service that a host belongs to: one of SERVICES, else the host itself."""
    named = host.rstrip(".")
    return next((name for name in SERVICES if f".{named}".endswith(f".{name}")), named)


@dataclass(frozen=True, slots=True)
class LastRequest:
    """When a service was last asked, and how long it is to be left alone from then on, both in seconds."""

    asked_at: float
    rest: float


_NOTE = TypeAdapter(LastRequest)


class Pace:
    """Gives out turns. With a `folder`, all processes that share it take turns with each other.

    `wait_seconds` is the least wait between two requests to any service; those of SERVICES hold all the same. `clock`
    must never go back and be one for all processes of the machine, as time.monotonic is. Where it is behind what was
    noted, the machine has been started anew, and the last request counts as made just now.
    """

    def __init__(
        self, wait_seconds: float, *, folder: Path | None, clock: Callable[[], float], sleep: Callable[[float], None]
    ) -> None:
        self._wait_seconds = wait_seconds
        self._folder = folder
        self._clock = clock
        self._sleep = sleep
        self._locks: dict[str, threading.Lock] = {}
        self._latest: dict[str, LastRequest] = {}

    @contextmanager
    def turn(self, host: str, *, patience_seconds: float, place: str) -> Iterator[None]:
        """A time in which nobody else asks the host's service; it begins when the service may be asked.

        Raises SourceError that names `place` if that takes longer than `patience_seconds`; SourceBlocked if the service
        itself asked for a longer rest. This machine's own servers are asked at any time, and by many at once.
        """
        if is_loopback(host):
            yield
            return
        service = service_of(host)
        late = SourceError(f"{place}: no turn at {service} within {patience_seconds:.0f} seconds")
        with self._alone_in_process(service, patience_seconds, late), self._alone(service, patience_seconds, late):
            pause_seconds = self._pause_seconds(service)
            if pause_seconds > patience_seconds:
                raise SourceBlocked(f"{place}: {service} asked to be left alone for {pause_seconds:.0f} more seconds")
            if pause_seconds > 0:
                self._sleep(pause_seconds)
            self._note(service, self._wait_of(service))
            yield

    def hold_back(self, host: str, seconds: float) -> None:
        """Leave the host's service alone for that long, as it asked; to be called within a turn."""
        if not is_loopback(host):
            service = service_of(host)
            self._note(service, max(self._wait_of(service), min(seconds, LONGEST_REST_SECONDS)))

    def _wait_of(self, service: str) -> float:
        return max(SERVICES.get(service, OTHERS_SECONDS), self._wait_seconds)

    @contextmanager
    def _alone_in_process(self, service: str, patience_seconds: float, late: SourceError) -> Iterator[None]:
        lock = self._locks.setdefault(service, threading.Lock())
        if not lock.acquire(timeout=max(0.0, patience_seconds)):
            raise late
        try:
            yield
        finally:
            lock.release()

    @contextmanager
    def _alone(self, service: str, patience_seconds: float, late: SourceError) -> Iterator[None]:
        if self._folder is None:
            yield
            return
        lock = FileLock(self._file(self._folder, service, "lock"))
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            lock.acquire(timeout=max(0.0, patience_seconds))
        except Timeout:
            raise late from None
        except (OSError, NotImplementedError) as error:
            self._stop_sharing(error)
        try:
            yield
        finally:
            lock.release()

    def _pause_seconds(self, service: str) -> float:
        notes = (self._latest.get(service), self._shared_note(service))
        return max((self._rest_left(note, service) for note in notes if note), default=0.0)

    def _rest_left(self, note: LastRequest, service: str) -> float:
        elapsed = self._clock() - note.asked_at
        return min(note.rest, LONGEST_REST_SECONDS) - elapsed if elapsed >= 0 else self._wait_of(service)

    def _note(self, service: str, rest: float) -> None:
        note = self._latest[service] = LastRequest(self._clock(), rest)
        if self._folder is not None:
            try:
                self._file(self._folder, service, "json").write_bytes(_NOTE.dump_json(note))
            except OSError as error:
                self._stop_sharing(error)

    def _shared_note(self, service: str) -> LastRequest | None:
        if self._folder is None:
            return None
        try:
            return _NOTE.validate_json(self._file(self._folder, service, "json").read_bytes())
        except (OSError, ValueError):  # nobody has asked yet, or a process died while it wrote
            return None

    def _stop_sharing(self, error: Exception) -> None:
        log.warning("requests can't take turns with those of other processes: %s", error)
        self._folder = None

    @staticmethod
    def _file(folder: Path, service: str, suffix: str) -> Path:
        return folder / f"{quote(service, safe='')}.{suffix}"
