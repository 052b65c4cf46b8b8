"""A local SMTP inbox for trying things out: takes every mail and keeps it in a maildir; never passes one on.

Sources: maildir(5) for the folder, RFC 5321 §4.4 for Return-Path.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

LARGEST_MAIL_OCTETS = 64 * 1024 * 1024
_SEEN = ":2,S"
"""What maildir(5) appends to the name of a mail that was read."""
_SENDER = b"Return-Path: "
_RECIPIENTS = b"Delivered-To: "


@dataclass(frozen=True, slots=True)
class ReceivedMail:
    """A mail that came in: its envelope, its bytes as they came, and where it lies."""

    key: str
    sender: str
    recipients: tuple[str, ...]
    received_at: datetime
    content: bytes
    is_seen: bool
    path: Path


@dataclass(frozen=True, slots=True)
class Inbox:
    """A folder of received mails and the address where more of them are taken."""

    folder: Path
    host: str
    port: int

    def newest_first(self) -> list[str]:
        """The keys of all mails."""
        return sorted(self._paths(), reverse=True)

    def read(self, key: str) -> ReceivedMail | None:
        """The mail of that key; None if there is none."""
        path = self._paths().get(key)
        try:
            return _read_mail(key, path) if path else None
        except FileNotFoundError:  # a mail program moved or removed it this moment
            return None

    def mark_seen(self, key: str) -> None:
        """Note that somebody has looked at the mail, in the way mail programs do."""
        path = self._paths().get(key)
        if path is not None and path.parent.name == "new":
            path.replace(self.folder / "cur" / (path.name + _SEEN))

    def _paths(self) -> dict[str, Path]:
        files = [*(self.folder / "new").iterdir(), *(self.folder / "cur").iterdir()]
        return {_key_of(file): file for file in files if not file.name.startswith(".")}


@contextmanager
def open_inbox(folder: Path | None, *, smtp_port: int = 0, host: str = "127.0.0.1") -> Iterator[Inbox]:
    """Take mail on `smtp_port` (0: any free one) for as long as the context lasts, in a thread of its own.

    The mails stay in `folder`, which any mail program reads as a maildir; without one they go with the context.
    Raises OSError if the port is taken.
    """
    with ExitStack() as stack:
        place = folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="inbox-")))
        for part in ("tmp", "new", "cur"):
            (place / part).mkdir(parents=True, exist_ok=True)
        port = stack.enter_context(_serving(_Receiver(place), host, smtp_port))
        yield Inbox(folder=place, host=host, port=port)


@contextmanager
def _serving(receiver: _Receiver, host: str, port: int) -> Iterator[int]:
    """Run the server in a thread; gives the port it listens on. aiosmtpd's own threads can't take port 0."""
    logging.getLogger("mail.log").setLevel(logging.ERROR)  # aiosmtpd tells every command there
    started: Future[tuple[int, asyncio.AbstractEventLoop, asyncio.Event]] = Future()
    thread = threading.Thread(target=lambda: asyncio.run(_serve(receiver, host, port, started)), name="inbox")
    thread.start()
    try:
        bound_port, loop, stop = started.result()
        try:
            yield bound_port
        finally:
            loop.call_soon_threadsafe(stop.set)
    finally:
        thread.join()


async def _serve(
    receiver: _Receiver, host: str, port: int, started: Future[tuple[int, asyncio.AbstractEventLoop, asyncio.Event]]
) -> None:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()

    def answer_client() -> SMTP:
        # the host's name is given, for finding it out can take seconds
        return SMTP(
            receiver, hostname="localhost", data_size_limit=LARGEST_MAIL_OCTETS, enable_SMTPUTF8=True, loop=loop
        )

    try:
        server = await loop.create_server(answer_client, host, port)
    except OSError as error:
        started.set_exception(error)
        return
    async with server:
        started.set_result((server.sockets[0].getsockname()[1], loop, stop))
        await stop.wait()


class _Receiver:
    """Keeps each mail in a file of its own, whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        names = [file.name for part in ("new", "cur") for file in (folder / part).iterdir()]
        self._numbers = count(max((int(name[:6]) for name in names if name[:6].isdecimal()), default=0) + 1)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's
        """Keep a mail and say so; aiosmtpd calls this once its last line is in."""
        name = f"{next(self._numbers):06d}.{secrets.token_hex(4)}.eml"
        sender = (envelope.mail_from or "").encode("utf-8", "surrogateescape")
        recipients = ", ".join(envelope.rcpt_tos).encode("utf-8", "surrogateescape")
        unfinished = self._folder / "tmp" / name
        content = (envelope.original_content or b"").replace(b"\r\n", b"\n")  # as mail programs keep it in a folder
        unfinished.write_bytes(_SENDER + b"<" + sender + b">\n" + _RECIPIENTS + recipients + b"\n" + content)
        unfinished.replace(self._folder / "new" / name)
        return f"250 2.0.0 kept as {name}"


def _key_of(file: Path) -> str:
    return file.name.partition(":")[0].removesuffix(".eml")


def _read_mail(key: str, path: Path) -> ReceivedMail:
    raw = path.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")  # as it was on the wire
    sender, _, rest = raw.partition(b"\r\n")
    recipients, _, content = rest.partition(b"\r\n")
    has_envelope = sender.startswith(_SENDER) and recipients.startswith(_RECIPIENTS)
    return ReceivedMail(
        key=key,
        sender=_text(sender.removeprefix(_SENDER).strip(b"<>")) if has_envelope else "",
        recipients=tuple(_text(recipients.removeprefix(_RECIPIENTS)).split(", ")) if has_envelope else (),
        received_at=datetime.fromtimestamp(path.stat().st_mtime, UTC),
        content=content if has_envelope else raw,
        is_seen=path.parent.name == "cur",
        path=path,
    )


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")
