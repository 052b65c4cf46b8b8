"""How long deferred mail waits, and how fast mail goes: runs against a server that asks for less."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.delivery.hostile import Relay
from tests.delivery.world import Make, names, reader


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
