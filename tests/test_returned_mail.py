"""What came back is taken in: believed if it carries our signature, and nothing else changes anything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from digest.bounces import Incoming
from digest.config import subscriber_id
from digest.domain import DeliveryState, Email, Outcome, Profile, ReportKind, Status, Subscriber
from digest.links import Purpose, make_link
from digest.return_paths import make_return_path
from digest.returned_mail import Tally, take_reports
from digest.storage import Consequence, Store, open_store
from tests.bounces.mails import write_feedback, write_plain, write_status

DAY = date(2026, 6, 30)
SECRETS = ("the site's",)
ADA = subscriber_id("ada@readers.example")
READER = Subscriber(id=ADA, email="ada@readers.example", profile=Profile())
SIGNED = make_return_path("bounces@digest.example", DAY, ADA, secrets=SECRETS)
FORGED = make_return_path("bounces@digest.example", DAY, ADA, secrets=("a guess",))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    now = datetime(2026, 6, 30, 7, tzinfo=UTC)
    url = f"sqlite:///{tmp_path}/digest.db"
    with open_store(url, now=lambda: now, read_signup=_no_signup, secrets=SECRETS) as opened:
        yield opened


def _no_signup(_details: object) -> Subscriber:
    raise NotImplementedError


@dataclass
class Mailbox:
    """Mails, and how each was marked."""

    contents: tuple[bytes, ...]
    marks: list[bool] = field(default_factory=list)

    def __iter__(self) -> Iterator[Incoming]:
        return (Incoming(f"mail {number}", content, self.marks.append) for number, content in enumerate(self.contents))


def take(store: Store, *contents: bytes) -> tuple[Tally, list[bool]]:
    mailbox = Mailbox(contents)
    tally = take_reports(iter(mailbox), store.reports, secrets=SECRETS, today=DAY)
    return tally, mailbox.marks


def is_barred(store: Store) -> bool:
    return bool(store.suppressions.barred([ADA]))


def send(store: Store, message_id: str) -> None:
    """Mails Ada the day's digest."""
    mail = Email(READER.email, "digest@digest.example", message_id, "Papers", b"x", READER.id, DAY)
    store.ledger.close_edition(DAY)
    store.subscribers.enroll([READER], edition=DAY)
    store.deliveries.plan(DAY, [READER])
    with store.deliveries.open_ownership() as owner:
        store.deliveries.claim([mail], owner=owner)
        store.deliveries.record([Outcome(mail, DeliveryState.SENT)], owner=owner)


def test_a_signed_bounce_counts_once(store: Store) -> None:
    tally, marks = take(store, write_status(to=SIGNED), write_status(to=SIGNED.upper()))

    assert (tally.mails, tally.kinds[ReportKind.HARD], tally.known, marks) == (2, 1, 1, [True, True])
    (taken,) = tally.taken
    assert (taken.edition, taken.consequence) == (DAY, Consequence.SUPPRESSED)
    assert is_barred(store)


@pytest.mark.parametrize(
    ("fields", "bars"),
    [
        ({"final": "rfc822; bob@elsewhere.example"}, False),
        ({"final": "rfc822;bob@elsewhere.example", "more": "Original-Recipient: rfc822; ada@readers.example\n"}, True),
        ({"final": "RFC822; <Ada@Readers.Example>"}, True),
        ({"final": "utf-8; ada@readers.example"}, True),
        ({"final": "x-unknown; a mailbox"}, True),
        ({"final": "rfc822; bob@elsewhere.example", "more": "\nFinal-Recipient: rfc822; ada@readers.example\n"}, True),
    ],
)
def test_a_dead_address_behind_an_alias_is_noted_and_does_not_bar_the_alias(
    store: Store, fields: dict[str, str], *, bars: bool
) -> None:
    send(store, "<digest.0123@digest.example>")

    tally, _ = take(store, write_status(to=SIGNED, **fields))

    assert (tally.kinds[ReportKind.HARD], is_barred(store)) == (1, bars)


def test_refusals_of_an_address_behind_an_alias_never_count(store: Store) -> None:
    send(store, "<digest.0123@digest.example>")
    earlier = make_return_path("bounces@digest.example", DAY - timedelta(days=1), ADA, secrets=SECRETS)

    take(store, write_status(to=earlier, status="5.0.0", diagnostic="no", final="rfc822; bob@elsewhere.example"))
    take(store, write_status(to=SIGNED, status="5.0.0", diagnostic="no"))

    assert not is_barred(store)


@pytest.mark.parametrize("path", [FORGED, "bounces@digest.example", SIGNED[:-20], ""])
def test_a_forged_bounce_changes_nothing(store: Store, path: str, caplog: pytest.LogCaptureFixture) -> None:
    tally, marks = take(store, write_status(to=path))

    assert (tally.unsigned, tally.kinds.total(), marks) == (1, 0, [True])
    assert not is_barred(store)
    assert "without our signature" in caplog.text


def test_a_forged_path_before_the_signed_one_does_not_hide_it(store: Store) -> None:
    tally, _ = take(store, write_status(to=SIGNED).replace(b"Delivered-To:", f"Delivered-To: {FORGED}\nX-A:".encode()))

    assert tally.kinds[ReportKind.HARD] == 1


def test_delays_and_automatic_replies_to_a_signed_path_change_nothing(store: Store) -> None:
    away = write_plain("I am away", sender="Bob <bob@example.net>", subject="Out of office", Delivered_To=SIGNED)

    tally, marks = take(store, write_status(to=SIGNED, action="delayed", status="4.4.1"), away)

    assert (tally.others, tally.kinds.total(), marks) == ({"delayed": 1, "out of office": 1}, 0, [True, True])
    assert not is_barred(store)


def test_a_mail_without_a_report_is_counted_and_marked_as_unread(store: Store) -> None:
    letter = write_plain("Dear editors", sender="Bob <bob@example.net>", subject="Hello", Delivered_To=SIGNED)

    tally, marks = take(store, letter, write_status(to=SIGNED))

    assert (tally.unread, tally.kinds[ReportKind.HARD], marks) == (1, 1, [False, True])


def test_a_fault_of_ours_is_told_and_suppresses_nobody(store: Store) -> None:
    tally, _ = take(store, write_status(to=SIGNED, status="5.7.26", diagnostic="smtp; 550 5.7.26 no DKIM"))

    (taken,) = tally.taken
    assert (taken.report.kind, taken.consequence) == (ReportKind.POLICY, Consequence.NOTED)
    assert not is_barred(store)


def test_a_signed_complaint_ends_the_subscription(store: Store) -> None:
    tally, _ = take(store, write_feedback(sent_from=SIGNED))

    assert [taken.consequence for taken in tally.taken] == [Consequence.UNSUBSCRIBED]
    assert is_barred(store)


def test_whoever_was_forwarded_a_mail_can_unsubscribe_its_reader_by_a_complaint_and_bar_nobody(store: Store) -> None:
    send(store, "<digest.0123@digest.example>")
    link = make_link("https://digest.example", Purpose.UNSUBSCRIBE, ADA, issued=DAY, secrets=SECRETS)

    tally, _ = take(store, write_feedback(sent_from="redacted@digest.example", unsubscribe=link))

    assert [taken.consequence for taken in tally.taken] == [Consequence.UNSUBSCRIBED]
    (now,) = store.subscribers.each([READER])
    assert now.status is Status.UNSUBSCRIBED
    assert not is_barred(store)


def test_an_unsubscribe_link_of_a_mail_that_nobody_remembers_is_not_enough_for_a_complaint(store: Store) -> None:
    link = make_link("https://digest.example", Purpose.UNSUBSCRIBE, ADA, issued=DAY, secrets=SECRETS)

    tally, _ = take(store, write_feedback(sent_from="redacted@digest.example", unsubscribe=link))

    assert (tally.unsigned, is_barred(store)) == (1, False)


def test_a_bounce_is_not_believed_by_its_unsubscribe_link(store: Store) -> None:
    link = make_link("https://digest.example", Purpose.UNSUBSCRIBE, ADA, issued=DAY, secrets=SECRETS)

    tally, _ = take(
        store, write_status(to=FORGED).replace(b"https://digest.example/unsubscribe/token.signature", link.encode())
    )

    assert (tally.unsigned, is_barred(store)) == (1, False)


def test_a_flood_of_forged_bounces_does_not_fill_the_log(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    tally, _ = take(store, *[write_status(to=FORGED)] * 200)

    assert tally.unsigned == 200
    assert len(caplog.records) <= 20


def test_a_mailbox_is_left_in_the_middle_when_asked_to_stop(store: Store) -> None:
    mailbox = Mailbox((write_status(to=FORGED),) * 3)

    tally = take_reports(iter(mailbox), store.reports, secrets=SECRETS, today=DAY, stopping=lambda: bool(mailbox.marks))

    assert (tally.mails, mailbox.marks) == (1, [True])
