"""What follows from reports: rows, thresholds that decay, the do-not-send list and its probes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from digest.domain import DeliveryState, Outcome, ReportKind, Status, Subscriber
from digest.errors import ConfigError
from digest.storage import Consequence, Loss, Refusals, Returned, Store, open_store, tables
from tests.storage.conftest import Clock

DAY = date(2026, 6, 30)
SECRETS = ("new-secret", "old-secret")

Make = Callable[..., Any]


@pytest.fixture
def open_again(store_url: str, clock: Clock) -> Callable[[], AbstractContextManager[Store]]:
    """Opens the test's database with the site's secrets."""
    return lambda: open_store(store_url, now=clock, read_signup=_no_signup, secrets=SECRETS)


def _no_signup(_details: object) -> Subscriber:
    raise NotImplementedError


@pytest.fixture
def ada(reader: Make) -> Subscriber:
    found: Subscriber = reader("ada")
    return found


@pytest.fixture
def deliver(store: Store, clock: Clock, ada: Subscriber, plan: Make, send: Make) -> Callable[[int], date]:
    """Sends Ada the digest of a day that many days after the first, and returns the day."""

    def deliver_one(days: int) -> date:
        day = DAY + timedelta(days=days)
        clock.moment = datetime(day.year, day.month, day.day, 6, tzinfo=UTC)
        (now,) = store.subscribers.each([ada])
        plan(now, edition=day)
        send(now, edition=day)
        return day

    return deliver_one


@pytest.fixture
def report(store: Store, ada: Subscriber) -> Callable[..., Consequence]:
    """Takes a report about one of Ada's digests."""

    def take(kind: ReportKind, edition: date = DAY) -> Consequence:
        return store.reports.take(Returned(edition, ada.id, kind, "5.1.1", "550 5.1.1 told so"))

    return take


def is_barred(store: Store, reader: Subscriber) -> bool:
    return reader.id in store.suppressions.barred([reader.id])


def state_of(store: Store, day: date = DAY) -> DeliveryState:
    (row,) = store.history.find(edition=day)
    return row.state


def test_a_hard_bounce_suppresses_the_address_at_once(
    store: Store, ada: Subscriber, deliver: Make, report: Make
) -> None:
    deliver(0)

    assert report(ReportKind.HARD) is Consequence.SUPPRESSED
    assert is_barred(store, ada)
    (row,) = store.history.find(edition=DAY)
    assert (row.state, row.enhanced_code) == (DeliveryState.BOUNCED, "5.1.1")
    assert row.reply == "hard: 550 5.1.1 told so"
    assert store.reports.address_of(ada.id) == ada.email


def test_the_same_report_once_more_changes_nothing(store: Store, deliver: Make, report: Make) -> None:
    deliver(0)
    report(ReportKind.REFUSED)

    assert report(ReportKind.REFUSED) is Consequence.KNOWN
    assert store.suppressions.count() == 0


def test_refusals_are_told_of_the_whole_edition_once_nothing_is_on_its_way(
    store: Store, reader: Make, plan: Make, send: Make, email: Make
) -> None:
    ada, bob, cleo, dan = (reader(name) for name in ("ada", "bob", "cleo", "dan"))
    plan(ada, bob, cleo, dan)
    send(ada, DeliveryState.REJECTED, enhanced_code="5.1.1", reply="550 no such user")
    send(bob)
    with store.deliveries.open_ownership() as owner:
        store.deliveries.claim([mail := email(cleo)], owner=owner)
        assert store.reports.refusals_of(DAY) is None
        store.deliveries.record([Outcome(mail, DeliveryState.DEFERRED, reply="450 later")], owner=owner)

    found = store.reports.refusals_of(DAY)
    assert found == Refusals(3, 1, ((ada.id, "5.1.1", "550 no such user"),), excused=0)
    for _process in range(2):
        store.reports.excuse(DAY, found)
    assert store.reports.refusals_of(DAY) is None
    send(dan, DeliveryState.REJECTED, reply="550 no")
    found = store.reports.refusals_of(DAY)
    assert found == Refusals(3, 1, ((dan.id, "", "550 no"),), excused=1), "without that of our own fault"


def test_a_refusal_counts_at_the_second_within_seven_days(
    store: Store, ada: Subscriber, deliver: Make, report: Make
) -> None:
    for days, expected in ((0, False), (8, False), (15, True)):
        report(ReportKind.REFUSED, deliver(days))
        assert is_barred(store, ada) == expected


def test_two_refusals_that_were_read_late_count_for_nothing_at_a_full_mailbox_of_today(
    store: Store, ada: Subscriber, clock: Clock, deliver: Make, report: Make
) -> None:
    old = deliver(0), deliver(1)
    clock.moment += timedelta(days=30)
    for day in old:
        report(ReportKind.REFUSED, day)
    today = deliver(200)

    assert report(ReportKind.SOFT, today) is Consequence.NOTED
    assert not is_barred(store, ada)


@pytest.mark.parametrize(
    ("failed", "expected"),
    [
        ((0, 1, 2, 3), False),  # within a long weekend
        ((0, 1, 2, 5), True),
        ((2, 3, 4), False),
        ((0, 2, 4, 6), True),
        ((0, 1, 2, 9), False),  # the first three are none of the last seven any more
        ((0, 4, 5, 9), False),
        ((3, 5, 7, 9), True),
    ],
)
def test_a_full_mailbox_counts_at_four_of_the_last_seven_digests_over_five_days(
    store: Store, ada: Subscriber, deliver: Make, report: Make, failed: tuple[int, ...], *, expected: bool
) -> None:
    for days in range(max(failed) + 1):
        day = deliver(days)
        if days in failed:
            report(ReportKind.SOFT, day)
    assert is_barred(store, ada) == expected


def test_a_fault_of_ours_suppresses_nobody(store: Store, ada: Subscriber, deliver: Make, report: Make) -> None:
    assert {report(ReportKind.POLICY, deliver(days)) for days in range(8)} == {Consequence.NOTED}
    assert not is_barred(store, ada)
    assert state_of(store) is DeliveryState.BOUNCED


def test_what_is_reported_of_a_mail_of_long_ago_is_noted_and_no_more(
    store: Store, ada: Subscriber, clock: Clock, deliver: Make, report: Make
) -> None:
    deliver(0)
    clock.moment += timedelta(days=15)

    assert report(ReportKind.HARD) is Consequence.NOTED
    assert not is_barred(store, ada)
    assert state_of(store) is DeliveryState.BOUNCED


def test_an_edition_of_long_ago_that_was_mailed_today_counts(
    ada: Subscriber, plan: Make, send: Make, report: Make
) -> None:
    day = DAY - timedelta(days=150)
    plan(ada, edition=day)
    send(ada, edition=day)

    assert report(ReportKind.HARD, day) is Consequence.SUPPRESSED


def test_a_complaint_ends_the_subscription_and_stays_on_the_list(
    store: Store, ada: Subscriber, clock: Clock, deliver: Make, report: Make
) -> None:
    deliver(0)

    assert report(ReportKind.COMPLAINT) is Consequence.UNSUBSCRIBED
    (now,) = store.subscribers.each([ada])
    assert now.status is Status.UNSUBSCRIBED
    assert state_of(store) is DeliveryState.COMPLAINED
    clock.moment += timedelta(days=400)
    assert is_barred(store, ada)


def test_a_complaint_after_a_bounce_has_the_last_word(store: Store, deliver: Make, report: Make) -> None:
    deliver(0)
    report(ReportKind.SOFT)
    report(ReportKind.COMPLAINT)

    assert report(ReportKind.HARD) is Consequence.NOTED
    assert state_of(store) is DeliveryState.COMPLAINED


def test_a_bounce_settles_a_doubt_and_touches_no_mail_that_was_not_accepted(
    store: Store, ada: Subscriber, plan: Make, send: Make, report: Make
) -> None:
    plan(ada)
    send(ada, DeliveryState.UNKNOWN)
    report(ReportKind.REFUSED)
    assert state_of(store) is DeliveryState.BOUNCED

    later = DAY + timedelta(days=1)
    (now,) = store.subscribers.each([ada])
    plan(now, edition=later)
    report(ReportKind.REFUSED, later)
    assert state_of(store, later) is DeliveryState.PENDING


def test_a_digest_in_doubt_that_bounced_is_a_loss_and_its_bytes_are_dropped(
    store: Store, ada: Subscriber, plan: Make, email: Make, report: Make
) -> None:
    plan(ada)
    with store.deliveries.open_ownership() as owner:
        mail = email(ada)
        store.deliveries.claim([mail], owner=owner, keeps=True)
        store.deliveries.record([Outcome(mail, DeliveryState.UNKNOWN)], owner=owner, keeps=True)

    report(ReportKind.SOFT)

    tomorrow = DAY + timedelta(days=1)
    assert store.history.losses(before=tomorrow) == {ada.id: Loss(DAY, is_doubtful=False)}
    with store.reports.engine.begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM kept_emails")).scalar_one() == 0


def test_a_digest_that_was_sent_and_bounced_is_no_loss(store: Store, deliver: Make, report: Make) -> None:
    deliver(0)
    report(ReportKind.SOFT)

    assert state_of(store) is DeliveryState.BOUNCED
    assert store.history.losses(before=DAY + timedelta(days=1)) == {}


def test_a_report_of_a_delivery_that_nobody_remembers_still_counts(store: Store, ada: Subscriber, report: Make) -> None:
    assert report(ReportKind.HARD) is Consequence.SUPPRESSED
    assert is_barred(store, ada)
    assert store.reports.address_of(ada.id) == ""


def test_a_report_of_an_old_delivery_that_nobody_remembers_is_noted_and_no_more(
    store: Store, ada: Subscriber, clock: Clock, report: Make
) -> None:
    clock.moment += timedelta(days=15)

    assert report(ReportKind.HARD) is Consequence.NOTED
    assert not is_barred(store, ada)


def test_reports_are_forgotten_with_their_editions_even_those_that_came_later(
    store: Store, deliver: Make, report: Make
) -> None:
    days = [deliver(days) for days in range(3)]
    for day in days[1:]:
        report(ReportKind.SOFT, day)
    assert store.history.forget(before=days[1]) == 1
    report(ReportKind.SOFT, days[0])
    assert store.history.forget(before=days[2]) == 1

    with store.reports.engine.begin() as connection:
        left = connection.scalars(select(tables.reports.c.edition)).all()
    assert left == [days[2]]


def test_a_suppressed_digest_is_not_claimed_and_its_row_says_why(
    store: Store, ada: Subscriber, reader: Make, plan: Make, email: Make, report: Make
) -> None:
    bob = reader("bob")
    plan(ada, bob)
    report(ReportKind.HARD, DAY - timedelta(days=1))

    with store.deliveries.open_ownership() as owner:
        assert store.deliveries.claim([email(ada), email(bob)], owner=owner) == {bob.id}

    (row,) = store.history.find(email=ada.email)
    assert (row.state, "came back" in row.reply) == (DeliveryState.SUPPRESSED, True)


def suppress_softly(deliver: Make, report: Make) -> None:
    for days in (0, 3):
        report(ReportKind.REFUSED, deliver(days))


def test_after_fourteen_days_one_digest_goes_and_if_it_stays_out_others_follow(
    store: Store, ada: Subscriber, clock: Clock, deliver: Make, report: Make
) -> None:
    suppress_softly(deliver, report)
    clock.moment += timedelta(days=14, minutes=-1)
    assert is_barred(store, ada)
    clock.moment += timedelta(minutes=1)
    assert not is_barred(store, ada)

    deliver(18)
    assert is_barred(store, ada)
    clock.moment += timedelta(days=7)
    assert not is_barred(store, ada)
    assert report(ReportKind.SOFT, deliver(26)) is Consequence.NOTED  # the old counts are over


def test_a_probe_that_comes_back_ends_the_trying(
    store: Store, ada: Subscriber, clock: Clock, deliver: Make, report: Make
) -> None:
    suppress_softly(deliver, report)
    probe = deliver(18)

    assert report(ReportKind.SOFT, probe) is Consequence.SUPPRESSED
    clock.moment += timedelta(days=400)
    assert is_barred(store, ada)


def test_a_probe_that_the_relay_refuses_ends_the_trying_too(
    store: Store, ada: Subscriber, clock: Clock, deliver: Make, plan: Make, send: Make, report: Make
) -> None:
    suppress_softly(deliver, report)
    clock.moment += timedelta(days=15)
    day = clock.moment.date()
    (now,) = store.subscribers.each([ada])
    plan(now, edition=day)
    send(now, DeliveryState.REJECTED, edition=day)

    assert report(ReportKind.REFUSED, day) is Consequence.SUPPRESSED
    clock.moment += timedelta(days=400)
    assert is_barred(store, ada)


def test_a_late_report_of_a_mail_before_the_probe_does_not_end_the_trying(
    store: Store, ada: Subscriber, clock: Clock, deliver: Make, report: Make
) -> None:
    suppress_softly(deliver, report)

    assert report(ReportKind.SOFT, DAY + timedelta(days=3)) is Consequence.NOTED
    clock.moment += timedelta(days=14)
    assert not is_barred(store, ada)


def test_the_list_outlives_the_reader_and_does_not_hold_the_address(
    store: Store, ada: Subscriber, deliver: Make, report: Make
) -> None:
    deliver(0)
    report(ReportKind.HARD)
    with store.suppressions.engine.begin() as connection:
        connection.execute(text("DELETE FROM delivery_events"))
        connection.execute(text("DELETE FROM deliveries"))
        connection.execute(text("DELETE FROM subscribers"))
        rows = connection.execute(text("SELECT * FROM suppressions")).all()

    assert is_barred(store, ada)
    assert not any(ada.id in str(value) or ada.email in str(value) for row in rows for value in row)


def test_an_address_suppressed_under_an_older_secret_is_still_found_and_lifted(
    store_url: str, clock: Clock, ada: Subscriber
) -> None:
    def opened(*secrets: str) -> AbstractContextManager[Store]:
        return open_store(store_url, now=clock, read_signup=_no_signup, secrets=secrets)

    with opened("old-secret") as before:
        before.reports.take(Returned(DAY, ada.id, ReportKind.HARD))
    with pytest.raises(ConfigError), opened("another-secret"):
        pass
    with opened(*SECRETS) as after:
        assert is_barred(after, ada)
        assert after.suppressions.lift(ada.id)
        assert not is_barred(after, ada)
        assert after.suppressions.count() == 0


def test_lifting_lets_mail_go_again_and_the_same_old_reports_count_no_more(
    store: Store, ada: Subscriber, deliver: Make, report: Make
) -> None:
    report(ReportKind.REFUSED, deliver(0))
    report(ReportKind.HARD, deliver(1))

    assert store.suppressions.lift(ada.id)
    assert not store.suppressions.lift(ada.id)
    assert report(ReportKind.HARD, DAY + timedelta(days=1)) is Consequence.KNOWN
    assert report(ReportKind.REFUSED, deliver(2)) is Consequence.NOTED
    assert not is_barred(store, ada)


def test_only_the_kinds_asked_for_are_lifted(store: Store, ada: Subscriber, deliver: Make, report: Make) -> None:
    deliver(0)
    report(ReportKind.COMPLAINT)

    assert not store.suppressions.lift(ada.id, kinds={ReportKind.HARD, ReportKind.SOFT})
    assert is_barred(store, ada)


def test_an_edition_is_found_by_message_id_for_its_own_reader_alone(
    store: Store, ada: Subscriber, reader: Make, deliver: Make
) -> None:
    deliver(0)
    (row,) = store.history.find(edition=DAY)

    assert store.reports.edition_of(row.message_id, ada.id) == DAY
    assert store.reports.edition_of(row.message_id, reader("bob").id) is None
    assert store.reports.edition_of("", ada.id) is None


def test_papers_of_a_bounced_digest_were_not_mailed_and_of_a_complaint_were(
    store: Store, ada: Subscriber, paper: Make, batch: Make, collect: Make, settle: None, plan: Make, email: Make
) -> None:
    assert settle is None
    collect(batch(paper(1)))
    plan(ada)
    with store.deliveries.open_ownership() as owner:
        mail = email(ada, paper(1))
        store.deliveries.claim([mail], owner=owner)
        store.deliveries.record([Outcome(mail, DeliveryState.SENT)], owner=owner)

    def mailed() -> bool:
        return bool(store.history.mailed([ada.id], since=DAY, before=DAY + timedelta(days=1)).get(ada.id))

    assert mailed()
    store.reports.take(Returned(DAY, ada.id, ReportKind.SOFT))
    assert not mailed()
    store.reports.take(Returned(DAY, ada.id, ReportKind.COMPLAINT))
    assert mailed()
