"""Mail that may have arrived: what is held, sent again, carried by the next digest, or settled by the operator."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes

import pytest

from digest.pipeline import plan_digests, retry_digests
from digest.storage import Chosen, Loss
from tests.delivery.hostile import ACCEPT_AND_CUT, CUT, Relay
from tests.delivery.world import DAY, NEXT_DAY, Make


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
