"""The commands of the delivery side by hand: send, retry, resolve, pause, resume."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import Annotated

import typer

from digest.cli.edge import ExitCode, context_of, find_reader, open_only_store, open_parts, parse_past_day, today
from digest.cli.editions import say_report
from digest.cli.options import AnyDay, Day, Json
from digest.cli.output import open_progress, say, say_error
from digest.composing.wording import counted
from digest.domain import PausedBy
from digest.parts import Choice
from digest.pipeline import retry_digests, run_edition
from digest.storage import Chosen

Email = Annotated[str, typer.Option(metavar="EMAIL", help="This reader's mail alone.")]


class Verdict(StrEnum):
    """What became of mail in doubt."""

    SENT = "sent"
    FAILED = "failed"


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    for command in (send, retry, resolve, pause, resume):
        app.command()(command)


def send(context: typer.Context, day: Day = None, as_json: Json = False) -> int:
    """Send an edition's digests without asking the sources: to who waits already, and to who is due."""
    settings = context_of(context).settings
    edition = parse_past_day(day, settings)
    with open_progress() as show, open_parts(settings) as parts:
        choice = Choice(collects=False, is_day_named=day is not None, probes_at_once=True)
        report = run_edition(edition, replace(parts, on_progress=show), choice)
    return say_report(report, as_json=as_json)


def retry(context: typer.Context, day: Day = None, email: Email = "", as_json: Json = False) -> int:
    """Try an edition's deferred and failed mail again, without waiting for its time."""
    settings = context_of(context).settings
    edition = parse_past_day(day, settings)
    with open_progress() as show, open_parts(settings) as parts:
        email = find_reader(email, parts.readers()).email if email else ""
        report, covered = retry_digests(edition, replace(parts, on_progress=show), email=email)
    if covered:
        say_error(f"{counted(covered, 'mail')} left alone: a later digest covers the papers")
    return say_report(report, as_json=as_json)


def resolve(
    context: typer.Context,
    verdict: Annotated[Verdict, typer.Argument(help="What the relay's log says became of it.")],
    message_ids: Annotated[list[str] | None, typer.Argument(metavar="MESSAGE-ID", help="These mails.")] = None,
    day: AnyDay = None,
    email: Email = "",
    everything: Annotated[bool, typer.Option("--all", help="All mail in doubt, of every edition.")] = False,
) -> int:
    """Settle mail in doubt: sent moves the reader's cursor; after failed the next digest covers the papers.

    Name mails by Message-ID, as digest history --state unknown shows them, or by --date and --email, or --all.
    """
    settings = context_of(context).settings
    if bool(message_ids) + bool(day or email) + everything != 1:
        raise typer.BadParameter("name Message-IDs, or --date and --email, or --all")
    edition = parse_past_day(day, settings) if day else None
    asked = [Chosen(message_id=_with_brackets(name)) for name in message_ids or ()] or [Chosen(edition, email)]
    with open_only_store(settings) as store:
        store.deliveries.release_lapsed()
        settled = sum(store.by_hand.resolve(one, as_sent=verdict is Verdict.SENT) for one in asked)
    say(f"{counted(settled, 'mail')} settled as {verdict}")
    return ExitCode.DONE if settled else ExitCode.ATTENTION


def pause(
    context: typer.Context,
    reason: Annotated[
        str, typer.Option(metavar="WORDS", help="Why, for the history page, digest history and the logs.")
    ] = "",
) -> int:
    """Let no digest out until digest resume: a run under way stops too, after the mails it has claimed."""
    with open_only_store(context_of(context).settings) as store:
        store.pause.begin(PausedBy.OPERATOR, reason or "by the operator")
    say("sending is paused; digest resume ends it")
    return ExitCode.DONE


def resume(context: typer.Context) -> int:
    """End a pause, the operator's or sending's own; what waits goes out with the next run, or by serve."""
    settings = context_of(context).settings
    with open_only_store(settings) as store:
        was_paused = store.pause.end()
        waiting = len(store.deliveries.open_rows(today(settings)))
    say("sending is no longer paused" if was_paused else "sending was not paused")
    if waiting:
        say(f"{counted(waiting, 'mail')} of today's edition can go out: digest send")
    return ExitCode.DONE


def _with_brackets(message_id: str) -> str:
    return message_id if message_id.startswith("<") else f"<{message_id}>"
