"""Keeps every page that was fetched, so that a day can be replayed and a server be asked for news only. Asks nobody."""

from __future__ import annotations

import gzip
import hashlib
import json
import logging
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path

from pydantic import TypeAdapter

from digest.errors import SourceError
from digest.sources.formats.decoding import GZIP_MAGIC, unpack

log = logging.getLogger(__name__)

_DIGITS_OF_KEY = 24
_VALIDATORS = {"etag": "If-None-Match", "last-modified": "If-Modified-Since"}


@dataclass(frozen=True, slots=True)
class Fetched:
    """A page as the server gave it; nothing secret is in its addresses."""

    asked: str
    """The address that was asked for."""
    url: str
    """The one that answered, after redirects."""
    time: datetime
    status: int
    headers: Mapping[str, str]
    """As they came, but for cookies; those of the transfer say nothing of `body` any more."""
    body: bytes
    """Decompressed, in the charset it came in."""

    def validators(self) -> dict[str, str]:
        """The headers that ask for the page only if it isn't this one any more (RFC 9110, 13.1)."""
        told = {asking: self.headers.get(name, "") for name, asking in _VALIDATORS.items()}
        return {name: value for name, value in told.items() if value and value.isascii() and value.isprintable()}


_PAGE = TypeAdapter(Fetched)


class Archive:
    """A folder for each day (UTC), and for each page in it the body as NAME.gz and all else as NAME.json.

    The bodies can be read again by the source `files`. Nothing that goes wrong here costs a fetch: it is logged and
    done without.
    """

    def __init__(self, folder: Path, *, most_bytes: int) -> None:
        self._folder = folder
        self._most_bytes = most_bytes
        self._is_writable = True

    def latest(self, asked: str) -> Fetched | None:
        """The newest page that was kept for an address, if there is one and it is sound."""
        path = self._newest.get(_key(asked))
        if path is None:
            return None
        try:
            body = _unpack(path.with_suffix(".gz").read_bytes(), most_bytes=self._most_bytes)
            return _PAGE.validate_python({**json.loads(path.read_bytes()), "body": body})
        except (OSError, ValueError, TypeError, SourceError) as error:
            log.warning("the page kept in %s can't be used and is fetched anew: %s", path, error)
            return None

    def keep(self, page: Fetched) -> None:
        """Keep what was fetched."""
        key = _key(page.asked)
        path = self._folder / f"{page.time:%Y-%m-%d}" / f"{page.time:%Y-%m-%dT%H%M%S.%f}-{key}.json"
        if self._is_writable:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                _write(path.with_suffix(".gz"), gzip.compress(page.body))
                _write(path, _PAGE.dump_json(page, exclude={"body"}, indent=1))
                self._newest[key] = path
            except OSError as error:
                log.warning("fetched pages aren't kept from here on: %s", error)
                self._is_writable = False

    def remove_before(self, day: date) -> None:
        """Remove the pages of all days before that one."""
        for found, folder in self._days():
            if found < day:
                shutil.rmtree(folder, ignore_errors=True)

    @cached_property
    def _newest(self) -> dict[str, Path]:
        heads = (head for _, folder in sorted(self._days()) for head in sorted(folder.glob("*.json")))
        return {head.stem.rpartition("-")[2]: head for head in heads}

    def _days(self) -> Iterator[tuple[date, Path]]:
        for folder in self._folder.glob("????-??-??"):
            try:
                yield date.fromisoformat(folder.name), folder
            except ValueError:
                continue


def _key(asked: str) -> str:
    return hashlib.sha256(asked.encode()).hexdigest()[:_DIGITS_OF_KEY]


def _unpack(packed: bytes, *, most_bytes: int) -> bytes:
    if not packed.startswith(GZIP_MAGIC):  # a file that a power cut left empty is no empty page
        raise SourceError("its body is not packed")
    return unpack(packed, most_bytes=most_bytes)


def _write(path: Path, content: bytes) -> None:
    part = path.with_suffix(f"{path.suffix}.part")
    part.write_bytes(content)
    part.replace(path)
