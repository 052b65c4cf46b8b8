"""What the second relay does when the first can't: runs against two hostile servers."""

from __future__ import annotations

import pytest

from digest.delivery import Stopped
from tests.delivery.hostile import CUT, Relay
from tests.delivery.world import Make, names


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
