"""The commands `subscribers export` and `import`: readers as lists, for other programs and from them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer

from digest.cli import documents
from digest.cli.edge import ExitCode, context_of, open_only_store, subscriber_reader
from digest.cli.newcomers import find_obstacles, write_reader
from digest.cli.options import Json
from digest.cli.output import print_csv, print_json, say, say_error
from digest.cli.reader_files import read_files
from digest.composing.wording import counted
from digest.config import MOST_OCTETS, Config, Entry, parse_list
from digest.domain import Status, Subscriber
from digest.errors import ConfigError, Mistake
from digest.storage import Store

_ONLY_ACTIVE = "only who is active is imported"


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Somebody of a list who may get a file."""

    place: str
    reader: Subscriber
    values: dict[str, Any]


@dataclass(slots=True)
class Sorted:
    """The readers of a list: who is new, who is left as they are and why, and what can't be read."""

    new: dict[str, Newcomer] = field(default_factory=dict)
    left: list[Mistake] = field(default_factory=list)
    refused: list[Mistake] = field(default_factory=list)
    inactive: dict[str, str] = field(default_factory=dict)
    """The ids of those who get no mail where the list comes from, and the place that says so."""


def export(
    context: typer.Context,
    as_json: Json = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print comma-separated values: the default.")] = False,
) -> int:
    """Print every reader with their profile, origin, status and last edition, as subscribers import reads it.

    In CSV the interests are JSON in their cell. Who gets no mail any more is in it, too: heed the status.
    """
    if as_json and as_csv:
        raise typer.BadParameter("choose --json or --csv")
    settings = context_of(context).settings
    with open_only_store(settings) as store:
        everybody = list(map(documents.subscriber_document, store.subscribers.each(read_files(settings))))
    if as_json:
        print_json(everybody)
    else:
        columns = documents.subscriber_document(subscriber_reader(settings)({"email": "reader@example.org"}))
        print_csv(tuple(columns), ({**reader, "interests": json.dumps(reader["interests"])} for reader in everybody))
    return ExitCode.DONE


def import_readers(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="CSV with a header such as email,name,keywords; or JSON.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write no file; only say what would be done.")] = False,
    as_json: Json = False,
) -> int:
    """Make a subscriber file for each reader of a list. Import only people who have asked for this mail.

    Columns and JSON keys are those of a subscriber file; in CSV a semicolon parts keywords, authors and the like.

    Who is here already is left as they are, and so is who unsubscribed, here or where the list comes from.

    A line with a mistake is named and costs no other; the exit code is 1 then.
    """
    settings = context_of(context).settings
    entries = parse_list(_read(file), str(file))
    files = read_files(settings)
    with open_only_store(settings) as store:
        found = _sort(entries, str(file), files, store, settings)
    if not dry_run:
        for one in found.new.values():
            write_reader(one.values, one.reader.email, settings)
    if as_json:
        print_json(_document(found, is_written=not dry_run))
    else:
        _say(found, settings, is_written=not dry_run)
    return ExitCode.ATTENTION if found.refused else ExitCode.DONE


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MOST_OCTETS + 1)
    except OSError as error:
        raise ConfigError(
            [Mistake(str(path), "", f"can't be read: {error.strerror}", "name a CSV or JSON file")]
        ) from error


def _sort(entries: Iterable[Entry], file: str, files: Iterable[Subscriber], store: Store, config: Config) -> Sorted:
    found = Sorted()
    for entry in entries:
        _sort_one(entry, f"{file}: {entry.place}", found, config)
    for subscriber_id, place in found.inactive.items():
        if one := found.new.pop(subscriber_id, None):
            found.left.append(Mistake(one.place, one.reader.email, f"isn't active in {place}", _ONLY_ACTIVE))
    obstacles = find_obstacles([one.reader for one in found.new.values()], files, store, config)
    for subscriber_id, obstacle in obstacles.items():
        place = found.new.pop(subscriber_id).place
        found.left.append(Mistake(place, obstacle.file, obstacle.problem, obstacle.repair))
    return found


def _sort_one(entry: Entry, place: str, found: Sorted, config: Config) -> None:
    if entry.problem:
        found.refused.append(Mistake(place, "", entry.problem, "mend it, and import the list again"))
        return
    try:
        reader = subscriber_reader(config, file=place)(entry.values)
    except ConfigError as error:
        found.refused.extend(error.mistakes)
        return
    if entry.status.lower() not in ("", Status.ACTIVE):
        problem = f"is {entry.status!r:.40} where the list comes from"
        found.left.append(Mistake(place, reader.email, problem, _ONLY_ACTIVE))
        found.inactive[reader.id] = place
    elif reader.id in found.new:
        found.left.append(Mistake(place, reader.email, f"stands in {found.new[reader.id].place} already"))
    else:
        found.new[reader.id] = Newcomer(place, reader, dict(entry.values))


def _document(found: Sorted, *, is_written: bool) -> dict[str, Any]:
    return {
        "written": is_written,
        "imported": [one.reader.email for one in found.new.values()],
        "left": [asdict(mistake) for mistake in found.left],
        "refused": [asdict(mistake) for mistake in found.refused],
    }


def _say(found: Sorted, config: Config, *, is_written: bool) -> None:
    for title, mistakes in (("left as they are", found.left), ("refused", found.refused)):
        if mistakes:
            say_error("\n".join([f"{title}:", *(f"  {mistake}" for mistake in mistakes)]))
    done = "imported into" if is_written else "would be imported into"
    say(f"{counted(len(found.new), 'reader')} {done} {config.subscribers}")
