"""Opens the database, keeps its schema current and tells whether a claim's owner still lives; knows no paper."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from filelock import FileLock, Timeout
from sqlalchemy import URL, Connection, Engine, ExceptionContext, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, InterfaceError, NoSuchModuleError, OperationalError

from digest.errors import StoreError

BUSY_TIMEOUT_SECONDS = 30
YOUNG_SECONDS = 3600
"""A lock's file of that age is held, or nobody will ever hold it."""
_MIGRATIONS = Path(__file__).parent / "migrations"
_ADDRESSES = "sqlite:///data/digest.db or postgresql+psycopg://user@host/name"


@contextmanager
def open_engine(url: str) -> Iterator[Engine]:
    """An engine for a database whose schema is checked; SQLite files are made and migrated without asking.

    Raises StoreError if the address is wrong, the server can't be reached, or PostgreSQL's schema needs `db upgrade`.
    """
    engine = make_engine(url)
    try:
        if not _is_current(engine):
            if engine.dialect.name != "sqlite":
                raise StoreError("the database has an older schema — run `digest db upgrade`")
            migrate(engine)
        yield engine
    finally:
        engine.dispose()


def upgrade(url: str) -> None:
    """Bring the schema at `url` up to this version's. Raises StoreError if the database can't be reached."""
    engine = make_engine(url)
    try:
        if not _is_current(engine):
            migrate(engine)
    finally:
        engine.dispose()


def migrate(engine: Engine) -> None:
    """Run the missing migrations in one transaction; of two processes that start at once the second finds none."""
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            lock_writers(connection)
        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def lock_writers(connection: Connection) -> None:
    """Let one collecting transaction in at a time; SQLite's BEGIN IMMEDIATE does that already."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('digest.writers'))"))


def make_engine(url: str | URL) -> Engine:
    """An engine for a database whose schema nobody has looked at. Raises StoreError if the address is wrong."""
    engine = _connect_to(url)
    event.listen(engine, "handle_error", _to_store_error)
    return engine


def _to_store_error(context: ExceptionContext) -> StoreError | None:
    """A database that is out of reach, locked or damaged is our StoreError, whenever it shows; a bug stays a bug."""
    if type(context.sqlalchemy_exception) not in (DatabaseError, InterfaceError, OperationalError):
        return None
    if context.is_pre_ping:  # the pool only asks, and opens another connection
        return None
    return StoreError(f"the database can't be used: {context.original_exception}")


def parse_url(url: str | URL) -> URL:
    """The parts of a database's address. Raises StoreError if it is none."""
    try:
        return make_url(url)
    except ArgumentError as error:  # the address stays out of messages: it may hold a password
        raise StoreError(f"store.url is no database's address — write {_ADDRESSES}") from error


def _connect_to(url: str | URL) -> Engine:
    parsed = parse_url(url)
    try:
        if parsed.get_backend_name() != "sqlite":
            engine = create_engine(parsed, pool_pre_ping=True)
            event.listen(engine, "connect", _prepare_postgresql)
            return engine
        Path(parsed.database or "").parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(parsed, connect_args={"timeout": BUSY_TIMEOUT_SECONDS})
    except ModuleNotFoundError as error:
        repair = f"pip install 'paper-digest[postgresql]' and write {_ADDRESSES}"
        raise StoreError(f"{error.name} is missing — {repair}") from error
    except NoSuchModuleError as error:
        raise StoreError(f"{parsed.drivername!r} is no kind of database — write {_ADDRESSES}") from error
    except OSError as error:
        raise StoreError(f"the database can't be opened: {error}") from error
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_immediately)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves, so that a write takes its lock at once
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _prepare_postgresql(connection: Any, _record: Any) -> None:
    """Let no commit return before it is on the disk: a server set to `off` would forget claims in a power cut."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
        )
    connection.commit()


def _begin_immediately(connection: Connection) -> None:
    if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":  # those only read
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _is_current(engine: Engine) -> bool:
    with reading(engine) as connection:
        found = MigrationContext.configure(connection).get_current_heads()
    wanted = ScriptDirectory(str(_MIGRATIONS)).get_heads()
    if set(found) - {script.revision for script in ScriptDirectory(str(_MIGRATIONS)).walk_revisions()}:
        raise StoreError(
            "the database was made by a newer version of digest — install that version or restore a backup"
        )
    return set(found) == set(wanted)


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection that only reads, so that SQLite takes no write lock for it."""
    with engine.connect() as connection:
        yield connection.execution_options(isolation_level="AUTOCOMMIT")


@contextmanager
def open_ownership(engine: Engine) -> Iterator[str]:
    """A name under which this process claims deliveries; it lives exactly as long as the lock held here."""
    owner = uuid4().hex
    if engine.dialect.name == "postgresql":
        with engine.connect() as connection:
            connection.execute(text("SELECT pg_advisory_lock(hashtextextended(:owner, 0))"), {"owner": owner})
            connection.commit()
            try:
                yield owner
            finally:  # the pool keeps the session, and with it a lock that nobody gives back
                connection.execute(text("SELECT pg_advisory_unlock(hashtextextended(:owner, 0))"), {"owner": owner})
                connection.commit()
        return
    path = _lock_path(engine, owner)
    path.parent.mkdir(exist_ok=True)
    _remove_dead_locks(path.parent)
    try:
        with FileLock(path):
            yield owner
    finally:
        path.unlink(missing_ok=True)


def _remove_dead_locks(folder: Path) -> None:
    """Remove the old locks that nobody holds: without a file their owners count as dead just the same.

    A young one may be about to be locked by the process that has just made it. What can't be opened stays, such as the
    lock of a run by another user of this machine.
    """
    for path in folder.glob("*.lock"):
        with suppress(OSError):  # a Timeout, of a lock that is held, is one too
            if time.time() - path.stat().st_mtime > YOUNG_SECONDS:
                with FileLock(path, timeout=0):
                    path.unlink(missing_ok=True)


def refuse_lost_ownership(connection: Connection, owner: str) -> None:
    """Raise StoreError if nobody holds the owner's lock any more, as after PostgreSQL was restarted under us.

    A file's lock can't be lost while its process lives.
    """
    if connection.dialect.name != "postgresql":
        return
    lock = text("SELECT pg_try_advisory_xact_lock(hashtextextended(:owner, 0))")
    if connection.execute(lock, {"owner": owner}).scalar_one():
        raise StoreError("the database ended the session that held our claims: nothing more is claimed — run again")


def is_alive(engine: Engine, owner: str) -> bool:
    """Whether the process that claimed under this name still holds its lock."""
    if engine.dialect.name == "postgresql":
        with engine.connect() as connection:
            free = connection.execute(
                text("SELECT pg_try_advisory_xact_lock(hashtextextended(:owner, 0))"), {"owner": owner}
            ).scalar_one()
            connection.rollback()
            return not free
    path = _lock_path(engine, owner)
    if not path.exists():
        return False
    try:
        with FileLock(path, timeout=0):
            return False
    except Timeout:
        return True


def forget_owner(engine: Engine, owner: str) -> None:
    """Remove what a process that died has left of its lock; no name is taken twice."""
    if engine.dialect.name != "postgresql":
        _lock_path(engine, owner).unlink(missing_ok=True)


def _lock_path(engine: Engine, owner: str) -> Path:
    database = Path(engine.url.database or "digest.db")
    return database.with_name(f"{database.name}.owners") / f"{owner}.lock"
