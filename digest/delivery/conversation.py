"""Writes to a mail server and reads its replies one by one, strictly; knows nothing of mail and decides nothing.

It takes over a connection that aiosmtplib has opened, encrypted and logged in. aiosmtplib itself reads one reply to one
command, and runs two regular expressions over each message: pipelining (RFC 2920) needs the first otherwise, and speed
the second.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from dataclasses import dataclass

LONGEST_REPLY_OCTETS = 32_768
"""Of one reply, all its lines together; RFC 5321 §4.5.3.1.5 allows 512 a line."""
_LINE = re.compile(rb"([2-5]\d\d)(?:([ -])([^\r\n]*))?\r?\n")


class ConversationLostError(Exception):
    """No more replies will come: the connection was lost, the server was silent for too long, or it wrote garbage."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole reply: its code and the texts of its lines (RFC 5321 §4.2)."""

    code: int
    text: str


class Conversation(asyncio.Protocol):
    """One connection, from the first mail to the last."""

    def __init__(self, transport: asyncio.WriteTransport) -> None:
        self._transport = transport
        self._buffer = bytearray()
        self._replies: deque[Reply] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._lost = ""
        transport.set_protocol(self)

    @property
    def is_usable(self) -> bool:
        """Whether it is open, and the server has said nothing that nobody asked for."""
        return not (self._lost or self._replies or self._buffer or self._transport.is_closing())

    def write(self, data: bytes) -> None:
        """Write as it is. Raises ConversationLostError if nobody is there any more."""
        if self._lost or self._transport.is_closing():
            raise ConversationLostError(self._lost or "the connection is closed")
        self._transport.write(data)

    async def read_reply(self, timeout_seconds: float) -> Reply:
        """The next reply. Raises ConversationLostError if none comes, or none that makes sense."""
        if not self._replies and not self._lost:
            loop = asyncio.get_running_loop()
            self._waiter = loop.create_future()
            # asyncio.wait_for would do the same for three times the price
            timer = loop.call_later(timeout_seconds, self._lose, f"no reply within {timeout_seconds:g} seconds")
            try:
                await self._waiter
            finally:
                timer.cancel()
                self._waiter = None
        if not self._replies:
            raise ConversationLostError(self._lost)
        return self._replies.popleft()

    def cut(self) -> None:
        """Drop the connection with what waits to be written: merely closing it would still send the buffer."""
        self._transport.abort()
        self._lose("we dropped the connection")

    def data_received(self, data: bytes) -> None:
        """Take what the server says (asyncio's call)."""
        self._buffer += data
        if len(self._buffer) > LONGEST_REPLY_OCTETS:
            self._lose("broken reply: it is too long")
        while not self._lost and self._take_reply():
            pass
        self._wake()

    def eof_received(self) -> None:
        """The server will say no more (asyncio's call)."""
        self._lose("the server closed the connection")

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone (asyncio's call)."""
        self._lose(f"connection lost: {exc}" if exc else "connection lost")

    def _take_reply(self) -> bool:
        """Take one whole reply out of the buffer, if there is one."""
        codes, texts, position = set[int](), list[str](), 0
        while line := _LINE.match(self._buffer, position):
            codes.add(int(line[1]))
            texts.append((line[3] or b"").decode("utf-8", "replace").strip())
            position = line.end()
            if line[2] != b"-":
                del self._buffer[:position]
                if len(codes) > 1:
                    self._lose(f"broken reply: {' '.join(texts)}")
                    return False
                self._replies.append(Reply(codes.pop(), "\n".join(texts)))
                return True
        if b"\n" in self._buffer[position:]:
            self._lose(f"broken reply: {self._buffer[position:].decode('utf-8', 'replace')}")
        return False

    def _lose(self, why: str) -> None:
        self._lost = self._lost or why
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done() and (self._replies or self._lost):
            self._waiter.set_result(None)
