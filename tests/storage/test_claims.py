"""Claims: each email goes once, whoever else wants it, and whoever dies on the way."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text, update

from digest.domain import DeliveryState, Email, Outcome, Status
from digest.errors import StoreError
from digest.storage import Chosen, Loss, Store, open_store, tables
from digest.storage.kept_emails import MOST_ATTEMPTS
from tests.storage.conftest import made_database

DAY = date(2026, 6, 30)
NEXT_DAY = date(2026, 7, 1)
ROOT = Path(__file__).parents[2]

Make = Callable[..., Any]

CLAIM_AND_WAIT = """
import sys
from datetime import UTC, date, datetime
from digest.domain import Email
from digest.storage import open_store

url, subscriber_id = sys.argv[1:]
with open_store(url, now=lambda: datetime.now(UTC), read_signup=None) as store:
    with store.deliveries.open_ownership() as owner:
        email = Email("", "", "<1@papers.example>", "", b"", subscriber_id, date(2026, 6, 30))
        print(*store.deliveries.claim([email], owner=owner), flush=True)
        sys.stdin.read()
"""


def states(store: Store) -> dict[str, str]:
    return {row.email.partition("@")[0]: row.state.value for row in store.history.find(edition=DAY)}


@contextmanager
def another_process(url: str, subscriber_id: str) -> Iterator[subprocess.Popen[str]]:
    """A process that has claimed the reader's email and lives until it is killed or told to go on."""
    command = [sys.executable, "-c", CLAIM_AND_WAIT, url, subscriber_id]
    with subprocess.Popen(command, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline().strip() == subscriber_id
            yield process
        finally:
            process.kill()


def test_two_processes_that_claim_the_same_digests_get_each_of_them_once(
    open_again: Callable[[], AbstractContextManager[Store]], reader: Make, plan: Make, email: Make
) -> None:
    readers = [reader(f"reader{number}") for number in range(24)]
    plan(*readers)
    start = threading.Barrier(2)

    def claim_all(order: int) -> list[str]:
        emails = [email(one) for one in readers[::order]]
        with open_again() as mine, mine.deliveries.open_ownership() as owner:
            start.wait()
            groups = (emails[begin : begin + 8] for begin in range(0, len(emails), 8))
            return [claimed for group in groups for claimed in mine.deliveries.claim(group, owner=owner)]

    with ThreadPoolExecutor(2) as threads:
        first, second = threads.map(claim_all, (1, -1))

    assert sorted(first + second) == sorted(one.id for one in readers)


def test_a_claimed_digest_can_not_be_claimed_again_by_anybody(
    store: Store, reader: Make, plan: Make, email: Make
) -> None:
    plan(reader())

    with store.deliveries.open_ownership() as mine, store.deliveries.open_ownership() as theirs:
        assert store.deliveries.claim([email(reader())], owner=mine) == {reader().id}
        assert store.deliveries.claim([email(reader())], owner=theirs) == frozenset()
        assert store.deliveries.claim([email(reader())], owner=mine) == frozenset()


@pytest.mark.parametrize("state", [DeliveryState.DEFERRED, DeliveryState.UNKNOWN])
def test_a_digest_that_another_process_tried_meanwhile_waits_before_it_is_tried_again(
    state: DeliveryState, store: Store, reader: Make, plan: Make, email: Make, clock: Any
) -> None:
    plan(reader())
    mail = email(reader())
    with store.deliveries.open_ownership() as other:
        store.deliveries.claim([mail], owner=other, keeps=True)
        store.deliveries.record([Outcome(mail, state, "451 4.7.1 come back later")], owner=other, keeps=True)
    if state is DeliveryState.UNKNOWN:
        mail = replace(mail, before=state, digest=None)

    with store.deliveries.open_ownership() as owner:
        assert store.deliveries.claim([mail], owner=owner, keeps=True) == frozenset()
        clock.moment += timedelta(minutes=10)
        assert store.deliveries.claim([mail], owner=owner, keeps=True) == {reader().id}


def test_several_processes_send_a_mail_in_doubt_no_oftener_than_one(
    store: Store, reader: Make, plan: Make, email: Make, clock: Any
) -> None:
    plan(reader())
    with store.deliveries.open_ownership() as owner:
        store.deliveries.claim([email(reader())], owner=owner, keeps=True)
    store.deliveries.release_lapsed()
    (listed,) = store.deliveries.kept_emails(DAY)

    claimed = 1
    for _ in range(MOST_ATTEMPTS + 1):
        with store.deliveries.open_ownership() as owner:
            claimed += len(store.deliveries.claim([listed], owner=owner, keeps=True))
            store.deliveries.record([Outcome(listed, DeliveryState.UNKNOWN, "cut")], owner=owner, keeps=True)
        clock.moment += timedelta(hours=5)

    assert claimed == MOST_ATTEMPTS


def test_what_was_never_planned_can_not_be_claimed(store: Store, reader: Make, email: Make) -> None:
    with store.deliveries.open_ownership() as owner:
        assert store.deliveries.claim([email(reader())], owner=owner) == frozenset()
    assert store.history.find() == ()


@pytest.mark.parametrize("status", [Status.UNSUBSCRIBED, Status.PAUSED])
def test_who_leaves_between_plan_and_claim_gets_no_mail(
    status: Status, store: Store, reader: Make, plan: Make, email: Make
) -> None:
    ada, bob = reader("ada"), reader("bob")
    plan(ada, bob)
    store.subscribers.set_status(ada.id, status)

    with store.deliveries.open_ownership() as owner:
        claimed = store.deliveries.claim([email(ada), email(bob)], owner=owner)

    assert claimed == {bob.id}
    assert states(store) == {"ada": "suppressed", "bob": "sending"}


def test_a_paper_that_got_a_better_id_since_composing_can_still_be_claimed(
    store: Store, reader: Make, plan: Make, email: Make, collect: Make, batch: Make, paper: Make
) -> None:
    composed = paper(1, id="doi:10.1101/one")
    collect(batch(composed))
    plan(reader())
    collect(batch(paper(1, aliases=("doi:10.1101/one",))))

    with store.deliveries.open_ownership() as owner:
        assert store.deliveries.claim([email(reader(), composed)], owner=owner) == {reader().id}

    (row,) = store.history.find()
    assert row.papers == ("arxiv:2606.00001",)


def test_a_stale_owner_s_record_changes_nothing(store: Store, reader: Make, plan: Make, email: Make) -> None:
    plan(reader())
    with store.deliveries.open_ownership() as stale:
        store.deliveries.claim([email(reader())], owner=stale)
        store.deliveries.record([Outcome(email(reader()), DeliveryState.PENDING, charges_attempt=False)], owner=stale)
    with store.deliveries.open_ownership() as owner:
        store.deliveries.claim([email(reader())], owner=owner)

        store.deliveries.record([Outcome(email(reader()), DeliveryState.SENT, relay="folder")], owner=stale)

    assert states(store) == {"ada": "sending"}
    (joined,) = store.subscribers.each([reader()])
    assert joined.cursor == date(2026, 6, 29)


def test_a_second_record_changes_nothing(store: Store, reader: Make, plan: Make, email: Make) -> None:
    plan(reader())
    with store.deliveries.open_ownership() as owner:
        store.deliveries.claim([email(reader())], owner=owner)
        for state in (DeliveryState.REJECTED, DeliveryState.SENT):
            store.deliveries.record([Outcome(email(reader()), state, relay="folder")], owner=owner)

    assert states(store) == {"ada": "rejected"}


def test_what_was_claimed_and_never_started_can_be_given_back(
    store: Store, reader: Make, plan: Make, email: Make
) -> None:
    plan(reader("ada"), reader("bob"))
    with store.deliveries.open_ownership() as owner:
        store.deliveries.claim([email(reader("ada")), email(reader("bob"))], owner=owner)

        given_back = Outcome(email(reader("bob")), DeliveryState.PENDING, charges_attempt=False)
        store.deliveries.record([given_back], owner=owner)

    assert states(store) == {"ada": "sending", "bob": "pending"}


def test_the_claims_of_a_process_that_was_killed_become_unknown_and_those_of_a_living_one_stay(
    store: Store, store_url: str, reader: Make, plan: Make
) -> None:
    plan(reader("ada"), reader("bob"))

    with another_process(store_url, reader("ada").id), another_process(store_url, reader("bob").id) as killed:
        killed.kill()
        killed.wait()
        released = 0
        while not released:  # PostgreSQL takes a moment to see that its client has gone
            released = store.deliveries.release_lapsed()
        meanwhile = states(store)

    assert released == 1
    assert meanwhile == {"ada": "sending", "bob": "unknown"}
    (row,) = store.history.find(state=DeliveryState.UNKNOWN)
    assert "ended before the server's answer" in row.reply


def test_a_living_owner_s_claims_are_left_alone(store: Store, reader: Make, plan: Make, email: Make) -> None:
    plan(reader())

    with store.deliveries.open_ownership() as owner:
        store.deliveries.claim([email(reader())], owner=owner)
        assert store.deliveries.release_lapsed() == 0
    assert states(store) == {"ada": "sending"}


def test_a_run_that_ends_in_an_error_gives_up_its_claims_although_the_process_lives_on(
    open_again: Callable[[], AbstractContextManager[Store]],
    store: Store,
    reader: Make,
    plan: Make,
    email: Make,
    tmp_path: Path,
) -> None:
    plan(reader())

    def fail_while_sending() -> None:
        with store.deliveries.open_ownership() as owner:
            store.deliveries.claim([email(reader())], owner=owner)
            raise RuntimeError("a fault of ours")

    with pytest.raises(RuntimeError, match="a fault of ours"):
        fail_while_sending()

    with open_again() as other:
        assert other.deliveries.release_lapsed() == 1
    assert states(store) == {"ada": "unknown"}
    assert list(tmp_path.rglob("*.lock")) == []


def test_a_run_whose_session_the_database_ended_claims_nothing_more(
    server: Engine, migrated_database: str, reader: Make, clock: Any
) -> None:
    with (
        made_database(server, template=migrated_database) as url,
        open_store(url, now=clock, read_signup=lambda _details: reader()) as store,
    ):
        store.ledger.close_edition(DAY)
        store.subscribers.enroll([reader()], edition=DAY)
        store.deliveries.plan(DAY, [reader()])
        mail = Email("", "", "<1@papers.example>", "", b"", reader().id, DAY)
        held = ExitStack()
        owner = held.enter_context(store.deliveries.open_ownership())
        with server.connect() as admin:  # as a restart of the server does
            sessions = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name")
            admin.execute(sessions, {"name": store.deliveries.engine.url.database})
        with pytest.raises(StoreError, match="nothing more is claimed"):
            store.deliveries.claim([mail], owner=owner)
        with pytest.raises(StoreError):
            held.close()
        assert store.history.find()[0].state is DeliveryState.PENDING


def test_only_the_very_bytes_of_a_mail_in_doubt_may_go_again(
    store: Store, reader: Make, plan: Make, email: Make
) -> None:
    plan(reader())
    mail = email(reader())
    with store.deliveries.open_ownership() as owner:
        store.deliveries.claim([mail], owner=owner, keeps=True)
    store.deliveries.release_lapsed()

    with store.deliveries.open_ownership() as owner:
        (kept,) = store.deliveries.kept_emails(DAY)
        assert store.deliveries.claim([replace(kept, content=b"another")], owner=owner, keeps=True) == frozenset()
        assert store.deliveries.claim([replace(kept, message_id="<another>")], owner=owner, keeps=True) == frozenset()
        assert store.deliveries.claim([mail], owner=owner, keeps=True) == frozenset(), "composed anew, though the same"
        assert (kept.content, kept.message_id, kept.recipient) == (mail.content, mail.message_id, mail.recipient)
        assert store.deliveries.claim([kept], owner=owner) == frozenset()  # without the operator's leave
        assert store.deliveries.claim([kept], owner=owner, keeps=True) == {reader().id}
        store.deliveries.record([Outcome(kept, DeliveryState.SENT)], owner=owner, keeps=True)
    assert store.deliveries.kept_emails(DAY) == ()
    (row,) = store.history.find()
    assert (row.state, row.attempts) == (DeliveryState.SENT, 2)


@pytest.mark.parametrize("why", ["told so", "not to be handed over", "not to be made anew"])
def test_only_the_operator_s_word_ends_the_doubt_about_a_mail_that_could_not_go_again(
    store: Store, reader: Make, plan: Make, email: Make, why: str
) -> None:
    again = {"not to be handed over": DeliveryState.FAILED, "not to be made anew": DeliveryState.DEFERRED}
    plan(reader())
    with store.deliveries.open_ownership() as owner:
        store.deliveries.claim([email(reader())], owner=owner, keeps=True)
    store.deliveries.release_lapsed()
    if why == "told so":
        store.by_hand.resolve(Chosen(), as_sent=False)
    else:
        with store.deliveries.open_ownership() as owner:
            (kept,) = store.deliveries.kept_emails(DAY)
            store.deliveries.claim([kept], owner=owner, keeps=True)
            store.deliveries.record([Outcome(kept, again[why])], owner=owner, keeps=True)
        store.deliveries.fail(DAY, reader().id, "the template is broken")

    assert states(store) == {"ada": "failed"}
    assert store.history.losses(before=date(2026, 7, 1)) == {reader().id: Loss(DAY, is_doubtful=why != "told so")}


def test_a_mail_in_doubt_that_a_later_digest_covers_does_not_go_again(
    store: Store, reader: Make, plan: Make, email: Make
) -> None:
    plan(reader())
    with store.deliveries.open_ownership() as owner:
        store.deliveries.claim([email(reader())], owner=owner, keeps=True)
    store.deliveries.release_lapsed()
    assert len(store.deliveries.kept_emails(DAY)) == 1

    plan(reader(), edition=date(2026, 7, 1))

    assert store.deliveries.kept_emails(DAY) == ()


@pytest.mark.parametrize("is_sent", [False, True])
def test_a_mail_in_doubt_that_is_covered_once_it_was_listed_can_not_be_claimed(
    store: Store, reader: Make, plan: Make, send: Make, email: Make, *, is_sent: bool
) -> None:
    plan(reader())
    with store.deliveries.open_ownership() as owner:
        store.deliveries.claim([email(reader())], owner=owner, keeps=True)
    store.deliveries.release_lapsed()
    listed = store.deliveries.kept_emails(DAY)
    later = date(2026, 7, 1)
    plan(reader(), edition=later)
    if is_sent:
        send(reader(), edition=later)

    with store.deliveries.open_ownership() as owner:
        assert store.deliveries.claim(listed, owner=owner, keeps=True) == frozenset()

    assert [email.subscriber_id for email in listed] == [reader().id]
    assert states(store) == {"ada": "unknown"}


def test_a_mail_in_doubt_whose_reader_s_cursor_has_moved_can_not_be_claimed(
    store: Store, reader: Make, plan: Make, email: Make
) -> None:
    plan(reader())
    with store.deliveries.open_ownership() as owner:
        store.deliveries.claim([email(reader())], owner=owner, keeps=True)
    store.deliveries.release_lapsed()
    listed = store.deliveries.kept_emails(DAY)
    later = date(2026, 7, 1)
    plan(reader(), edition=later)
    store.deliveries.skip(later, [reader().id])

    with store.deliveries.open_ownership() as owner:
        assert store.deliveries.claim(listed, owner=owner, keeps=True) == frozenset()


def test_no_owner_claims_a_row_twice(store: Store, reader: Make, plan: Make, email: Make) -> None:
    plan(reader())
    with store.deliveries.open_ownership() as owner:
        store.deliveries.claim([email(reader())], owner=owner)
        back = Outcome(email(reader()), DeliveryState.PENDING, charges_attempt=False)
        store.deliveries.record([back], owner=owner)
        assert store.deliveries.claim([email(reader())], owner=owner) == frozenset()
    with store.deliveries.open_ownership() as another:
        assert store.deliveries.claim([email(reader())], owner=another) == {reader().id}


@pytest.mark.parametrize(
    ("edition", "other", "state"),
    [(DAY, NEXT_DAY, "sending"), (NEXT_DAY, DAY, "sending"), (DAY, NEXT_DAY, "unknown")],
)
def test_while_another_edition_s_mail_is_on_its_way_to_a_reader_theirs_is_not_claimed(
    edition: date, other: date, state: str, store: Store, reader: Make, plan: Make, email: Make
) -> None:
    both = (reader("ada"), reader("bob"))
    store.subscribers.enroll(both, edition=DAY)
    plan(*both, edition=NEXT_DAY)
    plan(*both)
    mine = (tables.deliveries.c.edition == other, tables.deliveries.c.email == reader("ada").email)
    with store.deliveries.engine.begin() as connection:
        connection.execute(update(tables.deliveries).where(*mine).values(state=state))

    with store.deliveries.open_ownership() as owner:
        emails = [email(one, edition=edition) for one in both]
        assert store.deliveries.claim(emails, owner=owner) == {reader("bob").id}


def test_two_processes_that_claim_two_editions_of_a_reader_get_one_of_them(
    open_again: Callable[[], AbstractContextManager[Store]], store: Store, reader: Make, plan: Make, email: Make
) -> None:
    readers = [reader(f"reader{number}") for number in range(12)]
    store.subscribers.enroll(readers, edition=DAY)
    plan(*readers, edition=NEXT_DAY)
    plan(*readers)
    start = threading.Barrier(2)

    def claim_all(edition: date) -> list[str]:
        emails = [email(one, edition=edition) for one in readers]
        with open_again() as mine, mine.deliveries.open_ownership() as owner:
            start.wait()
            groups = (emails[begin : begin + 3] for begin in range(0, len(emails), 3))
            return [claimed for group in groups for claimed in mine.deliveries.claim(group, owner=owner)]

    with ThreadPoolExecutor(2) as threads, store.deliveries.open_ownership():
        first, second = threads.map(claim_all, (DAY, NEXT_DAY))

    assert sorted(first + second) == sorted(one.id for one in readers)
