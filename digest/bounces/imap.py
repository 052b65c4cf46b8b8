"""Reads the unseen mail of an IMAP folder (RFC 3501): marks it as seen, flags what held no report, deletes nothing."""

from __future__ import annotations

import imaplib
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from digest.bounces.incoming import MOST_OCTETS, Incoming
from digest.errors import MailboxError
from digest.servers_words import printable_line

TIMEOUT_SECONDS = 60.0
_TROUBLE = (OSError, imaplib.IMAP4.error)
_UID = re.compile(rb"\d{1,10}")


@dataclass(frozen=True, slots=True)
class ImapBox:
    """Where reports arrive, and how to get in."""

    host: str
    port: int
    username: str
    password: str = field(repr=False)
    security: str
    """`tls`, `starttls`, or `none`, which is for this machine alone."""
    folder: str = "INBOX"


def read_imap(box: ImapBox, *, tls: ssl.SSLContext | None = None) -> Iterator[Incoming]:
    """Every unseen mail. Raises MailboxError if the server can't be reached or doesn't let us in."""
    try:
        with _open(box, tls or ssl.create_default_context()) as client:
            _check(client.select(_quoted(box.folder)))
            (found,) = _check(client.uid("SEARCH", "UNSEEN"))[:1]
            for uid in _UID.findall(found or b""):
                content = _fetch(client, uid)
                yield Incoming(f"{box.host} {box.folder} {uid.decode()}", content, partial(_mark, box, client, uid))
    except _TROUBLE as error:
        raise _failure(box, error) from error


@contextmanager
def _open(box: ImapBox, tls: ssl.SSLContext) -> Iterator[imaplib.IMAP4]:
    if box.security == "tls":
        client: imaplib.IMAP4 = imaplib.IMAP4_SSL(box.host, box.port, ssl_context=tls, timeout=TIMEOUT_SECONDS)
    else:
        client = imaplib.IMAP4(box.host, box.port, timeout=TIMEOUT_SECONDS)
    try:
        if box.security == "starttls":
            client.starttls(tls)
        client.login(box.username, box.password)
        yield client
    finally:
        with suppress(*_TROUBLE):
            client.logout()


def _fetch(client: imaplib.IMAP4, uid: bytes) -> bytes:
    """The mail's beginning, without marking it as seen."""
    parts = _check(client.uid("FETCH", uid.decode(), f"(BODY.PEEK[]<0.{MOST_OCTETS}>)"))
    return next((part[1] for part in parts if isinstance(part, tuple)), b"")


def _mark(box: ImapBox, client: imaplib.IMAP4, uid: bytes, is_read: bool) -> None:  # noqa: FBT001 - see Incoming.mark
    flags = r"(\Seen)" if is_read else r"(\Seen \Flagged)"
    try:
        _check(client.uid("STORE", uid.decode(), "+FLAGS.SILENT", flags))
    except _TROUBLE as error:
        raise _failure(box, error) from error


def _failure(box: ImapBox, error: Exception) -> MailboxError:
    told = error.args[0] if error.args and isinstance(error.args[0], bytes) else str(error).encode()
    return MailboxError(f"the mailbox at {box.host}:{box.port}: {printable_line(told.decode('utf-8', 'replace'), 300)}")


def _check(answer: tuple[str, list[Any]]) -> list[Any]:
    """What the server answered. Raises the library's error if it refused."""
    status, data = answer
    if status != "OK":
        raise imaplib.IMAP4.error(
            b" ".join(part for part in data if isinstance(part, bytes)).decode("utf-8", "replace")
        )
    return data


def _quoted(folder: str) -> str:
    return '"' + folder.replace("\\", "\\\\").replace('"', '\\"') + '"'
