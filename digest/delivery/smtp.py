"""Sends email over SMTP, one recipient a transaction. Never retries, and never guesses what a lost connection meant.

aiosmtplib speaks the protocol; the steps of a transaction are driven here, so that the phase of a failure is known.
Sources: RFC 5321 (SMTP), RFC 1870 (SIZE), RFC 3207 (STARTTLS), RFC 4954 (AUTH), RFC 6531 (SMTPUTF8).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from ipaddress import ip_address
from types import TracebackType
from typing import Annotated, Literal

from aiosmtplib import SMTP, SMTPException, SMTPHeloError, SMTPResponse, SMTPResponseException
from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, Field

from digest.delivery import Transport
from digest.delivery.replies import Phase, read_failure, tidy_words
from digest.domain import Email
from digest.errors import ConfigError, DeliveryError, Mistake, PolicyRefused, Undeliverable

_TROUBLE = (SMTPException, OSError, ValueError)
"""What aiosmtplib raises; OSError holds time-outs and TLS errors, ValueError what it refuses to put on the wire."""
_COMPLETED = 250
_GO_AHEAD = 354
_CLOSING = 421
_TOO_BIG = "5.3.4"  # RFC 3463 §3.4
_QUIT_TIMEOUT_SECONDS = 2.0
_LOG_INS = {"plain": SMTP.auth_plain, "login": SMTP.auth_login, "cram-md5": SMTP.auth_crammd5}
_MAILBOX = re.compile(r"[^\s<>@\x00-\x1f\x7f]+@[^\s<>@\x00-\x1f\x7f]+")
_HOST = re.compile(r"[^\s/@\x00-\x1f\x7f]+")
_LINE_END = re.compile(rb"\r\n|\r|\n")
_LEADING_DOT = re.compile(rb"(?m)^\.")


def check_host(host: str) -> str:
    """The host's name or address as it is. Raises ValueError if it can be neither."""
    if not _HOST.fullmatch(host):
        raise ValueError(f"{host!r:.60} is no host — write smtp.example.org")
    return host


Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]


@dataclass(frozen=True)
class Smtp:
    """The operator's relay: its fields are its options. Entering it gives a transport that holds one connection.

    `security` is `starttls`, `tls`, `none`, or empty: `none` within this machine, `starttls` to any other host.
    Raises ConfigError if a password would leave this machine unencrypted.
    """

    host: Annotated[str, AfterValidator(check_host)] = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65_535)] = 8025
    security: Literal["", "starttls", "tls", "none"] = ""
    username: str = ""
    password: str = field(default="", repr=False)
    max_connections: Annotated[int, Field(ge=1, le=100)] = 8
    mails_per_connection: Annotated[int, Field(ge=1, le=10_000)] = 100
    connect_timeout_seconds: Seconds = 30.0
    reply_timeout_seconds: Seconds = 300.0  # RFC 5321 §4.5.3.2 for MAIL and RCPT
    final_reply_timeout_seconds: Seconds = 600.0  # the same for the reply to the final dot
    _opened: AsyncExitStack = field(default_factory=AsyncExitStack, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.username and self.encryption == "none" and not self.is_loopback:
            problem = f"the log-in for {self.host} would go over the network unencrypted"
            raise ConfigError([Mistake("[smtp]", "security", problem, 'use "starttls" or "tls"')])

    @property
    def is_loopback(self) -> bool:
        """Whether the relay runs on this machine, by its written name."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host.lower() == "localhost"

    @property
    def encryption(self) -> str:
        """`security` with its default filled in."""
        return self.security or ("none" if self.is_loopback else "starttls")

    async def __aenter__(self) -> Transport:
        return await self._opened.enter_async_context(_open_connection(self))

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._opened.__aexit__(kind, error, trace)


adapter: Callable[..., AbstractAsyncContextManager[Transport]] = Smtp


@asynccontextmanager
async def _open_connection(options: Smtp) -> AsyncIterator[Transport]:
    connection = _Connection(options)
    try:
        await connection.open()
        yield connection
        await connection.quit()
    finally:
        connection.cut()


class _Connection:
    """One connection at a time, opened anew when it was lost or has carried its share of mails."""

    def __init__(self, options: Smtp) -> None:
        self._options = options
        self._client = _make_client(options)
        self._mails = 0

    async def open(self) -> None:
        """Connect, encrypt and log in. Raises RelayDown."""
        self._client, self._mails = _make_client(self._options), 0
        await _connect(self._client, self._options)

    async def send(self, email: Email) -> str:
        """Send one email in a transaction of its own. Raises what `replies` makes of the server's answer."""
        await self._make_ready()
        transaction = _plan_transaction(email, self._client)
        self._mails += 1
        try:
            await self._ask(Phase.MAIL, transaction.mail)
            await self._ask(Phase.RCPT, transaction.rcpt)
            await self._ask(Phase.DATA, "DATA", expected=_GO_AHEAD)
            return await self._send_body(transaction.data)
        except DeliveryError as error:
            if error.code in (None, _CLOSING):  # after a reply that makes no sense the next one can't be trusted either
                self.cut()
            raise
        except BaseException:  # stopped by force: nothing more of this mail may leave
            self.cut()
            raise

    async def quit(self) -> None:
        """Take leave politely, but don't wait long for an answer."""
        with suppress(*_TROUBLE):
            if self._client.is_connected:
                await self._client.quit(timeout=_QUIT_TIMEOUT_SECONDS)

    def cut(self) -> None:
        """Drop the connection with what waits to be written: merely closing it would still send the buffer."""
        if isinstance(self._client.transport, asyncio.WriteTransport):
            self._client.transport.abort()
        self._client.close()

    async def _make_ready(self) -> None:
        """Leave a usable connection with an empty envelope. Raises RelayDown."""
        if self._mails == 0 and self._client.is_connected:
            return
        if self._mails < self._options.mails_per_connection:
            with suppress(*_TROUBLE):
                await self._client.rset(timeout=self._options.reply_timeout_seconds)
                return
        await self.quit()
        self.cut()
        await self.open()

    async def _ask(self, phase: Phase, command: str, *, expected: int = _COMPLETED) -> None:
        """Give a command; any reply of the expected class will do (RFC 5321 §4.3.2)."""
        try:
            reply = await self._client.execute_command(command.encode(), timeout=self._options.reply_timeout_seconds)
        except _TROUBLE as error:
            raise _failure(phase, error) from error
        if reply.code // 100 != expected // 100:
            raise _failure(phase, reply)

    async def _send_body(self, data: bytes) -> str:
        protocol = self._client.protocol
        try:
            if protocol is None:
                raise ConnectionError("connection lost after the server's go-ahead")
            protocol.write(data)
            reply = await protocol.read_response(timeout=self._options.final_reply_timeout_seconds)
        except _TROUBLE as error:
            raise _failure(Phase.BODY, error) from error
        if reply.code // 100 != _COMPLETED // 100:
            raise _failure(Phase.BODY, reply)
        return tidy_words(f"{reply.code} {reply.message}")


def _make_client(options: Smtp) -> SMTP:
    return SMTP(
        hostname=options.host,
        port=options.port,
        use_tls=options.encryption == "tls",
        start_tls=options.encryption == "starttls",  # never None, which would go on in clear where it isn't offered
        timeout=options.connect_timeout_seconds,
        local_hostname="localhost" if options.is_loopback else None,
    )


async def _connect(client: SMTP, options: Smtp) -> None:
    phase = Phase.CONNECT
    try:
        await client.connect()
        await _greet(client)
        phase = Phase.LOGIN
        if options.username:
            await _log_in(client, options)
    except _TROUBLE as error:
        raise _failure(phase, error) from error


async def _greet(client: SMTP) -> None:
    try:
        await client.ehlo()
    except SMTPHeloError:
        await client.helo()  # an old server (RFC 5321 §3.2)


async def _log_in(client: SMTP, options: Smtp) -> None:
    """Log in by the first way that both sides know; `client.login` would try a wrong password in each way."""
    for name, log_in in _LOG_INS.items():
        if name in client.server_auth_methods:
            await log_in(client, options.username, options.password)
            return
    raise SMTPException("the relay offers no way to log in that we know")


@dataclass(frozen=True, slots=True)
class _Transaction:
    """What goes over the wire for one email."""

    mail: str
    rcpt: str
    data: bytes


def _plan_transaction(email: Email, client: SMTP) -> _Transaction:
    """The commands for one email. Raises Undeliverable or PolicyRefused where the relay can't carry it."""
    sender, recipient = _wire_address(email.sender), _wire_address(email.recipient)
    options = ""
    if not (sender + recipient).isascii():
        if not client.supports_extension("smtputf8"):
            raise Undeliverable(f"the address {recipient} needs SMTPUTF8, which the relay doesn't offer")
        options += " SMTPUTF8"
    content = _LINE_END.sub(b"\r\n", email.content)
    if client.supports_extension("size"):
        limit = client.esmtp_extensions["size"].strip()
        if limit.isdecimal() and 0 < int(limit) < len(content):
            words = f"the relay takes mails of up to {limit} octets, this one has {len(content)}"
            raise PolicyRefused(words, enhanced_code=_TOO_BIG)
        options += f" SIZE={len(content)}"
    ending = b".\r\n" if content.endswith(b"\r\n") else b"\r\n.\r\n"
    return _Transaction(
        mail=f"MAIL FROM:<{sender}>{options}",
        rcpt=f"RCPT TO:<{recipient}>",
        data=_LEADING_DOT.sub(b"..", content) + ending,
    )


def _wire_address(address: str) -> str:
    """The address with its domain in ASCII; raises Undeliverable if it is none that can stand in a command."""
    if not _MAILBOX.fullmatch(address):
        raise Undeliverable(f"{tidy_words(address)} is not a mail address")
    if address.isascii():
        return address
    try:
        parts = validate_email(address, check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError as error:
        raise Undeliverable(f"{tidy_words(address)} is not a mail address: {error}") from error
    return f"{parts.local_part}@{parts.ascii_domain}"


def _failure(phase: Phase, cause: Exception | SMTPResponse) -> DeliveryError:
    """What a reply or an exception means; a code outside 4xx and 5xx is no refusal but a broken reply."""
    code = cause.code if isinstance(cause, SMTPResponse | SMTPResponseException) else None
    text = cause.message if isinstance(cause, SMTPResponse | SMTPException) else str(cause)
    if code is not None and code // 100 not in (4, 5):
        code, text = None, f"broken reply: {text}"
    return read_failure(phase, code, text or type(cause).__name__)
