"""Readers who leave, or of whom nobody can tell whether they are still here, between the plan and the claim."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import event

from digest.domain import DeliveryState, Status, Subscriber
from digest.errors import ConfigError, Mistake
from tests.delivery.hostile import Relay
from tests.delivery.world import DAY, Make, reader


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
