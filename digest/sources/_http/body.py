"""Reads the body of a reply, bounded in size, also after decompression. Understands nothing of it."""

from __future__ import annotations

from collections.abc import Callable

import httpx

from digest.errors import SourceError
from digest.sources.formats.decoding import unpack


def read_body(response: httpx.Response, *, place: str, most_bytes: int, check: Callable[[], None]) -> bytes:
    """The body, decompressed. `check` is called after each piece and may raise.

    Raises SourceError that names `place` if it is larger than `most_bytes`, packed or not, or can't be unpacked.
    """
    encoding = response.headers.get("content-encoding", "identity").lower()
    if encoding not in {"identity", "gzip"}:
        raise SourceError(f"{place}: the encoding {encoding!r:.40} was not asked for")
    body = bytearray()
    for piece in response.iter_raw():  # raw, so that a small reply that unpacks to gigabytes meets our own limit
        body += piece
        check()
        if len(body) > most_bytes:
            raise SourceError(f"{place}: larger than {most_bytes} bytes")
    try:
        return unpack(bytes(body), most_bytes=most_bytes) if encoding == "gzip" else bytes(body)
    except SourceError as error:
        raise SourceError(f"{place}: {error}") from error
