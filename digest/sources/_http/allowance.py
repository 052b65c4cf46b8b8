"""What one source may still ask in a run: until when, and whom. Asks nobody itself."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from http import HTTPStatus

from digest.errors import SourceBlocked, SourceError
from digest.hosts import is_loopback
from digest.sources._http.pace import service_of
from digest.sources._http.stopping import refuse_after_stop


class Allowance:
    """Ends with the time that a source has, and with a stop of the program; a service that answers 403 is barred.

    `refusals` are those of the run, by service: whichever source one met, it counts for all of them. Only those of this
    machine count for one source alone, as several services may have their servers here.
    """

    def __init__(
        self,
        seconds: float,
        *,
        refusals: MutableMapping[str, str],
        clock: Callable[[], float],
        stopping: Callable[[], bool],
    ) -> None:
        self._seconds = seconds
        self._end = clock() + seconds
        self._clock = clock
        self._stopping = stopping
        self._refusals = refusals
        self._own_refusals: dict[str, str] = {}

    def seconds_left(self) -> float:
        """Negative once the time is over."""
        return self._end - self._clock()

    def check(self, place: str) -> None:
        """Raises SourceError("stopped") after a stop, and SourceError that names `place` if the time is over."""
        refuse_after_stop(self._stopping)
        if self.seconds_left() < 0:
            raise SourceError(f"{place}: not complete within the {self._seconds:g} seconds that a source has")

    def bar(self, host: str, refusal: str) -> None:
        """Ask the host's service no more: arXiv treats requests after a 403 as an attack."""
        self._refusals_by(host)[service_of(host)] = refusal

    def refuse_barred(self, host: str, place: str) -> None:
        """Raises SourceBlocked if the host's service is barred."""
        if refusal := self._refusals_by(host).get(service_of(host)):
            raise SourceBlocked(f"{place}: not asked after a refusal: {refusal}", status=HTTPStatus.FORBIDDEN)

    def _refusals_by(self, host: str) -> MutableMapping[str, str]:
        return self._own_refusals if is_loopback(host) else self._refusals
