"""The tables of the configuration file, with every default. Transports and sources check their own."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from digest.config.values import (
    BaseUrl,
    BounceAddress,
    Duration,
    FormerSecrets,
    ImapWord,
    OneLine,
    Port,
    ReplyTo,
    Retention,
    Secret,
    Sender,
    TimeOfDay,
    Timezone,
)
from digest.hosts import is_loopback


class Table(BaseModel):
    """One table of a TOML file: frozen, and a misspelt key is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Site(Table):
    """What every mail and page says of this installation."""

    name: Annotated[OneLine, Field(min_length=1, max_length=80)] = "Paper digest"
    base_url: BaseUrl = "http://localhost:8000"
    sender: Sender = "Paper digest <digest@example.org>"
    reply_to: ReplyTo = ""
    postal_address: str = ""
    templates: OneLine = ""
    secret: Secret = ""
    former_secrets: FormerSecrets = ()


class SubscriberFolder(Table):
    """Where the operator's subscriber files lie."""

    path: str = "subscribers"


class StoreTable(Table):
    """Where everything is remembered."""

    url: Annotated[str, Field(repr=False)] = "sqlite:///data/digest.db"


class Schedule(Table):
    """When an edition is due and how long things are kept."""

    timezone: Timezone = "UTC"
    send_at: TimeOfDay = time(7, 30)
    max_lateness: Duration = timedelta(hours=6)
    lookback: Duration = timedelta(days=7)
    when_empty: Literal["skip", "mail"] = "skip"
    expires_after: Duration = timedelta(hours=20)
    retention: Retention = timedelta(days=400)


class Dkim(Table):
    """Signing of mails by us; empty where the relay signs."""

    domain: OneLine = ""
    selector: OneLine = ""
    key_file: OneLine = ""

    @property
    def is_wanted(self) -> bool:
        """Whether mails are to be signed."""
        return bool(self.domain or self.selector or self.key_file)


class Imap(Table):
    """A mailbox of reports on an IMAP server."""

    host: Annotated[OneLine, Field(min_length=1)]
    port: Port = 0
    security: Literal["tls", "starttls", "none"] = "tls"
    username: ImapWord = ""
    password: Annotated[ImapWord, Field(repr=False)] = ""
    folder: ImapWord = "INBOX"

    @model_validator(mode="after")
    def _keep_password_off_the_wire(self) -> Imap:
        if self.security == "none" and not is_loopback(self.host):
            raise ValueError("security none would send the password in clear — write tls or starttls")
        return self

    @property
    def known_port(self) -> int:
        """The port, or the one that is usual for the security (RFC 8314)."""
        return self.port or (993 if self.security == "tls" else 143)


class Bounces(Table):
    """Where mail that comes back is taken in; without an address reports can't be told from forgeries."""

    address: BounceAddress = ""
    path: str = ""
    every: Duration = timedelta(minutes=5)
    imap: Imap | None = None


class Web(Table):
    """Where the pages are served."""

    host: str = "127.0.0.1"
    port: Port = 8000
    admin_token: Secret = ""
