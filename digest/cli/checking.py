"""The commands that look after the installation: check, db upgrade, db backup and db adopt-secret."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer
from rich import filesize

from digest.after_sending import words_of
from digest.bounces.imap import read_imap
from digest.cli.bounces import imap_box
from digest.cli.edge import (
    Context,
    ExitCode,
    context_of,
    is_local,
    make_composer,
    make_relays,
    make_sources,
    now_in_utc,
    open_parts,
    today,
)
from digest.cli.output import print_json, say, say_error
from digest.cli.reader_files import read_files
from digest.composing import Composer
from digest.composing.wording import counted
from digest.config import Config, secret_path, signing_secrets
from digest.delivery import Relay
from digest.delivery.probing import try_connection
from digest.domain import Edition, Subscriber
from digest.errors import ConfigError, DeliveryError, DigestError, MailboxError, StoreError
from digest.hosts import is_loopback
from digest.parts import Parts
from digest.pipeline import fetch_batches
from digest.planning import is_sample
from digest.storage import adopt_secret, back_up, upgrade


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was checked."""

    what: str
    ok: bool
    level: str
    """`ok`, `warning` or `error`; an error of the configuration stops every other command."""
    message: str
    repair: str = ""


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command()(check)
    database = typer.Typer(help="Look after the database.", no_args_is_help=True)
    database.callback()(_only_a_group)
    database.command("upgrade")(upgrade_database)
    database.command("backup")(back_up_database)
    database.command("adopt-secret")(adopt_lost_secret)
    app.add_typer(database, name="db")


def check(
    context: typer.Context,
    live: Annotated[bool, typer.Option("--live", help="Also try the store, the relay and the sources.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> int:
    """Validate the configuration, the readers' files and the templates; without --live open nothing."""
    findings = list(_check_files(context_of(context)))
    is_sound = all(finding.ok or finding.level == "warning" for finding in findings)
    if live and is_sound:
        findings.extend(_check_live(context_of(context).settings))
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        for finding in findings:
            repair = f" — {finding.repair}" if finding.repair else ""
            say(f"{finding.level:8}{finding.what}: {finding.message}{repair}")
    if not is_sound:
        return ExitCode.WRONG_USAGE
    return ExitCode.DONE if all(finding.level != "error" for finding in findings) else ExitCode.UNREACHABLE


def upgrade_database(context: typer.Context) -> int:
    """Bring the database's schema up to this version's."""
    upgrade(context_of(context).settings.store_url)
    say("the schema is up to date")
    return ExitCode.DONE


def back_up_database(
    context: typer.Context, file: Annotated[Path, typer.Argument(help="The copy; there must be no such file yet.")]
) -> int:
    """Write a consistent copy of the SQLite database, also while digest is running.

    Put in place of the database it sends nothing before digest resume: what was sent since would be sent again.
    """
    settings = context_of(context).settings
    backup = back_up(settings.store_url, file, now=now_in_utc)
    held = (
        counted(backup.editions, "edition"),
        counted(backup.subscribers, "subscriber"),
        "1 delivery" if backup.deliveries == 1 else f"{backup.deliveries:,} deliveries",
    )
    say(f"{file} written: {filesize.decimal(backup.octets)}, {', '.join(held)}")
    secret = "site.secret" if settings.site.secret else secret_path(settings)
    if not backup.is_paused:
        say_error(
            "Sending isn't paused in it, its schema is too old for that: put it back, and digest pause before all else"
        )
    say(f"Not in it: {secret}, which signs the links in mails, the configuration, and {settings.subscribers}/.")
    return ExitCode.DONE


def adopt_lost_secret(context: typer.Context) -> int:
    """Take the secret in use for the database's, where the one that it knows is lost.

    Links in mails that are out stop working, and who is on the do-not-send list gets mail again.
    """
    settings = context_of(context).settings
    lost = adopt_secret(settings.store_url, signing_secrets(settings))
    say("the database knows the secret in use")
    if lost:
        say(f"{counted(lost, 'reader')} on the do-not-send list can't be found any more")
    return ExitCode.DONE


def _only_a_group() -> None:
    """Look after the database."""


def _check_files(context: Context) -> Iterator[Finding]:
    try:
        settings = context.settings
    except ConfigError as error:
        yield from _mistakes("configuration", error)
        return
    yield Finding("configuration", True, "ok", str(context.config_path or "none: built-in defaults"))
    sources = yield from _try("sources", lambda: make_sources(settings))
    yield from _try("transport", lambda: make_relays(settings))
    readers = yield from _try("subscribers", lambda: read_files(settings))
    composer = yield from _try("templates", lambda: make_composer(settings, secrets=("checked, not signed",)))
    yield from _warnings(settings, sources, readers)
    if composer:
        yield from _strange_languages(readers or (), composer)


def _try(what: str, make: Callable[[], Any]) -> Generator[Finding, None, Any]:
    try:
        made = make()
    except ConfigError as error:
        yield from _mistakes(what, error)
        return None
    described = f"{len(made)} found" if isinstance(made, (dict, tuple)) else "sound"
    yield Finding(what, True, "ok", described)
    return made


def _mistakes(what: str, error: ConfigError) -> Iterator[Finding]:
    for mistake in error.mistakes:
        yield Finding(what, False, "error", f"{mistake.place}: {mistake.problem}", mistake.repair)


def _warnings(config: Config, sources: Any, readers: tuple[Subscriber, ...] | None) -> Iterator[Finding]:
    """What isn't wrong but rarely meant; None stands for what has mistakes, of which more isn't said."""
    address = urlsplit(config.site.base_url)
    samples = [reader.email for reader in readers or () if is_sample(reader.email)]
    if sources is not None and not sources:
        yield _warn(
            "sources", "none is configured: nothing will be collected", "add [sources.arxiv], see config.example.toml"
        )
    if readers is not None and not readers:
        yield _warn("subscribers", f"no file in {config.subscribers}", "digest subscribers add, or the sign-up form")
    if samples and not is_local(config):
        yield _warn(
            "subscribers", f"{', '.join(samples)} are sample addresses and will be skipped", "remove their files"
        )
    if address.scheme == "http" and not is_loopback(address.hostname or ""):
        yield _warn(
            "site.base_url", "is plain http: mail programs offer no one-click unsubscribe (RFC 8058)", "use https"
        )
    if not is_loopback(address.hostname or "") and not config.web.admin_token:
        yield _warn(
            "web.admin_token",
            "isn't set: behind a proxy on this machine anybody may pass for you",
            "write a random one",
        )
    if is_loopback(address.hostname or "") and not is_local(config):
        yield _warn(
            "site.base_url", "readers can't reach localhost: unsubscribe links won't work", "write the public address"
        )
    if (config.bounces.path or config.bounces.imap) and not config.bounces.address:
        yield _warn(
            "bounces.address", "isn't set: no bounce can be told from a forgery", "write bounces@ and your domain"
        )
    if config.bounces.path and not (config.folder / config.bounces.path).exists():
        yield _warn("bounces.path", f"there is no {config.bounces.path}", "make the mailbox, or correct the path")
    if not config.site.postal_address:
        yield _warn("site.postal_address", "is empty: many countries' laws want one in the footer", "write it")


def _strange_languages(readers: tuple[Subscriber, ...], composer: Composer) -> Iterator[Finding]:
    for reader in readers:
        if not reader.language.startswith(composer.language_of(reader.language).code.split("-")[0]):
            known = ", ".join(sorted(composer.languages))
            problem = f"language: there is no catalogue for {reader.language!r}, so mails are English"
            yield _warn(reader.file, problem, f"write one of {known}")


def _warn(what: str, message: str, repair: str) -> Finding:
    return Finding(what, False, "warning", message, repair)


def _check_live(config: Config) -> Iterator[Finding]:
    try:
        with open_parts(config) as parts:
            yield Finding("store", True, "ok", "opened, its schema is current")
            if pause := parts.store.pause.current():
                yield _warn("sending", *words_of(pause).rsplit(" — ", 1))
            yield from map(_check_relay, parts.relays)
            yield from _check_mailbox(config)
            yield from _check_sources(config, parts)
    except StoreError as error:
        yield Finding("store", False, "error", str(error), "check store.url and the server")
    except ConfigError as error:
        yield from _mistakes("store", error)


def _check_relay(relay: Relay) -> Finding:
    try:
        try_connection(relay.connect)
    except (DeliveryError, DigestError) as error:
        return Finding("relay", False, "error", f"{relay.name}: {error}", "check [smtp], or start digest inbox")
    return Finding("relay", True, "ok", f"{relay.name} lets us in")


def _check_mailbox(config: Config) -> Iterator[Finding]:
    box = imap_box(config)
    if box is None:
        return
    try:
        next(read_imap(box), None)
    except MailboxError as error:
        yield Finding("mailbox", False, "error", str(error), "check [bounces.imap]")
    else:
        yield Finding("mailbox", True, "ok", f"{box.host} lets us in")


def _check_sources(config: Config, parts: Parts) -> Iterator[Finding]:
    day = today(config)
    for batch in fetch_batches(Edition(day, day), parts):
        name = " ".join(filter(None, (batch.source, batch.category)))
        message = f"{batch.state}, {batch.records} records" + (f": {'; '.join(batch.reasons)}" if batch.reasons else "")
        level = "warning" if batch.state.needs_attention else "ok"
        yield Finding(f"source {name}", batch.state.is_closed, level, message)
