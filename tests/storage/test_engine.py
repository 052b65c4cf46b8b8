"""Opening a database: its schema, its faults, and several processes at once."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from filelock import FileLock
from sqlalchemy import Engine, create_engine, event, make_url, text

from digest.domain import Edition, Subscriber
from digest.errors import StoreError
from digest.storage import Store, open_store, tables, upgrade
from digest.storage.engine import open_engine, open_ownership, reading
from tests.storage.conftest import made_database

DAY = date(2026, 6, 30)
ROOT = Path(__file__).parents[2]

Make = Callable[..., Any]

CUT_CONNECTIONS = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name")
OPEN_AND_WRITE = """
import sys
from datetime import UTC, date, datetime
from digest.domain import Edition
from digest.storage import open_store

with open_store(sys.argv[1], now=lambda: datetime.now(UTC), read_signup=None) as store:
    store.ledger.add_batches(Edition(date(2026, 6, 30), date(2026, 6, 30)), [])
"""


def now() -> datetime:
    return datetime(2026, 6, 30, 5, 30, tzinfo=UTC)


def no_signups(_details: dict[str, Any]) -> Subscriber:
    raise NotImplementedError


def run(url: str, statement: str) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()


def test_the_migrations_make_the_tables_that_the_code_has(store_url: str) -> None:
    engine = create_engine(store_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, tables.metadata) == []
    engine.dispose()


def test_upgrading_a_current_database_changes_nothing(store_url: str, store: Store) -> None:
    store.ledger.add_batches(Edition(DAY, DAY), [])

    upgrade(store_url)

    assert store.ledger.is_collected(DAY)


def test_a_database_of_a_newer_version_is_refused(store_url: str) -> None:
    run(store_url, "UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(StoreError, match="newer version"), open_engine(store_url):
        pass
    with pytest.raises(StoreError, match="newer version"):
        upgrade(store_url)


def test_an_empty_sqlite_file_is_migrated_without_asking(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'deep' / 'down' / 'digest.db'}"

    with open_store(url, now=now, read_signup=no_signups) as store:
        assert store.ledger.newest_editions(1) == ()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_postgresql_without_the_current_schema_asks_for_the_upgrade(database_url: str) -> None:
    with pytest.raises(StoreError, match="digest db upgrade"), open_engine(database_url):
        pass

    upgrade(database_url)
    with open_engine(database_url):
        pass


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_database_that_is_not_there_is_a_store_error(database_url: str) -> None:
    with pytest.raises(StoreError, match="can't be used"), open_engine(f"{database_url}_gone"):
        pass


def test_a_server_that_is_not_there_is_a_store_error_that_keeps_the_password() -> None:
    pytest.importorskip("psycopg", reason="the postgresql extra is not installed")

    with (
        pytest.raises(StoreError, match="can't be used") as caught,
        open_engine("postgresql+psycopg://digest:hunter2@127.0.0.1:1/digest"),
    ):
        pass

    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["digest.db", "postgres://digest:hunter2@db.example/digest", "oracle+nothing://x:hunter2@y"]
)
def test_an_address_of_no_kind_of_database_is_a_store_error_that_keeps_the_password(url: str) -> None:
    with pytest.raises(StoreError, match="write sqlite:///") as caught, open_engine(url):
        pass

    assert "hunter2" not in str(caught.value)


def test_a_driver_that_is_not_installed_is_named_with_the_repair() -> None:
    with (
        pytest.raises(StoreError, match=r"psycopg2 is missing .* pip install 'paper-digest\[postgresql\]'"),
        open_engine("postgresql+psycopg2://127.0.0.1/digest"),
    ):
        pass


def test_a_file_that_is_no_database_is_a_store_error(tmp_path: Path) -> None:
    path = tmp_path / "digest.db"
    path.write_text("This is a letter, and a rather long one, so that nobody takes it for an empty database. " * 20)

    with pytest.raises(StoreError, match="not a database"), open_engine(f"sqlite:///{path}"):
        pass


def test_a_folder_in_the_place_of_the_database_is_a_store_error(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="can't be used"), open_engine(f"sqlite:///{tmp_path}"):
        pass


def test_processes_that_start_at_once_on_a_new_file_migrate_it_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'digest.db'}"

    started = [
        subprocess.Popen([sys.executable, "-c", OPEN_AND_WRITE, url], cwd=ROOT, stderr=subprocess.PIPE)
        for _ in range(4)
    ]
    errors = []
    for process in started:
        with process:
            errors.append(process.communicate()[1].decode())

    assert [process.returncode for process in started] == [0, 0, 0, 0], errors


def test_a_reader_does_not_wait_for_a_writer(store: Store) -> None:
    with store.ledger.rehearse(Edition(DAY, DAY), []):
        assert tuple(store.subscribers.each([])) == ()


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
def test_a_server_that_fails_while_we_work_is_a_store_error_and_may_come_back(
    store: Store, store_url: str, server: Engine
) -> None:
    name = make_url(store_url).database
    assert store.ledger.newest_editions(1) == ()
    with server.connect() as connection:
        connection.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false"))
        connection.execute(CUT_CONNECTIONS, {"name": name})

    with pytest.raises(StoreError, match="can't be used"):
        store.ledger.newest_editions(1)

    with server.connect() as connection:
        connection.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true"))
    assert store.ledger.newest_editions(1) == ()


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
def test_a_connection_that_was_cut_is_replaced_in_silence(store: Store, store_url: str, server: Engine) -> None:
    name = make_url(store_url).database
    assert store.ledger.newest_editions(1) == ()
    with server.connect() as connection:
        connection.execute(CUT_CONNECTIONS, {"name": name})

    assert store.ledger.newest_editions(1) == ()


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_a_file_that_somebody_damages_while_we_work_is_a_store_error(store: Store, store_url: str) -> None:
    assert store.ledger.newest_editions(1) == ()
    run(store_url, "DROP TABLE editions")

    with pytest.raises(StoreError, match="no such table"):
        store.ledger.newest_editions(1)


def test_two_stores_on_one_database_see_each_other_s_writes(
    store: Store, open_again: Callable[[], AbstractContextManager[Store]]
) -> None:
    with open_again() as other:
        other.ledger.add_batches(Edition(DAY, DAY), [])

        assert store.ledger.is_collected(DAY)


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_a_power_cut_loses_nothing_that_sqlite_said_was_written(store: Store) -> None:
    with reading(store.ledger.engine) as connection:
        settings = {name: connection.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "synchronous")}

    assert settings == {"journal_mode": "wal", "synchronous": 2}


def test_a_power_cut_loses_nothing_that_postgresql_said_was_written_even_where_that_was_not_wanted(
    server: Engine,
) -> None:
    with made_database(server) as url:
        run(url, f"ALTER DATABASE {make_url(url).database} SET synchronous_commit = off")
        upgrade(url)
        with open_engine(url) as engine, engine.begin() as connection:
            assert connection.scalar(text("SHOW synchronous_commit")) == "on"


def test_a_write_that_fails_leaves_nothing_behind(store: Store, batch: Make, paper: Make) -> None:
    broken = batch(paper(1), paper(2, title=None))

    with pytest.raises((TypeError, AttributeError)):
        store.ledger.add_batches(Edition(DAY, DAY), [broken])

    assert not store.ledger.is_collected(DAY)
    assert store.papers.all_of_edition(DAY) == ()


def test_the_locks_that_dead_processes_left_go_and_those_of_the_living_stay(tmp_path: Path) -> None:
    folder, long_ago = tmp_path / "digest.db.owners", now().timestamp() - 1e6
    folder.mkdir()
    for name in ("dead", "living", "young"):
        (folder / f"{name}.lock").touch()
    (folder / "unusable.lock").mkdir()  # a directory can't be opened, nor can another user's file
    for name in ("dead", "living", "unusable"):
        os.utime(folder / f"{name}.lock", (long_ago, long_ago))

    def break_off(engine: Engine) -> None:
        with open_ownership(engine) as owner:
            assert {path.stem for path in folder.iterdir()} == {"living", "young", "unusable", owner}
            raise KeyError

    with open_engine(f"sqlite:///{tmp_path}/digest.db") as engine, FileLock(folder / "living.lock"):
        with pytest.raises(KeyError):
            break_off(engine)
        assert {path.stem for path in folder.iterdir()} == {"living", "young", "unusable"}


def test_what_each_look_asks_of_mails_reads_no_more_of_an_sqlite_file_the_longer_its_history_is(
    tmp_path: Path, migrated_file: Path
) -> None:
    asked: list[tuple[str, Any]] = []
    path = shutil.copy(migrated_file, tmp_path / "digest.db")
    with (
        open_store(f"sqlite:///{path}", now=now, read_signup=no_signups) as store,
        closing(sqlite3.connect(path)) as plans,
    ):
        event.listen(store.deliveries.engine, "before_cursor_execute", lambda *told: asked.append((told[2], told[3])))
        store.deliveries.failed_through(DAY)
        store.deliveries.refused_through(DAY)
        store.history.has_arrived(since=DAY, until=DAY)
        steps = [step for each in asked for *_, step in plans.execute(f"EXPLAIN QUERY PLAN {each[0]}", each[1])]
    found_by = [step.rpartition("(")[2] for step in steps if " deliveries " in step]
    assert found_by == ["state=?)", "state=?)", "edition>? AND edition<?)"]
