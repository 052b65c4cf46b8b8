"""Signed return paths (VERP): makes the envelope sender of one delivery and reads it back; knows no mail, no store."""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import b32encode
from collections.abc import Sequence
from datetime import date

from digest.errors import LinkError

SIGNED_OCTETS = 50
"""What a return path adds to the local part of the configured address."""
LOCAL_PART_OCTETS = 64
"""The longest local part (RFC 5321 §4.5.3.1.1)."""

_MAC_LETTERS = 20
"""A hundred bits in base32."""
_SHAPE = re.compile(
    rf"\+(?P<day>\d{{8}})(?P<subscriber>[0-9a-f]{{20}})\.(?P<mac>[a-z2-7]{{{_MAC_LETTERS}}})(?![a-z0-9])"
)


def make_return_path(address: str, edition: date, subscriber_id: str, *, secrets: Sequence[str]) -> str:
    """The envelope sender of one edition's mail to one subscriber: `bounces+<delivery>.<mac>@example.org`.

    Lower-case letters and digits only, as servers may fold the case. `secrets` are newest first, and the newest signs.
    """
    local, _, domain = address.rpartition("@")
    delivery = f"{edition:%Y%m%d}{subscriber_id}"
    return f"{local}+{delivery}.{_mac(delivery, secrets[0])}@{domain}"


def find_return_paths(text: str) -> tuple[str, ...]:
    """What in a text looks like one of our return paths, signed by whomever; each once."""
    return tuple(dict.fromkeys(found[0] for found in _SHAPE.finditer(text.lower())))


def read_return_path(text: str, *, secrets: Sequence[str]) -> tuple[date, str]:
    """The edition and the subscriber id of a return path, in whatever case and however a server wrapped it.

    Raises LinkError if there is none in the text, or none of our secrets signed it.
    """
    found = _SHAPE.search(text.lower())
    if found is None:
        raise LinkError("there is no return path of ours in it")
    delivery = found["day"] + found["subscriber"]
    # every key is tried, so that the time taken tells nothing
    matches = [hmac.compare_digest(_mac(delivery, secret), found["mac"]) for secret in secrets]
    if not any(matches):
        raise LinkError("this return path isn't signed by us")
    return date.fromisoformat(found["day"]), found["subscriber"]


def _mac(delivery: str, secret: str) -> str:
    made = hmac.new(secret.encode(), f"digest.return-path {delivery}".encode(), hashlib.sha256).digest()
    return b32encode(made).decode("ascii").lower()[:_MAC_LETTERS]
