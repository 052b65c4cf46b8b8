from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from email.header import decode_header, make_header
from typing import Any

import pytest

from digest.composing import Composer, compose_confirmation, message_id
from digest.composing.headers import envelope_address
from digest.composing.message import write_message
from digest.domain import Digest, Email, Letterhead, Match, Subscriber
from digest.errors import ComposeError
from digest.links import Purpose, read_token

DAY = date(2026, 6, 30)
MOMENT = datetime(2026, 6, 30, 5, 30, tzinfo=UTC)

Build = Callable[..., Digest]
Compose = Callable[..., Email]
ReadEmail = Callable[[Email], Any]


def test_a_digest_carries_the_headers_of_a_list(compose: Compose, read: ReadEmail, digest_of: Build) -> None:
    email = compose(digest_of())
    headers = read(email).message
    assert headers["From"] == "Paper digest <digest@papers.example>"
    assert headers["To"] == "Ada <ada@readers.example>"
    assert headers["Date"] == "Tue, 30 Jun 2026 05:30:00 +0000"
    assert headers["Message-ID"] == email.message_id
    assert headers["List-Id"] == "Paper digest <digest.papers.example>"
    assert headers["List-Post"] == "NO"
    assert headers["Auto-Submitted"] == "auto-generated"
    assert headers["X-Auto-Response-Suppress"] == "OOF, AutoReply"
    assert headers["Precedence"] == "bulk"
    assert headers["MIME-Version"] == "1.0"
    assert headers["Reply-To"] is None


def test_one_click_unsubscribe_has_its_pair_of_headers(
    compose: Compose, read: ReadEmail, digest_of: Build, composer: Composer
) -> None:
    headers = read(compose(digest_of())).message
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    for name, purpose in (("List-Unsubscribe", Purpose.UNSUBSCRIBE), ("List-Help", Purpose.PREFERENCES)):
        token = headers[name].removeprefix(f"<https://papers.example/{purpose}/").removesuffix(">")
        assert read_token(token, purpose, today=DAY, secrets=composer.letterhead.secrets) == "s-ada"


def test_a_reply_address_is_set_and_takes_unsubscriptions_too(
    compose: Compose, read: ReadEmail, digest_of: Build, composer: Composer
) -> None:
    letterhead = replace(composer.letterhead, reply_to="Editor <editor@papers.example>")
    headers = read(compose(digest_of(), composer=replace(composer, letterhead=letterhead))).message
    assert headers["Reply-To"] == "Editor <editor@papers.example>"
    assert headers["List-Unsubscribe"].endswith(", <mailto:editor@papers.example?subject=unsubscribe>")


def test_the_message_id_depends_on_edition_subscriber_and_secret_alone(letterhead: Letterhead) -> None:
    same = message_id(DAY, "s-ada", letterhead)
    assert same == message_id(DAY, "s-ada", replace(letterhead, site_name="Another name"))
    others = {
        message_id(DAY + timedelta(days=1), "s-ada", letterhead),
        message_id(DAY, "s-bob", letterhead),
        message_id(DAY, "s-ada", replace(letterhead, secrets=("another",))),
    }
    assert same not in others
    assert len(others) == 3
    assert same.endswith("@papers.example>")


def test_a_long_link_stays_in_one_piece(compose: Compose, digest_of: Build, composer: Composer) -> None:
    letterhead = replace(composer.letterhead, base_url="https://papers.example/" + "deep/" * 40)
    content = compose(digest_of(), composer=replace(composer, letterhead=letterhead)).content
    (line,) = [line for line in content.split(b"\r\n") if line.startswith(b"List-Unsubscribe: ")]
    assert line.startswith(b"List-Unsubscribe: <https://papers.example/deep/")
    assert line.endswith(b">")


def test_names_and_subjects_of_any_script_arrive(
    compose: Compose, digest_of: Build, match: Match, ada: Subscriber
) -> None:
    name, interest = "Zoë “Z” Łukasiewicz, 漢字 " + "é" * 60, "剪枝 und Größe 🌳" * 4
    email = compose(digest_of(replace(match, interest=interest), subscriber=replace(ada, name=name)))
    message = message_from_bytes(email.content)
    assert _shown(message["To"]) == f"{name} <ada@readers.example>"
    assert _shown(message["Subject"]) == email.subject
    assert all(len(line) <= 78 for line in email.content.split(b"\r\n") if b"=?utf-8?" in line)


def test_a_name_that_looks_encoded_is_shown_as_it_was_typed(
    compose: Compose, digest_of: Build, ada: Subscriber
) -> None:
    name = "=?utf-8?q?Ada=0D=0ABcc=3A_eve=40evil.example?="
    message = message_from_bytes(compose(digest_of(subscriber=replace(ada, name=name))).content)
    assert _shown(message["To"]) == f"{name} <ada@readers.example>"
    assert message["Bcc"] is None


def test_an_international_domain_is_written_in_ascii(
    compose: Compose, read: ReadEmail, digest_of: Build, ada: Subscriber
) -> None:
    email = compose(digest_of(subscriber=replace(ada, email="ada@straße.example")))
    assert email.recipient == "ada@xn--strae-oqa.example"
    assert read(email).message["To"].addresses[0].addr_spec == email.recipient


def test_an_international_local_part_stands_in_the_envelope_alone(
    compose: Compose, read: ReadEmail, digest_of: Build, ada: Subscriber
) -> None:
    email = compose(digest_of(subscriber=replace(ada, email="zoë@bücher.example")))
    assert email.recipient == "zoë@xn--bcher-kva.example"
    assert email.content.isascii()
    assert read(email).message["To"] == "undisclosed-recipients:;"


@pytest.mark.parametrize(
    "address", ["ada@localhost", "Ada+papers@readers.test", "o'neil_1%x@a-b.example", "a@[127.0.0.1]"]
)
def test_addresses_a_relay_may_know_are_taken(address: str) -> None:
    assert envelope_address(address) == address


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ada",
        "@readers.example",
        "ada@",
        "a b@readers.example",
        "ada@readers.example\r\nBcc: eve@evil.example",
        "ada\r\nRCPT TO:<eve@evil.example>@readers.example",
        "Ada <ada@readers.example>",
        '"a b"@readers.example',
        "ada@readers..é",
        "ada@-.example\x00",
    ],
)
def test_what_is_no_address_is_refused(address: str, compose: Compose, digest_of: Build, ada: Subscriber) -> None:
    digest = digest_of(subscriber=replace(ada, email=address))
    with pytest.raises(ComposeError):
        compose(digest)


@pytest.mark.parametrize("value", ["a\r\nBcc: eve@evil.example", "a\nb", "a\rb", "é", "a\x00b", "x" * 990])
def test_a_header_value_that_would_break_the_message_is_refused(value: str) -> None:
    with pytest.raises(ComposeError, match="List-Help"):
        write_message({"Message-ID": "<1@papers.example>", "List-Help": value}, text=b"", html=b"")


def test_a_confirmation_asks_its_address_and_repeats_nothing_a_visitor_typed(
    composer: Composer, read: ReadEmail
) -> None:
    email = compose_confirmation("zed@readers.example", "s-zed", composer, issued=DAY, sent_at=MOMENT)
    mail = read(email)
    assert email.recipient == mail.message["To"] == "zed@readers.example"
    assert "zed" not in mail.words
    assert "zed" not in mail.text.replace("s-zed", "")
    (link,) = {a.get("href") for a in mail.tree.iter("a")}
    assert link in mail.text
    token = link.removeprefix("https://papers.example/confirm/")
    assert read_token(token, Purpose.CONFIRM, today=DAY, secrets=composer.letterhead.secrets) == "s-zed"
    assert "The link is valid for 3 days." in mail.text
    assert mail.message["Auto-Submitted"] == "auto-generated"
    assert mail.message["List-Unsubscribe"] is None


def test_two_confirmations_are_two_mails_and_the_same_one_is_the_same(composer: Composer) -> None:
    first, again, later = (
        compose_confirmation("zed@readers.example", "s-zed", composer, issued=DAY, sent_at=moment)
        for moment in (MOMENT, MOMENT, MOMENT + timedelta(minutes=20))
    )
    assert first == again
    assert first.message_id != later.message_id


def _shown(header: str) -> str:
    # the standard library's newer parser puts blanks between the encoded words of a name, against RFC 2047 section 6.2
    return str(make_header(decode_header(header)))
