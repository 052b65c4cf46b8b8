"""Writes an email's wire form: header lines, two parts, seven-bit bytes. Decides nothing about what it says."""

from __future__ import annotations

import binascii
import hashlib
import re
from collections.abc import Mapping

from digest.errors import ComposeError

LONGEST_LINE_OCTETS = 998
"""The longest line a message may have, without its end (RFC 5322 §2.1.1)."""

_HEADER_VALUE = re.compile(r"[ -~]*(\r\n [ -~]+)*")


def write_message(headers: Mapping[str, str], *, text: bytes, html: bytes) -> bytes:
    """The whole message: ASCII, CRLF, two parts as `quoted_printable` gives them, no line over 998 octets.

    Headers are written as they are: folding would break long links at places not all readers mend. The boundary
    comes from the Message-ID; it begins with `=_`, which no quoted-printable line can contain (RFC 2045 §6.7).
    Raises ComposeError for a header value that would end its line or is not ASCII.
    """
    boundary = "=_" + hashlib.sha256(headers["Message-ID"].encode()).hexdigest()[:32]
    opening = {
        **headers,
        "MIME-Version": "1.0",
        "Content-Type": f'multipart/alternative; boundary="{boundary}"',
    }
    return b"\r\n".join(
        [
            _header_lines(opening),
            *_part("plain", text, boundary),
            *_part("html", html, boundary),
            f"--{boundary}--\r\n".encode(),
        ]
    )


def quoted_printable(text: str) -> bytes:
    """Text as a part's content: ASCII, CRLF, lines of at most 76 characters (RFC 2045 §6.7)."""
    return binascii.b2a_qp(text.replace("\n", "\r\n").encode(), istext=True)


def _part(subtype: str, content: bytes, boundary: str) -> tuple[bytes, bytes, bytes]:
    headers = {
        "Content-Type": f'text/{subtype}; charset="utf-8"',
        "Content-Transfer-Encoding": "quoted-printable",
    }
    return f"--{boundary}".encode(), _header_lines(headers), content


def _header_lines(headers: Mapping[str, str]) -> bytes:
    return "".join(f"{name}: {_checked(name, value)}\r\n" for name, value in headers.items()).encode("ascii")


def _checked(name: str, value: str) -> str:
    if not _HEADER_VALUE.fullmatch(value) or any(len(line) > LONGEST_LINE_OCTETS - 80 for line in value.split("\r\n")):
        raise ComposeError(f"the {name} header can't hold {value[:80]!r}")
    return value
