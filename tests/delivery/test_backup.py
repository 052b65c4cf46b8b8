"""A copy of the database, made while others use it: whole, private, and put back without a second mail to anybody."""

from __future__ import annotations

import shutil
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from digest.errors import ConfigError, StoreError
from digest.storage import Backup, back_up
from tests.delivery.hostile import Relay
from tests.delivery.world import DAY, Make, migrated_file


def copy_of(folder: Path, name: str = "copy.db", *, database: str = "digest.db") -> Backup:
    return back_up(f"sqlite:///{folder / database}", folder / name, now=lambda: datetime(2026, 6, 30, 8, tzinfo=UTC))


def test_a_copy_made_while_mail_leaves_is_put_back_and_mails_nobody_twice(
    make: Make, relay: Relay, tmp_path: Path
) -> None:
    world = make("ada", "bob")
    world.relay_to(server := relay({"BODY": ["<wait 0.1>250 ok"]}))
    with ThreadPoolExecutor(1) as threads:
        run = threads.submit(world.run)
        while not server.bodies_seen:
            time.sleep(0.002)
        backup = copy_of(tmp_path)
        run.result()
    assert (backup.editions, backup.subscribers, backup.deliveries) == (1, 2, 2)
    world.store.deliveries.engine.dispose()
    shutil.move(tmp_path / "copy.db", tmp_path / "digest.db")

    assert "this is the backup of 2026-06-30 08:00 UTC" in world.run_unchecked().paused
    assert len(server.accepted) == 2

    assert world.store.pause.end()
    world.run()
    assert world.states() == {"unknown": 2}, "what was leaving when the copy was made is in doubt, and held"
    world.announce(DAY + timedelta(days=1))
    world.pass_time(days=1)
    world.run_unchecked(DAY + timedelta(days=1))
    is_marked = [b"may have seen" in b" ".join(body.split()) for body in server.bodies_seen]
    assert is_marked == [False, False, True, True], "papers that come again are marked as such"


def test_a_copy_is_its_owners_alone_and_takes_nothing_else_s_place(make: Make, tmp_path: Path) -> None:
    make("ada")
    backup = copy_of(tmp_path)
    copy = tmp_path / "copy.db"
    assert (copy.stat().st_mode & 0o777, copy.stat().st_size) == (0o600, backup.octets)
    before = copy.read_bytes()
    with pytest.raises(ConfigError, match="is there already"):
        copy_of(tmp_path)
    with pytest.raises(ConfigError, match="no such database"):
        copy_of(tmp_path, "other.db", database="nothing.db")
    assert copy.read_bytes() == before
    assert not (tmp_path / "nothing.db").exists()


def test_a_copy_of_a_schema_that_knew_no_pause_is_made_as_it_is_and_says_so(make: Make, tmp_path: Path) -> None:
    make("ada")
    with closing(sqlite3.connect(tmp_path / "digest.db")) as database:
        database.execute("DROP TABLE pauses")
    backup = copy_of(tmp_path)
    assert (backup.is_paused, backup.editions) == (False, 0)
    (tmp_path / "other.db").touch()
    with pytest.raises(StoreError, match=r"other\.db holds nothing of digest"):
        copy_of(tmp_path, "second.db", database="other.db")


def test_a_file_that_appears_while_the_copy_is_made_stays(make: Make, tmp_path: Path) -> None:
    make("ada")

    def now() -> datetime:  # asked while the copy is made
        (tmp_path / "copy.db").write_text("another's")
        return datetime(2026, 6, 30, 8, tzinfo=UTC)

    with pytest.raises(ConfigError, match="is there already"):
        back_up(f"sqlite:///{tmp_path / 'digest.db'}", tmp_path / "copy.db", now=now)
    assert (tmp_path / "copy.db").read_text() == "another's"


def test_a_damaged_database_makes_no_copy(tmp_path: Path) -> None:
    content = bytearray(migrated_file().read_bytes())
    content[4096 * 3 : 4096 * 5] = b"\xff" * 8192
    (tmp_path / "digest.db").write_bytes(content)
    with pytest.raises(StoreError, match="digest"):
        copy_of(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["digest.db"]


def test_postgresql_has_its_own_way_which_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="pg_dump --format=custom --file=FILE papers") as refused:
        back_up("postgresql+psycopg://me:hush@db.example/papers", tmp_path / "copy.db", now=lambda: datetime.now(UTC))
    assert "hush" not in str(refused.value)
