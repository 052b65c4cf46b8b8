"""Drives SMTP connections to a relay, one recipient a transaction, and always knows how far a transaction had come.

It never retries, and never guesses what a lost connection meant. aiosmtplib connects, encrypts and logs in.
Sources: RFC 5321 (SMTP), RFC 2920 (pipelining), RFC 3207 (STARTTLS), RFC 4954 (AUTH).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from aiosmtplib import SMTP, SMTPException, SMTPHeloError, SMTPResponseException

from digest.delivery.conversation import Conversation, ConversationLostError, Reply
from digest.delivery.replies import Phase, read_failure
from digest.delivery.transaction import Transaction, plan_transaction
from digest.domain import Email
from digest.errors import DeliveryError
from digest.servers_words import tidy_words

_TROUBLE = (SMTPException, OSError, ValueError)
"""What aiosmtplib raises; OSError holds time-outs and TLS errors, ValueError what it refuses to put on the wire."""
_TAKEN = 250
_CLOSING = 421
_QUIT_TIMEOUT_SECONDS = 2.0
_LOG_INS = {"plain": SMTP.auth_plain, "login": SMTP.auth_login, "cram-md5": SMTP.auth_crammd5}


@dataclass(frozen=True, slots=True)
class Access:
    """Where a relay is and how to get in."""

    host: str
    port: int
    encryption: str
    """`starttls`, `tls` or `none`."""
    local_hostname: str | None
    """How we greet; None: by this machine's name."""
    username: str
    password: str
    token_path: Path | None
    """Holds the access token of the moment (XOAUTH2); somebody else renews it."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a connection bears, and how long each phase may take, in seconds."""

    mails: int
    age: float
    idle: float
    connect: float
    reply: float
    final_reply: float


class Connection:
    """One connection at a time, opened anew when it was lost, has carried its share of mails, or has grown too old."""

    def __init__(self, access: Access, limits: Limits) -> None:
        self._access = access
        self._limits = limits
        self._conversation: Conversation | None = None
        self._extensions: Mapping[str, str] = {}
        self._mails = 0
        self._opened_at = self._used_at = 0.0
        self._is_envelope_open = False

    async def open(self) -> None:
        """Connect, encrypt and log in. Raises RelayDown."""
        client = _make_client(self._access, self._limits.connect)
        try:
            transport = await _connect(client, self._access)
        except BaseException:
            client.close()
            raise
        self._extensions = dict(client.esmtp_extensions)
        self._conversation = Conversation(transport)
        self._mails, self._is_envelope_open = 0, False
        self._opened_at = self._used_at = asyncio.get_running_loop().time()

    async def send(self, email: Email) -> str:
        """Send one email in a transaction of its own. Raises what `replies` makes of the server's answer."""
        conversation = await self._ready()
        transaction = plan_transaction(email, self._extensions)
        self._mails += 1
        try:
            await self._begin(conversation, transaction)
            return await self._hand_over(conversation, transaction.data)
        except DeliveryError as error:
            if error.code in (None, _CLOSING):  # after a reply that makes no sense the next can't be trusted either
                self.cut()
            raise
        except BaseException:  # stopped by force: nothing more of this mail may leave
            self.cut()
            raise
        finally:
            self._used_at = asyncio.get_running_loop().time()

    async def quit(self) -> None:
        """Take leave politely, but don't wait long for an answer."""
        conversation, self._conversation = self._conversation, None
        if conversation is None:
            return
        with suppress(ConversationLostError):
            conversation.write(b"QUIT\r\n")
            await conversation.read_reply(_QUIT_TIMEOUT_SECONDS)
        conversation.cut()

    def cut(self) -> None:
        """Drop the connection at once, with what waits to be written."""
        conversation, self._conversation = self._conversation, None
        if conversation is not None:
            conversation.cut()

    async def _ready(self) -> Conversation:
        """A usable connection. Raises RelayDown."""
        now, limits = asyncio.get_running_loop().time(), self._limits
        is_old = now - self._opened_at > limits.age or now - self._used_at > limits.idle
        is_spent = is_old or self._mails >= limits.mails
        if is_spent or (self._conversation is not None and not self._conversation.is_usable):
            await self.quit()
        if self._conversation is None:
            await self.open()
        if self._conversation is None:
            raise _failure(Phase.CONNECT, "connection lost")
        return self._conversation

    async def _begin(self, conversation: Conversation, transaction: Transaction) -> None:
        """All commands up to the server's go-ahead, in one write where the server takes that."""
        steps = [(Phase.MAIL, transaction.mail), (Phase.RCPT, transaction.rcpt), (Phase.DATA, b"DATA\r\n")]
        if self._is_envelope_open:
            steps.insert(0, (Phase.RESET, b"RSET\r\n"))
        self._is_envelope_open = True
        if "pipelining" in self._extensions:
            await self._ask_together(conversation, steps)
        else:
            for phase, command in steps:
                _expect(phase, await self._ask(conversation, phase, command))

    async def _ask_together(self, conversation: Conversation, steps: list[tuple[Phase, bytes]]) -> None:
        """Ask in one write. The first refusal counts, but every reply is read, or the next would be misread."""
        await self._say(conversation, steps[0][0], b"".join(command for _, command in steps))
        refusal: DeliveryError | None = None
        is_awaited = False
        for phase, _ in steps:
            try:
                _expect(phase, await self._read(conversation, phase))
                is_awaited = phase is Phase.DATA
            except DeliveryError as error:
                refusal = refusal or error
                if error.code is None:  # replies that still come would be taken for those to the next mail
                    self.cut()
                    break
        if refusal is not None:
            if is_awaited:  # the server waits for a mail that nobody is to have
                self.cut()
            raise refusal

    async def _ask(self, conversation: Conversation, phase: Phase, command: bytes) -> Reply:
        await self._say(conversation, phase, command)
        return await self._read(conversation, phase)

    async def _say(self, conversation: Conversation, phase: Phase, data: bytes) -> None:
        try:
            conversation.write(data)
        except ConversationLostError as error:
            raise _failure(phase, str(error)) from error

    async def _read(self, conversation: Conversation, phase: Phase) -> Reply:
        limit = self._limits.final_reply if phase is Phase.BODY else self._limits.reply
        try:
            return await conversation.read_reply(limit)
        except ConversationLostError as error:
            raise _failure(phase, str(error)) from error

    async def _hand_over(self, conversation: Conversation, data: bytes) -> str:
        reply = await self._ask(conversation, Phase.BODY, data)
        _expect(Phase.BODY, reply)
        self._is_envelope_open = False
        return tidy_words(f"{reply.code} {reply.text}")


def _make_client(access: Access, timeout_seconds: float) -> SMTP:
    return SMTP(
        hostname=access.host,
        port=access.port,
        use_tls=access.encryption == "tls",
        start_tls=access.encryption == "starttls",  # never None: that goes on in clear where it isn't offered
        timeout=timeout_seconds,
        local_hostname=access.local_hostname,
    )


async def _connect(client: SMTP, access: Access) -> asyncio.WriteTransport:
    phase = Phase.CONNECT
    try:
        await client.connect()
        await _greet(client)
        phase = Phase.LOGIN
        if access.username:
            await _log_in(client, access)
    except SMTPResponseException as error:
        raise _refusal(phase, Reply(error.code, error.message)) from error
    except _TROUBLE as error:
        raise _failure(phase, str(error) or type(error).__name__) from error
    transport = client.protocol.transport if client.protocol is not None else None
    if not isinstance(transport, asyncio.WriteTransport):
        raise _failure(phase, "connection lost")
    return transport


async def _greet(client: SMTP) -> None:
    try:
        await client.ehlo()
    except SMTPHeloError:
        await client.helo()  # an old server (RFC 5321 §3.2)


async def _log_in(client: SMTP, access: Access) -> None:
    """Log in by the first way that both sides know; `client.login` would try a wrong password in each way."""
    offered = client.server_auth_methods
    if access.token_path is not None:
        if "xoauth2" not in offered:
            raise SMTPException("the relay offers no log-in by token (XOAUTH2)")
        token = await asyncio.to_thread(access.token_path.read_text, encoding="ascii")
        await client.auth_xoauth2(access.username, token.strip())
        return
    for name, log_in in _LOG_INS.items():
        if name in offered:
            await log_in(client, access.username, access.password)
            return
    raise SMTPException("the relay offers no way to log in that we know")


def _expect(phase: Phase, reply: Reply) -> None:
    """Raise what an unwelcome reply means. Any of the expected class will do (RFC 5321 §4.3.2), but in the end.

    Whoever answers a body with anything but 250 may be greeting a connection that was joined anew.
    """
    is_welcome = reply.code == _TAKEN if phase is Phase.BODY else reply.code // 100 == (3 if phase is Phase.DATA else 2)
    if not is_welcome:
        raise _refusal(phase, reply)


def _refusal(phase: Phase, reply: Reply) -> DeliveryError:
    """What a reply means; a code outside 4xx and 5xx is no refusal but a broken reply."""
    if reply.code // 100 not in (4, 5):
        return _failure(phase, f"broken reply: {reply.text}")
    return read_failure(phase, reply.code, reply.text)


def _failure(phase: Phase, words: str) -> DeliveryError:
    return read_failure(phase, None, words)
