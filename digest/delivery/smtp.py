"""The way out over SMTP: the operator's options for a relay, checked, and connections made of them. Speaks no SMTP."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from digest.delivery.connection import Access, Connection, Limits
from digest.delivery.port import Transport
from digest.errors import ConfigError, Mistake
from digest.hosts import is_loopback

_HOST = re.compile(r"[^\s/@\x00-\x1f\x7f]+")


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
    token_path: str = ""
    max_connections: Annotated[int, Field(ge=1, le=100)] = 8
    mails_per_connection: Annotated[int, Field(ge=1, le=10_000)] = 100
    connection_age_seconds: Seconds = 600.0
    connection_idle_seconds: Seconds = 30.0
    connect_timeout_seconds: Seconds = 30.0
    reply_timeout_seconds: Seconds = 300.0  # RFC 5321 §4.5.3.2 for MAIL and RCPT
    final_reply_timeout_seconds: Seconds = 600.0  # the same for the reply to the final dot
    folder: str = ""
    """The configuration's own, to which `token_path` is relative."""
    _opened: list[Connection] = field(default_factory=list, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        mistakes = []
        if self.username and self.encryption == "none" and not self.is_loopback:
            problem = f"the log-in for {self.host} would go over the network unencrypted"
            mistakes.append(Mistake("[smtp]", "security", problem, 'use "starttls" or "tls"'))
        if self.token_path and self.password:
            mistakes.append(Mistake("[smtp]", "token_path", "stands beside a password", "keep one of the two"))
        if self.token_path and not self.username:
            mistakes.append(Mistake("[smtp]", "token_path", "has no username", "write whose token it is as username"))
        if mistakes:
            raise ConfigError(mistakes)

    @property
    def is_loopback(self) -> bool:
        """Whether the relay runs on this machine, by its written name."""
        return is_loopback(self.host)

    @property
    def encryption(self) -> str:
        """`security` with its default filled in."""
        return self.security or ("none" if self.is_loopback else "starttls")

    async def __aenter__(self) -> Transport:
        connection = Connection(self._access(), self._limits())
        await connection.open()
        self._opened.append(connection)
        return connection

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        connection = self._opened.pop()
        if error is None:
            await connection.quit()
        connection.cut()

    def _access(self) -> Access:
        return Access(
            host=self.host,
            port=self.port,
            encryption=self.encryption,
            local_hostname="localhost" if self.is_loopback else None,
            username=self.username,
            password=self.password,
            token_path=Path(self.folder, self.token_path) if self.token_path else None,
        )

    def _limits(self) -> Limits:
        return Limits(
            mails=self.mails_per_connection,
            age=self.connection_age_seconds,
            idle=self.connection_idle_seconds,
            connect=self.connect_timeout_seconds,
            reply=self.reply_timeout_seconds,
            final_reply=self.final_reply_timeout_seconds,
        )


adapter: Callable[..., AbstractAsyncContextManager[Transport]] = Smtp
