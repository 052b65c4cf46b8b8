"""One attempt at a page, from the request through all redirects to the last byte. Tries nothing twice."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from http import HTTPStatus

import httpx

from digest.errors import SourceError
from digest.sources._http.addresses import Resolve, fault_of_redirect
from digest.sources._http.allowance import Allowance
from digest.sources._http.archive import Fetched
from digest.sources._http.body import read_body
from digest.sources._http.pace import Pace
from digest.sources._http.question import Question
from digest.sources._http.retrying import BUSY, cause_of, retry_after_seconds
from digest.sources.formats.text import clean

MOST_REDIRECTS = 5
_WORDS_READ_BYTES = 2_000
_WORDS_SHOWN_CHARACTERS = 160


@dataclass(frozen=True, slots=True)
class Exchange:
    """What it takes to ask a server; shared by all sources."""

    connections: httpx.Client
    pace: Pace
    most_bytes: int
    attempt_seconds: float
    resolve: Resolve
    clock: Callable[[], float]
    now: Callable[[], datetime]

    def ask(self, question: Question, kept: Fetched | None, allowance: Allowance) -> Fetched:
        """The page; `kept` itself if the server says that it is unchanged.

        Raises httpx.HTTPError if there is no reply or one of another status, SourceError if the reply can't be used or
        the allowance doesn't permit the request.
        """
        url = question.url
        for _ in range(1 + MOST_REDIRECTS):
            answer = self._take_turn(question, url, kept, allowance)
            if isinstance(answer, Fetched):
                return answer
            if fault := fault_of_redirect(question.url, url, answer, resolve=self.resolve):
                raise SourceError(f"{question.asked}: redirected to {question.shown(answer)}, {fault}")
            url = answer
        raise SourceError(f"{question.asked}: more than {MOST_REDIRECTS} redirects")

    def _take_turn(
        self, question: Question, url: httpx.URL, kept: Fetched | None, allowance: Allowance
    ) -> Fetched | httpx.URL:
        """The page at `url`, or the address where it is instead."""
        place = question.place(url)
        allowance.refuse_barred(url.host, place)
        with self.pace.turn(url.host, patience_seconds=allowance.seconds_left(), place=place):
            allowance.check(place)
            allowance.refuse_barred(url.host, place)  # another source may have been refused while we waited
            validators = kept.validators() if kept and kept.url == question.shown(url) else {}
            request = self.connections.build_request("GET", url, headers={**question.headers_for(url), **validators})
            end = self.clock() + self.attempt_seconds
            with closing(self.connections.send(request, stream=True)) as response:
                if response.next_request is not None:
                    return response.next_request.url
                if kept and validators and response.status_code == HTTPStatus.NOT_MODIFIED:
                    return kept
                if response.status_code != HTTPStatus.OK:
                    raise self._refused(question, response, allowance)
                return self._read(question, response, partial(self._check, request, place, allowance, end=end))

    def _refused(self, question: Question, response: httpx.Response, allowance: Allowance) -> httpx.HTTPStatusError:
        """The error for a reply that is no page; what it asks of us is noted."""
        words = "" if response.status_code in BUSY else _first_words(response)
        error = httpx.HTTPStatusError(words, request=response.request, response=response)
        if response.status_code == HTTPStatus.FORBIDDEN:
            refusal = f"{question.place(response.url)}: {cause_of(error)}"
            allowance.bar(response.url.host, question.conceal(refusal))  # other sources will tell it too
        if seconds := retry_after_seconds(response.headers):
            self.pace.hold_back(response.url.host, seconds)
        return error

    def _read(self, question: Question, response: httpx.Response, check: Callable[[], None]) -> Fetched:
        place = question.place(response.url)
        body = read_body(response, place=place, most_bytes=self.most_bytes, check=check)
        headers = {name: question.conceal(value) for name, value in response.headers.items() if name != "set-cookie"}
        return Fetched(question.asked, question.shown(response.url), self.now(), response.status_code, headers, body)

    def _check(self, request: httpx.Request, place: str, allowance: Allowance, *, end: float) -> None:
        allowance.check(place)
        if self.clock() > end:
            raise httpx.ReadTimeout(f"not complete after {self.attempt_seconds:g} seconds", request=request)


def _first_words(response: httpx.Response) -> str:
    """How a server explains a refusal, as far as it does so in the first bytes of its body."""
    try:
        beginning = next(response.iter_bytes(_WORDS_READ_BYTES), b"")
    except httpx.HTTPError:
        return ""
    return clean(beginning.decode("utf-8", "replace"), most_characters=_WORDS_SHOWN_CHARACTERS)
