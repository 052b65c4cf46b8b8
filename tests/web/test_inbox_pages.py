"""The inbox's pages show what came in, and nothing that came in can do harm."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from pathlib import Path
from time import monotonic

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette

from digest.delivery.inbox import Inbox, ReceivedMail
from digest.web.inbox_pages import MAILS_PER_PAGE, SHOWN_CHARACTERS, inbox_routes, read_letter


@pytest.fixture
def inbox(tmp_path: Path) -> Inbox:
    for part in ("new", "cur"):
        (tmp_path / part).mkdir()
    return Inbox(folder=tmp_path, host="127.0.0.1", port=8025)


@dataclass(frozen=True)
class Client:
    """Asks the pages as a browser would."""

    app: Starlette
    address: str = "127.0.0.1"

    def get(self, place: str, **headers: str) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app, client=(self.address, 50_000))
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as browser:
                return await browser.get(place, headers=headers)

        return asyncio.run(ask())


@pytest.fixture
def client(inbox: Inbox) -> Client:
    return Client(Starlette(routes=inbox_routes(inbox, site_name="Morning papers")))


def put(inbox: Inbox, content: bytes, *, name: str = "000001.aa", recipient: str = "ada@example.org") -> str:
    envelope = f"Return-Path: <digest@example.org>\r\nDelivered-To: {recipient}\r\n".encode()
    (inbox.folder / "new" / f"{name}.eml").write_bytes(envelope + content)
    return name


def compose(*, subject: str = "Three papers", text: str = "Good morning", html: str = "") -> bytes:
    message = EmailMessage()
    message["From"] = "Paper digest <digest@example.org>"
    message["Subject"] = subject
    message.set_content(text)
    if html:
        message.add_alternative(html, subtype="html")
    return message.as_bytes(policy=policy.SMTP)


def test_an_empty_inbox_says_where_to_send(client: Client) -> None:
    page = client.get("/inbox")
    assert page.status_code == 200
    assert "No mail has come in yet" in page.text
    assert "127.0.0.1:8025" in page.text
    assert "Morning papers" in page.text


def test_the_list_shows_reader_sender_subject_and_how_the_mail_begins(client: Client, inbox: Inbox) -> None:
    key = put(inbox, compose(subject="Zwölf Papers", text="Dear Ada,\n\nhere is what is new."))
    page = client.get("/inbox").text
    for text in ("ada@example.org", "from Paper digest", "Zwölf Papers", "Dear Ada, here is what is new.", "1 mail,"):
        assert text in page
    assert f'href="/inbox/{key}"' in page


def test_a_mail_is_unread_until_it_was_opened(client: Client, inbox: Inbox) -> None:
    key = put(inbox, compose())
    assert 'aria-label="Unread"' in client.get("/inbox").text
    client.get(f"/inbox/{key}")
    assert 'aria-label="Unread"' not in client.get("/inbox").text


def test_many_mails_are_shown_in_pages(client: Client, inbox: Inbox) -> None:
    for number in range(MAILS_PER_PAGE + 1):
        put(inbox, compose(), name=f"{number:06d}.aa", recipient=f"reader{number}@example.org")
    first, second = client.get("/inbox").text, client.get("/inbox?page=2").text
    assert "reader50@example.org" in first
    assert "reader0@example.org" not in first
    assert "reader0@example.org" in second
    assert "Page 2 of 2" in second


@pytest.mark.parametrize("page", ["0", "-1", "99999999999999999999", "two", "", "²"])
def test_a_page_that_isnt_there_shows_one_that_is(page: str, client: Client, inbox: Inbox) -> None:
    put(inbox, compose())
    assert "ada@example.org" in client.get(f"/inbox?page={page}").text


def test_a_mail_has_four_views_and_a_download(client: Client, inbox: Inbox) -> None:
    content = compose(text="See https://example.org/?a=1&b=2", html="<p>Hello</p>")
    key = put(inbox, content)
    assert f'src="/inbox/{key}/body.html"' in client.get(f"/inbox/{key}").text
    assert 'href="https://example.org/?a=1&amp;b=2"' in client.get(f"/inbox/{key}/text").text
    assert "multipart/alternative" in client.get(f"/inbox/{key}/headers").text
    assert "&lt;p&gt;Hello&lt;/p&gt;" in client.get(f"/inbox/{key}/source").text
    download = client.get(f"/inbox/{key}/message.eml")
    assert download.content == content
    assert download.headers["Content-Disposition"].startswith("attachment")


def test_a_mail_without_html_shows_its_text_first(client: Client, inbox: Inbox) -> None:
    page = client.get(f"/inbox/{put(inbox, compose(text='Only text'))}").text
    assert "Only text" in page
    assert "<iframe" not in page


def test_links_of_a_mail_open_a_new_tab(client: Client, inbox: Inbox) -> None:
    key = put(inbox, compose(html="<html><head lang=x><title>t</title></head><body>Hello</body></html>"))
    assert '<head lang=x><base target="_blank"><title>' in client.get(f"/inbox/{key}/body.html").text


def test_a_mail_full_of_broken_heads_is_shown_at_once(client: Client, inbox: Inbox) -> None:
    key = put(inbox, compose(html="<head " * 20_000))
    began = monotonic()
    assert client.get(f"/inbox/{key}/body.html").text.startswith('<base target="_blank">')
    assert monotonic() - began < 5


def test_a_comma_in_an_encoded_name_belongs_to_the_name(client: Client, inbox: Inbox) -> None:
    put(inbox, b"From: =?utf-8?q?B=C3=BCcher=2C_Neue?= <a@example.org>\r\n\r\nHello")
    assert "from Bücher, Neue<" in client.get("/inbox").text
    assert ">a@example.org<" in client.get("/inbox/000001.aa").text


def test_the_site_begins_with_the_list_where_nothing_else_does(client: Client) -> None:
    answer = client.get("/")
    assert (answer.status_code, answer.headers["Location"]) == (307, "/inbox")
    assert client.get("/", Host="rebound.example").status_code == 403


def test_the_html_of_a_mail_is_served_without_scripts_origin_or_remote_content(client: Client, inbox: Inbox) -> None:
    key = put(inbox, compose(html="<script>alert(1)</script>"))
    page, body = client.get(f"/inbox/{key}"), client.get(f"/inbox/{key}/body.html")
    policy = body.headers["Content-Security-Policy"]
    assert "sandbox allow-popups" in policy
    assert "default-src 'none'" in policy
    assert "allow-scripts" not in policy + page.text
    assert "allow-same-origin" not in policy + page.text
    assert "alert" not in page.text


HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"


@pytest.mark.parametrize("view", ["", "/text", "/headers", "/source"])
def test_hostile_text_is_shown_as_text(view: str, client: Client, inbox: Inbox) -> None:
    content = f"From: {HOSTILE}\r\nSubject: {HOSTILE}\r\nX-{HOSTILE}: x\r\n\r\n{HOSTILE}\r\n".encode()
    key = put(inbox, content, recipient=HOSTILE)
    for page in (client.get(f"/inbox/{key}{view}"), client.get("/inbox")):
        assert "<script" not in page.text
        assert "<img" not in page.text
        assert "default-src 'none'" in page.headers["Content-Security-Policy"]


def test_a_subject_cant_turn_its_letters_around(client: Client, inbox: Inbox) -> None:
    put(inbox, compose(subject="invoice\u202efdp.exe"))
    assert "\u202e" not in client.get("/inbox").text


def test_a_huge_mail_is_cut_on_the_page_and_whole_in_the_download(client: Client, inbox: Inbox) -> None:
    content = b"Subject: big\r\n\r\n" + b"x" * (SHOWN_CHARACTERS + 1000)
    key = put(inbox, content)
    page = client.get(f"/inbox/{key}/source").text
    assert len(page) < SHOWN_CHARACTERS + 20_000
    assert "the download has all of it" in page
    assert client.get(f"/inbox/{key}/message.eml").content == content


@pytest.mark.parametrize("place", ["/inbox/nothing", "/inbox/nothing/body.html", "/inbox/nothing/message.eml"])
def test_what_isnt_there_is_said_kindly(place: str, client: Client) -> None:
    page = client.get(place)
    assert page.status_code == 404
    assert "There is no such mail here" in page.text


PLACES = ("", "/000001.aa", "/000001.aa/source", "/000001.aa/body.html", "/000001.aa/message.eml", "/nothing")


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("host", ["rebound.example:8026", "localhost.evil.example", "[::", ""])
def test_a_web_page_that_points_its_own_name_here_reads_no_mail(
    host: str, place: str, client: Client, inbox: Inbox
) -> None:
    put(inbox, compose(text="A secret token"))
    answer = client.get(f"/inbox{place}", Host=host)
    assert answer.status_code == 403
    assert "only on the machine" in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert 'aria-label="Unread"' in client.get("/inbox").text


@pytest.mark.parametrize("place", PLACES)
def test_nobody_on_another_machine_or_behind_a_proxy_reads_mail(place: str, client: Client, inbox: Inbox) -> None:
    put(inbox, compose())
    assert Client(client.app, address="192.0.2.7").get(f"/inbox{place}").status_code == 403
    assert client.get(f"/inbox{place}", Forwarded="for=192.0.2.7").status_code == 403


@pytest.mark.parametrize("host", ["localhost:8026", "127.0.0.1:8026", "[::1]:8026"])
def test_this_machine_may_call_itself_by_any_of_its_names(host: str, client: Client) -> None:
    assert client.get("/inbox", Host=host).status_code == 200


def test_an_unknown_view_isnt_there(client: Client, inbox: Inbox) -> None:
    assert client.get(f"/inbox/{put(inbox, compose())}/nonsense").status_code == 404


def letter_of(content: bytes) -> ReceivedMail:
    return ReceivedMail("1", "", (), datetime(2026, 6, 30, tzinfo=UTC), content, is_seen=False, path=Path("1"))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"Subject: =?unknown-charset?q?x?=\r\n\r\n",
        b"Subject: =?utf-8?b?!!!?=\r\n\r\n",
        b"Content-Type: text/plain; charset=rot13\r\n\r\nuryyb",
        b"Content-Type: text/plain; charset=\x00\r\n\r\nhello",
        b"Content-Type: multipart/mixed\r\n\r\nhello",
        b"Content-Transfer-Encoding: base64\r\n\r\n\xff\xff",
        b"From: \xff\xfe\r\nSubject: \xff\r\n\r\n\xff",
    ],
)
def test_a_broken_mail_is_still_shown(content: bytes) -> None:
    read_letter(letter_of(content))


@given(st.binary(max_size=300), st.sampled_from(["Subject", "From", "Content-Type", "Content-Transfer-Encoding"]))
def test_no_bytes_break_the_reader(junk: bytes, header: str) -> None:
    letter = read_letter(letter_of(header.encode() + b": " + junk + b"\r\n\r\n" + junk))
    assert letter.subject
    assert letter.sender
