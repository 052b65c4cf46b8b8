"""Asks again what a busy server or a passing fault denied us, and keeps what went wrong in words. Knows no page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TypeVar

import httpx
import tenacity

BUSY = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
"""What a server answers that wants to be asked again later."""
_FAILING = frozenset({HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT})
_HOPELESS = (httpx.UnsupportedProtocol, httpx.LocalProtocolError)
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Retries:
    """How often and how long a request is tried again after 429, 500, 502 to 504 or a lost, cut or slow connection."""

    attempts: int = 4
    first_seconds: float = 3.0
    """The wait before the second attempt; it doubles from then on, with jitter of as much again."""
    most_seconds: float = 600.0
    """The longest wait; a server that asks for a longer one isn't asked again."""
    attempt_seconds: float = 150.0
    """How long a single reply may take to come whole."""


class GaveUp(Exception):
    """No attempt brought an answer; `error` is what the last one met."""

    def __init__(self, error: httpx.HTTPError, attempts: int) -> None:
        self.error = error
        self.attempts = attempts
        super().__init__(cause_of(error) + (f", tried {attempts} times" if attempts > 1 else ""))


def ask_patiently(
    ask: Callable[[], Answer],
    retries: Retries,
    *,
    sleep: Callable[[float], None],
    seconds_left: Callable[[], float],
) -> tuple[Answer, tuple[str, ...]]:
    """What `ask` gives, and, if it came only after failures, a sentence that tells of them.

    A wait is only begun if `seconds_left` allows it. Raises GaveUp when nothing more can be tried; whatever `ask`
    raises that isn't httpx's goes through.
    """
    causes: list[str] = []
    back_off = tenacity.wait_exponential(retries.first_seconds, retries.most_seconds) + tenacity.wait_random(
        0, retries.first_seconds
    )

    def wait_seconds(state: tenacity.RetryCallState) -> float:
        asked = retry_after_seconds(_headers_of(_error_of(state)))
        return min(back_off(state), retries.most_seconds) if asked is None else asked

    def is_over(state: tenacity.RetryCallState) -> bool:
        longest = min(retries.most_seconds, seconds_left())
        return state.attempt_number >= retries.attempts or state.upcoming_sleep > longest

    attempts = tenacity.Retrying(
        retry=tenacity.retry_if_exception(_may_pass),
        wait=wait_seconds,
        stop=is_over,
        sleep=sleep,
        before_sleep=lambda state: causes.append(cause_of(_error_of(state))),
        reraise=True,
    )
    try:
        answer = attempts(ask)
    except httpx.HTTPError as error:
        raise GaveUp(error, attempts.statistics["attempt_number"]) from None
    return answer, _told(causes, attempts.statistics["idle_for"])


def cause_of(error: BaseException | None) -> str:
    """The failure in words: the status that was answered, or what became of the connection."""
    if isinstance(error, httpx.HTTPStatusError):
        words = str(error)
        return f"the server answered {error.response.status_code}" + (f": {words}" if words else "")
    return f"{type(error).__name__}: {str(error) or 'no reason given'}"


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """What `Retry-After` asks for (RFC 9110, 10.2.3), a date being counted from the reply's own `Date`."""
    asked = headers.get("retry-after", "").strip()
    if asked.isascii() and asked.isdecimal():
        return float(asked[:9])
    try:
        until, now = (parsedate_to_datetime(text) for text in (asked, headers.get("date", "")))
    except (TypeError, ValueError, OverflowError):
        return None
    return max(0.0, (_in_utc(until) - _in_utc(now)).total_seconds())


def _told(causes: list[str], waited_seconds: float) -> tuple[str, ...]:
    if not causes:
        return ()
    return (f"{', then '.join(causes)}, came after {round(waited_seconds, 1):g} s on attempt {len(causes) + 1}",)


def _may_pass(error: BaseException) -> bool:
    if isinstance(error, httpx.HTTPStatusError):
        return error.response.status_code in BUSY | _FAILING
    return isinstance(error, httpx.HTTPError) and not isinstance(error, _HOPELESS)


def _error_of(state: tenacity.RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None


def _headers_of(error: BaseException | None) -> Mapping[str, str]:
    return error.response.headers if isinstance(error, httpx.HTTPStatusError) else {}


def _in_utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
