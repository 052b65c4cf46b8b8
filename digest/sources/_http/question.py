"""What a source asks for, and how that may be shown: with nothing in it that is secret. Asks nobody."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, quote_plus

import httpx

from digest.errors import SourceError

HIDDEN = "***"
_SHORTEST_SECRET = 4  # hiding anything shorter would spoil every text
_PUBLIC_HEADERS = frozenset({"accept", "accept-language", "content-type"})


LONGEST_SHOWN = 200
"""Characters of an address in a message."""


@dataclass(frozen=True, slots=True)
class Question:
    """One request: its whole address, headers of its own, and what of both must not be seen."""

    url: httpx.URL = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    secret_names: frozenset[str]
    """Query parameters that are never shown."""
    secrets: re.Pattern[str] = field(repr=False)
    """Whatever must not be seen, plain or as an address spells it."""

    @property
    def asked(self) -> str:
        """The address as it may be shown."""
        return self.shown(self.url)

    def place(self, url: httpx.URL) -> str:
        """Where something went wrong, for messages: the address asked for, and where it led."""
        return brief(self.asked) if url == self.url else f"{brief(self.asked)}, redirected to {brief(self.shown(url))}"

    def headers_for(self, url: httpx.URL) -> Mapping[str, str]:
        """The question's own headers, unless a redirect led to another server."""
        return self.headers if (url.host, url.port) == (self.url.host, self.url.port) else {}

    def shown(self, url: httpx.URL) -> str:
        """The address without secret parameters, user name and password."""
        bare = url.copy_with(username="", password="")
        for name in self.secret_names.intersection(bare.params):
            bare = bare.copy_remove_param(name)
        return self.conceal(str(bare))

    def conceal(self, text: str) -> str:
        """The text without anything secret."""
        return self.secrets.sub(HIDDEN, text)

    def conceal_in_body(self, body: bytes) -> bytes:
        """The same for a page, which may repeat what it was asked."""
        return re.sub(self.secrets.pattern.encode(), HIDDEN.encode(), body, flags=re.IGNORECASE)


def brief(address: str) -> str:
    """An address for a message: of a long one, which lists ids, only the beginning."""
    return address if len(address) <= LONGEST_SHOWN else f"{address[: LONGEST_SHOWN - 1]}…"


def make_question(
    url: str, *, params: Mapping[str, str | int], secrets: Mapping[str, str], headers: Mapping[str, str]
) -> Question:
    """The question for `url` with the query `params` and `secrets`. Raises SourceError if the address is none."""
    for name, value in headers.items():
        if not (value.isascii() and value.isprintable()):
            raise SourceError(f"{url}: the header {name} holds a character that can't be sent")
    private = [value for name, value in headers.items() if name.lower() not in _PUBLIC_HEADERS]
    try:
        asked = httpx.URL(url)
        whole = asked.copy_merge_params({**params, **secrets})
        hidden = _pattern_of([*secrets.values(), *private, asked.password])
    except (httpx.InvalidURL, UnicodeError) as error:
        raise SourceError(f"{url}: {type(error).__name__}: {error}") from None
    return Question(whole, dict(headers), frozenset(secrets), hidden)


def _pattern_of(secrets: Iterable[str]) -> re.Pattern[str]:
    spellings = {spelling for secret in secrets for spelling in _spellings(secret)}
    longest_first = sorted(spellings, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first)) or r"(?!)", re.IGNORECASE)


def _spellings(secret: str) -> Iterator[str]:
    if len(secret) >= _SHORTEST_SECRET:
        yield from (secret, quote(secret, safe=""), quote_plus(secret))
