"""When sending pauses, who is blamed for it, and what ends a pause: runs against a hostile server."""

from __future__ import annotations

import logging
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from digest.domain import DeliveryState, Pause, PausedBy
from digest.parts import Choice
from digest.pipeline import is_anybody_waiting, run_edition
from digest.planning import CLAIMS_A_GROUP
from tests.delivery.hostile import CUT, Relay
from tests.delivery.world import DAY, NEXT_DAY, Make, names, reader


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
