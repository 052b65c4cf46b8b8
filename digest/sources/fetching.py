"""Asks for one page and parses it; whatever goes wrong names the address. Judges no page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from digest.errors import SourceError
from digest.sources._http import HttpClient
from digest.sources._http.question import brief
from digest.sources.formats.page import Page


def fetch_page(
    http: HttpClient,
    url: str,
    parse: Callable[[bytes], Page],
    *,
    params: Mapping[str, str | int] | None = None,
    secrets: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Page:
    """The page at `url`, with what had to be tried again among its remarks.

    `secrets` are query parameters and never shown. Raises SourceError with address and cause if the page can't be had
    or parsed.
    """
    reply = http.get(url, params=params, secrets=secrets, headers=headers)
    try:
        page = parse(reply.body)
    except SourceError as error:
        raise type(error)(f"{brief(reply.url)}: {error}") from error
    return replace(page, remarks=(*reply.troubles, *page.remarks))
