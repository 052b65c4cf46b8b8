"""The operator's view of the readers, files and signups alike: subscribers list, show, add, suppressed, lift.

`editing` has edit, `exchanging` export and import, `learning` learn, `statuses` pause, resume and remove.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import typer

from digest.cli import documents
from digest.cli.edge import (
    ExitCode,
    context_of,
    find_reader,
    open_only_store,
    open_parts,
    parse_address,
    subscriber_reader,
)
from digest.cli.editing import edit
from digest.cli.exchanging import export, import_readers
from digest.cli.learning import learn
from digest.cli.newcomers import find_obstacles, write_reader
from digest.cli.options import Json
from digest.cli.output import print_json, print_table, say
from digest.cli.reader_files import read_files
from digest.cli.statuses import pause, remove, resume
from digest.composing.wording import counted
from digest.config import subscriber_id
from digest.domain import Interest, Status, Subscriber, Suppression
from digest.errors import ConfigError, Mistake

Words = Annotated[list[str] | None, typer.Option(metavar="WORDS", help="May be given several times.")]


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    subscribers = typer.Typer(
        help="List, add, edit, export, import, pause and remove readers, let profiles learn, see whose mail came back.",
        no_args_is_help=True,
    )
    subscribers.command("list")(list_readers)
    subscribers.command("show")(show)
    subscribers.command("add")(add)
    subscribers.command("edit")(edit)
    subscribers.command("export")(export)
    subscribers.command("import")(import_readers)
    subscribers.command("pause")(pause)
    subscribers.command("resume")(resume)
    subscribers.command("remove")(remove)
    subscribers.command("learn")(learn)
    subscribers.command("suppressed")(suppressed)
    subscribers.command("lift")(lift)
    app.add_typer(subscribers, name="subscribers")


def list_readers(context: typer.Context, as_json: Json = False) -> int:
    """List every reader, with where they come from and the last edition they got."""
    with open_parts(context_of(context).settings) as parts:
        everybody = parts.readers()
        barred = parts.store.suppressions.barred(reader.id for reader in everybody)
    if as_json:
        print_json([documents.subscriber_document(reader) for reader in everybody])
        return ExitCode.DONE
    rows = [
        (
            reader.email,
            reader.name,
            reader.origin,
            f"{reader.status}{', suppressed' if reader.id in barred else ''}",
            reader.frequency,
            _topics(reader),
            reader.cursor,
        )
        for reader in everybody
    ]
    if rows:
        print_table(("Address", "Name", "Origin", "Status", "Frequency", "Interests", "Last edition"), rows)
    say(counted(len(rows), "subscriber"))
    return ExitCode.DONE


def show(
    context: typer.Context,
    email: Annotated[str, typer.Argument(help="The reader's address.")],
    as_json: Json = False,
) -> int:
    """Show one reader's profile."""
    with open_parts(context_of(context).settings) as parts:
        reader = find_reader(email, parts.readers())
        barred = parts.store.suppressions.barred([reader.id]).get(reader.id)
    if as_json:
        print_json(documents.subscriber_document(reader))
        return ExitCode.DONE
    say(f"{reader.email}  {reader.name}")
    say(f"  file {reader.file}" if reader.origin == "file" else "  signed up on the web")
    say(f"  {reader.status}, {reader.frequency} at {reader.send_at:%H:%M} {reader.timezone}")
    say(f"  last edition: {reader.cursor or 'none yet'}")
    if barred:
        say(f"  {_barred_in_words(barred)}")
    for interest in reader.profile.interests:
        _say_interest(interest)
    if not reader.profile.interests:
        say("  no interests: gets the trending digest")
    return ExitCode.DONE


def add(
    context: typer.Context,
    email: Annotated[str, typer.Argument(help="The new reader's address.")],
    name: Annotated[str, typer.Option(help="Their name.")] = "",
    keyword: Words = None,
    exclude: Words = None,
    author: Words = None,
    category: Words = None,
) -> int:
    """Write a subscriber file for a new reader; without any interest they get the trending digest."""
    settings = context_of(context).settings
    given = {
        "email": email,
        "name": name,
        "keywords": keyword,
        "exclude": exclude,
        "authors": author,
        "categories": category,
    }
    values: dict[str, Any] = {key: value for key, value in given.items() if value}
    new = subscriber_reader(settings, file=email)(values)
    with open_only_store(settings) as store:
        obstacles = find_obstacles([new], read_files(settings), store, settings)
    if obstacles:
        raise ConfigError(list(obstacles.values()))
    path = write_reader(values, new.email, settings)
    say(f"{path} written; see digest preview {new.email}")
    return ExitCode.DONE


def suppressed(context: typer.Context, as_json: Json = False) -> int:
    """List the readers who get no mail because theirs came back, or because they complained of it."""
    with open_parts(context_of(context).settings) as parts:
        addresses = {reader.id: reader.email for reader in parts.readers()}
        barred = parts.store.suppressions.barred(addresses)
        listed = parts.store.suppressions.count()
    if as_json:
        print_json([documents.suppression_document(addresses[reader], entry) for reader, entry in barred.items()])
        return ExitCode.DONE
    for reader, entry in barred.items():
        say(f"{addresses[reader]}: {_barred_in_words(entry)}")
    say(f"{counted(len(barred), 'reader')}; {listed} on the do-not-send list, gone readers included")
    return ExitCode.DONE


def lift(context: typer.Context, email: Annotated[str, typer.Argument(help="The address, known or not.")]) -> int:
    """Take an address off the do-not-send list; what came back of it so far counts no more."""
    address = parse_address(email)
    with open_parts(context_of(context).settings) as parts:
        was_there = parts.store.suppressions.lift(subscriber_id(address))
        reader = parts.store.subscribers.find(subscriber_id(address), parts.read_files())
    if not was_there:
        raise ConfigError([Mistake(address, "", "is not on the do-not-send list", "see digest subscribers suppressed")])
    is_active = reader is not None and reader.status is Status.ACTIVE
    say(
        f"{address} may get mail again"
        + ("" if is_active else ", but is no active reader: they have to subscribe anew")
    )
    return ExitCode.DONE


def _barred_in_words(entry: Suppression) -> str:
    match entry:
        case Suppression(probed_at=datetime() as moment):
            then = f"one digest was tried on {moment:%Y-%m-%d}; if it doesn't come back, others follow"
        case Suppression(probe_after=datetime() as moment):
            then = f"one digest is tried after {moment:%Y-%m-%d}"
        case _:
            then = "until digest subscribers lift"
    why = " ".join(filter(None, (entry.kind.value, entry.enhanced_code)))
    return f"suppressed since {entry.since:%Y-%m-%d}: {why}; {then}"


def _topics(reader: Subscriber) -> str:
    names = [
        interest.name or ", ".join((*interest.keywords, *interest.authors)) for interest in reader.profile.interests
    ]
    return "; ".join(names) or "trending"


def _say_interest(interest: Interest) -> None:
    say(f"  {interest.name or 'Your papers'} (weight {interest.weight:g})")
    for label, terms in (
        ("keywords", interest.keywords),
        ("authors", interest.authors),
        ("exclude", interest.exclude),
        ("categories", interest.categories),
    ):
        if terms:
            say(f"    {label}: {', '.join(terms)}")
    if interest.query:
        say(f"    query: {interest.query}")
