"""A copy of the database, made while others use it: whole, private, and put back without a second mail to anybody."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from digest.errors import ConfigError, StoreError
from digest.storage import Backup, back_up
from tests.delivery.hostile import FaultServer
from tests.delivery.world import DAY, Make, migrated_file

Relay = Callable[..., FaultServer]


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
