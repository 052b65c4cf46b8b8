"""Opens everything a command needs from the configuration, once, and closes it again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from email.utils import parseaddr
from enum import IntEnum
from functools import cached_property, partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import typer
from email_validator import EmailNotValidError, validate_email

from digest import delivery, sources
from digest.adapters import make_adapter
from digest.cli.reader_files import ReaderFiles, say_left_out
from digest.composing import Composer, open_composer, open_signer
from digest.config import (
    Config,
    TransportTable,
    load_config,
    read_subscriber,
    read_toml,
    secret_path,
    signing_secrets,
)
from digest.delivery import Relay
from digest.domain import Letterhead, Subscriber
from digest.errors import ConfigError, Mistake
from digest.hosts import is_loopback
from digest.matching import check_profile
from digest.parts import Parts
from digest.sources import Source, open_http
from digest.storage import Store, open_store

DEFAULT_CONFIG = Path("config.toml")
NO_SUBSCRIBER = "profile"
"""The id of whoever a profile file describes; no subscriber has it."""
SAMPLE_ADDRESS = "reader@example.org"
"""Stands in where a profile has no address (RFC 2606)."""
BEFORE_ALL_PAPERS = date(1991, 8, 14)


class ExitCode(IntEnum):
    """What the exit codes mean."""

    DONE = 0
    ATTENTION = 1  # done in part, or something needs attention: the output says what
    WRONG_USAGE = 2  # wrong usage or wrong configuration
    UNREACHABLE = 3  # a source, the relay or the store can't be reached; nothing lost, try again
    INTERRUPTED = 130
    TERMINATED = 143


@dataclass(frozen=True)
class Context:
    """What the global options say; loads the configuration when a command first asks for it."""

    config: Path | None
    environ: Mapping[str, str]

    @property
    def config_path(self) -> Path | None:
        """The configuration file: as asked for, else $DIGEST_CONFIG, else ./config.toml if it is there."""
        if self.config is not None:
            return self.config
        if named := self.environ.get("DIGEST_CONFIG"):
            return Path(named)
        return DEFAULT_CONFIG if DEFAULT_CONFIG.exists() else None

    @cached_property
    def settings(self) -> Config:
        """The configuration. Raises ConfigError with every mistake in it."""
        return load_config(self.config_path, self.environ)


def context_of(context: typer.Context) -> Context:
    """The Context that the global options left."""
    found = context.find_object(Context)
    return found if found is not None else Context(config=None, environ={})


def today(config: Config) -> date:
    """The edition's day in the configured time zone."""
    return now_in_utc().astimezone(ZoneInfo(config.schedule.timezone)).date()


def now_in_utc() -> datetime:
    """The time, with its zone."""
    return datetime.now(ZoneInfo("UTC"))


def parse_day(text: str | None, config: Config) -> date:
    """The day that an option names, else today's. Raises a usage error for anything but an ISO date."""
    if text is None:
        return today(config)
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no date — write it as 2026-06-30") from None
    if day < BEFORE_ALL_PAPERS:
        raise typer.BadParameter(f"{day} is before arXiv's first day, {BEFORE_ALL_PAPERS}")
    return day


def parse_past_day(text: str | None, config: Config) -> date:
    """The day of an edition that may be made: a future one would be closed before its papers are announced."""
    day, now = parse_day(text, config), today(config)
    if day > now:
        raise typer.BadParameter(f"{day} is still to come: today is {now} in {config.schedule.timezone}")
    return day


def parse_address(text: str) -> str:
    """An address as an option gives it. Raises a usage error if it is none."""
    try:
        return str(validate_email(text, check_deliverability=False).normalized)
    except EmailNotValidError as error:
        raise typer.BadParameter(f"{text!r} is no address: {error}") from None


def subscriber_reader(config: Config, *, file: str = "sign-up") -> Callable[[Mapping[str, Any]], Subscriber]:
    """What makes a Subscriber of a signup's details or a file's values, by the same rules."""
    return partial(
        read_subscriber,
        file=file,
        timezone=config.schedule.timezone,
        send_at=config.schedule.send_at,
        check=check_profile,
    )


def find_reader(email: str, readers: Iterable[Subscriber]) -> Subscriber:
    """The reader with that address, whatever its case. Raises ConfigError if there is none."""
    found = next((reader for reader in readers if reader.email.lower() == email.lower()), None)
    if found is None:
        raise ConfigError([Mistake(email, "", "is nobody's address here", "see digest subscribers list")])
    return found


def require_one(email: str, profile: Path | None) -> None:
    """Raise a usage error unless a command names either a reader or a profile file."""
    if bool(email) == (profile is not None):
        raise typer.BadParameter("name either a reader's address or --profile FILE")


def choose_reader(email: str, profile: Path | None, parts: Parts, config: Config) -> Subscriber:
    """Whom a command is about: the reader with that address, or whoever a profile file describes."""
    return find_reader(email, parts.readers()) if profile is None else read_profile(profile, config)


def read_profile(path: Path, config: Config) -> Subscriber:
    """The reader that a file describes, who has no history, even if a subscriber has that address."""
    values = {"email": SAMPLE_ADDRESS, **read_toml(path)}
    return replace(subscriber_reader(config, file=str(path))(values), id=NO_SUBSCRIBER)


def make_sources(config: Config) -> dict[str, Source]:
    """The configured sources by their tables' names. Raises ConfigError with the mistakes of all of them."""
    made: dict[str, Source] = {}
    mistakes: list[Mistake] = []
    for name, table in config.sources.items():
        options = {key: value for key, value in table.items() if key != "adapter"}
        try:
            made[name] = make_adapter(
                sources,
                str(table.get("adapter", name)),
                options,
                file=config.file or "the environment",
                key=f"sources.{name}",
                folder=config.folder,
            )
        except ConfigError as error:
            mistakes.extend(error.mistakes)
    if mistakes:
        raise ConfigError(mistakes)
    return made


def make_relays(config: Config) -> tuple[Relay, ...]:
    """Where mail is handed over, the first choice first. Raises ConfigError with every mistake in the options."""
    tables = [config.transport, *([config.fallback] if config.fallback else [])]
    return tuple(_make_relay(table, config) for table in tables)


def _make_relay(table: TransportTable, config: Config) -> Relay:
    transport = make_adapter(
        delivery,
        table.name,
        table.options,
        file=config.file or "the environment",
        key=table.key or table.name,
        folder=config.folder,
    )
    return Relay(
        name=_relay_name(table),
        connect=partial(replace, transport),  # each connection has its own state
        connections=getattr(transport, "max_connections", 1),
        mails_a_second=table.mails_a_second,
    )


def _relay_name(table: TransportTable) -> str:
    """The transport as the history names it, such as `smtp 127.0.0.1:8025`."""
    host = (
        f" {table.options.get('host', '127.0.0.1')}:{table.options.get('port', 8025)}" if table.name == "smtp" else ""
    )
    return table.name + host


def letterhead_of(config: Config, *, secrets: tuple[str, ...]) -> Letterhead:
    """What every email shares; `secrets` sign its links."""
    site = config.site
    return Letterhead(
        site_name=site.name,
        sender=site.sender,
        base_url=site.base_url,
        secrets=secrets,
        reply_to=site.reply_to,
        postal_address=site.postal_address,
        bounce_address=config.bounces.address,
        mails_when_empty=config.schedule.when_empty == "mail",
    )


def make_composer(config: Config, *, secrets: tuple[str, ...]) -> Composer:
    """What makes emails, with the operator's templates and key. Raises ConfigError with the mistakes in them."""
    dkim = config.dkim
    sign = open_signer(dkim.domain, dkim.selector, Path(dkim.key_file), file=config.file) if dkim.domain else None
    return open_composer(letterhead_of(config, secrets=secrets), config.templates, sign=sign)


def check_all(config: Config, files: ReaderFiles) -> tuple[dict[str, Source], tuple[Relay, ...]]:
    """Sources and relays. Raises ConfigError with the mistakes of both, and those of subscriber files beside them."""
    made: list[Any] = []
    mistakes: list[Mistake] = []
    for make in (make_sources, make_relays):
        try:
            made.append(make(config))
        except ConfigError as error:
            mistakes.extend(error.mistakes)
    if mistakes:
        raise ConfigError([*mistakes, *files.mistakes])
    say_left_out(files.mistakes)
    return made[0], made[1]


def open_only_store(config: Config) -> AbstractContextManager[Store]:
    """What the service remembers, whatever mistakes there are in templates, sources and subscriber files."""
    read_signup = subscriber_reader(config)
    return open_store(config.store_url, now=now_in_utc, read_signup=read_signup, secrets=signing_secrets(config))


@contextmanager
def open_parts(config: Config) -> Iterator[Parts]:
    """Everything a run needs. Raises ConfigError with every mistake before anything is opened.

    A reader's file with a mistake is left out, and that is said.
    """
    files = ReaderFiles(config)
    files.read()
    made_sources, relays = check_all(config, files)
    secrets = signing_secrets(config)
    composer = make_composer(config, secrets=secrets)
    with open_only_store(config) as store:
        yield Parts(
            store=store,
            composer=composer,
            sources=made_sources,
            open_http=partial(
                open_http,
                parseaddr(config.site.sender)[1],
                folder=secret_path(config).parent / "fetched",
                retention=config.schedule.retention,
            ),
            read_files=files.read,
            file_mistakes=lambda: files.mistakes,
            relays=relays,
            is_local=is_local(config),
            lookback=config.schedule.lookback,
            expires_after=config.schedule.expires_after,
            now=now_in_utc,
            resends=config.resends,
            retention=config.schedule.retention,
        )


def is_local(config: Config) -> bool:
    """Whether mail stays on this machine: no SMTP at all, or relays on loopback alone."""
    tables = [config.transport, *([config.fallback] if config.fallback else [])]
    return all(table.name != "smtp" or is_loopback(str(table.options.get("host", "127.0.0.1"))) for table in tables)
