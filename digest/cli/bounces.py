"""The command that takes in what came back: bounces; and the mailboxes that serve looks into."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer

from digest.bounces import Incoming
from digest.bounces.imap import ImapBox, read_imap
from digest.bounces.incoming import MOST_OCTETS
from digest.bounces.mailboxes import read_path, read_pipe
from digest.cli import documents
from digest.cli.edge import ExitCode, context_of, open_parts, today
from digest.cli.options import Json
from digest.cli.output import print_json, say, say_error
from digest.composing.wording import counted
from digest.config import Config, secret_path
from digest.domain import ReportKind
from digest.errors import ConfigError, DigestError, Mistake
from digest.parts import Parts
from digest.returned_mail import Taken, Tally, take_reports

log = logging.getLogger(__name__)


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command()(bounces)


def bounces(
    context: typer.Context,
    path: Annotated[
        str,
        typer.Argument(
            metavar="PATH|-", help="A mail, an mbox, a maildir, a folder of mails, or - for one on standard input."
        ),
    ] = "",
    as_json: Json = False,
) -> int:
    """Take in bounces and complaints: of PATH, else of the configured mailboxes. No mail is deleted."""
    config = context_of(context).settings
    mails = _open_mails(path, config)
    with open_parts(config) as parts:
        tally = take_configured(mails, config, parts)
    if as_json:
        print_json(documents.tally_document(tally))
    else:
        _say_tally(tally)
    if not config.bounces.address:
        say_error("bounces.address isn't set: mails go out without a signed return path, so no bounce can be believed")
    needs_attention = tally.unread or tally.kinds[ReportKind.POLICY]
    return ExitCode.ATTENTION if needs_attention else ExitCode.DONE


def take_configured(mails: Iterator[Incoming], config: Config, parts: Parts) -> Tally:
    """Take in the mails, with this installation's keys."""
    secrets = parts.composer.letterhead.secrets
    return take_reports(mails, parts.store.reports, secrets=secrets, today=today(config), stopping=parts.stopping)


def look_into_mailboxes(config: Config, parts: Parts) -> None:
    """Take in what the configured mailboxes hold; trouble is logged, and the next time tries again."""
    try:
        tally = take_configured(open_configured(config), config, parts)
    except DigestError as error:
        log.error("what came back can't be taken in; it is tried again: %s", error)  # noqa: TRY400 - it says it all
        return
    for taken in tally.taken:
        log.warning("%s", _in_words(taken))


def open_configured(config: Config) -> Iterator[Incoming]:
    """The mails of the mailboxes in [bounces], one after the other."""
    table = config.bounces
    files = read_path(config.folder / table.path) if table.path else iter(())
    box = imap_box(config)
    return chain(files, read_imap(box) if box else ())


def imap_box(config: Config) -> ImapBox | None:
    """The configured IMAP mailbox."""
    imap = config.bounces.imap
    if imap is None:
        return None
    return ImapBox(imap.host, imap.known_port, imap.username, imap.password, imap.security, imap.folder)


def _open_mails(path: str, config: Config) -> Iterator[Incoming]:
    if path == "-":
        return read_pipe(sys.stdin.buffer.read(MOST_OCTETS), secret_path(config).parent / "unread-reports")
    if path:
        if not Path(path).exists():
            raise typer.BadParameter(f"there is no {path}")
        return read_path(Path(path))
    if not config.bounces.path and config.bounces.imap is None:
        repair = "name a PATH, or set bounces.path or [bounces.imap]"
        raise ConfigError([Mistake(config.file or "config.toml", "bounces", "names no mailbox", repair)])
    return open_configured(config)


def _say_tally(tally: Tally) -> None:
    say(f"{counted(tally.mails, 'mail')} read")
    lines = {
        "reports of ours": ", ".join(f"{count} {kind.value}" for kind, count in sorted(tally.kinds.items())),
        "reported before": tally.known,
        "without our signature, ignored": tally.unsigned,
        "no bounce": ", ".join(f"{count} {reason}" for reason, count in sorted(tally.others.items())),
        "without a report in it, kept": tally.unread,
    }
    for what, count in lines.items():
        if count:
            say(f"  {what}: {count}")
    for taken in tally.taken:
        say(_in_words(taken))


def _in_words(taken: Taken) -> str:
    report = taken.report
    words = " ".join(filter(None, (report.enhanced_code, report.words)))
    fault = ", a fault of ours" if report.kind is ReportKind.POLICY else ""
    return f"{taken.address or 'a reader who is gone'}: {taken.consequence}: {report.kind}{fault}: {words}"
