"""Whatever upstream or a reader writes, an email stays an email."""

from __future__ import annotations

import quopri
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from lxml.html import fromstring
from markupsafe import escape

from digest.composing.cleaning import clean
from digest.composing.emails import HTML_BYTES
from digest.composing.message import on_own_lines, quoted_printable, seven_bit, with_room_behind
from digest.composing.wrapping import TEXT_COLUMNS, columns, wrap
from digest.domain import Digest, Doubt, Email, Match, Note, Paper, Reason, SourceAccount, Subscriber

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
    found = replace(
        match,
        paper=paper,
        interest=texts.interest,
        reasons=reasons,
        notes=(Note(Doubt.INITIALS, texts.name), Note(Doubt.CATEGORIES, texts.word)),
    )
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


LONG = {
    "a word without end": "pruning" * 700,
    "Chinese without spaces": "剪枝方法在大型花园中的应用" * 400,
    "Arabic": "تقليم الحدائق الكبيرة جدا " * 200,
    "emoji": "🌳👩‍🌾✂️" * 500,
    "markup": '<td><a href="javascript:alert(1)">&amp;<!--[if mso]><style>*{display:none}</style>' * 60,
    "MathML": "<math><mi>x</mi><mo>&lt;</mo></math> " * 150,
    "bidi overrides": "\u202eevil\u202c \u2066isolated " * 300,
    "NUL": "a\x00b\x0bc " * 500,
    "equals signs": "=_=3D=\n" * 700,
}


@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
def test_a_paper_of_whatever_text_makes_a_sound_mail(
    compose: Compose, read: ReadEmail, digest_of: Build, match: Match, ada: Subscriber, text: str
) -> None:
    paper = replace(
        match.paper,
        title=text[:5000],
        abstract=text,
        authors=(text,) * 3000,
        comment=text,
        categories=(text,),
        url="javascript:alert(1)",
        pdf_url="https://a.example/" + "ü&=_" * 50,
        code_url="https://a.example/x y",
    )
    spans = tuple((n, n + 3) for n in range(0, len(text), 40))
    reasons = (Reason(text, "title", spans), Reason(text[:50], "abstract", spans))
    found = replace(match, paper=paper, reasons=reasons, interest=text[:200])
    email = compose(digest_of(found, subscriber=replace(ada, name=text[:200])))
    mail = read(email)
    assert mail.message.defects == []
    assert max(map(len, email.content.split(b"\r\n"))) <= 998
    assert len(mail.message.get_body(("html",)).get_payload()) < HTML_BYTES
    assert {address.split(":")[0] for address in mail.tree.xpath("//@href")} == {"https"}
    assert [len(list(mail.tree.iter(tag))) for tag in ("script", "math", "style", "h3")] == [0, 0, 4, 1]
    assert "Unsubscribe" in mail.words
    assert "Unsubscribe" in mail.text


def test_a_paper_of_which_only_the_title_is_known_makes_a_sound_mail(
    compose: Compose, read: ReadEmail, digest_of: Build, match: Match
) -> None:
    bare = replace(match, paper=Paper("title:1", "Hedges", match.paper.announced), reasons=())
    words = read(compose(digest_of(bare))).words
    assert "Hedges" in words
    assert "it fits your interests" in words


@given(line=st.lists(st.one_of(nasty, st.sampled_from(["x" * 400, "漢" * 300, "&" * 200, ' a="'])), max_size=8))
def test_seven_bit_html_reads_as_the_html_it_was_made_of(line: list[str]) -> None:
    text = clean(" ".join(line))
    html = f'<p class="a" title="b">{escape(text)}</p>'
    encoded = seven_bit(html)
    assert encoded.isascii()
    assert max(map(len, encoded.split(b"\r\n"))) <= 998
    shown = fromstring(encoded.decode()).text_content()
    assert shown.split() == fromstring(html).text_content().split()


@given(text=st.text(st.characters(codec="utf-8"), max_size=400), indent=st.integers(0, 6))
def test_wrapping_keeps_every_word_and_the_width(text: str, indent: int) -> None:
    wrapped = wrap(text, indent)
    assert "".join(wrapped.split()) == "".join(text.split())
    for line in wrapped.splitlines():
        units = line.split()
        assert columns(line) <= TEXT_COLUMNS or len(units) == 1 or any(not u.isascii() for u in units)


@given(st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=99), st.text("=~ a/é", max_size=200))
@example("a" * 76, "b")
@example("a" * 75 + " ", "b" * 76)
def test_what_is_encoded_apart_reads_as_if_it_stood_in_its_line(around: str, between: str) -> None:
    written = with_room_behind(around) + on_own_lines(between) + quoted_printable(around)
    assert quopri.decodestring(written).decode() == f"{around}{between}{around}"
    assert max(map(len, written.split(b"\r\n"))) <= 76
