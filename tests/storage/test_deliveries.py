"""One row a digest and inbox, from the plan to the history."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, event, update

from digest.domain import Delivery, DeliveryState, Subscriber
from digest.storage import Chosen, Loss, Store, tables
from digest.storage.transitions import MAY_BECOME, Transition, locked, write

DAY = date(2026, 6, 30)
EVE = date(2026, 6, 29)
NEXT_DAY = date(2026, 7, 1)

Make = Callable[..., Any]


def row_of(store: Store, reader: Subscriber, edition: date = DAY) -> Delivery:
    (row,) = store.history.find(email=reader.email, edition=edition)
    return row


def cursor_of(store: Store, reader: Subscriber) -> date | None:
    found = store.subscribers.find(reader.id, [reader])
    return found.cursor if found else None


def test_planning_twice_makes_one_row_an_edition_and_reader(store: Store, reader: Make, plan: Make) -> None:
    ada, bob = reader("ada"), reader("bob")

    plan(ada)
    plan(ada, bob)

    assert store.deliveries.planned(DAY) == store.deliveries.open_rows(DAY) == {ada.id, bob.id}
    assert len(store.history.find()) == 2


def test_two_processes_that_plan_one_edition_count_each_promise_once(
    open_again: Callable[[], AbstractContextManager[Store]], store: Store, reader: Make
) -> None:
    readers = [reader(f"reader{number}") for number in range(60)]
    store.ledger.close_edition(DAY)
    store.subscribers.enroll(readers, edition=DAY)
    start = threading.Barrier(2)

    def plan_alone(mine: list[Subscriber]) -> None:
        with open_again() as other:
            for one in mine:
                start.wait(timeout=30)
                other.deliveries.plan(DAY, [one])

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(plan_alone, (readers[:30], readers[30:])))

    assert len(store.deliveries.planned(DAY)) == 60
    assert store.history.is_balanced(DAY)


@pytest.mark.parametrize("edition", [DAY, EVE])
def test_who_was_served_since_a_run_looked_is_promised_nothing(
    edition: date, store: Store, reader: Make, plan: Make
) -> None:
    plan(reader())
    store.deliveries.skip(DAY, [reader().id])

    plan(reader(), edition=edition)

    assert store.deliveries.planned(edition) == frozenset()
    assert store.history.totals(DAY)[1] == 1
    assert store.history.is_balanced(DAY)


def test_planning_again_leaves_a_sent_digest_sent(store: Store, reader: Make, plan: Make, send: Make) -> None:
    plan(reader())
    send(reader())

    plan(reader())

    assert row_of(store, reader()).state is DeliveryState.SENT
    assert store.deliveries.open_rows(DAY) == frozenset()


def test_a_new_digest_ends_the_older_open_ones_as_expired(store: Store, reader: Make, plan: Make, send: Make) -> None:
    waiting, deferred, sent = reader("ada"), reader("bob"), reader("cleo")
    plan(waiting, deferred, sent, edition=EVE)
    send(deferred, DeliveryState.DEFERRED, EVE, retry_after=timedelta(minutes=5))
    send(sent, edition=EVE)
    assert store.deliveries.owed_before(DAY) == {waiting.id, deferred.id}

    plan(waiting, deferred, sent)

    states = {row.email: row.state for row in store.history.find(edition=EVE)}
    assert [states[one.email] for one in (waiting, deferred)] == [DeliveryState.EXPIRED] * 2
    assert states[sent.email] is DeliveryState.SENT
    assert store.deliveries.open_rows(DAY) == {waiting.id, deferred.id, sent.id}
    assert store.deliveries.owed_before(DAY) == {waiting.id, deferred.id}, "what they were to have is still to come"
    send(waiting)
    assert store.deliveries.owed_before(DAY) == {deferred.id}


def test_a_sent_digest_moves_the_cursor(store: Store, reader: Make, plan: Make, send: Make) -> None:
    plan(reader())

    send(reader(), reply="250 ok", code=250)

    assert cursor_of(store, reader()) == DAY
    row = row_of(store, reader())
    assert (row.state, row.reply, row.code, row.relay, row.attempts) == (
        DeliveryState.SENT,
        "250 ok",
        250,
        "smtp relay.example",
        1,
    )


@pytest.mark.parametrize("state", sorted(MAY_BECOME[DeliveryState.SENDING] - {DeliveryState.SENT}))
def test_whatever_else_becomes_of_a_digest_leaves_the_cursor(
    state: DeliveryState, store: Store, reader: Make, plan: Make, send: Make
) -> None:
    plan(reader())

    send(reader(), state)

    assert row_of(store, reader()).state is state
    assert cursor_of(store, reader()) == EVE


def test_a_cursor_never_moves_back(store: Store, reader: Make, plan: Make, send: Make) -> None:
    plan(reader(), edition=EVE)
    send(reader(), DeliveryState.UNKNOWN, EVE)
    plan(reader())
    send(reader())

    assert store.by_hand.resolve(Chosen(edition=EVE), as_sent=True) == 1

    assert cursor_of(store, reader()) == DAY


def test_a_failure_that_is_nobody_s_charges_no_attempt(store: Store, reader: Make, plan: Make, send: Make) -> None:
    plan(reader())

    send(reader(), DeliveryState.PENDING, charges_attempt=False)

    assert row_of(store, reader()).attempts == 0
    assert store.deliveries.open_rows(DAY) == {reader().id}


def test_a_deferred_digest_may_go_again_when_its_time_has_come(
    store: Store, reader: Make, plan: Make, send: Make, clock: Any
) -> None:
    plan(reader())
    send(reader(), DeliveryState.DEFERRED, retry_after=timedelta(minutes=5))

    clock.moment += timedelta(minutes=5, seconds=-1)
    before = store.deliveries.open_rows(DAY)
    clock.moment += timedelta(seconds=1)

    assert before == frozenset()
    assert store.deliveries.open_rows(DAY) == {reader().id}
    send(reader())
    assert row_of(store, reader()).attempts == 2


def test_deferred_digests_are_given_up_a_while_after_their_edition_closed(
    store: Store, reader: Make, plan: Make, send: Make, clock: Any
) -> None:
    plan(reader("ada"), reader("bob"))
    send(reader("ada"), DeliveryState.DEFERRED, retry_after=timedelta(minutes=5))

    store.deliveries.expire_deferred(planned_before=clock.moment)
    assert row_of(store, reader("ada")).state is DeliveryState.DEFERRED
    store.deliveries.expire_deferred(planned_before=clock.moment + timedelta(seconds=1))

    assert row_of(store, reader("ada")).state is DeliveryState.EXPIRED
    assert row_of(store, reader("bob")).state is DeliveryState.PENDING


def test_nothing_to_say_drops_the_row_moves_the_cursor_and_counts_the_reader_once(
    store: Store, reader: Make, plan: Make
) -> None:
    plan(reader("ada"), reader("bob"))

    for _ in range(2):
        store.deliveries.skip(DAY, [reader("ada").id])

    states, empty = store.history.totals(DAY)
    assert (empty, sum(states.values())) == (1, 1)
    assert cursor_of(store, reader("ada")) == DAY
    assert cursor_of(store, reader("bob")) == EVE


def test_readers_with_nothing_to_say_are_skipped_in_one_commit(store: Store, reader: Make, plan: Make) -> None:
    readers = [reader(f"reader{number}") for number in range(9)]
    plan(*readers, reader("bob"))
    commits = list[object]()
    event.listen(store.deliveries.engine, "commit", commits.append)

    store.deliveries.skip(DAY, [one.id for one in readers])

    assert len(commits) == 1
    assert store.history.totals(DAY)[1] == 9
    assert store.history.is_balanced(DAY)
    assert {cursor_of(store, one) for one in readers} == {DAY}
    assert store.deliveries.planned(DAY) == {reader("bob").id}


def test_a_digest_that_was_tried_and_has_nothing_to_say_any_more_keeps_its_history(
    store: Store, reader: Make, plan: Make, send: Make
) -> None:
    plan(reader())
    send(reader(), DeliveryState.DEFERRED, reply="451 4.3.0 later", code=451)

    for _ in range(2):
        store.deliveries.skip(DAY, [reader().id])

    row = row_of(store, reader())
    assert (row.state, row.attempts, row.reply) == (DeliveryState.EXPIRED, 1, "nothing matched any more")
    lines = store.history.events(Chosen(DAY))
    assert [(line.state, line.code) for line in lines] == [(DeliveryState.DEFERRED, 451), (DeliveryState.EXPIRED, None)]
    assert cursor_of(store, reader()) == DAY
    assert store.history.totals(DAY)[1] == 0
    assert store.history.is_balanced(DAY)
    assert store.history.losses(before=NEXT_DAY) == {}
    assert store.deliveries.owed_before(NEXT_DAY) == frozenset()


def test_a_failed_digest_is_not_tried_again_once_the_reader_s_cursor_is_past_it(
    store: Store, reader: Make, plan: Make, send: Make
) -> None:
    plan(reader(), edition=EVE)
    send(reader(), DeliveryState.FAILED, EVE)
    plan(reader())
    store.deliveries.skip(DAY, [reader().id])

    assert store.by_hand.retry(Chosen(edition=EVE)) == (0, 1)
    assert row_of(store, reader(), EVE).state is DeliveryState.FAILED


def test_a_digest_that_was_sent_can_not_be_skipped(store: Store, reader: Make, plan: Make, send: Make) -> None:
    plan(reader())
    send(reader())

    store.deliveries.skip(DAY, [reader().id])

    assert store.history.totals(DAY) == ({**dict.fromkeys(DeliveryState, 0), DeliveryState.SENT: 1}, 0)


def test_a_digest_that_can_not_be_made_fails_with_the_reason(
    store: Store, reader: Make, plan: Make, send: Make
) -> None:
    ada, bob = reader("ada"), reader("bob")
    plan(ada, bob)
    send(bob)

    for one in (ada, bob):
        store.deliveries.fail(DAY, one.id, "the template is broken")

    assert (row_of(store, ada).state, row_of(store, ada).reply) == (DeliveryState.FAILED, "the template is broken")
    assert row_of(store, bob).state is DeliveryState.SENT


def test_a_planned_digest_of_somebody_who_is_no_subscriber_any_more_is_suppressed(
    store: Store, reader: Make, plan: Make, send: Make
) -> None:
    ada, bob, cleo = reader("ada"), reader("bob"), reader("cleo")
    plan(ada, bob, cleo)
    send(cleo)

    store.deliveries.suppress_strangers(DAY, find_known=lambda: {ada.id})

    states = {row.email: row.state.value for row in store.history.find()}
    assert states == {ada.email: "pending", bob.email: "suppressed", cleo.email: "sent"}


def test_who_is_planned_by_another_process_while_the_subscribers_are_read_is_no_stranger(
    store: Store, reader: Make, plan: Make
) -> None:
    plan(reader("ada"))

    def read_while_another_plans() -> set[str]:
        plan(reader("bob"))
        return {reader("ada").id}

    store.deliveries.suppress_strangers(DAY, find_known=read_while_another_plans)

    assert store.deliveries.open_rows(DAY) == {reader("ada").id, reader("bob").id}


@pytest.mark.parametrize(
    ("state", "loss"),
    [
        (DeliveryState.FAILED, Loss(EVE, is_doubtful=False)),
        (DeliveryState.REJECTED, Loss(EVE, is_doubtful=False)),
        (DeliveryState.UNKNOWN, Loss(EVE, is_doubtful=True)),
        (DeliveryState.DEFERRED, Loss(EVE, is_doubtful=False)),
        (DeliveryState.PENDING, None),
    ],
)
def test_a_digest_that_was_tried_in_vain_is_a_loss_that_the_next_one_makes_good(
    state: DeliveryState, loss: Loss | None, store: Store, reader: Make, plan: Make, send: Make
) -> None:
    plan(reader(), edition=EVE)
    send(reader(), state, EVE, charges_attempt=state is not DeliveryState.PENDING)
    plan(reader())

    losses = store.history.losses(before=DAY)

    assert losses.get(reader().id) == loss
    assert store.history.loss_of(reader().id, after=date(2026, 6, 28), before=DAY) == loss


def test_a_loss_goes_through_the_last_edition_and_is_doubtful_if_any_was(
    store: Store, reader: Make, plan: Make, send: Make
) -> None:
    for edition, state in ((EVE, DeliveryState.UNKNOWN), (DAY, DeliveryState.FAILED)):
        plan(reader(), edition=edition)
        send(reader(), state, edition)

    assert store.history.losses(before=NEXT_DAY) == {reader().id: Loss(DAY, is_doubtful=True)}
    assert store.history.losses(before=DAY) == {reader().id: Loss(EVE, is_doubtful=True)}


def test_what_a_later_digest_has_made_good_is_no_loss_any_more(
    store: Store, reader: Make, plan: Make, send: Make
) -> None:
    plan(reader(), edition=EVE)
    send(reader(), DeliveryState.FAILED, EVE)
    plan(reader())
    send(reader())

    assert store.history.losses(before=NEXT_DAY) == {}


def test_the_cursor_from_which_a_digest_was_composed_is_kept(
    store: Store, reader: Make, plan: Make, send: Make
) -> None:
    plan(reader())
    assert store.history.cursor_of(DAY, reader().id) is None

    send(reader(cursor=EVE))

    assert store.history.cursor_of(DAY, reader().id) == EVE


def test_the_totals_add_up(store: Store, reader: Make, plan: Make, send: Make) -> None:
    outcomes = sorted(MAY_BECOME[DeliveryState.SENDING])
    readers = [reader(state.value) for state in outcomes]
    plan(*readers, reader("empty"), reader("gone"))
    for one, state in zip(readers, outcomes, strict=True):
        send(one, state)
    store.deliveries.skip(DAY, [reader("empty").id])
    store.deliveries.suppress_strangers(DAY, find_known=lambda: {one.id for one in readers})

    states, empty = store.history.totals(DAY)

    assert states == {**dict.fromkeys(DeliveryState, 0), **dict.fromkeys([*outcomes, DeliveryState.SUPPRESSED], 1)}
    assert sum(states.values()) == len(store.deliveries.planned(DAY)) == 7
    assert empty == 1
    assert store.history.is_balanced(DAY)


def test_the_totals_add_up_while_another_process_writes(
    open_again: Callable[[], AbstractContextManager[Store]], store: Store, reader: Make, plan: Make
) -> None:
    readers = [reader(f"reader{number}") for number in range(9)]
    plan(*readers)
    waiting = list(readers)

    with open_again() as other:

        def skip_one(*_statement: object) -> None:
            if waiting:
                other.deliveries.skip(DAY, [waiting.pop().id])

        event.listen(store.history.engine, "after_cursor_execute", skip_one)
        try:
            assert store.history.is_balanced(DAY)
        finally:
            event.remove(store.history.engine, "after_cursor_execute", skip_one)

    assert len(waiting) < len(readers)


def test_counts_that_do_not_add_up_are_found(store: Store, reader: Make, plan: Make) -> None:
    assert store.history.is_balanced(DAY), "nothing was promised"
    plan(reader("ada"), reader("bob"))
    with store.deliveries.engine.begin() as connection:
        connection.execute(delete(tables.deliveries).where(tables.deliveries.c.subscriber_id == reader("bob").id))

    assert not store.history.is_balanced(DAY)


def test_a_digest_of_somebody_who_left_is_no_loss(store: Store, reader: Make, plan: Make) -> None:
    plan(reader(), edition=EVE)

    store.deliveries.suppress_strangers(EVE, find_known=tuple)

    assert store.history.losses(before=DAY) == {}


@pytest.mark.parametrize("state", [state for state in DeliveryState if not MAY_BECOME[state]])
def test_a_state_that_nothing_follows_is_never_left(
    state: DeliveryState, store: Store, reader: Make, plan: Make
) -> None:
    plan(reader())
    with store.deliveries.engine.begin() as connection:
        connection.execute(update(tables.deliveries).values(state=state.value))

    with store.deliveries.engine.begin() as connection:
        (row,) = locked(connection)
        for to in DeliveryState:
            with pytest.raises(ValueError, match="never becomes"):
                write(connection, [Transition(row, to)], now=store.deliveries.now())
