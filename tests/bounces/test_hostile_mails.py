"""Mail from anybody: whatever it holds, there is an answer, soon, and of bounded size."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.bounces.reports import Report, read_report
from digest.servers_words import WORDS_KEPT
from tests.bounces.mails import write_feedback, write_plain, write_status

SEEDS = (write_status(), write_feedback(), write_plain("<ada@readers.example>: 550 5.1.1 unknown"))
SECONDS = 5
"""Far above what any of them takes, and far below what a quadratic reading would."""


def nested(levels: int) -> bytes:
    """A report within so many multiparts, each of which ends properly."""
    opening = b"".join(b'Content-Type: multipart/mixed; boundary="n%d"\n\n--n%d\n' % (n, n) for n in range(levels))
    return opening + write_status() + b"".join(b"--n%d--\n" % n for n in reversed(range(levels)))


HOSTILE = {
    "deeply nested": nested(2000),
    "mails in mails": b"Content-Type: message/rfc822\n\n" * 20_000,
    "thousands of parts": b'Content-Type: multipart/mixed; boundary="b"\n\n' + b"--b\n\nx\n" * 100_000,
    "never-ending parts": b"".join(b'Content-Type: multipart/report; boundary="%d"\n\n' % n for n in range(9_000)),
    "thousands of headers": b"X-A: b\n" * 200_000,
    "one endless line": write_status()[:-9] + b"a" * 3_000_000,
    "one endless header": b"Subject: " + b"delivery failure 550 " * 200_000 + b"\n\nx",
    "endless status fields": write_status(more="X-Note: 5.1.1\n" * 100_000),
    "endless diagnostic": write_status(diagnostic="smtp; " + "550-5.1.1 user unknown " * 50_000),
    "many recipients": write_status(more="\nFinal-Recipient: rfc822; x@y.example\nAction: failed\n" * 20_000),
    "addresses without end": write_plain("a@" * 200_000 + " 550 5.1.1"),
    "brackets without end": write_plain("<" * 200_000, subject="Undeliverable"),
    "blanks without end": write_plain("Diagnostic-Code:" + " " * 200_000 + "\n\t" * 50_000),
    "blank lines without end": write_plain("\n" * 250_000),
    "a report of blank lines": write_plain(
        "--b\nContent-Type: message/delivery-status\n\n" + "\n" * 250_000, Content_Type="multipart/report; boundary=b"
    ),
    "unknown charset": write_status().replace(b"charset=us-ascii", b'charset="nonsense-\xff"'),
    "codec that is no text": write_status().replace(b"charset=us-ascii", b"charset=zip"),
    "charset in pieces": write_status().replace(b"charset=us-ascii", b"charset*0*=a'b'%ff; charset*x=1"),
    "bad base64": write_status().replace(b"Content-Type: t", b"Content-Transfer-Encoding: base64\nContent-Type: t"),
    "uuencoded": write_plain("begin 999 x\n!!!\nend", Content_Transfer_Encoding="x-uuencode"),
    "NULs": write_status().replace(b"a", b"a\0"),
    "bare carriage returns": write_status().replace(b"\n", b"\r"),
    "control characters": write_status(diagnostic="smtp; 550 5.1.1 \x1b[31m\x07\x9b\u202e user unknown"),
    "UTF-16": write_status().decode().encode("utf-16"),
    "encoded header": write_plain("x", subject="=?nonsense?q?=ff?= =?utf-8?b?!!?="),
    "only bytes": bytes(range(256)) * 400,
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_mail_gets_an_answer_soon(name: str) -> None:
    started = time.process_time()

    report = read_report(HOSTILE[name])

    assert time.process_time() - started < SECONDS
    assert is_bounded(report)


def test_a_report_is_found_in_what_is_cut_off_behind_its_status() -> None:
    content = write_status() + b"x" * 3_000_000
    behind = content.index(b"Content-Type: message/rfc822")

    assert read_report(content).kind is read_report(content[:behind]).kind is read_report(write_status()).kind


@given(st.sampled_from(SEEDS), st.data())
def test_a_damaged_report_gets_an_answer(seed: bytes, data: st.DataObject) -> None:
    content = bytearray(seed)
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(content)))
        end = min(len(content), place + data.draw(st.integers(0, 40)))
        content[place:end] = data.draw(st.binary(max_size=40))

    assert is_bounded(read_report(bytes(content)))


HEADERS = st.sampled_from(["Content-Type", "Content-Transfer-Encoding", "From", "Subject", "Status", "Final-Recipient"])


@settings(max_examples=200)
@given(st.lists(st.tuples(HEADERS, st.text(max_size=60))), st.binary(max_size=400))
def test_any_headers_and_any_body_get_an_answer(headers: list[tuple[str, str]], body: bytes) -> None:
    lines = b"".join(name.encode() + b": " + value.encode("utf-8", "replace") + b"\n" for name, value in headers)

    assert is_bounded(read_report(lines + b"\n" + body))


@given(st.binary(max_size=2000))
def test_any_bytes_get_an_answer(content: bytes) -> None:
    assert is_bounded(read_report(content))


def is_bounded(report: Report) -> bool:
    """Whether all that a report says is short, printable and of one line."""
    texts = (report.reason, report.recipient, report.enhanced_code, report.words, report.message_id)
    assert all(text.isprintable() for text in texts), texts
    assert len(report.words) <= WORDS_KEPT
    assert max(map(len, (report.reason, report.recipient, report.message_id))) <= 500
    assert len(report.unsubscribe) <= 2000
    assert len(report.return_paths) <= 20
    return True
