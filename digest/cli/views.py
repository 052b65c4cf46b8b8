"""The commands that look back: papers and history."""

from __future__ import annotations

from typing import Annotated

import typer

from digest.cli import documents
from digest.cli.edge import ExitCode, context_of, open_parts, parse_day
from digest.cli.options import Day, Json
from digest.cli.output import print_json, print_table, say
from digest.composing.wording import counted
from digest.domain import DeliveryState


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
    day: Day = None,
    state: Annotated[DeliveryState | None, typer.Option(help="Mail in this state.")] = None,
    paper: Annotated[str, typer.Option(metavar="ID", help="Mail that held this paper, such as arxiv:2606.28729.")] = "",
    as_json: Json = False,
) -> int:
    """Show what was sent to whom, with the server's own words."""
    settings = context_of(context).settings
    edition = parse_day(day, settings) if day else None
    with open_parts(settings) as parts:
        found = parts.store.history.find(email=email, edition=edition, state=state, paper=paper)
    if as_json:
        print_json([documents.delivery_document(delivery) for delivery in found])
        return ExitCode.DONE
    if found:
        rows = [
            (
                row.edition,
                row.email,
                row.state.value,
                row.attempts,
                len(row.papers),
                f"{row.updated_at:%Y-%m-%d %H:%M}",
                row.reply,
            )
            for row in found
        ]
        print_table(("Edition", "Reader", "State", "Tries", "Papers", "Updated (UTC)", "Server's words"), rows)
    say("1 delivery" if len(found) == 1 else f"{len(found)} deliveries")
    return ExitCode.DONE
