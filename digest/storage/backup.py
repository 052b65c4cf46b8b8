"""Copies the database while others use it. Never changes what it copies, nor writes over a file that is there."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import URL, Engine, Table, func, inspect, select

from digest.domain import PausedBy
from digest.errors import ConfigError, Mistake, StoreError
from digest.storage import tables
from digest.storage.engine import BUSY_TIMEOUT_SECONDS, make_engine, parse_url, reading
from digest.storage.pauses import PauseStore

_COUNTED = (tables.editions, tables.subscribers, tables.deliveries)


@dataclass(frozen=True, slots=True)
class Backup:
    """What a copy holds."""

    octets: int
    editions: int
    subscribers: int
    deliveries: int
    is_paused: bool
    """Whether sending is paused in it; the first schemas knew no pause."""


def back_up(url: str, target: Path, *, now: Callable[[], datetime]) -> Backup:
    """Write a consistent copy of the SQLite database at `url` to a new file that only its owner may read.

    It is copied as it is, an older schema too; but sending is paused in the copy, as what leaves from now on is unknown
    to it. Raises ConfigError if that can't be done here, StoreError if the database can't be read, is damaged or isn't
    ours.
    """
    database = _file_of(url)
    if target.exists():
        raise _already_there(target)
    try:
        with TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as folder:
            copy = Path(folder) / "copy.db"
            _copy(database, copy)
            contents = _pause(copy, database, now=now)
            copy.chmod(0o600)
            target.touch(exist_ok=False)  # takes the name: a rename alone would overwrite what has appeared meanwhile
            copy.rename(target)
            return contents
    except FileExistsError as error:
        raise _already_there(target) from error
    except OSError as error:
        problem = f"can't be written: {error.strerror}"
        raise ConfigError([Mistake(str(target), "", problem, "name a file where there is room for it")]) from error


def _already_there(target: Path) -> ConfigError:
    return ConfigError([Mistake(str(target), "", "is there already", "name a new file, or remove that one")])


def _file_of(url: str) -> Path:
    parsed = parse_url(url)
    if parsed.get_backend_name() != "sqlite":
        repair = f"pg_dump --format=custom --file=FILE {parsed.database}"
        raise ConfigError([Mistake("store.url", "", "is a server, which has a backup of its own", repair)])
    path = Path(parsed.database or "")
    if not path.is_file():
        raise ConfigError([Mistake(str(path), "", "there is no such database", "check store.url, or the folder")])
    return path


def _copy(database: Path, copy: Path) -> None:
    """In one step, so that the copy is of one moment, whatever others write meanwhile (sqlite.org/backup.html)."""
    try:
        opened = sqlite3.connect(f"{database.absolute().as_uri()}?mode=rw", uri=True, timeout=BUSY_TIMEOUT_SECONDS)
        with closing(opened) as source, closing(sqlite3.connect(copy)) as written:
            source.backup(written)
            (verdict,) = written.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        raise StoreError(f"{database} can't be copied: {error}") from error
    if verdict != "ok":
        raise StoreError(f"{database} is damaged, so no copy is made: {verdict} — put an earlier backup in its place")


def _pause(copy: Path, database: Path, *, now: Callable[[], datetime]) -> Backup:
    engine = make_engine(URL.create("sqlite", database=str(copy)))
    try:
        known = inspect(engine).get_table_names()
        if tables.deliveries.name not in known:
            raise StoreError(f"{database} holds nothing of digest — check store.url")
        is_paused = tables.pauses.name in known
        reason = f"this is the backup of {now():%Y-%m-%d %H:%M} UTC, and would send again what was sent since"
        if is_paused:
            PauseStore(engine, now).begin(PausedBy.OPERATOR, reason)
        editions, subscribers, deliveries = (_count(engine, table) for table in _COUNTED)
        return Backup(copy.stat().st_size, editions, subscribers, deliveries, is_paused)
    finally:
        engine.dispose()


def _count(engine: Engine, table: Table) -> int:
    with reading(engine) as connection:
        return connection.scalar(select(func.count()).select_from(table)) or 0
