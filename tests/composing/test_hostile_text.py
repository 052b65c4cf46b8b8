"""Whatever upstream or a reader writes, an email stays an email."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.domain import Digest, Email, Match, Reason, SourceAccount, Subscriber

Build = Callable[..., Digest]
Compose = Callable[..., Email]
ReadEmail = Callable[[Email], Any]

HEADERS = {
    "From", "Subject", "Date", "Message-ID", "Auto-Submitted", "X-Auto-Response-Suppress", "To", "List-Id",
    "List-Unsubscribe", "List-Unsubscribe-Post", "List-Help", "List-Post", "Precedence", "Feedback-ID", "MIME-Version",
    "Content-Type",
}  # fmt: skip

fragments = [
    "<script>alert(1)</script>", "\r\nBcc: eve@evil.example\r\n", "\x00", "\u202e", '"', "'", "</td>", "{{ 7*7 }}",
    "{% raw %}", "<!--", "]]>", "&#60;", "\ue000", "\ud800", "=?utf-8?q?=0A?=", "\n.\n", "--=_", "\u2028", "漢", " ",
]  # fmt: skip
nasty = st.one_of(
    st.text(st.characters(), max_size=80),
    st.lists(st.sampled_from(fragments), max_size=12).map("".join),
)


@dataclass(frozen=True)
class Nasty:
    """What strangers wrote."""

    title: str
    abstract: str
    name: str
    word: str
    interest: str


@given(texts=st.builds(Nasty, nasty, nasty, nasty, nasty, nasty))
def test_no_text_breaks_out_of_its_place(
    compose: Compose, read: ReadEmail, digest_of: Build, match: Match, ada: Subscriber, *, texts: Nasty
) -> None:
    paper = replace(
        match.paper,
        title=texts.title,
        abstract=texts.abstract,
        authors=(texts.name, texts.word),
        comment=texts.word,
        picked_by=texts.name,
    )
    reasons = (
        Reason(texts.word, "title", ((0, 3),)),
        Reason(texts.name, "author"),
        Reason(texts.word, "abstract", ((1, 9),)),
    )
    found = replace(match, paper=paper, interest=texts.interest, reasons=reasons, notes=(texts.name,))
    account = (SourceAccount(texts.name, paper.announced, announced=3, late=(texts.word,), partial=(texts.title,)),)
    digest = digest_of(found, subscriber=replace(ada, name=texts.name), account=account)
    email = compose(digest)
    mail = read(email)
    assert set(mail.message.keys()) == HEADERS
    assert mail.message.defects == []
    assert not list(mail.tree.iter("script"))
    assert [len(list(mail.tree.iter(tag))) for tag in ("h1", "h2", "h3")] == [1, 1, 1]
    assert not {unicodedata.category(c) for c in mail.text.replace("\n", "")} & {"Cc", "Cs", "Co", "Zl", "Zp"}
    lines = email.content.split(b"\r\n")
    assert email.content.isascii()
    assert max(map(len, lines)) <= 998
    assert b"\n" not in b"".join(lines)
    assert b"\r" not in b"".join(lines)


@given(nasty)
def test_a_subject_is_one_bounded_line(compose: Compose, digest_of: Build, match: Match, text: str) -> None:
    for found in (replace(match, interest=text), replace(match, interest="", paper=replace(match.paper, title=text))):
        subject = compose(digest_of(found)).subject
        assert len(subject) <= 120
        assert len(subject.splitlines()) == 1
        assert subject.endswith(" · Paper digest 30 June")


def test_templates_in_a_title_are_only_text(compose: Compose, read: ReadEmail, digest_of: Build, match: Match) -> None:
    mail = read(
        compose(digest_of(replace(match, paper=replace(match.paper, title="{{ 7 * 7 }} {% for %}"), reasons=())))
    )
    assert "{{ 7 * 7 }} {% for %}" in mail.words
    assert "{{ 7 * 7 }} {% for %}" in mail.text


def test_a_title_of_five_thousand_characters_is_shown_in_part(
    compose: Compose, read: ReadEmail, digest_of: Build, match: Match
) -> None:
    title = "Pruning " * 625
    found = replace(
        match, paper=replace(match.paper, title=title), reasons=(Reason("pruning", "title", ((0, 7), (4000, 4007))),)
    )
    mail = read(compose(digest_of(found)))
    (heading,) = mail.tree.iter("h3")
    shown = heading.text_content()
    assert len(shown) <= 300
    assert shown.endswith("Pruning…")
    assert len(heading.find_class("hit")) == 1
    assert "Pruning…" in mail.text


@pytest.mark.parametrize("count", [1, 2000])
def test_a_thousand_reasons_are_bounded(
    count: int, compose: Compose, read: ReadEmail, digest_of: Build, match: Match
) -> None:
    reasons = tuple(Reason(f"word {n}" + "x" * 500, "title", ((0, 1),)) for n in range(count))
    (why,) = read(compose(digest_of(replace(match, reasons=reasons)))).tree.find_class("why")
    assert len(why.text_content()) < 1000
    assert why.text_content().endswith("1,996 more") is (count == 2000)


def test_the_boundary_never_stands_in_a_body(compose: Compose, read: ReadEmail, digest_of: Build, match: Match) -> None:
    boundary = read(compose(digest_of(match))).message.get_boundary()
    found = replace(match, paper=replace(match.paper, abstract=f"First.\n--{boundary}--\n"), reasons=())
    email = compose(digest_of(found))
    assert read(email).message.get_boundary() == boundary
    assert email.content.count(boundary.encode()) == 4
    assert "Reading Room" in read(email).text
