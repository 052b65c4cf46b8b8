"""Signed links to a reader's own pages: makes their tokens and verifies them; knows no request and no store."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from json import JSONEncoder
from urllib.parse import quote

from itsdangerous import BadSignature, Signer, URLSafeSerializer

from digest.errors import LinkError


class Purpose(StrEnum):
    """What a link may be used for; a token for one purpose is worthless for any other."""

    CONFIRM = "confirm"
    PREFERENCES = "preferences"
    UNSUBSCRIBE = "unsubscribe"
    READ = "read"
    LEARN = "learn"


class Verb(StrEnum):
    """What a reader says of a paper."""

    MORE = "more"  # more like this
    LESS = "less"  # less like this
    MUTE = "mute"  # nothing with this term


@dataclass(frozen=True, slots=True)
class Lesson:
    """What one reader says of one paper. The reader is signed; the paper and which of the three, the address says."""

    subscriber_id: str
    paper_id: str
    verb: Verb


_quoted = JSONEncoder().encode

LIFETIMES: dict[Purpose, timedelta | None] = {
    Purpose.CONFIRM: timedelta(days=3),
    Purpose.PREFERENCES: timedelta(days=90),
    Purpose.LEARN: timedelta(days=90),
    Purpose.READ: timedelta(days=90),
    Purpose.UNSUBSCRIBE: None,  # an unsubscribe link never expires (RFC 8058 sets no end; readers keep old mail)
}


def make_link(base_url: str, purpose: Purpose, subscriber_id: str, *, issued: date, secrets: Sequence[str]) -> str:
    """The address of one subscriber's page for one purpose; what follows one to learn from, `address_lesson` tells.

    Equal arguments give equal links, so a mail can be made again byte for byte. `secrets` are newest first.
    """
    payload = _base64(f"[{_quoted(subscriber_id)},{issued.toordinal()}]".encode())
    mac = _mac(purpose, secrets[0]).copy()
    mac.update(payload.encode())
    return f"{base_url.rstrip('/')}/{purpose}/{payload}.{_base64(mac.digest())}"


def address_lesson(verb: Verb, paper_id: str) -> str:
    """What follows a reader's link for `Purpose.LEARN` where they say that of a paper; the page asks first.

    All that a mail says of its papers shares one signature, so that this is the same for every reader.
    """
    return f"/{verb}?paper={quote(paper_id, safe=':/')}"


def read_lesson(token: str, verb: str, paper_id: str, *, today: date, secrets: Sequence[str]) -> Lesson:
    """The lesson of an address with `address_lesson`. Raises LinkError as `read_token` does, and for another verb.

    The paper's id isn't signed; PostgreSQL takes no NUL in a text.
    """
    subscriber_id = read_token(token, Purpose.LEARN, today=today, secrets=secrets)
    if verb not in tuple(Verb) or not paper_id or "\0" in paper_id:
        raise LinkError("this link is not valid")
    return Lesson(subscriber_id, paper_id, Verb(verb))


def read_token(token: str, purpose: Purpose, *, today: date, secrets: Sequence[str]) -> str:
    """The subscriber id in a token.

    Raises LinkError if the token is forged, made for another purpose, or older than its purpose allows.
    """
    return read_dated_token(token, purpose, today=today, secrets=secrets)[0]


def read_dated_token(token: str, purpose: Purpose, *, today: date, secrets: Sequence[str]) -> tuple[str, date]:
    """The subscriber id in a token and the day it was issued, in a mail its edition. Raises LinkError likewise."""
    try:
        subscriber_id, issued = _serializer(purpose, tuple(secrets)).loads(token)
        day = date.fromordinal(issued)
    except (BadSignature, TypeError, ValueError, OverflowError) as error:
        raise LinkError("this link is not valid") from error
    lifetime = LIFETIMES[purpose]
    if lifetime is not None and today - day > lifetime:
        raise LinkError(f"this link was valid for {lifetime.days} days and has expired")
    return str(subscriber_id), day


def _base64(octets: bytes) -> str:
    return urlsafe_b64encode(octets).rstrip(b"=").decode("ascii")


@lru_cache(maxsize=64)
def _mac(purpose: Purpose, secret: str) -> hmac.HMAC:
    """What signs tokens as `_serializer` reads them, keyed once: a mail has twenty links, and it takes a quarter."""
    return hmac.new(Signer(secret, salt=_salt(purpose)).derive_key(), digestmod="sha1")


@lru_cache(maxsize=64)
def _serializer(purpose: Purpose, secrets: tuple[str, ...]) -> URLSafeSerializer:
    # itsdangerous wants the newest key last, and verifies with all of them
    return URLSafeSerializer(list(reversed(secrets)), salt=_salt(purpose))


def _salt(purpose: Purpose) -> str:
    return f"digest.{purpose}"
