"""Writes an email's wire form: header lines, two parts, seven-bit bytes. Decides nothing about what it says."""

from __future__ import annotations

import binascii
import hashlib
import re
from collections.abc import Mapping
from functools import lru_cache
from itertools import takewhile

from digest.errors import ComposeError

LONGEST_LINE_OCTETS = 998
"""The longest line a message may have, without its end (RFC 5322 §2.1.1)."""
FOLDED_OCTETS = 900
"""The longest line of HTML; a tag without attributes, or with a single one, has to be shorter."""

# a space in whose place a line may end: before an attribute, or in the text, but not within a value or a comment
_SPACE = re.compile(r' (?=[\w:-]+="|[^<>]*(?:<|$))')
_ATOM = re.compile(r"<[^>]*>|&[^;\s]*;|.", re.DOTALL)
_HEADER_VALUE = re.compile(r"[ -~]*(\r\n [ -~]+)*")


def write_message(headers: Mapping[str, str], *, text: bytes, html: bytes) -> bytes:
    """The whole message: ASCII, CRLF, no line over 998 octets; text from `quoted_printable`, HTML from `seven_bit`.

    Headers are written as they are: folding would break long links at places not all readers mend. The boundary
    comes from the Message-ID; it begins with `=_`, which neither part can contain (RFC 2045 §6.7).
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
            *_part("plain", text, boundary, "quoted-printable"),
            *_part("html", html, boundary, "7bit"),
            f"--{boundary}--\r\n".encode(),
        ]
    )


def quoted_printable(text: str) -> bytes:
    """Text as a part's content: ASCII, CRLF, lines of at most 76 characters (RFC 2045 §6.7)."""
    # the encoder ends its soft lines as it finds other lines ended, and in a single line it finds none
    return binascii.b2a_qp(text.encode(), istext=True).replace(b"\n", b"\r\n")


def with_room_behind(text: str) -> bytes:
    """Quoted-printable text whose last line has room for a soft line break behind it."""
    # the break takes the place of a sign that is encoded behind the text and left away
    return quoted_printable(f"{text}~")[:-1]


def on_own_lines(text: str) -> bytes:
    """Quoted-printable text between soft line breaks, so that what stands around it is encoded without it.

    What stands before it must be encoded `with_room_behind`.
    """
    return b"=\r\n" + with_room_behind(text) + b"=\r\n"


def seven_bit(html: str) -> bytes:
    """HTML as a part's content: ASCII by character references, CRLF, lines of at most FOLDED_OCTETS.

    Nothing else needs encoding then (RFC 2045 §2.7), and that takes a tenth of the time of quoted-printable.
    """
    return folded(in_references(html))


def in_references(html: str) -> bytes:
    """HTML in ASCII by character references, with CRLF; its lines may be too long."""
    # `=_` begins the boundary; written so, a link or a text with it means the same
    return html.encode("ascii", "xmlcharrefreplace").replace(b"=_", b"&#61;_").replace(b"\n", b"\r\n")


def folded(html: bytes) -> bytes:
    """ASCII HTML with lines of at most FOLDED_OCTETS."""
    if not _has_long_line(html):
        return html
    lines = html.split(b"\r\n")
    return b"\r\n".join(line if len(line) <= FOLDED_OCTETS else _fold(line.decode()).encode() for line in lines)


def short_lines(html: str) -> str:
    """A template's HTML with lines as a mail has them, so that little is left to mend in each.

    A new line stands before each `style`, as long lines must be folded, and a space before a dot that would begin a
    line, as in the rules of a style sheet: SMTP doubles such dots.
    """
    return html.replace(' style="', '\nstyle="').replace("\n.", "\n .")


def _has_long_line(html: bytes) -> bool:
    """Whether any line is too long: from one line's end to the last within reach, as looking at each takes longer."""
    begin = 0
    while len(html) - begin > FOLDED_OCTETS:
        end = html.rfind(b"\n", begin, begin + FOLDED_OCTETS + len(b"\r\n"))
        if end < 0:
            return True
        begin = end + 1
    return False


def _fold(line: str) -> str:
    """One line of ASCII HTML in several, CRLF between them, that mean the same.

    Lines end before an attribute, at a space of the text, or, in a word without end, within a `<wbr>`.
    """
    folded = []
    while len(line) > FOLDED_OCTETS:
        spaces = [found.start() for found in _SPACE.finditer(line, 1, FOLDED_OCTETS)]
        if spaces:
            folded.append(line[: spaces[-1]])
            line = line[spaces[-1] + 1 :]
            continue
        cut = _end_of_atoms(line)
        folded.append(f"{line[:cut]}<wbr")
        line = f">{line[cut:]}"
    return "\r\n".join([*folded, line])


def _end_of_atoms(line: str) -> int:
    """Where the last whole tag, reference or character ends that fits."""
    ends = (found.end() for found in _ATOM.finditer(line))
    return max(takewhile(lambda end: end <= FOLDED_OCTETS - len("<wbr"), ends), default=FOLDED_OCTETS)


def _part(subtype: str, content: bytes, boundary: str, encoding: str) -> tuple[bytes, bytes, bytes]:
    headers = {
        "Content-Type": f'text/{subtype}; charset="utf-8"',
        "Content-Transfer-Encoding": encoding,
    }
    return f"--{boundary}".encode(), _header_lines(headers), content


def _header_lines(headers: Mapping[str, str]) -> bytes:
    return "".join([_header_line(name, value) for name, value in headers.items()]).encode("ascii")


@lru_cache(maxsize=64)  # most are the same in all of a day's mails
def _header_line(name: str, value: str) -> str:
    if not _HEADER_VALUE.fullmatch(value) or any(len(line) > LONGEST_LINE_OCTETS - 80 for line in value.split("\r\n")):
        raise ComposeError(f"the {name} header can't hold {value[:80]!r}")
    return f"{name}: {value}\r\n"
