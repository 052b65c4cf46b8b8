"""The commands that look back: papers and history."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from digest.after_sending import words_of
from digest.cli import documents
from digest.cli.edge import ExitCode, context_of, open_parts, parse_day
from digest.cli.options import AnyDay, Day, Json
from digest.cli.output import print_csv, print_json, print_table, say
from digest.composing.wording import counted
from digest.domain import DeliveryState
from digest.identity import canonical_id
from digest.storage import Chosen

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command()(papers)
    app.command()(history)


def papers(context: typer.Context, day: Day = None, as_json: Json = False) -> int:
    """List the papers of an edition."""
    settings = context_of(context).settings
    edition = parse_day(day, settings)
    with open_parts(settings) as parts:
        found = parts.store.papers.all_of_edition(edition)
    if as_json:
        print_json([documents.paper_document(paper) for paper in found])
        return ExitCode.DONE
    if found:
        rows = [(paper.id, paper.title, paper.upvotes, ", ".join(paper.sources)) for paper in found]
        print_table(("Paper", "Title", "▲", "Sources"), rows)
    say(f"{counted(len(found), 'paper')} in the edition of {edition}")
    return ExitCode.DONE


def history(
    context: typer.Context,
    email: Annotated[str, typer.Option(metavar="EMAIL", help="This reader's mail.")] = "",
    day: AnyDay = None,
    state: Annotated[DeliveryState | None, typer.Option(help="Mail in this state.")] = None,
    paper: Annotated[str, typer.Option(metavar="ID", help="Mail that held this paper, such as arxiv:2606.28729.")] = "",
    attempts: Annotated[bool, typer.Option("--attempts", help="Every attempt and change, a line each.")] = False,
    as_json: Json = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print comma-separated values.")] = False,
) -> int:
    """Show what was sent to whom, with the server's own words."""
    settings = context_of(context).settings
    edition = parse_day(day, settings) if day else None
    with open_parts(settings) as parts:
        found = parts.store.history.find(email=email, edition=edition, state=state, paper=canonical_id(paper) or paper)
        pause = parts.store.pause.current()
        lines = parts.store.history.events(Chosen(edition, email)) if attempts else ()
    wanted = {(row.edition, row.email) for row in found}
    if attempts:
        told = [documents.event_document(line) for line in lines if (line.edition, line.email) in wanted]
    else:
        told = [documents.delivery_document(row) for row in found]
    if as_json:
        print_json(told)
    elif as_csv:
        print_csv(documents.EVENT_FIELDS if attempts else documents.DELIVERY_FIELDS, told)
    else:
        _say_history(told, attempts=attempts, names_mails=state is DeliveryState.UNKNOWN)
        if pause is not None:
            say(words_of(pause))
    return ExitCode.DONE


def _say_history(told: Sequence[Mapping[str, Any]], *, attempts: bool, names_mails: bool) -> None:
    if attempts:
        columns = {"edition": "Edition", "email": "Reader", "at": "When (UTC)", "state": "Became", "attempt": "Try"}
        columns |= {"relay": "Relay", "seconds": "Seconds", "reply": "Server's words"}
    else:
        columns = {"edition": "Edition", "email": "Reader", "state": "State", "attempts": "Tries", "papers": "Papers"}
        columns |= {"message_id": "Message-ID"} if names_mails else {}
        columns |= {"updated_at": "Updated (UTC)", "reply": "Server's words"}
    if told:
        print_table(tuple(columns.values()), [[_cell(row[name]) for name in columns] for row in told])
    if attempts:
        say(counted(len(told), "line"))
    else:
        say("1 delivery" if len(told) == 1 else f"{len(told)} deliveries")


def _cell(value: Any) -> Any:
    if isinstance(value, list):
        return len(value)
    if isinstance(value, str) and _MOMENT.match(value):
        return value[:16].replace("T", " ")
    return value
