"""The history: what became of every mail, and what it contained."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from digest.domain import DeliveryState, Status
from digest.storage import Store

DAY = date(2026, 6, 30)
EVE = date(2026, 6, 29)

Make = Callable[..., Any]


def test_the_history_names_what_a_mail_contained_and_each_filter_narrows_it(
    store: Store, reader: Make, plan: Make, email: Make, collect: Make, batch: Make, paper: Make
) -> None:
    ada, bob = reader("ada"), reader("bob")
    collect(batch(paper(1, aliases=("doi:10.1101/one",)), paper(2)))
    plan(bob, edition=EVE)
    plan(ada, bob)
    with store.deliveries.open_ownership() as owner:
        store.deliveries.claim([email(ada, paper(2), paper(1)), email(bob, paper(2))], owner=owner)

    everything = store.history.find()

    assert [(row.edition, row.email) for row in everything] == [(DAY, ada.email), (DAY, bob.email), (EVE, bob.email)]
    assert everything[0].papers == ("arxiv:2606.00002", "arxiv:2606.00001")
    assert (everything[0].covers, everything[0].message_id) == ((DAY,), f"<{DAY}.{ada.id}@papers.example>")
    assert len(store.history.find(email=bob.email)) == 2
    assert len(store.history.find(email=bob.email, state=DeliveryState.SENDING)) == 1
    assert len(store.history.find(edition=EVE)) == 1
    assert [row.email for row in store.history.find(paper="doi:10.1101/one")] == [ada.email]
    assert len(store.history.find(paper="arxiv:2606.00002")) == 2
    assert store.history.find(paper="arxiv:2606.99999") == ()
    assert store.history.find(email="nobody@readers.example") == ()
    assert store.history.find(limit=1) == everything[:1]


def test_the_history_tells_times_with_their_zone(store: Store, reader: Make, plan: Make, clock: Any) -> None:
    clock.moment = datetime.fromisoformat("2026-06-30T07:30:00+02:00")

    plan(reader())

    (row,) = store.history.find()
    updated_at = row.updated_at
    assert updated_at == clock.moment
    assert updated_at is not None
    assert updated_at.tzinfo is UTC


def test_paused_and_unsubscribed_readers_keep_their_history(store: Store, reader: Make, plan: Make, send: Make) -> None:
    plan(reader())
    send(reader())

    store.subscribers.set_status(reader().id, Status.UNSUBSCRIBED)

    assert store.history.find()[0].state is DeliveryState.SENT


def test_the_digest_that_goes_over_a_day_is_the_newest_claimed_one_after_whose_cursor_it_lies(
    store: Store, reader: Make, plan: Make, send: Make
) -> None:
    friday, saturday, monday = (date(2026, 6, 26), date(2026, 6, 27), date(2026, 6, 29))
    ada = reader()
    plan(ada, edition=friday)
    send(ada, edition=friday)
    (ada,) = store.subscribers.each([ada])
    plan(ada, edition=monday)

    assert store.history.edition_over(saturday, ada.id) is None
    send(ada, edition=monday)
    found = {day.day: store.history.edition_over(day, ada.id) for day in (friday, saturday, monday, DAY)}
    assert found == {26: friday, 27: monday, 29: monday, 30: None}
    assert store.history.edition_over(saturday, reader("bob").id) is None
