"""What one value of a file may be: a duration, a rate, an address, each read or refused with its repair."""

from __future__ import annotations

import re
from datetime import time, timedelta
from email.utils import parseaddr
from functools import cache
from typing import Annotated, Any
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, BeforeValidator, Field

from digest.return_paths import LOCAL_PART_OCTETS, SIGNED_OCTETS

_DURATION = re.compile(r"(?P<count>\d{1,5})(?P<unit>[smhd])")
_RATE = re.compile(r"(?P<mails>\d{1,6}(?:\.\d{1,3})?) ?/ ?(?P<unit>[smhd])")
# control characters, line separators, those that turn the direction of what follows, and halves of UTF-16
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,2}")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def _to_duration(value: Any) -> Any:
    if isinstance(value, timedelta):
        return value
    found = _DURATION.fullmatch(str(value).strip())
    if not found:
        raise ValueError(f"{value!r} is no duration — write a number and s, m, h or d, such as 6h")
    return timedelta(**{_UNITS[found["unit"]]: int(found["count"])})


def _to_rate(value: Any) -> Any:
    if value is None or value == "":
        return None
    found = _RATE.fullmatch(str(value).strip())
    if not found or float(found["mails"]) == 0:
        raise ValueError(f"{value!r} is no rate — write mails and s, m, h or d, such as 14/s or 500/h")
    return float(found["mails"]) / _SECONDS[found["unit"]]


def _check_retention(value: timedelta) -> timedelta:
    if value < SHORTEST_RETENTION:
        raise ValueError(f"is too short to tell who got what — write {SHORTEST_RETENTION.days}d or more")
    return value


def _to_time(value: Any) -> Any:
    try:
        found = time.fromisoformat(str(value))
    except ValueError:
        found = None
    if found is None or found.tzinfo is not None:  # the zone is an option of its own
        raise ValueError(f"{value!r} is no time of day — write hours and minutes, such as 07:30")
    return found


@cache  # each look walks through the zones' folder
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _check_timezone(value: str) -> str:
    if value not in _zones():
        raise ValueError(f"{value!r} is no time zone — write a name such as Europe/Zurich or UTC")
    return value


def _check_line(value: str) -> str:
    if _UNPRINTABLE.search(value):
        raise ValueError("has a tab, line break or control character — write it on one line, with spaces")
    return value


def _check_language(value: str) -> str:
    if not _LANGUAGE.fullmatch(value):
        raise ValueError(f"{value!r:.60} is no language — write a tag such as de or pt-BR")
    return value


def _check_secret(value: str) -> str:
    if 0 < len(value) < SHORTEST_SECRET:
        raise ValueError("is short enough to be guessed — write a random one, such as openssl rand -hex 24 prints")
    return value


def _to_list(value: Any) -> Any:
    return [value] if isinstance(value, str) and value else value or ()


def _check_sender(value: str) -> str:
    _, address = parseaddr(value)
    try:
        validate_email(address, check_deliverability=False)
    except EmailNotValidError as error:
        raise ValueError(f"{value!r} holds no address: {error} — write Name <name@example.org>") from None
    return value


def _check_reply_to(value: str) -> str:
    return _check_sender(value) if value else value


def _check_ascii(value: str) -> str:
    if not value.isascii():
        raise ValueError("has letters outside ASCII, which IMAP's log-in doesn't take — choose another")
    return value


def _check_bounce_address(value: str) -> str:
    if not value:
        return value
    try:
        local, _, domain = validate_email(value, check_deliverability=False, allow_smtputf8=False).normalized.partition(
            "@"
        )
    except EmailNotValidError as error:
        raise ValueError(f"{value!r} is no plain address: {error} — write bounces@digest.example.org") from None
    longest = LOCAL_PART_OCTETS - SIGNED_OCTETS
    if len(local) > longest or "+" in local:
        raise ValueError(
            f"{value!r} leaves no room for a signature — write at most {longest} letters before the @, no +"
        )
    return f"{local}@{domain}"


def _check_base_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{value!r} is no web address — write https://digest.example.org")
    return value.rstrip("/")


SHORTEST_SECRET = 16
"""Characters; shorter ones can be tried out."""
SHORTEST_RETENTION = timedelta(days=30)
"""A digest covers fourteen editions and says what was lost or doubtful of them: that long the history is needed."""

Duration = Annotated[timedelta, BeforeValidator(_to_duration)]
Retention = Annotated[Duration, AfterValidator(_check_retention)]
Rate = Annotated[float | None, BeforeValidator(_to_rate)]
"""Mails a second; None for as fast as the relay takes them."""
TimeOfDay = Annotated[time, BeforeValidator(_to_time)]
Timezone = Annotated[str, AfterValidator(_check_timezone)]
OneLine = Annotated[str, AfterValidator(_check_line)]
LanguageTag = Annotated[str, AfterValidator(_check_language)]
"""A tag such as `de` or `zh-Hant` (BCP 47)."""
Secret = Annotated[str, AfterValidator(_check_secret), Field(repr=False)]
FormerSecrets = Annotated[
    tuple[Annotated[str, Field(min_length=SHORTEST_SECRET)], ...], BeforeValidator(_to_list), Field(repr=False)
]
"""A single one may be written without brackets, as in the environment."""
ImapWord = Annotated[OneLine, AfterValidator(_check_ascii)]
BaseUrl = Annotated[OneLine, AfterValidator(_check_base_url)]
Sender = Annotated[OneLine, AfterValidator(_check_sender)]
ReplyTo = Annotated[OneLine, AfterValidator(_check_reply_to)]
BounceAddress = Annotated[OneLine, AfterValidator(_check_bounce_address)]
Port = Annotated[int, Field(ge=0, le=65535)]
