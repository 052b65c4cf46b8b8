"""The installation's configuration: one TOML file, read once, with every default. Reads no subscriber."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time, timedelta
from difflib import get_close_matches
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from digest.config.environment import overlay
from digest.config.mistakes import read_mistakes
from digest.config.toml import read_toml
from digest.errors import ConfigError, Mistake
from digest.return_paths import LOCAL_PART_OCTETS, SIGNED_OCTETS

_DURATION = re.compile(r"(?P<count>\d{1,5})(?P<unit>[smhd])")
_RATE = re.compile(r"(?P<mails>\d{1,6}(?:\.\d{1,3})?) ?/ ?(?P<unit>[smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def _to_duration(value: Any) -> Any:
    if isinstance(value, timedelta):
        return value
    found = _DURATION.fullmatch(str(value).strip())
    if not found:
        raise ValueError(f"{value!r} is no duration — write a number and s, m, h or d, such as 6h")
    return timedelta(**{_UNITS[found["unit"]]: int(found["count"])})


def _to_rate(value: Any) -> Any:
    if value is None or value == "":
        return None
    found = _RATE.fullmatch(str(value).strip())
    if not found or float(found["mails"]) == 0:
        raise ValueError(f"{value!r} is no rate — write mails and s, m, h or d, such as 14/s or 500/h")
    return float(found["mails"]) / _SECONDS[found["unit"]]


def _check_retention(value: timedelta) -> timedelta:
    if value < SHORTEST_RETENTION:
        raise ValueError(f"is too short to tell who got what — write {SHORTEST_RETENTION.days}d or more")
    return value


def _to_time(value: Any) -> Any:
    try:
        found = time.fromisoformat(str(value))
    except ValueError:
        found = None
    if found is None or found.tzinfo is not None:  # the zone is an option of its own
        raise ValueError(f"{value!r} is no time of day — write hours and minutes, such as 07:30")
    return found


def _check_timezone(value: str) -> str:
    if value not in available_timezones():
        raise ValueError(f"{value!r} is no time zone — write a name such as Europe/Zurich or UTC")
    return value


def _check_line(value: str) -> str:
    if any(ord(character) < 32 for character in value):  # noqa: PLR2004 - control characters
        raise ValueError("has a line break or control character — write it on one line")
    return value


def _check_sender(value: str) -> str:
    _, address = parseaddr(value)
    try:
        validate_email(address, check_deliverability=False)
    except EmailNotValidError as error:
        raise ValueError(f"{value!r} holds no address: {error} — write Name <name@example.org>") from None
    return value


def _check_reply_to(value: str) -> str:
    return _check_sender(value) if value else value


def _check_ascii(value: str) -> str:
    if not value.isascii():
        raise ValueError("has letters outside ASCII, which IMAP's log-in doesn't take — choose another")
    return value


def _check_bounce_address(value: str) -> str:
    if not value:
        return value
    try:
        local, _, domain = validate_email(value, check_deliverability=False, allow_smtputf8=False).normalized.partition(
            "@"
        )
    except EmailNotValidError as error:
        raise ValueError(f"{value!r} is no plain address: {error} — write bounces@digest.example.org") from None
    longest = LOCAL_PART_OCTETS - SIGNED_OCTETS
    if len(local) > longest or "+" in local:
        raise ValueError(
            f"{value!r} leaves no room for a signature — write at most {longest} letters before the @, no +"
        )
    return f"{local}@{domain}"


def _check_base_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{value!r} is no web address — write https://digest.example.org")
    return value.rstrip("/")


SHORTEST_RETENTION = timedelta(days=30)
"""A digest covers fourteen editions and says what was lost or doubtful of them: that long the history is needed."""

Duration = Annotated[timedelta, BeforeValidator(_to_duration)]
TimeOfDay = Annotated[time, BeforeValidator(_to_time)]
Timezone = Annotated[str, AfterValidator(_check_timezone)]
OneLine = Annotated[str, AfterValidator(_check_line)]
ImapWord = Annotated[OneLine, AfterValidator(_check_ascii)]
Port = Annotated[int, Field(ge=0, le=65535)]


class Table(BaseModel):
    """One table of a TOML file: frozen, and a misspelt key is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Site(Table):
    """What every mail and page says of this installation."""

    name: Annotated[OneLine, Field(min_length=1, max_length=80)] = "Paper digest"
    base_url: Annotated[OneLine, AfterValidator(_check_base_url)] = "http://localhost:8000"
    sender: Annotated[OneLine, AfterValidator(_check_sender)] = "Paper digest <digest@example.org>"
    reply_to: Annotated[OneLine, AfterValidator(_check_reply_to)] = ""
    postal_address: str = ""
    templates: OneLine = ""
    secret: Annotated[str, Field(repr=False)] = ""


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
    retention: Annotated[Duration, AfterValidator(_check_retention)] = timedelta(days=400)


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
        if self.security == "none" and self.host not in ("localhost", "127.0.0.1", "::1"):
            raise ValueError("security none would send the password in clear — write tls or starttls")
        return self

    @property
    def known_port(self) -> int:
        """The port, or the one that is usual for the security (RFC 8314)."""
        return self.port or (993 if self.security == "tls" else 143)


class Bounces(Table):
    """Where mail that comes back is taken in; without an address reports can't be told from forgeries."""

    address: Annotated[OneLine, AfterValidator(_check_bounce_address)] = ""
    path: str = ""
    every: Duration = timedelta(minutes=5)
    imap: Imap | None = None


class Web(Table):
    """Where the pages are served."""

    host: str = "127.0.0.1"
    port: Port = 8000
    admin_token: Annotated[str, Field(repr=False)] = ""


class _RelayPolicy(BaseModel):
    """What a relay's table says of how mail goes there; the rest of the table is the transport's own."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    rate: Annotated[float | None, BeforeValidator(_to_rate)] = None


class _SendingPolicy(_RelayPolicy):
    """What the first relay's table says beside that."""

    on_unknown: Literal["hold", "resend"] = "hold"
    fallback: dict[str, Any] = {}


class _File(Table):
    """The whole file. Tables it doesn't know are transports, such as [smtp], which check their own options."""

    model_config = ConfigDict(extra="allow", frozen=True)

    site: Site = Site()
    subscribers: SubscriberFolder = SubscriberFolder()
    store: StoreTable = StoreTable()
    sources: dict[str, dict[str, Any]] = {}
    schedule: Schedule = Schedule()
    dkim: Dkim = Dkim()
    bounces: Bounces = Bounces()
    web: Web = Web()


@dataclass(frozen=True, slots=True)
class TransportTable:
    """A table that says how mail leaves: its name is the adapter's, its options are the adapter's fields."""

    name: str
    options: Mapping[str, Any] = field(repr=False)
    mails_a_second: float | None = None
    key: str = ""
    """The table's own name, where it isn't the adapter's."""


@dataclass(frozen=True, slots=True)
class Config:
    """The configuration of one installation. Paths in it are absolute."""

    file: str
    """The file's name for messages; empty if there is none."""
    folder: Path
    """What relative paths in the file are relative to."""
    site: Site
    subscribers: Path
    store_url: str = field(repr=False)
    sources: Mapping[str, Mapping[str, Any]] = field(repr=False)
    """Their options by table; keys to their services among them."""
    schedule: Schedule
    templates: Path | None
    """The operator's own templates; None where those of digest are taken."""
    dkim: Dkim
    transport: TransportTable
    bounces: Bounces
    web: Web
    fallback: TransportTable | None = None
    """Where mail goes that hasn't reached DATA when the first relay is down."""
    resends: bool = False
    """Whether mail in doubt is sent again; else it is held and shown."""


def load_config(path: Path | None, environ: Mapping[str, str]) -> Config:
    """Read the configuration file, or the defaults where `path` is None, with the environment laid over it.

    Raises ConfigError with every mistake in it.
    """
    folder = (path.parent if path else Path()).resolve()
    name = str(path) if path else "(no configuration file)"
    table = overlay(read_toml(path, if_missing="copy config.example.toml") if path else {}, environ)
    try:
        file = _File.model_validate(table)
    except ValidationError as error:
        raise ConfigError(read_mistakes(error, file=name, model=_File)) from error
    transports = {key: value for key, value in (file.model_extra or {}).items() if isinstance(value, dict)}
    mistakes = [*_find_misplaced(name, file, transports), *_find_incomplete(name, file.dkim)]
    if mistakes:
        raise ConfigError(mistakes)
    transport_name, options = next(iter(transports.items()), ("smtp", {}))
    policy = _read_policy(_SendingPolicy, options, file=name, key=transport_name)
    return Config(
        file=str(path) if path else "",
        folder=folder,
        site=file.site,
        subscribers=folder / file.subscribers.path,
        store_url=_resolve_sqlite(file.store.url, folder),
        sources=file.sources,
        schedule=file.schedule,
        templates=folder / file.site.templates if file.site.templates else None,
        dkim=file.dkim.model_copy(update={"key_file": str(folder / file.dkim.key_file)}),
        bounces=file.bounces,
        transport=_transport_table(transport_name, options, policy),
        web=file.web,
        fallback=_read_fallback(policy, file=name, transport=transport_name),
        resends=policy.on_unknown == "resend",
    )


def signing_secrets(config: Config) -> tuple[str, ...]:
    """The keys that sign links: the configured one, else one that is made on the first run and kept by the store."""
    if config.site.secret:
        return (config.site.secret,)
    path = secret_path(config)
    try:
        kept = path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        kept = _make_secret(path)
    if not kept:  # anybody could sign with an empty key
        raise ConfigError([Mistake(str(path), "", "holds no secret", "delete the file, and a new one is made")])
    return (kept,)


def secret_path(config: Config) -> Path:
    """Where a made secret is kept: beside the SQLite file, else in data/ beside the configuration."""
    database = config.store_url.removeprefix("sqlite:///")
    folder = Path(database).parent if config.store_url.startswith("sqlite:") else config.folder / "data"
    return folder / "secret.key"


def _make_secret(path: Path) -> str:
    made = secrets.token_urlsafe(32)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:  # another process was first
        return path.read_text(encoding="ascii").strip()
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(made + "\n")
    return made


_Policy = TypeVar("_Policy", bound=_RelayPolicy)


def _read_policy(model: type[_Policy], options: Mapping[str, Any], *, file: str, key: str) -> _Policy:
    try:
        return model.model_validate(options)
    except ValidationError as error:
        raise ConfigError(read_mistakes(error, file=file, key=key, model=model)) from error


def _read_fallback(policy: _SendingPolicy, *, file: str, transport: str) -> TransportTable | None:
    if not policy.fallback:
        return None
    key = f"{transport}.fallback"
    if transport != "smtp":
        raise ConfigError([Mistake(file, key, "only SMTP has a fallback", "remove the table")])
    options = policy.fallback
    if misplaced := [option for option in ("on_unknown", "fallback") if option in options]:
        raise ConfigError(
            [Mistake(file, f"{key}.{option}", "holds for all relays", "put it into [smtp]") for option in misplaced]
        )
    return _transport_table(transport, options, _read_policy(_RelayPolicy, options, file=file, key=key), key=key)


def _transport_table(name: str, options: Mapping[str, Any], policy: _RelayPolicy, *, key: str = "") -> TransportTable:
    own = {option: value for option, value in options.items() if option not in _SendingPolicy.model_fields}
    return TransportTable(name, own, policy.rate, key=key or name)


def _find_misplaced(name: str, file: _File, transports: Mapping[str, Mapping[str, Any]]) -> list[Mistake]:
    stray = [key for key, value in (file.model_extra or {}).items() if not isinstance(value, dict)]
    misspelt = {key: near for key in transports for near in get_close_matches(key, _File.model_fields, cutoff=0.75)}
    mistakes = [Mistake(name, key, "stands outside any table", "put it below its [table]") for key in stray]
    mistakes += [Mistake(name, key, "is no known table", f"did you mean [{near}]?") for key, near in misspelt.items()]
    if len(transports) - len(misspelt) > 1:
        listed = " and ".join(f"[{key}]" for key in transports)
        mistakes.append(Mistake(name, "", f"has more than one transport: {listed}", "keep one of them"))
    return mistakes


def _find_incomplete(name: str, dkim: Dkim) -> list[Mistake]:
    missing = [key for key, value in dkim.model_dump().items() if not value]
    problem, repair = "is missing: signing needs domain, selector and key_file", "write it, or empty the table"
    return [Mistake(name, f"dkim.{key}", problem, repair) for key in missing] if dkim.is_wanted else []


def _resolve_sqlite(url: str, folder: Path) -> str:
    prefix = "sqlite:///"
    if not url.startswith(prefix) or url == prefix:
        return url
    return prefix + str(folder / url.removeprefix(prefix))
