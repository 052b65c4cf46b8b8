"""Trouble that is our own: full disks, locked databases, clocks, copies put back, runs side by side."""

from __future__ import annotations

import shutil
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from email import message_from_bytes
from itertools import islice
from pathlib import Path

import pytest

from digest.dispatching import Dispatch
from digest.domain import DeliveryState, Email, Outcome
from digest.errors import StoreError
from digest.planning import CLAIMS_A_GROUP
from tests.delivery.hostile import Relay
from tests.delivery.world import Make, emails_of, names, unwritable


def test_a_disk_that_is_full_before_the_claim_lets_nothing_out(make: Make, relay: Relay) -> None:
    world = make(*names(4))
    world.relay_to(server := relay())
    world.plan_only()
    with unwritable(world.store, "query_only = 1"), pytest.raises(StoreError, match="readonly"):
        world.run_unchecked(collects=False)
    assert server.connections == 0
    world.run(collects=False)
    assert world.states() == {"sent": 4}


def test_a_disk_that_fills_up_in_the_middle_leaves_a_group_in_doubt_at_most(make: Make, tmp_path: Path) -> None:
    world = make(*names(200))
    world.plan_only()
    emails, sent = emails_of(world), list[Email]()
    with closing(sqlite3.connect(tmp_path / "digest.db")) as connection:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
    with unwritable(world.store, f"max_page_count = {pages + 2}"), world.store.deliveries.open_ownership() as owner:
        dispatch = Dispatch(world.store.deliveries, owner)

        def send_all() -> None:
            for email in dispatch.claim(emails):
                sent.append(email)
                dispatch.record(Outcome(email, DeliveryState.SENT, "250 ok"))

        with pytest.raises(StoreError, match="full"):
            send_all()
        with pytest.raises(StoreError, match="full"):
            dispatch.close(sleep=lambda _seconds: None)
    world.store.deliveries.release_lapsed()

    states = {row.email: row.state for row in world.rows().values()}
    assert 0 < len(sent) < 200
    assert all(states[email.recipient] in (DeliveryState.SENT, DeliveryState.UNKNOWN) for email in sent)
    assert 0 < world.states()["unknown"] <= CLAIMS_A_GROUP
    assert world.states()["pending"] == 200 - len(sent)


def test_a_database_that_others_lock_lets_nothing_out_and_what_was_sent_is_written_later(
    make: Make, tmp_path: Path
) -> None:
    world = make(*names(CLAIMS_A_GROUP + 4))
    world.plan_only()
    waits = list[float]()
    with (
        unwritable(world.store, "busy_timeout = 10"),
        world.store.deliveries.open_ownership() as owner,
        closing(sqlite3.connect(tmp_path / "digest.db", isolation_level=None)) as other,
    ):
        dispatch = Dispatch(world.store.deliveries, owner)
        claimed = dispatch.claim(emails_of(world))
        for email in islice(claimed, CLAIMS_A_GROUP):
            dispatch.record(Outcome(email, DeliveryState.SENT, "250 ok"))
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="locked"):
            next(claimed)

        def sleep(seconds: float) -> None:
            waits.append(seconds)
            if len(waits) == 2:
                other.rollback()

        dispatch.close(sleep=sleep)
    assert waits == [0.0, 1.0]
    assert world.states() == {"sent": CLAIMS_A_GROUP, "pending": 4}


def test_outcomes_that_cant_be_written_are_kept_and_written_when_there_is_room_again(make: Make) -> None:
    world = make(*names(3))
    world.plan_only()
    emails = emails_of(world)
    with ExitStack() as room, world.store.deliveries.open_ownership() as owner:
        dispatch = Dispatch(world.store.deliveries, owner)
        claimed = list(dispatch.claim(emails))
        room.enter_context(unwritable(world.store, "query_only = 1"))
        for email in claimed:
            dispatch.record(Outcome(email, DeliveryState.SENT, "250 ok"))
        waits = list[float]()

        def sleep(seconds: float) -> None:
            waits.append(seconds)
            if len(waits) == 3:
                room.close()

        dispatch.close(sleep=sleep)
    assert world.states() == {"sent": 3}
    assert waits == [0.0, 1.0, 2.0]


def test_who_is_told_to_end_while_writing_the_last_outcomes_writes_them_first(make: Make) -> None:
    world = make(*names(3))
    world.plan_only()

    def interrupt(_seconds: float) -> None:
        raise KeyboardInterrupt

    with world.store.deliveries.open_ownership() as owner:
        dispatch = Dispatch(world.store.deliveries, owner)
        for email in dispatch.claim(emails_of(world)):
            dispatch.record(Outcome(email, DeliveryState.SENT, "250 ok"))
        with pytest.raises(KeyboardInterrupt):
            dispatch.close(sleep=interrupt)
    assert world.states() == {"sent": 3}


def test_what_became_of_the_others_is_written_while_the_slowest_mail_is_under_way(make: Make, relay: Relay) -> None:
    world = make(*names(4))
    slow = {"BODY reader3@readers.example": ["<wait 8>250 ok"]}
    world.relay_to(server := relay(slow), connections=2, reply_timeout_seconds=10, final_reply_timeout_seconds=10)
    with ThreadPoolExecutor(1) as threads:
        run = threads.submit(world.run)
        while len(server.bodies_seen) < 4:
            time.sleep(0.01)
        known_by = time.monotonic() + 5
        while world.states()["sent"] < 3 and time.monotonic() < known_by:
            time.sleep(0.05)
        meanwhile = world.states()
        server.closing.set()
        run.result()
    assert meanwhile == {"sent": 3, "sending": 1}
    assert world.states() == {"sent": 4}


def test_the_mark_is_on_the_disk_before_the_body_leaves(make: Make, relay: Relay, tmp_path: Path) -> None:
    world = make("ada")
    world.relay_to(server := relay({"BODY": ["<wait 0.1>250 ok"]}))
    copy = tmp_path / "copy"
    copy.mkdir()
    with ThreadPoolExecutor(1) as threads:
        run = threads.submit(world.run)
        while not server.bodies_seen:
            time.sleep(0.002)
        for name in ("digest.db", "digest.db-wal"):  # as a power cut at this moment would leave them
            shutil.copy(tmp_path / name, copy / name)
        run.result()
    with closing(sqlite3.connect(copy / "digest.db")) as connection:
        assert connection.execute("SELECT state FROM deliveries").fetchall() == [("sending",)]
    with world.store.deliveries.engine.connect() as opened:
        assert opened.exec_driver_sql("PRAGMA synchronous").scalar_one() == 2, "FULL: each commit is on the disk"


def test_two_runs_at_once_send_each_mail_once(make: Make, relay: Relay) -> None:
    world = make(*names(30))
    world.relay_to(server := relay(), connections=2)
    with ThreadPoolExecutor(2) as threads:
        reports = list(threads.map(lambda _: world.run_unchecked(), range(2)))
    world.reports.extend(reports)
    world.run()
    assert len(server.accepted) == 30
    assert world.states() == {"sent": 30}


def test_a_clock_that_jumps_doubles_and_skips_nothing(make: Make, relay: Relay) -> None:
    world = make(*names(4))
    world.relay_to(server := relay({"RCPT": ["450 4.2.0 later"]}))
    for hours in (0, 24, -25, 1, -1, 30):
        world.pass_time(hours=hours)
        world.run()
    assert len(server.accepted) in (3, 4)
    assert world.states()["sent"] == len(server.accepted)


def test_a_restored_snapshot_brings_the_same_message_id(make: Make, relay: Relay, tmp_path: Path) -> None:
    world = make("ada")
    world.relay_to(server := relay())
    world.plan_only()
    with closing(sqlite3.connect(tmp_path / "digest.db")) as live, closing(sqlite3.connect(tmp_path / "old.db")) as old:
        live.backup(old)
    world.run()
    with closing(sqlite3.connect(tmp_path / "old.db")) as old, closing(sqlite3.connect(tmp_path / "digest.db")) as live:
        old.backup(live)
    server.accepted.clear()
    world.run()
    first, again = (message_from_bytes(body)["Message-ID"] for body in server.bodies_seen)
    assert first == again


def test_a_row_that_vanishes_is_noticed_at_the_end_of_the_run(make: Make, relay: Relay, tmp_path: Path) -> None:
    world = make("ada", "bob")
    world.relay_to(relay())
    world.plan_only()
    with closing(sqlite3.connect(tmp_path / "digest.db")) as connection:
        connection.execute("DELETE FROM deliveries WHERE email LIKE 'bob%'")
        connection.commit()
    assert "not every digest" in world.run_unchecked(plans=False).mismatch


def test_an_outcome_that_another_process_made_void_is_noticed(make: Make, relay: Relay, tmp_path: Path) -> None:
    world = make("ada")
    world.relay_to(server := relay({"BODY": ["<wait 0.1>250 ok"]}))
    with ThreadPoolExecutor(1) as threads:
        run = threads.submit(world.run_unchecked)
        while not server.bodies_seen:
            time.sleep(0.005)
        with closing(sqlite3.connect(tmp_path / "digest.db")) as connection:
            connection.execute("UPDATE deliveries SET state = 'unknown'")
            connection.commit()
        report = run.result()
    assert "the history holds nothing of this run, which had 1 sent" in report.mismatch
    assert world.states() == {"unknown": 1}
