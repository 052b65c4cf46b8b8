"""Whole runs against a hostile server: after each, nobody holds two copies, nobody is missing, the counts add up."""

from __future__ import annotations

import logging
import shutil
import sqlite3
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from digest.composing import Composer
from digest.delivery import Stopped
from digest.dispatching import Dispatch
from digest.domain import DeliveryState, Email, Outcome, Pause, PausedBy, Status, Subscriber
from digest.errors import ConfigError, Mistake, StoreError
from digest.parts import Choice
from digest.pipeline import is_anybody_waiting, plan_digests, retry_digests, run_edition
from digest.planning import CLAIMS_A_GROUP
from digest.storage import Chosen, Loss
from tests.delivery.hostile import ACCEPT_AND_CUT, CUT, CUT_IN_BODY, SILENCE, FaultServer, running
from tests.delivery.world import DAY, Make, World, names, open_world, reader, unwritable

Relay = Callable[..., FaultServer]
PIPELINING = ("SIZE 10000000", "8BITMIME", "PIPELINING")
NEXT_DAY = DAY + timedelta(days=1)
GARBAGE = "xyzzy \x00\xff"
ENDLESS = "250 " + "z" * 100_000


@pytest.mark.parametrize(
    ("phase", "answer", "states"),
    [
        ("MAIL", "421 4.7.0 too many mails", {"sent": 4}),
        ("MAIL", "451 4.3.0 out of space", {"sent": 4}),
        ("MAIL", CUT, {"sent": 4}),
        ("MAIL", GARBAGE, {"sent": 4}),
        ("RCPT", "450 4.2.0 greylisted", {"sent": 3, "deferred": 1}),
        ("RCPT", "452 4.5.3 too many", {"sent": 3, "deferred": 1}),
        ("RCPT", "450 4.7.25 rate", {"sent": 3, "deferred": 1}),
        ("RCPT", "550 5.1.1 no such user", {"sent": 3, "rejected": 1}),
        ("RCPT", "552 exceeded storage allocation", {"sent": 3, "rejected": 1}),
        ("RCPT", "421 4.3.2 bye", {"sent": 4}),
        ("RCPT", CUT, {"sent": 3, "deferred": 1}),
        ("RCPT", SILENCE, {"sent": 3, "deferred": 1}),
        ("RCPT", ENDLESS, {"sent": 3, "deferred": 1}),
        ("DATA", CUT, {"sent": 3, "deferred": 1}),
        ("DATA", "451 4.3.0 not now", {"sent": 3, "deferred": 1}),
        ("DATA", "354 go<cut>", {"sent": 3, "unknown": 1}),
        ("DATA", CUT_IN_BODY, {"sent": 3, "unknown": 1}),
        ("BODY", CUT, {"sent": 3, "unknown": 1}),
        ("BODY", ACCEPT_AND_CUT, {"sent": 3, "unknown": 1}),
        ("BODY", SILENCE, {"sent": 3, "unknown": 1}),
        ("BODY", GARBAGE, {"sent": 3, "unknown": 1}),
        ("BODY", ENDLESS, {"sent": 3, "unknown": 1}),
        ("BODY", "25<cut>", {"sent": 3, "unknown": 1}),
        ("BODY", "250-queued\r\n550 5.0.0 or not", {"sent": 3, "unknown": 1}),
        ("BODY", "354 go on", {"sent": 3, "unknown": 1}),
        ("BODY", "421 4.3.2 shutting down", {"sent": 4}),
        ("BODY", "451 4.3.0 not now", {"sent": 3, "deferred": 1}),
        ("BODY", "452 4.3.1 not now", {"sent": 3, "deferred": 1}),
        ("BODY", "550 5.6.0 broken", {"sent": 3, "rejected": 1}),
        ("BODY", "554-5.6.0 no\r\n554-5.6.0 really\r\n554 5.6.0 no", {"sent": 3, "rejected": 1}),
        ("BODY", "250 ok<cut>", {"sent": 4}),
        ("QUIT", CUT, {"sent": 4}),
        ("BANNER", "421 4.3.2 later", {"sent": 4}),
        ("BANNER", SILENCE, {"sent": 4}),
        ("BANNER", CUT, {"sent": 4}),
        ("BANNER", "<wait 0.1>220 slow", {"sent": 4}),
    ],
)
def test_one_fault_costs_one_reader_at_most_and_the_history_says_which(
    phase: str, answer: str, states: dict[str, int], make: Make, relay: Relay
) -> None:
    world = make(*names(4))
    world.relay_to(relay({phase: [answer]}))

    report = world.run()

    assert world.states() == states
    assert report.end is not None
    assert report.end.stopped is Stopped.DONE
    assert report.paused == ""


@pytest.mark.parametrize(
    ("phase", "answer", "states"),
    [
        ("MAIL", CUT, {"sent": 4}),
        ("RCPT", "450 4.2.0 greylisted", {"sent": 3, "deferred": 1}),
        ("RCPT", "550 5.1.1 no such user", {"sent": 3, "rejected": 1}),
        ("RCPT", "550 5.1.1 no such user<cut>", {"sent": 3, "rejected": 1}),
        ("RCPT", CUT, {"sent": 3, "deferred": 1}),
        ("RCPT", "250 ok\r\n250 ok too", {"sent": 3, "deferred": 1}),
        ("DATA", GARBAGE, {"sent": 3, "deferred": 1}),
        ("DATA", "354 go<cut>", {"sent": 3, "unknown": 1}),
        ("BODY", SILENCE, {"sent": 3, "unknown": 1}),
    ],
)
def test_it_is_the_same_where_commands_go_out_together(
    phase: str, answer: str, states: dict[str, int], make: Make, relay: Relay
) -> None:
    world = make(*names(4))
    world.relay_to(relay({phase: [answer]}, extensions=PIPELINING))
    world.run()
    assert world.states() == states


def emails_of(world: World) -> list[Email]:
    """A short mail for everybody who is planned one."""
    rows = world.rows().values()
    return [Email(row.email, "d@papers.example", f"<{row.email}>", "x", b"x", row.subscriber_id, DAY) for row in rows]


FAULTS = st.sampled_from(
    [
        CUT, SILENCE, GARBAGE, ENDLESS, ACCEPT_AND_CUT, "25<cut>", "250 ok<cut>", "250 ok", "354 go",
        "421 4.7.0 no", "450 4.2.0 later", "451 4.7.1 try again in 2 minutes", "550 5.1.1 nobody", "550 5.7.1 no",
        "552 5.2.2 full", "554-5.0.0 no\r\n554 5.0.0 no", "999 what", "220 hello", "334 more", "<wait 0.05>250 ok",
    ]
)  # fmt: skip
PHASES = ["BANNER", "MAIL", "RCPT", "DATA", "BODY", "RSET", "QUIT"]
SCRIPTS = st.dictionaries(st.sampled_from(PHASES), st.lists(FAULTS, min_size=1, max_size=5), max_size=4)


@settings(
    max_examples=15,
    report_multiple_bugs=False,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(script=SCRIPTS, extensions=st.sampled_from([PIPELINING, PIPELINING[:2]]), connections=st.integers(1, 3))
def test_whatever_a_server_does_no_run_loses_or_doubles_a_mail(
    script: dict[str, list[str]],
    extensions: Sequence[str],
    connections: int,
    tmp_path_factory: pytest.TempPathFactory,
    composer: Composer,
) -> None:
    server = FaultServer(script, extensions)
    folder = tmp_path_factory.mktemp("world")
    with running(server), open_world(folder, composer, names=names(5)) as world:
        limits = {"reply_timeout_seconds": 0.1, "final_reply_timeout_seconds": 0.1, "connect_timeout_seconds": 0.1}
        world.relay_to(server, connections=connections, **limits)
        for _ in range(2):
            world.run()
            world.store.pause.end()
            world.pass_time(hours=5)


def test_a_relay_that_isnt_there_charges_nobody_and_the_next_run_serves_all(
    make: Make, relay: Relay, unused_port: int
) -> None:
    world = make(*names(6))
    server = relay()
    port, server.port = server.port, unused_port
    world.relay_to(server, connections=3)

    first = world.run()
    server.port = port
    world.relay_to(server, connections=3)
    second = world.run()

    assert first.end is not None
    assert (first.end.stopped, first.paused) == (Stopped.RELAY_DOWN, "")
    assert world.states() == {"sent": 6}
    assert {row.attempts for row in world.rows().values()} == {1}
    assert second.end is not None
    assert second.end.stopped is Stopped.DONE


@pytest.mark.parametrize("banner", ["554 5.7.1 no service", "421 4.3.2 busy", CUT, SILENCE, GARBAGE])
def test_a_relay_that_lets_nobody_in_is_left_alone_after_five_tries(banner: str, make: Make, relay: Relay) -> None:
    world = make(*names(4))
    world.relay_to(server := relay({"BANNER": [banner, "…"]}))

    report = world.run()

    assert world.states() == {"pending": 4}
    assert server.connections == 5
    assert report.end is not None
    assert report.end.stopped is Stopped.RELAY_DOWN


def test_without_encryption_where_it_is_wanted_nothing_leaves(make: Make, relay: Relay) -> None:
    world = make(*names(2))
    world.relay_to(server := relay(extensions=("AUTH PLAIN",)), security="starttls", username="digest", password="x")

    report = world.run()

    assert world.states() == {"pending": 2}
    assert {command.split()[0] for command in server.commands} == {"EHLO"}
    assert report.end is not None
    assert "STARTTLS" in report.end.words


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ({"AUTH": ["535 5.7.8 wrong", "…"]}, "refuses our log-in"),
        ({"MAIL": ["550 5.1.8 sender refused", "…"]}, "sender refused"),
        ({"RCPT": ["550 5.7.1 blocked", "…"]}, "SPF, DKIM and DMARC"),
        ({"BODY": ["550 5.7.515 not authenticated", "…"]}, "SPF, DKIM and DMARC"),
        ({"BODY": ["550 5.7.26 not authenticated", "…"]}, "SPF, DKIM and DMARC"),
        ({"BODY": ["552 5.3.4 too big", "…"]}, "too big"),
    ],
)
def test_what_would_meet_every_mail_pauses_sending_blames_nobody_alerts_once_and_a_probe_ends_it(
    script: dict[str, list[str]], words: str, make: Make, relay: Relay, caplog: pytest.LogCaptureFixture
) -> None:
    world = make(*names(6))
    bad, good = relay(script, extensions=("AUTH PLAIN",)), relay(extensions=("AUTH PLAIN",))
    world.relay_to(bad, username="digest", password="x")

    first = world.run()
    time.sleep(0.3)  # the server may still have to count a connection that the run gave up
    tried = len(bad.bodies_seen) + sum(command.startswith(("RCPT", "AUTH", "MAIL")) for command in bad.commands)
    connections = bad.connections
    world.pass_time(hours=5)
    world.run()  # one probe, and no second alert
    probes = bad.connections - connections
    alerts = [record for record in caplog.records if record.levelno >= logging.ERROR]
    world.pass_time(hours=5)
    world.relay_to(good, connections=2, username="digest", password="x")
    world.run()

    assert words in first.paused
    assert tried <= 3 * 2 + 1
    assert probes == 1
    assert len(alerts) == 1
    assert world.states() == {"sent": 6}
    assert world.store.pause.current() is None


def test_a_pause_is_tried_by_itself_when_its_wait_is_over_and_by_hand_at_once(make: Make, relay: Relay) -> None:
    world = make(*names(3))
    world.relay_to(server := relay({"MAIL": ["550 5.1.8 sender refused", "…"]}))
    world.run()
    tried = server.connections

    world.pass_time(minutes=1)
    report = world.run()
    assert not is_anybody_waiting(DAY, world.parts, Choice())
    assert server.connections == tried
    assert "one mail tries again by itself at 07:3" in report.paused
    world.run(probes_at_once=True)
    assert server.connections == tried + 1
    world.pass_time(minutes=30)
    world.run()
    assert server.connections == tried + 2


def test_a_mail_that_never_reached_the_relay_ends_no_pause(make: Make, relay: Relay) -> None:
    world = make()
    world.readers.append(replace(reader("jürgen"), email="jürgen@readers.example"))
    world.relay_to(relay(extensions=()))
    world.store.pause.begin(PausedBy.SENDING, "refused")
    world.run(probes_at_once=True)
    assert world.states() == {"failed": 1}
    assert world.store.pause.current() is not None


def test_a_relay_that_refuses_the_log_in_for_now_is_tried_again(make: Make, relay: Relay) -> None:
    world = make(*names(3))
    world.relay_to(
        relay({"AUTH": ["454 4.7.0 later"]}, extensions=("AUTH PLAIN",)), username="digest", password="right"
    )
    world.run()
    assert world.states() == {"sent": 3}


def test_mail_that_a_relay_loses_now_and_then_pauses_sending_when_it_is_a_tenth(make: Make, relay: Relay) -> None:
    world = make(*names(60))
    world.relay_to(server := relay({"BODY": [*["250 ok"] * 7, CUT] * 10}))

    report = world.run()

    assert "of the last 50 mails were lost or refused" in report.paused
    assert 5 <= world.states()["unknown"] <= 8
    assert len(server.bodies_seen) < 60


def test_three_readers_whose_servers_block_us_dont_cost_the_others_their_mail(make: Make, relay: Relay) -> None:
    world = make()
    world.readers.extend(reader(f"blocked{number}", f"corp{number}.example") for number in range(3))
    world.readers.extend(reader(name) for name in names(6))
    refusals = {f"RCPT blocked{number}@corp{number}.example": ["550 5.7.1 blocked", "…"] for number in range(3)}
    world.relay_to(relay(refusals))

    assert "blocked" in world.run().paused
    world.pass_time(minutes=7)
    world.run()
    assert world.states() == {"sent": 6, "deferred": 3}
    world.pass_time(days=1)
    world.announce(NEXT_DAY)
    assert world.run(NEXT_DAY).paused == ""
    assert world.states(NEXT_DAY) == {"sent": 6, "deferred": 3}


def test_readers_who_are_refused_again_pause_sending_while_nobody_else_gets_through(make: Make, relay: Relay) -> None:
    world = make(*names(4))
    world.relay_to(relay({"RCPT": ["450 4.2.0 later"] * 4 + ["550 5.7.1 blocked", "…"]}))
    world.run()
    world.pass_time(minutes=7)

    assert "blocked" in world.run().paused


@pytest.mark.parametrize(
    ("reply", "blocked", "are_first"),
    [("550 5.7.1 blocked", 4, False), ("550 5.7.26 not authenticated", 2, True), ("552 5.3.4 too big", 2, False)],
)
def test_readers_whose_servers_refuse_us_hold_up_nobody_who_becomes_due_later(
    reply: str, blocked: int, *, are_first: bool, make: Make, relay: Relay
) -> None:
    world = make("ada", "bob")
    blockers = [reader(f"blocked{number}", f"corp{number}.example") for number in range(blocked)]
    world.readers[:] = [*blockers, *world.readers] if are_first else [*world.readers, *blockers]
    world.readers.append(late := reader("late"))
    server = relay({f"RCPT {blocker.email}": [reply, "…"] for blocker in blockers})
    world.relay_to(server)

    in_time, at_last = Choice(is_their_time=lambda reader: reader != late), Choice()
    for choice in (*[in_time] * 12, at_last):  # as `digest serve` looks who waits
        if is_anybody_waiting(DAY, world.parts, choice):
            run_edition(DAY, world.parts, choice)
        world.pass_time(minutes=10)

    assert world.states() == {"sent": 3, "deferred": blocked}
    assert len(server.commands) < 100, "nobody is pestered"


def test_a_block_that_meets_only_readers_who_were_asked_to_wait_pauses_sending(make: Make, relay: Relay) -> None:
    world = make("ada", *names(8))
    waits = {f"RCPT {one.email}": ["450 4.2.0 later", "550 5.7.1 blocked", "…"] for one in world.readers[1:]}
    world.relay_to(server := relay(waits))
    world.run()
    world.pass_time(minutes=7)

    assert "blocked" in world.run().paused
    world.pass_time(hours=1)
    assert "blocked" in world.run().paused, "somebody who was never refused tells that it goes on"
    assert sum(command.startswith("RCPT") for command in server.commands) <= 9 + 3 + 4


def test_a_try_that_meets_trouble_with_the_relay_lets_no_other_follow_at_once(make: Make, relay: Relay) -> None:
    world = make("ada")
    world.relay_to(server := relay({"MAIL": ["550 5.1.8 sender refused", "421 4.3.2 busy", "…"]}))
    world.run()
    world.pass_time(minutes=7)
    world.run()
    tried = server.connections
    world.run()
    assert (tried, server.connections) == (4, 4)


def test_a_provider_that_misses_our_signature_pauses_sending_each_day(make: Make, relay: Relay) -> None:
    world = make("ada", "gil")
    world.relay_to(relay({"RCPT gil@readers.example": ["550 5.7.26 not authenticated", "…"]}))
    assert "not authenticated" in world.run().paused
    world.pass_time(days=1)
    world.announce(NEXT_DAY)
    assert "not authenticated" in world.run(NEXT_DAY).paused


def test_a_deferred_mail_that_is_claimed_and_never_tried_stays_deferred(make: Make, relay: Relay) -> None:
    world = make(*names(3))
    world.relay_to(server := relay({"RCPT": ["450 4.2.0 later"] * 3 + ["550 5.7.26 not authenticated"]}))
    world.run()
    world.pass_time(minutes=7)
    world.run()
    assert sum(command.startswith("RCPT") for command in server.commands) == 4
    assert world.states() == {"deferred": 3}
    assert sorted(row.attempts for row in world.rows().values()) == [1, 1, 2]
    assert len(world.store.deliveries.open_rows(DAY)) == 2, "they wait no longer than they did"


@pytest.mark.parametrize("answer", ["421 4.7.0 too many mails", "421 4.3.2 not now"])
def test_readers_at_whom_the_relay_breaks_off_dont_hold_up_those_behind_them(
    answer: str, make: Make, relay: Relay
) -> None:
    world = make()
    world.readers.extend(reader(f"slow{number}", f"slow{number}.example") for number in range(2))
    world.readers.extend(reader(name) for name in names(4))
    refusals = {f"RCPT slow{number}@slow{number}.example": [answer, "…"] for number in range(2)}
    world.relay_to(relay(refusals))

    world.run()
    world.run()
    assert world.states() == {"sent": 4, "deferred": 2}
    assert {row.attempts for row in world.rows().values() if row.state is DeliveryState.DEFERRED} == {0}
    world.pass_time(days=1)
    world.announce(NEXT_DAY)
    world.run(NEXT_DAY)
    assert world.states(NEXT_DAY)["sent"] == 4


def test_readers_whose_servers_refuse_them_pause_nothing(make: Make, relay: Relay) -> None:
    world = make(*names(60))
    world.relay_to(relay({"RCPT": ["550 5.1.1 nobody", "450 4.2.0 later"] * 20}))
    assert world.run().paused == ""
    assert world.states() == {"rejected": 20, "deferred": 20, "sent": 20}


@pytest.mark.parametrize(
    ("refused", "readers", "suppressed", "words"),
    [
        (9, 20, 9, ""),
        (10, 20, 0, "10 of 20 mails were refused for good"),
        (2, 3, 2, ""),
        (3, 3, 0, "3 of 3 mails were refused for good"),
    ],
)
def test_a_relay_that_refuses_half_of_all_readers_bars_nobody_and_pauses_sending(
    refused: int, readers: int, suppressed: int, words: str, make: Make, relay: Relay
) -> None:
    world = make(*names(readers))
    world.relay_to(relay({"RCPT": ["550 5.1.1 no such user"] * refused}))

    report = world.run()

    assert world.states()["rejected"] == refused
    assert world.store.suppressions.count() == suppressed
    assert words in report.paused
    assert bool(report.paused) == bool(words)
    assert (world.store.pause.current() is not None) == bool(words)


def test_a_relay_at_fault_is_doubted_until_it_takes_a_mail_again(make: Make, relay: Relay) -> None:
    world = make(*names(3))
    world.relay_to(relay({"RCPT": ["550 5.1.1 no such user"] * 4}))
    world.run()
    for number in (3, 4):
        world.readers.append(reader(f"reader{number}"))
        world.pass_time(minutes=7)
        world.run(probes_at_once=True)
        assert world.store.suppressions.count() == 0
    assert world.states() == {"rejected": 4, "sent": 1}


def test_what_a_spam_filter_refused_puts_no_dead_address_down_to_the_relay(make: Make, relay: Relay) -> None:
    world = make("ada")
    replies = {"ada": "550 looks like spam", "bob": "550 5.1.1 no such user"}
    world.relay_to(relay({f"RCPT {name}@readers.example": [reply] for name, reply in replies.items()}))
    world.run()
    world.readers.append(reader("bob"))
    world.run()
    assert (world.store.suppressions.count(), world.store.pause.current()) == (1, None)


def test_what_was_refused_counts_also_where_the_run_breaks_off(make: Make, relay: Relay) -> None:
    world = make(*names(3))
    world.relay_to(relay({"RCPT": ["550 5.1.1 no such user"]}))

    def break_off(stage: str, *_: object) -> None:
        if stage == "delivering":
            raise RuntimeError("the terminal is gone")

    world.parts = replace(world.parts, on_progress=break_off)
    with pytest.raises(RuntimeError, match="the terminal is gone"):
        world.run_unchecked()
    assert world.states()["rejected"] == 1
    assert world.store.suppressions.count() == 1


def test_a_greylisted_reader_gets_one_copy_after_five_minutes_and_not_before(make: Make, relay: Relay) -> None:
    world = make("ada", "bob")
    world.relay_to(server := relay({"RCPT ada@readers.example": ["450 4.2.0 greylisted"]}))

    world.run()
    world.pass_time(minutes=4, seconds=59)
    world.run()
    assert world.states() == {"deferred": 1, "sent": 1}
    world.pass_time(minutes=2)
    world.run()

    assert world.states() == {"sent": 2}
    assert world.rows()["ada"].attempts == 2
    assert server.connections == 2


def test_the_waits_grow_and_what_is_deferred_too_long_is_given_up(make: Make, relay: Relay) -> None:
    world = make("ada")
    world.relay_to(server := relay({"RCPT": ["450 4.2.0 later", "…"]}))
    for attempt, minutes in enumerate((6, 18, 36, 72, 144, 288, 288, 288, 288), start=1):  # a fifth more than the waits
        world.run()
        world.run()
        assert sum(command.startswith("RCPT") for command in server.commands) == attempt
        world.pass_time(minutes=minutes)
    world.run()
    assert world.states() == {"expired": 1}
    assert world.rows()["ada"].reply == "still deferred when its time ran out"


def test_the_time_that_a_server_names_is_obeyed(make: Make, relay: Relay) -> None:
    world = make("ada")
    world.relay_to(relay({"RCPT": ["451 4.2.0 try again in 50 minutes"]}))
    world.run()
    world.pass_time(minutes=49)
    world.run()
    assert world.states() == {"deferred": 1}
    world.pass_time(minutes=2)
    world.run()
    assert world.states() == {"sent": 1}


@pytest.mark.parametrize("answer", ["450 4.7.28 too fast", "452 4.5.3 too many recipients"])
def test_a_domain_that_asks_for_less_gets_less_and_the_others_go_on(answer: str, make: Make, relay: Relay) -> None:
    world = make(*names(3))
    world.readers.extend(reader(f"slow{number}", "slow.example") for number in range(12))
    refusals = {f"RCPT slow{number}@slow.example": [answer] for number in range(12)}
    world.relay_to(server := relay(refusals), connections=4)

    world.run()

    asked = sum("@slow.example" in command for command in server.commands if command.startswith("RCPT"))
    assert world.states() == {"sent": 3, "deferred": 12}
    assert 5 <= asked <= 8, "after five refusals in a row the domain is left alone"
    waiting = [row for row in world.rows().values() if "asked us to send less" in row.reply]
    assert len(waiting) == 12 - asked
    assert {row.attempts for row in waiting} == {0}
    for _ in range(3):
        world.pass_time(minutes=20)
        world.run()
    assert world.states() == {"sent": 15}


def test_a_mail_beyond_the_relay_s_size_is_not_begun_and_pauses_sending(make: Make, relay: Relay) -> None:
    world = make(*names(3))
    world.relay_to(server := relay(extensions=("SIZE 5000",)))
    assert "up to 5000 octets" in world.run().paused
    assert not any(command.startswith("MAIL") for command in server.commands)


def test_an_international_address_goes_out_or_fails_with_the_reason(make: Make, relay: Relay) -> None:
    world = make("ada")
    world.readers.append(reader("bob", "bücher.example"))
    world.readers.append(replace(reader("jürgen"), email="jürgen@readers.example"))
    world.relay_to(server := relay(extensions=()))

    world.run()

    assert world.states() == {"sent": 2, "failed": 1}
    assert "SMTPUTF8" in world.rows()["jürgen"].reply
    assert "bob@xn--bcher-kva.example" in server.recipients()


def test_when_the_first_relay_is_down_the_second_gets_what_no_body_of_was_begun(make: Make, relay: Relay) -> None:
    world = make(*names(6))
    first, second = relay({"BODY": ["250 ok", CUT], "BANNER": ["220 ready", "421 4.3.2 down", "…"]}), relay()
    world.relay_to(first, second)

    report = world.run()

    assert world.states() == {"sent": 5, "unknown": 1}
    assert (len(first.bodies_seen), len(second.bodies_seen)) == (2, 4)
    assert {row.relay for row in world.rows().values()} == {"smtp 0", "smtp 1"}
    assert report.end is not None
    assert report.end.stopped is Stopped.DONE
    assert "smtp 0: the relay is down: 421 4.3.2 down" in report.end.words


@pytest.mark.parametrize("connections", [1, 3])
@pytest.mark.parametrize(
    ("phase", "answer"),
    [("MAIL", "451 4.3.0 daily limit"), ("MAIL", "421 4.7.0 too many"), ("MAIL", CUT), ("RCPT", "421 4.3.2 not now")],
)
def test_a_relay_that_lets_us_in_and_takes_nothing_is_stood_in_for_with_every_mail(
    phase: str, answer: str, connections: int, make: Make, relay: Relay
) -> None:
    world = make(*names(8))
    world.relay_to(relay({phase: [answer, "…"]}), relay(), connections=connections)
    world.run()
    assert world.states() == {"sent": 8}
    assert {row.relay for row in world.rows().values()} == {"smtp 1"}


def test_a_relay_that_refuses_the_log_in_is_stood_in_for(make: Make, relay: Relay) -> None:
    world = make(*names(3))
    first = relay({"AUTH": ["535 5.7.8 wrong", "…"]}, extensions=("AUTH PLAIN",))
    world.relay_to(first, relay(extensions=("AUTH PLAIN",)), username="digest", password="x")
    report = world.run()
    assert world.states() == {"sent": 3}
    assert report.end is not None
    assert "refuses our log-in" in report.end.words


def test_our_policy_s_fault_is_not_taken_to_the_next_relay(make: Make, relay: Relay) -> None:
    world = make(*names(6))
    second = relay()
    world.relay_to(relay({"RCPT": ["550 5.7.1 blocked", "…"]}), second)
    world.run()
    assert second.connections == 0


def test_nor_is_it_where_another_connection_is_cut_right_after(make: Make, relay: Relay) -> None:
    world = make(*names(6))
    refused = ["250 ok", "<wait 0.1>550 5.7.26 not authenticated", "…"]
    first, second = relay({"MAIL": ["250 ok", "250 ok", "<wait 0.3><cut>", "…"], "BODY": refused}), relay()
    world.relay_to(first, second, connections=2, reply_timeout_seconds=2)
    assert "not authenticated" in world.run().paused
    assert second.connections == 0


def test_when_all_relays_are_down_everybody_waits(make: Make, relay: Relay) -> None:
    world = make(*names(3))
    world.relay_to(relay({"BANNER": [CUT, "…"]}), relay({"BANNER": [CUT, "…"]}))
    report = world.run()
    assert world.states() == {"pending": 3}
    assert report.end is not None
    assert (report.end.stopped, report.end.words.count("is down")) == (Stopped.RELAY_DOWN, 2)


def test_mail_in_doubt_is_held_and_the_next_digest_carries_its_papers(make: Make, relay: Relay) -> None:
    world = make("ada")
    world.relay_to(server := relay({"BODY": [ACCEPT_AND_CUT]}))
    for _ in range(3):
        world.run()
        world.pass_time(hours=2)
    assert world.states() == {"unknown": 1}
    world.pass_time(days=1)
    world.announce(NEXT_DAY)
    world.run(NEXT_DAY)
    assert (world.states(), world.states(NEXT_DAY)) == ({"unknown": 1}, {"sent": 1})
    assert len(server.accepted) == 2
    assert set(world.rows()["ada"].papers) < set(world.rows(NEXT_DAY)["ada"].papers)


def test_where_the_operator_wants_it_mail_in_doubt_is_sent_again_byte_by_byte(make: Make, relay: Relay) -> None:
    world = make("ada", "bob")
    world.relay_to(server := relay({"BODY ada@readers.example": [CUT]}))
    world.parts = replace(world.parts, resends=True)

    world.run()
    world.run()  # not at once
    assert world.states() == {"unknown": 1, "sent": 1}
    world.pass_time(minutes=7)
    world.run()

    assert world.states() == {"sent": 2}
    first, again = [body for body in server.bodies_seen if b"ada@readers.example" in body]
    assert first == again
    assert message_from_bytes(again)["Message-ID"] == world.rows()["ada"].message_id
    assert world.rows()["ada"].papers


@pytest.mark.parametrize(
    ("script", "attempts"),
    [
        ({"BODY": [CUT], "RCPT": ["250 ok", "450 4.2.0 later"]}, 2),
        ({"BODY": [CUT], "RCPT": ["250 ok", "550 5.7.26 not authenticated"]}, 2),
        ({"BODY": [CUT], "RCPT": ["250 ok", *["421 4.7.0 too many"] * 3]}, 1),
        ({"BODY": [CUT], "BANNER": ["220 ready", *["421 4.3.2 down"] * 5]}, 1),
    ],
)
def test_mail_in_doubt_stays_in_doubt_with_its_bytes_where_sending_it_again_is_refused_for_now(
    script: dict[str, list[str]], attempts: int, make: Make, relay: Relay
) -> None:
    world = make("ada")
    world.relay_to(server := relay(script))
    world.parts = replace(world.parts, resends=True)

    world.run()
    world.pass_time(hours=1)
    world.run()
    assert world.states() == {"unknown": 1}
    assert world.rows()["ada"].attempts == attempts
    assert [loss.is_doubtful for loss in world.store.history.losses(before=NEXT_DAY).values()] == [True]
    world.pass_time(hours=1)
    world.run()

    assert world.states() == {"sent": 1}
    first, again = server.bodies_seen
    assert first == again


def test_mail_in_doubt_is_sent_three_times_at_most(make: Make, relay: Relay) -> None:
    world = make("ada")
    world.relay_to(server := relay({"BODY": [CUT, "…"]}))
    world.parts = replace(world.parts, resends=True)
    for _ in range(6):
        world.run()
        world.pass_time(hours=2)
    assert len(server.bodies_seen) == 3
    assert world.states() == {"unknown": 1}


def test_mail_in_doubt_that_is_refused_when_sent_again_may_have_arrived_all_the_same(make: Make, relay: Relay) -> None:
    world = make("ada")
    world.relay_to(relay({"BODY": [CUT, "550 5.6.0 broken"]}))
    world.parts = replace(world.parts, resends=True)
    world.run()
    world.pass_time(hours=2)
    world.run()
    assert world.states() == {"rejected": 1}
    (ada,) = world.readers
    loss = world.store.history.loss_of(ada.id, after=DAY - timedelta(days=1), before=NEXT_DAY)
    assert loss == world.store.history.losses(before=NEXT_DAY)[ada.id] == Loss(DAY, is_doubtful=True)


def test_mail_in_doubt_that_was_not_kept_is_held_even_if_it_is_wanted_again(make: Make, relay: Relay) -> None:
    world = make("ada")
    world.relay_to(server := relay({"BODY": [CUT]}))
    world.run()
    world.parts = replace(world.parts, resends=True)
    world.pass_time(hours=2)
    world.run()
    assert len(server.bodies_seen) == 1


def test_while_the_operator_has_paused_sending_nothing_goes_out(make: Make, relay: Relay) -> None:
    world = make(*names(3))
    world.relay_to(server := relay())
    world.store.pause.begin(PausedBy.OPERATOR, "the relay moves")
    report = world.run()
    assert (server.connections, world.states()) == (0, {"pending": 3})
    assert "the relay moves" in report.paused
    world.store.pause.end()
    world.run()
    assert world.states() == {"sent": 3}


@pytest.mark.parametrize("by", PausedBy)
def test_an_operator_and_another_process_can_pause_a_run_that_is_under_way(
    by: PausedBy, make: Make, relay: Relay
) -> None:
    world = make(*names(CLAIMS_A_GROUP + 8))
    world.relay_to(server := relay({"BODY": ["<wait 0.03>250 ok", "…"]}))
    with ThreadPoolExecutor(1) as threads:
        run = threads.submit(world.run)
        while len(server.bodies_seen) < 2:
            time.sleep(0.005)
        world.store.pause.begin(by, "stop")
        assert "stop" in run.result().paused
    assert world.states() == {"sent": CLAIMS_A_GROUP, "pending": 8}


def test_the_operator_s_pause_is_not_undone_by_a_failed_probe(make: Make) -> None:
    world = make("ada")
    world.store.pause.begin(PausedBy.SENDING, "refused")
    assert world.store.pause.begin(PausedBy.OPERATOR, "look into it")
    assert not world.store.pause.begin(PausedBy.SENDING, "refused again")
    pause = world.store.pause.current()
    assert pause == Pause(PausedBy.OPERATOR, "look into it", world.moment, None)


def test_the_operator_s_pause_is_not_undone_by_a_probe_that_goes_through(make: Make, relay: Relay) -> None:
    world = make("ada")
    world.relay_to(server := relay({"BODY": ["<wait 0.2>250 ok"]}))
    world.store.pause.begin(PausedBy.SENDING, "refused")
    world.pass_time(hours=1)
    with ThreadPoolExecutor(1) as threads:
        run = threads.submit(world.run)
        while not server.bodies_seen:
            time.sleep(0.005)
        world.store.pause.begin(PausedBy.OPERATOR, "look into it")
        run.result()
    assert world.states() == {"sent": 1}
    pause = world.store.pause.current()
    assert pause is not None
    assert pause.by is PausedBy.OPERATOR


def test_a_rate_is_kept_over_all_connections_and_over_a_restart(make: Make, relay: Relay) -> None:
    world = make(*names(6))
    world.relay_to(relay(), connections=3, rate=20)
    began = time.monotonic()
    world.run()
    assert time.monotonic() - began >= 5 / 20
    assert world.store.pace.reserve("smtp 0", 1, timedelta(seconds=0.05)) >= timedelta(seconds=6 / 20), "by its clock"
    assert world.states() == {"sent": 6}


def test_a_clock_that_was_set_back_doesnt_hold_a_relay_up_for_long(make: Make) -> None:
    world = make("ada")
    world.store.pace.reserve("smtp 0", 1, timedelta(seconds=7))
    world.pass_time(days=-1)
    assert world.store.pace.reserve("smtp 0", 1, timedelta(seconds=7)) <= timedelta(minutes=7)


def test_a_clock_that_was_set_back_puts_off_neither_the_try_that_ends_a_pause_nor_deferred_mail(
    make: Make, relay: Relay
) -> None:
    world = make(*names(3))
    world.relay_to(server := relay({"MAIL": ["550 5.1.8 sender refused"] * 2}))
    world.run()
    world.pass_time(days=-1)
    world.run()
    tried = server.connections
    world.run()
    assert (tried, server.connections) == (2, 2), "the waits go on by the clock as it is now"
    world.pass_time(hours=1)
    world.run()
    assert world.states() == {"sent": 3}


def test_a_slow_relay_holds_few_claims(make: Make, relay: Relay) -> None:
    world = make(*names(20))
    world.relay_to(server := relay(), rate=2)
    with ThreadPoolExecutor(1) as threads:
        stop = list[bool]()
        world.parts = replace(world.parts, stopping=lambda: bool(stop))
        run = threads.submit(world.run)
        while len(server.bodies_seen) < 2:
            time.sleep(0.005)
        in_sending = world.states()["sending"]
        stop.append(True)
        run.result()
    assert in_sending <= 1 + 2


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


def test_who_leaves_or_is_removed_before_the_claim_gets_nothing(make: Make, relay: Relay) -> None:
    world = make("ada", "bob", "cleo")
    world.relay_to(server := relay())
    world.plan_only()
    world.store.subscribers.set_status(world.readers[0].id, Status.UNSUBSCRIBED)
    removed = world.readers.pop()
    report = world.run_unchecked()
    assert server.recipients() == ["bob@readers.example"]
    assert world.states() == {"sent": 1, "suppressed": 2}
    assert world.rows()[removed.email.partition("@")[0]].reply == "no subscriber any more"
    assert report.mismatch == ""


def test_one_digest_that_cant_be_made_costs_one_reader(make: Make, relay: Relay) -> None:
    world = make(*names(3))
    world.readers.append(replace(reader("broken"), email="not an address"))
    world.relay_to(relay())
    report = world.run_unchecked()
    assert world.states() == {"sent": 3, "failed": 1}
    assert (report.paused, report.mismatch) == ("", "")


def test_digests_that_cant_be_made_pause_the_run_when_they_are_many(make: Make, relay: Relay) -> None:
    world = make()
    world.readers.extend(replace(reader(name), email=f"{name} nowhere") for name in names(20))
    world.relay_to(relay())
    report = world.run_unchecked()
    assert "5 digests of 5 can't be made" in report.paused
    assert world.states() == {"failed": 5, "pending": 15}


def test_a_day_without_papers_makes_no_mail(make: Make, relay: Relay) -> None:
    world = make("ada")
    world.relay_to(server := relay())
    report = world.run_unchecked(NEXT_DAY + timedelta(days=20))
    assert report.totals is not None
    assert (server.connections, report.totals.empty, report.totals.planned) == (0, 1, 0)
    assert report.mismatch == ""


def test_a_thousandfold_failure_fills_no_log(make: Make, relay: Relay, caplog: pytest.LogCaptureFixture) -> None:
    world = make(*names(60))
    world.relay_to(relay({"RCPT": ["550 5.1.1 nobody here", "…"]}))
    world.run()
    lines = [record.getMessage() for record in caplog.records if "nobody here" in record.getMessage()]
    assert len([record for record in caplog.records if record.levelno == logging.WARNING]) == 11
    assert "reader0@readers.example: rejected: 550 5.1.1 nobody here" in lines
    assert any("50 more" in record.getMessage() for record in caplog.records)
    assert world.states() == {"rejected": 60}


def test_the_operator_settles_what_is_in_doubt(make: Make, relay: Relay) -> None:
    world = make("ada", "bob")
    server = relay({"BODY ada@readers.example": [ACCEPT_AND_CUT], "BODY bob@readers.example": [CUT]})
    world.relay_to(server)
    world.run()
    assert world.store.by_hand.resolve(Chosen(email="ADA@readers.example"), as_sent=True) == 1
    assert world.store.by_hand.resolve(Chosen(message_id=world.rows()["bob"].message_id), as_sent=False) == 1
    assert world.store.by_hand.resolve(Chosen(), as_sent=True) == 0
    world.check()
    assert world.states() == {"sent": 1, "failed": 1}
    report, covered = retry_digests(DAY, world.parts)
    world.reports.append(report)
    world.check()
    assert (world.states(), covered) == ({"sent": 2}, 0)


def test_a_retry_goes_at_once_but_never_repeats_what_a_later_digest_covers(make: Make, relay: Relay) -> None:
    world = make("ada", "bob")
    world.relay_to(relay({"RCPT ada@readers.example": ["450 4.2.0 later"] * 2, "BODY bob@readers.example": [CUT]}))
    world.run()
    report, covered = retry_digests(DAY, world.parts, email="ada@readers.example")
    assert covered == 0
    assert world.states() == {"deferred": 1, "unknown": 1}
    assert "1 mail tried again" in report.notices
    world.store.by_hand.resolve(Chosen(), as_sent=False)
    world.pass_time(days=1)
    plan_digests(world.parts.readers(), NEXT_DAY, world.parts)
    assert world.states() == {"expired": 1, "failed": 1}
    assert world.store.by_hand.retry(Chosen(edition=DAY)) == (0, 1)


def test_history_older_than_wanted_is_removed_with_all_its_lines(make: Make, relay: Relay) -> None:
    world = make("ada")
    world.relay_to(relay())
    world.run()
    assert world.store.history.forget(before=DAY) == 0
    assert world.store.history.forget(before=NEXT_DAY) == 1
    assert (world.rows(), world.store.history.events(Chosen())) == ({}, ())
    assert world.store.history.is_balanced(DAY)


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


def test_nobody_is_given_up_as_a_stranger_whose_sign_up_today_s_rules_refuse(make: Make, relay: Relay) -> None:
    def refuse(_details: object) -> Subscriber:
        raise ConfigError([Mistake("sign-up", "exclude", "may be several people")])

    world = make("ada")
    world.relay_to(relay())
    world.plan_only()
    bob = reader("bob")
    world.store.subscribers.add_signup(bob.id, bob.email, {"exclude": ["author:S. Han"]})
    world.store.deliveries.plan(DAY, [bob])
    signups = replace(world.store.subscribers, read_signup=refuse)
    world.parts = replace(world.parts, store=replace(world.store, subscribers=signups))

    world.run_unchecked(plans=False)

    assert world.states() == {"sent": 1, "pending": 1}


def test_nobody_is_given_up_as_a_stranger_while_readers_files_are_out_of_reach_or_being_mended(
    make: Make, relay: Relay
) -> None:
    world = make("ada", "bob")
    world.relay_to(relay())
    world.plan_only()
    ada, _ = world.readers
    mistakes: list[Mistake] = []
    # what is wrong is forgotten by whoever reads the mended files while this run asks the database
    event.listen(world.store.deliveries.engine, "before_cursor_execute", lambda *_: mistakes.clear())

    def read_files() -> tuple[Subscriber, ...]:
        mistakes[:] = [Mistake("bob.toml", "", "is no TOML", "mend that line")]
        return (ada,)

    whole = world.parts
    for read in (tuple, read_files):
        world.parts = replace(whole, read_files=read, file_mistakes=lambda: tuple(mistakes))
        world.run_unchecked(plans=False)
        assert world.rows()["bob"].state is DeliveryState.PENDING
    world.parts = replace(whole, read_files=lambda: (ada,))
    world.run_unchecked(plans=False)
    assert world.states() == {"sent": 1, "suppressed": 1}
