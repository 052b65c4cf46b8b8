"""What several sources ask of their options, as types that refuse nonsense with a repair; asks no server."""

from __future__ import annotations

from typing import Annotated

import httpx
from pydantic import AfterValidator


def refuse_empty(values: list[str]) -> list[str]:
    """The list as it is. Raises ValueError if nothing is in it."""
    if not values:
        raise ValueError("is empty — write at least one")
    return values


def refuse_blank(text: str) -> str:
    """The text without white space around it. Raises ValueError if nothing is left."""
    if not text.strip():
        raise ValueError("is empty — write a word at least")
    return text.strip()


FilledText = Annotated[str, AfterValidator(refuse_blank)]


def check_web_address(address: str) -> str:
    """The address as it is. Raises ValueError unless it is one of http or https with a host."""
    if not _is_web_address(address):
        raise ValueError(f"{address!r:.60} is no web address — write https://…")
    return address


WebAddress = Annotated[str, AfterValidator(check_web_address)]

OptionalWebAddress = Annotated[str, AfterValidator(lambda address: check_web_address(address) if address else address)]


def _is_web_address(address: str) -> bool:
    try:
        url = httpx.URL(address)
    except (httpx.InvalidURL, UnicodeError):
        return False
    return url.scheme in ("http", "https") and bool(url.host) and not any(letter.isspace() for letter in address)
