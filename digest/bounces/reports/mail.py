"""Takes a mail apart within bounds: headers, parts and the original it returns. Judges nothing, believes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message

from digest.servers_words import printable_line

MOST_OCTETS = 256_000
"""How much of a mail is read: reports stand at the beginning, what follows is the mail that came back."""
MOST_LINES = 5_000
"""flufl.bounce tries some fifty patterns on each line, the blank ones too."""
MOST_PARTS = 60
DEEPEST = 8
HEADER_LETTERS = 1000
"""How much of a header's value is read."""
MOST_LETTERS = 40_000
"""How much of one part's text is read."""
MOST_NESTED = 40
"""The email package compares each line with the boundary of each open part: with thousands it takes minutes."""
_MOST_DASHED_LINES = 400
"""Lines that may begin a part."""

_STATUS_PARTS = ("message/delivery-status", "message/global-delivery-status", "message/feedback-report")


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a mail as text; of a message in it the headers alone."""

    kind: str
    """Its content type, such as `message/delivery-status`."""
    text: str


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail taken apart."""

    message: Message
    """As the email package parsed it, for flufl.bounce."""
    headers: tuple[tuple[str, str], ...]
    """Names in lower case; values on one line each."""
    parts: tuple[Part, ...]

    def header(self, name: str) -> str:
        """The first header of that name; empty if there is none."""
        return next((value for found, value in self.headers if found == name), "")

    def parts_of(self, *kinds: str) -> tuple[Part, ...]:
        """The parts of these content types."""
        return tuple(part for part in self.parts if part.kind in kinds)

    @property
    def text(self) -> str:
        """What the mail says to a person."""
        said = self.parts_of("text/plain") or self.parts_of("text/html")
        return "\n".join(part.text for part in said[:3])

    @property
    def original(self) -> str:
        """The headers, and perhaps more, of the mail that came back: of the last one held, whatever wraps it."""
        returned = [part for part in self.parts if part.kind == "message/rfc822" or "rfc822-header" in part.kind]
        return returned[-1].text if returned else ""


def parse_mail(content: bytes) -> Mail:
    """A mail taken apart. Raises ValueError if it can't be; the email package may raise others on hostile ones."""
    content = content[:MOST_OCTETS].replace(b"\0", b"")
    content = b"\n".join(content.split(b"\n", MOST_LINES)[:MOST_LINES])
    if content.lower().count(b"boundary") > MOST_NESTED:
        raise ValueError("it has too many parts within parts")
    content = b"\n--".join(content.split(b"\n--", _MOST_DASHED_LINES)[:_MOST_DASHED_LINES])
    message = message_from_bytes(content)
    headers = tuple((name.lower(), printable_line(str(value), HEADER_LETTERS)) for name, value in message.items()[:300])
    parts = []
    for part in _walk(message, DEEPEST):
        parts.append(part)
        if len(parts) == MOST_PARTS:
            break
    return Mail(message, headers, tuple(parts))


def _walk(message: Message, levels: int) -> Iterator[Part]:
    kind = message.get_content_type()
    if kind in _STATUS_PARTS:
        yield Part(kind, _fields_text(message))
        return
    if not message.is_multipart():  # a multipart without the boundary it names is one text
        yield Part("text/plain" if kind.startswith("multipart/") else kind, _text_of(message))
        return
    if levels == 0:
        return
    for inner in message.get_payload():
        if not isinstance(inner, Message):
            continue
        if kind == "message/rfc822":
            yield Part(kind, _headers_text(inner))
        yield from _walk(inner, levels - 1)


def _fields_text(message: Message) -> str:
    """The groups of fields of a report as they were written, with a blank line between two."""
    payload = message.get_payload()
    if not isinstance(payload, list):
        return _text_of(message)
    groups = [group for group in payload[:50] if isinstance(group, Message)]
    if not any(group.keys() for group in groups):  # encoded, which RFC 3464 §2.1 forbids: taken for one text
        encoded = "".join(str(group.get_payload()) for group in groups)
        whole = Message()
        whole["Content-Transfer-Encoding"] = str(message.get("content-transfer-encoding", "7bit"))
        whole.set_payload(encoded)
        return _text_of(whole)
    return "\n\n".join(_headers_text(group) for group in groups)[:MOST_LETTERS]


def _headers_text(message: Message) -> str:
    lines = (f"{name}: {printable_line(str(value), 2000)}" for name, value in message.items()[:300])
    return "\n".join(lines)[:MOST_LETTERS]


def _text_of(message: Message) -> str:
    """A part's text. The charset it names is not believed: codes and addresses are ASCII in nearly all of them."""
    payload = message.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return ""
    return payload[:MOST_LETTERS].decode("utf-8", "replace").replace("\r\n", "\n")
