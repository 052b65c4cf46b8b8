"""Reports as mail servers and providers write them; every word is ours."""

from __future__ import annotations

OURS = "bounces+2026063000112233445566778899.aaaaaaaaaaaaaaaaaaaa@digest.example"


def write_status(
    *,
    action: str = "failed",
    status: str = "5.1.1",
    diagnostic: str = "smtp; 550 5.1.1 <ada@readers.example>: user unknown",
    recipient: str = "ada@readers.example",
    to: str = OURS,
    more: str = "",
    final: str = "",
) -> bytes:
    """A delivery status notification (RFC 3464) about a digest; `final` is what it says of the recipient."""
    return f"""\
Return-Path: <>
Delivered-To: {to}
From: Mail Delivery System <MAILER-DAEMON@mx.readers.example>
To: {to}
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b1"

--b1
Content-Type: text/plain; charset=us-ascii

This server could not hand over your message.

--b1
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.readers.example

Final-Recipient: {final or f"rfc822; {recipient}"}
Action: {action}
Status: {status}
Diagnostic-Code: {diagnostic}
{more}
--b1
Content-Type: message/rfc822

Return-Path: <{to}>
From: Paper digest <digest@digest.example>
To: {recipient}
Message-ID: <digest.0123@digest.example>
List-Unsubscribe: <https://digest.example/unsubscribe/token.signature>
Subject: Three papers

Three papers.

--b1--
""".encode()


def write_feedback(
    *,
    kind: str = "abuse",
    to: str = "fbl@digest.example",
    sent_from: str = OURS,
    unsubscribe: str = "",
    fields: str = "",
) -> bytes:
    """A complaint (RFC 5965) about a digest, as a provider's feedback loop sends it."""
    link = f"List-Unsubscribe: <{unsubscribe}>\n" if unsubscribe else ""
    return f"""\
From: Feedback <feedback@provider.example>
To: {to}
Subject: FW: Three papers
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="b2"

--b2
Content-Type: text/plain

This is a report about a message from 192.0.2.1.

--b2
Content-Type: message/feedback-report

Feedback-Type: {kind}
User-Agent: Loop/1.0
Version: 1
Original-Mail-From: <{sent_from}>
{fields}
--b2
Content-Type: message/rfc822

From: Paper digest <digest@digest.example>
To: ada@readers.example
Message-ID: <digest.0123@digest.example>
{link}Subject: Three papers

Three papers.

--b2--
""".encode()


def write_plain(
    text: str, *, sender: str = "MAILER-DAEMON@mx.example", subject: str = "failure notice", **headers: str
) -> bytes:
    """A mail of one text; underscores in the names of headers stand for hyphens."""
    lines = "".join(f"{name.replace('_', '-')}: {value}\n" for name, value in headers.items())
    return f"From: {sender}\nTo: {OURS}\nSubject: {subject}\n{lines}\n{text}\n".encode()
