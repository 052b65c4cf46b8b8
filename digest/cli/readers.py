"""The operator's view of the readers, files and signups alike: subscribers list, show, add; `learning` has learn."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

import tomlkit
import typer

from digest.cli import documents
from digest.cli.edge import ExitCode, context_of, find_reader, open_parts, read_files, subscriber_reader
from digest.cli.learning import learn
from digest.cli.options import Json
from digest.cli.output import print_json, print_table, say
from digest.composing.wording import counted
from digest.domain import Interest, Subscriber
from digest.errors import ConfigError, Mistake

Words = Annotated[list[str] | None, typer.Option(metavar="WORDS", help="May be given several times.")]


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    subscribers = typer.Typer(help="List, show and add readers, and let their profiles learn.", no_args_is_help=True)
    subscribers.command("list")(list_readers)
    subscribers.command("show")(show)
    subscribers.command("add")(add)
    subscribers.command("learn")(learn)
    app.add_typer(subscribers, name="subscribers")


def list_readers(context: typer.Context, as_json: Json = False) -> int:
    """List every reader, with where they come from and the last edition they got."""
    with open_parts(context_of(context).settings) as parts:
        everybody = parts.readers()
    if as_json:
        print_json([documents.subscriber_document(reader) for reader in everybody])
        return ExitCode.DONE
    rows = [
        (reader.email, reader.name, reader.origin, reader.status, reader.frequency, _topics(reader), reader.cursor)
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
        reader = find_reader(email, parts)
    if as_json:
        print_json(documents.subscriber_document(reader))
        return ExitCode.DONE
    say(f"{reader.email}  {reader.name}")
    say(f"  {reader.origin} {reader.file}".rstrip())
    say(f"  {reader.status}, {reader.frequency} at {reader.send_at:%H:%M} {reader.timezone}")
    say(f"  last edition: {reader.cursor or 'none yet'}")
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
    path = settings.subscribers / f"{_file_name(email)}.toml"
    new = subscriber_reader(settings, file=str(path))(values)
    _refuse_double(new, read_files(settings), path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("x", encoding="utf-8") as file:
        file.write(tomlkit.dumps(values))
    say(f"{path} written; see digest preview {new.email}")
    return ExitCode.DONE


def _refuse_double(new: Subscriber, readers: tuple[Subscriber, ...], path: Path) -> None:
    held = next((reader for reader in readers if reader.id == new.id), None)
    if held is not None:
        raise ConfigError([Mistake(new.email, "", f"is subscribed already, in {held.file}", "edit that file")])
    if path.exists():
        raise ConfigError([Mistake(str(path), "", "is there already", "rename it, or write the new file by hand")])


def _file_name(email: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", email.lower()).strip("-") or "reader"


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
