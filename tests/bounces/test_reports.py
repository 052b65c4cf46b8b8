"""What a report says, in each form in which servers and providers write it."""

from __future__ import annotations

import base64

import pytest

from digest.bounces.reports import UNRECOGNISED, read_report
from digest.domain import ReportKind
from tests.bounces.mails import OURS, write_feedback, write_plain, write_status


def test_a_status_notification_names_the_recipient_the_code_the_words_and_our_mail() -> None:
    report = read_report(write_status())

    assert (report.kind, report.recipient, report.enhanced_code) == (ReportKind.HARD, "ada@readers.example", "5.1.1")
    assert report.words == "550 5.1.1 <ada@readers.example>: user unknown"
    assert report.return_paths == (OURS.partition("@")[0].removeprefix("bounces"),)
    assert report.message_id == "<digest.0123@digest.example>"
    assert report.unsubscribe == "<https://digest.example/unsubscribe/token.signature>"


@pytest.mark.parametrize(
    ("status", "diagnostic", "kind"),
    [
        ("5.1.1", "smtp; 550 5.1.1 no such user", ReportKind.HARD),
        ("5.1.2", "smtp; 550 bad destination system", ReportKind.HARD),
        ("5.1.10", "smtp; 556 5.1.10 the domain takes no mail", ReportKind.HARD),
        ("5.0.0", "smtp; 550 5.1.1 who is that", ReportKind.HARD),
        ("5.0.0", "smtp; 550 Requested action not taken: user unknown", ReportKind.HARD),
        ("5.3.0", "smtp; 553 5.3.0 no such user here", ReportKind.HARD),
        ("5.2.2", "smtp; 552 5.2.2 the mailbox is full", ReportKind.SOFT),
        ("5.1.1", "smtp; 552 5.2.2 over quota", ReportKind.SOFT),
        ("4.4.7", "smtp; delivery time expired", ReportKind.SOFT),
        ("4.0.0", "smtp; the domain name not found", ReportKind.SOFT),
        ("", "connection timed out", ReportKind.SOFT),
        ("5.7.26", "smtp; 550 5.7.26 unauthenticated mail", ReportKind.POLICY),
        ("5.0.0", "smtp; 554 refused for spam", ReportKind.POLICY),
        ("5.3.4", "smtp; 552 5.3.4 too big", ReportKind.POLICY),
        ("5.1.8", "smtp; 501 5.1.8 sender refused", ReportKind.POLICY),
        ("5.0.0", "smtp; 554 transaction failed", ReportKind.REFUSED),
        ("5.4.6", "smtp; routing loop", ReportKind.REFUSED),
    ],
)
def test_code_and_words_say_what_a_refusal_means(status: str, diagnostic: str, kind: ReportKind) -> None:
    assert read_report(write_status(status=status, diagnostic=diagnostic)).kind is kind


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed", "expanded", "Delayed (still trying)"])
def test_only_a_failed_delivery_is_a_bounce(action: str) -> None:
    report = read_report(write_status(action=action, status="4.4.1"))

    assert (report.kind, report.reason) == (ReportKind.NONE, action.lower().split()[0])


def test_of_several_recipients_the_failed_one_counts() -> None:
    both = "\nFinal-Recipient: rfc822; bob@readers.example\nAction: failed\nStatus: 5.1.1\n"

    report = read_report(write_status(action="delayed", status="4.4.1", diagnostic="smtp; later", more=both))

    assert (report.kind, report.recipient) == (ReportKind.HARD, "bob@readers.example")


def test_a_status_part_that_is_encoded_is_read_all_the_same() -> None:
    head, fields, tail = write_status().decode().partition("Reporting-MTA: dns; mx.readers.example\n")
    status, boundary, rest = tail.partition("--b1\nContent-Type: message/rfc822")
    encoded = base64.encodebytes((fields + status).encode()).decode()
    head = head.removesuffix("\n") + "Content-Transfer-Encoding: base64\n\n"

    report = read_report((head + encoded + boundary + rest).encode())

    assert (report.kind, report.recipient, report.enhanced_code) == (ReportKind.HARD, "ada@readers.example", "5.1.1")


def test_a_report_whose_boundary_is_wrong_is_read_from_its_lines() -> None:
    report = read_report(write_status().replace(b'boundary="b1"', b'boundary="other"'))

    assert (report.kind, report.recipient) == (ReportKind.HARD, "ada@readers.example")
    assert report.return_paths


@pytest.mark.parametrize("kind", ["abuse", "fraud", "opt-out", "other"])
def test_a_feedback_report_is_a_complaint(kind: str) -> None:
    report = read_report(write_feedback(kind=kind))

    assert (report.kind, report.reason, report.recipient) == (ReportKind.COMPLAINT, kind, "ada@readers.example")
    assert report.return_paths
    assert report.message_id == "<digest.0123@digest.example>"


@pytest.mark.parametrize(("kind", "reason"), [("not-spam", "not spam"), ("auth-failure", "authentication report")])
def test_feedback_that_asks_for_nothing_is_no_complaint(kind: str, reason: str) -> None:
    report = read_report(write_feedback(kind=kind))

    assert (report.kind, report.reason) == (ReportKind.NONE, reason)


def test_the_recipient_that_a_provider_names_counts_before_the_original_s() -> None:
    report = read_report(write_feedback(fields="Original-Rcpt-To: <bob@readers.example>\n"))

    assert report.recipient == "bob@readers.example"


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"subject": "Out of office: Three papers"}, "out of office"),
        ({"subject": "Abwesenheitsnotiz"}, "out of office"),
        ({"subject": "Re: Three papers", "Auto_Submitted": "auto-replied"}, "automatic reply"),
        ({"subject": "Re: Three papers", "Precedence": "auto_reply"}, "automatic reply"),
        ({"subject": "Re: Three papers", "X_Autoreply": "yes"}, "automatic reply"),
        ({"subject": "Automatic reply: Three papers", "Return_Path": "<>"}, "out of office"),
        ({"subject": "Re: Three papers", "Return_Path": "<>", "Auto_Submitted": "auto-replied"}, "automatic reply"),
        ({"subject": "Please confirm your email to Bob"}, "challenge"),
    ],
)
def test_an_automatic_reply_and_a_challenge_are_no_bounces(headers: dict[str, str], reason: str) -> None:
    text = "I am away, your mail will not be delivered to anybody else. 550 5.1.1 is the number of my room."

    report = read_report(write_plain(text, sender="Bob <bob@readers.example>", **headers))

    assert (report.kind, report.reason) == (ReportKind.NONE, reason)


def test_a_read_receipt_is_no_bounce() -> None:
    receipt = (
        write_status(action="")
        .replace(b"report-type=delivery-status", b"report-type=disposition-notification")
        .replace(b"message/delivery-status", b"message/disposition-notification")
    )

    report = read_report(receipt)

    assert (report.kind, report.reason) == (ReportKind.NONE, "read receipt")


def test_a_bounce_in_qmail_s_words_is_read_by_flufl() -> None:
    text = (
        "Hi. This is the qmail-send program at mx.example.\n"
        "I'm afraid I wasn't able to deliver your message to the following addresses.\n"
        "This is a permanent error; I've given up. Sorry it didn't work out.\n\n"
        "<ada@readers.example>:\nSorry, no mailbox here by that name. (#5.1.1)\n\n"
        "--- Below this line is a copy of the message.\n\nReturn-Path: <x@digest.example>\n"
    )

    report = read_report(write_plain(text))

    assert (report.kind, report.recipient, report.enhanced_code) == (ReportKind.HARD, "ada@readers.example", "5.1.1")


def test_a_server_s_own_words_are_read_where_no_form_is_known() -> None:
    text = "Mail to ada@readers.example was not delivered.\nThe other side said: 452 4.2.2 the mailbox is full\n"

    report = read_report(write_plain(text, subject="Undeliverable: Three papers"))

    assert (report.kind, report.recipient, report.enhanced_code) == (ReportKind.SOFT, "ada@readers.example", "4.2.2")


def test_a_warning_that_a_server_still_tries_is_no_bounce() -> None:
    text = "Your message to ada@readers.example could not be delivered yet. We will keep trying."

    report = read_report(write_plain(text, subject="Warning: message delayed"))

    assert (report.kind, report.reason) == (ReportKind.NONE, "delayed")


def test_a_version_number_is_no_code() -> None:
    text = "X-Mailer: Letters Version 5.1.1\nMail to ada@readers.example could not be delivered."

    assert read_report(write_plain(text)).enhanced_code == ""


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"hello",
        write_plain("Shall we meet at 5.1.1 Main Street?", sender="Bob <bob@readers.example>", subject="Lunch"),
        write_plain("user unknown", sender="Bob <bob@readers.example>", subject="Returned mail"),
    ],
)
def test_a_mail_without_a_report_says_so(content: bytes) -> None:
    assert read_report(content).reason == UNRECOGNISED


def test_a_return_path_is_found_wherever_servers_put_it() -> None:
    elsewhere = "bounces@digest.example"
    signed = OURS.partition("@")[0].removeprefix("bounces")
    places = [
        write_status(to=elsewhere).replace(b"Delivered-To:", f"X-Original-To: {OURS}\nDelivered-To:".encode()),
        write_status(to=elsewhere).replace(
            b"Reporting-MTA", f"X-Postfix-Sender: rfc822; {OURS}\nReporting-MTA".encode()
        ),
        write_status(to=elsewhere).replace(
            b"Subject: Three", f"X-Envelope-From: <{OURS.upper()}>\nSubject: T".encode()
        ),
        write_status(to=f"SRS0=Zm9v=AB=digest.example={OURS.partition('@')[0]}@forwarder.example"),
    ]

    assert [read_report(place).return_paths for place in places] == [(signed,)] * 4
