"""Readers of files and of the web as one list, and what a stranger's form can't do to them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from digest.config import subscriber_id
from digest.domain import Interest, Profile, Status, Subscriber
from digest.storage import Store, tables
from digest.storage.rows import ROWS_A_STATEMENT
from tests.storage.conftest import Clock

DAY = date(2026, 6, 30)
EVE = date(2026, 6, 29)
ADA = subscriber_id("ada@readers.example")
DETAILS = {"name": "Ada", "keywords": ["pruning"]}

Make = Callable[..., Any]


def sign_up(store: Store, details: dict[str, Any] = DETAILS) -> None:
    store.subscribers.add_signup(ADA, "ada@readers.example", details)


def keywords_of(reader: Subscriber | None) -> tuple[str, ...]:
    assert reader is not None
    return tuple(word for interest in reader.profile.interests for word in interest.keywords)


def status_of(store: Store) -> Status | None:
    reader = store.subscribers.find(ADA)
    return reader.status if reader is not None else None


def test_a_signup_waits_until_it_is_confirmed(store: Store) -> None:
    sign_up(store)
    (waiting,) = store.subscribers.each([])

    assert store.subscribers.confirm(ADA, cursor=EVE)

    (active,) = store.subscribers.each([])
    assert (waiting.status, waiting.origin) == (Status.PENDING, "signup")
    assert (active.status, active.cursor, active.is_new, active.name) == (Status.ACTIVE, EVE, True, "Ada")
    assert keywords_of(active) == ("pruning",)


def test_of_more_readers_than_are_read_at_once_each_is_told_once(store: Store, clock: Clock) -> None:
    addresses = [f"r{number}@readers.example" for number in range(2 * ROWS_A_STATEMENT + 1)]
    values = {"origin": "signup", "status": "active", "details": DETAILS, "created_at": clock.moment}
    rows = [{"id": subscriber_id(address), "email": address, **values} for address in addresses]
    with store.deliveries.engine.begin() as connection:
        connection.execute(insert(tables.subscribers), rows)
    filed = Subscriber(subscriber_id(addresses[7]), addresses[7], Profile(max_papers=1))

    told = list(store.subscribers.each([filed]))

    assert sorted(reader.email for reader in told) == sorted(addresses)
    assert [reader for reader in told if reader.profile.max_papers == 1] == [replace(filed, is_new=True)]


def test_nobody_can_confirm_what_nobody_asked_for(store: Store) -> None:
    assert not store.subscribers.confirm(ADA, cursor=EVE)
    assert tuple(store.subscribers.each([])) == ()


@pytest.mark.parametrize("wait", [timedelta(0), timedelta(minutes=5), timedelta(days=3, hours=13)])
def test_what_waits_for_confirming_can_not_be_replaced_with_a_stranger_s_words(
    store: Store, clock: Clock, wait: timedelta
) -> None:
    sign_up(store)
    clock.moment += wait

    sign_up(store, {"keywords": ["casino"]})

    assert keywords_of(store.subscribers.find(ADA)) == ("pruning",)


def test_once_every_link_for_it_has_expired_a_new_form_takes_its_place(store: Store, clock: Clock) -> None:
    sign_up(store)
    clock.moment += timedelta(days=4)

    sign_up(store, {"keywords": ["hedges"]})

    assert keywords_of(store.subscribers.find(ADA)) == ("hedges",)
    assert status_of(store) is Status.PENDING


def test_a_repeated_form_may_have_brought_a_new_link_and_so_keeps_what_waits(store: Store, clock: Clock) -> None:
    sign_up(store)
    clock.moment += timedelta(days=3)
    sign_up(store)
    clock.moment += timedelta(days=2)

    sign_up(store, {"keywords": ["casino"]})

    assert keywords_of(store.subscribers.find(ADA)) == ("pruning",)


def test_of_the_forms_after_an_unsubscribe_the_first_waits_and_the_next_changes_nothing(
    store: Store, clock: Clock
) -> None:
    sign_up(store)
    store.subscribers.confirm(ADA, cursor=EVE)
    store.subscribers.set_status(ADA, Status.UNSUBSCRIBED)
    clock.moment += timedelta(minutes=5)
    sign_up(store, {"keywords": ["hedges"]})
    clock.moment += timedelta(minutes=5)

    sign_up(store, {"keywords": ["casino"]})

    assert keywords_of(store.subscribers.find(ADA)) == ("hedges",)
    assert status_of(store) is Status.UNSUBSCRIBED


def test_a_file_reader_who_unsubscribed_can_come_back_by_the_form(store: Store) -> None:
    store.subscribers.set_status(ADA, Status.UNSUBSCRIBED, email="ada@readers.example")

    sign_up(store)

    assert store.subscribers.confirm(ADA, cursor=EVE)
    assert keywords_of(store.subscribers.find(ADA)) == ("pruning",)


@pytest.mark.parametrize("status", [Status.ACTIVE, Status.PAUSED])
def test_a_stranger_s_form_changes_nothing_for_a_reader_who_has_confirmed(store: Store, status: Status) -> None:
    sign_up(store)
    store.subscribers.confirm(ADA, cursor=EVE)
    store.subscribers.set_status(ADA, status)
    (before,) = store.subscribers.each([])

    sign_up(store, {"keywords": ["casino"]})

    assert tuple(store.subscribers.each([])) == (before,)


def test_confirming_twice_moves_the_cursor_only_once(store: Store) -> None:
    sign_up(store)
    store.subscribers.confirm(ADA, cursor=EVE)

    assert store.subscribers.confirm(ADA, cursor=DAY)

    (reader,) = store.subscribers.each([])
    assert reader.cursor == EVE


@pytest.mark.parametrize(("confirmed_on", "cursor"), [(EVE, DAY), (date(2026, 7, 9), date(2026, 7, 9))])
def test_coming_back_makes_active_again_and_moves_the_cursor_only_forward(
    store: Store, reader: Make, plan: Make, confirmed_on: date, cursor: date
) -> None:
    sign_up(store)
    store.subscribers.confirm(ADA, cursor=EVE)
    plan(reader())
    store.deliveries.skip(DAY, [ADA])
    store.subscribers.set_status(ADA, Status.UNSUBSCRIBED)

    sign_up(store, {"keywords": ["hedges"]})
    assert status_of(store) is Status.UNSUBSCRIBED
    store.subscribers.confirm(ADA, cursor=confirmed_on)

    (back,) = store.subscribers.each([])
    assert (back.status, back.cursor) == (Status.ACTIVE, cursor)
    assert keywords_of(back) == ("hedges",)


def test_a_file_wins_over_a_signup_of_the_same_address(store: Store, reader: Make) -> None:
    sign_up(store)
    store.subscribers.confirm(ADA, cursor=EVE)
    filed = reader(profile=Profile((Interest(keywords=("from the file",)),)))

    (joined,) = store.subscribers.each([filed])

    assert (joined.origin, joined.status, joined.cursor) == ("file", Status.ACTIVE, EVE)
    assert keywords_of(joined) == ("from the file",)
    assert store.subscribers.find(ADA, [filed]) == joined


@pytest.mark.parametrize("status", [Status.PAUSED, Status.UNSUBSCRIBED])
def test_a_pause_and_an_unsubscribe_win_over_a_file(store: Store, reader: Make, status: Status) -> None:
    assert store.subscribers.set_status(ADA, status, email="ada@readers.example")

    (joined,) = store.subscribers.each([reader()])

    assert joined.status is status
    found = store.subscribers.find(ADA, [reader()])
    assert found is not None
    assert found.status is status


def test_deleting_a_file_ends_delivery(store: Store, reader: Make, plan: Make) -> None:
    plan(reader())

    assert tuple(store.subscribers.each([])) == ()
    assert store.subscribers.find(ADA) is None


def test_a_new_reader_begins_with_the_edition_in_which_they_are_first_due(
    store: Store, reader: Make, plan: Make
) -> None:
    plan(reader())

    (joined,) = store.subscribers.each([reader()])
    assert (joined.cursor, joined.is_new) == (EVE, False)


def test_a_reader_who_signed_up_keeps_the_cursor_of_their_confirming(store: Store, plan: Make) -> None:
    sign_up(store)
    store.subscribers.confirm(ADA, cursor=date(2026, 6, 27))

    plan(*store.subscribers.each([]))

    (reader,) = store.subscribers.each([])
    assert (reader.cursor, reader.is_new) == (date(2026, 6, 27), False)


def test_enrolling_again_changes_nothing(store: Store, reader: Make) -> None:
    store.subscribers.enroll([reader()], edition=DAY)

    store.subscribers.enroll([reader()], edition=date(2026, 7, 9))

    (joined,) = store.subscribers.each([reader()])
    assert joined.cursor == EVE


def test_a_stranger_s_unconfirmed_form_does_not_hold_up_a_file_reader_s_mail(
    store: Store, reader: Make, plan: Make, email: Make
) -> None:
    sign_up(store)
    (joined,) = store.subscribers.each([reader()])

    plan(joined)

    with store.deliveries.open_ownership() as owner:
        assert store.deliveries.claim([email(joined)], owner=owner) == {ADA}


def test_a_form_that_a_file_reader_s_first_digest_overtook_can_not_be_confirmed(
    store: Store, reader: Make, plan: Make
) -> None:
    sign_up(store)
    plan(*store.subscribers.each([reader()]))

    assert not store.subscribers.confirm(ADA, cursor=DAY)
    assert not store.subscribers.set_details(ADA, {"keywords": ["casino"]})
    assert tuple(store.subscribers.each([])) == ()


def test_what_a_signup_asks_for_can_be_changed_and_a_file_s_can_not(store: Store, reader: Make, plan: Make) -> None:
    sign_up(store)
    bob = reader("bob")
    plan(bob)

    assert store.subscribers.set_details(ADA, {"keywords": ["hedges"]})
    assert not store.subscribers.set_details(bob.id, {"keywords": ["casino"]})
    assert keywords_of(store.subscribers.find(ADA)) == ("hedges",)


def test_somebody_unknown_is_not_found_and_their_status_can_not_be_set(store: Store) -> None:
    assert store.subscribers.find(ADA) is None
    assert not store.subscribers.set_status(ADA, Status.PAUSED)


def test_a_signup_that_today_s_rules_refuse_does_not_cost_the_others_theirs(store: Store) -> None:
    sign_up(store, {"keywords": ["pruning"], "frequency": "hourly"})
    store.subscribers.add_signup(subscriber_id("bob@readers.example"), "bob@readers.example", DETAILS)

    assert [reader.email for reader in store.subscribers.each([])] == ["bob@readers.example"]
    assert store.subscribers.find(ADA) is None


def test_what_is_remembered_is_there_when_the_store_is_opened_again(
    store: Store, open_again: Callable[[], AbstractContextManager[Store]]
) -> None:
    sign_up(store)

    with open_again() as other:
        assert keywords_of(other.subscribers.find(ADA)) == ("pruning",)
