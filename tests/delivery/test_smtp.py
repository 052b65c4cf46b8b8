"""What a relay's faults mean, against a real scripted server. CUT and the like are the words of its script."""

from __future__ import annotations

import asyncio
from base64 import b64decode
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from digest.delivery.smtp import Smtp
from digest.domain import Email
from digest.errors import (
    BrokenOff,
    ConfigError,
    Deferred,
    DeliveryError,
    InDoubt,
    PolicyRefused,
    Rejected,
    RelayDown,
    SenderRefused,
    Undeliverable,
)

CUT, SILENCE, CUT_IN_BODY = "<cut>", "<silence>", "<cut in body>"
Relay = Callable[..., Any]
EmailTo = Callable[..., Email]


async def _send_each(options: Smtp, emails: tuple[Email, ...]) -> list[str | DeliveryError]:
    results: list[str | DeliveryError] = []
    async with options as transport:
        for email in emails:
            try:
                results.append(await transport.send(email))
            except DeliveryError as error:
                results.append(error)
    return results


def send(server: Any, *emails: Email, **options: Any) -> list[str | DeliveryError]:
    """Send over one transport; what came of each, in order."""
    return asyncio.run(_send_each(Smtp(port=server.port, **options), emails))


def send_one(server: Any, email: Email, **options: Any) -> str:
    """Send one email; its error is raised."""
    (result,) = send(server, email, **options)
    if isinstance(result, DeliveryError):
        raise result
    return result


def test_a_mail_arrives_byte_for_byte_and_the_servers_words_come_back(relay: Relay, email_to: EmailTo) -> None:
    server = relay()
    body = b".leading dot\r\n..two dots\r\n.\r\nafter a lone dot\r\ntrailing space \r\n\r\n"
    email = email_to("ada@example.org", body)
    assert send_one(server, email) == "250 2.0.0 queued"
    assert [(m.sender, m.recipient, m.content) for m in server.accepted] == [
        ("digest@example.org", "ada@example.org", email.content)
    ]


def test_a_body_of_a_megabyte_arrives_unchanged(relay: Relay, email_to: EmailTo) -> None:
    server = relay()
    email = email_to("ada@example.org", b"x" * 76 + b"\r\n" + (b"y" * 76 + b"\r\n") * 13_000)
    send_one(server, email)
    assert server.accepted[0].content == email.content


def test_bare_line_ends_leave_as_crlf_so_that_no_mail_hides_in_a_mail(relay: Relay, email_to: EmailTo) -> None:
    server = relay()
    send_one(server, email_to("ada@example.org", b"one\n.\nMAIL FROM:<evil@example.org>\rtwo"))
    assert server.accepted[0].content.endswith(b"one\r\n.\r\nMAIL FROM:<evil@example.org>\r\ntwo\r\n")
    assert len(server.accepted) == 1


def test_bytes_stay_as_they_are_where_the_relay_offers_no_extension(relay: Relay, email_to: EmailTo) -> None:
    server = relay(extensions=())
    email = email_to("ada@example.org")
    send_one(server, email)
    assert server.accepted[0].content == email.content


def test_one_connection_carries_many_mails(relay: Relay, email_to: EmailTo) -> None:
    server = relay()
    send(server, *(email_to(f"reader{number}@example.org") for number in range(30)))
    assert len(server.accepted) == 30
    assert server.connections == 1


def test_a_connection_is_changed_after_its_share_of_mails(relay: Relay, email_to: EmailTo) -> None:
    server = relay()
    send(server, *(email_to(f"reader{number}@example.org") for number in range(7)), mails_per_connection=3)
    assert len(server.accepted) == 7
    assert server.connections == 3
    assert server.commands.count("QUIT") == 3


def test_a_connection_that_died_while_idle_is_replaced_without_a_word(relay: Relay, email_to: EmailTo) -> None:
    server = relay({"BODY": ["250 queued<cut>", "250 queued\r\n421 4.4.2 idle for too long<cut>"]})

    async def send_slowly() -> list[str]:
        async with Smtp(port=server.port) as transport:
            replies = []
            for name in ("ada", "bob", "cleo"):
                replies.append(await transport.send(email_to(f"{name}@example.org")))
                await asyncio.sleep(0.1)
            return replies

    assert asyncio.run(send_slowly()) == ["250 queued", "250 queued", "250 2.0.0 queued"]
    assert server.connections == 3


@pytest.mark.parametrize("limit", ["connection_idle_seconds", "connection_age_seconds"])
def test_a_connection_that_is_too_old_or_was_idle_too_long_is_changed(
    limit: str, relay: Relay, email_to: EmailTo
) -> None:
    server = relay()

    async def send_slowly() -> None:
        async with Smtp(port=server.port, **{limit: 0.05}) as transport:  # type: ignore[arg-type]
            await transport.send(email_to("ada@example.org"))
            await asyncio.sleep(0.1)
            await transport.send(email_to("bob@example.org"))

    asyncio.run(send_slowly())
    assert server.connections == 2
    assert server.commands.count("QUIT") == 2


PIPELINING = ("SIZE 10000000", "8BITMIME", "PIPELINING", "ENHANCEDSTATUSCODES")


def test_where_the_relay_takes_it_the_commands_of_a_mail_go_out_together(relay: Relay, email_to: EmailTo) -> None:
    server = relay({"MAIL": ["<wait 0.3>250 ok"], "RCPT": ["<wait 0.3>250 ok"]}, extensions=PIPELINING)
    assert send_one(server, email_to("ada@example.org"), reply_timeout_seconds=5) == "250 2.0.0 queued"
    assert [command.split()[0] for command in server.commands] == ["EHLO", "MAIL", "RCPT", "DATA", "QUIT"]


def test_a_reader_refused_among_pipelined_commands_costs_nobody_else_the_mail(relay: Relay, email_to: EmailTo) -> None:
    server = relay(
        {"RCPT bob@example.org": ["550 5.1.1 no such user"], "DATA bob@example.org": ["554 5.5.1 no valid recipients"]},
        extensions=PIPELINING,
    )
    ada, bob, cleo = send(server, *(email_to(f"{name}@example.org") for name in ("ada", "bob", "cleo")))
    assert isinstance(bob, Rejected)
    assert bob.reply == "550 5.1.1 no such user"
    assert [ada, cleo] == ["250 2.0.0 queued"] * 2
    assert server.connections == 1
    assert "RSET" in server.commands


def test_a_relay_that_waits_for_a_mail_without_a_reader_gets_none(relay: Relay, email_to: EmailTo) -> None:
    server = relay({"RCPT bob@example.org": ["550 5.1.1 no such user"]}, extensions=PIPELINING)  # and 354 to DATA
    ada, bob, cleo = send(server, *(email_to(f"{name}@example.org") for name in ("ada", "bob", "cleo")))
    assert isinstance(bob, Rejected)
    assert [ada, cleo] == ["250 2.0.0 queued"] * 2
    assert server.bodies_seen == [email_to("ada@example.org").content, email_to("cleo@example.org").content]
    assert server.connections == 2


def test_a_relay_that_refuses_to_begin_anew_is_left(relay: Relay, email_to: EmailTo) -> None:
    server = relay({"RCPT": ["450 4.2.0 later"], "RSET": ["502 5.5.1 what?"]})
    first, second = send(server, email_to("ada@example.org"), email_to("bob@example.org"))
    assert isinstance(first, Deferred)
    assert isinstance(second, RelayDown)


def test_a_log_in_by_token_reads_the_token_of_the_moment(relay: Relay, email_to: EmailTo, tmp_path: Path) -> None:
    server = relay(extensions=("AUTH PLAIN XOAUTH2",))
    (tmp_path / "token").write_text("ya29.first\n")
    send_one(server, email_to("ada@example.org"), username="digest", token_path="token", folder=str(tmp_path))
    (auth,) = [command for command in server.commands if command.startswith("AUTH")]
    assert b64decode(auth.split()[2]) == b"user=digest\x01auth=Bearer ya29.first\x01\x01"


@pytest.mark.parametrize(
    ("answers", "words"),
    [(["535 5.7.8 expired"], "535 5.7.8 expired"), (["334 eyJzdGF0dXMiOiI0MDEifQ=="], "502 5.5.1 not implemented")],
)
def test_a_refused_token_is_tried_once(
    answers: list[str], words: str, relay: Relay, email_to: EmailTo, tmp_path: Path
) -> None:
    server = relay({"AUTH": [*answers, "…"]}, extensions=("AUTH XOAUTH2",))
    (tmp_path / "token").write_text("old")
    with pytest.raises(RelayDown) as failure:
        send_one(server, email_to("ada@example.org"), username="digest", token_path=str(tmp_path / "token"))
    assert failure.value.reply == words
    assert sum(command.startswith("AUTH") for command in server.commands) == 1


def test_a_token_that_isnt_there_or_isnt_asked_for_is_told(relay: Relay, email_to: EmailTo, tmp_path: Path) -> None:
    offers, other = relay(extensions=("AUTH XOAUTH2",)), relay(extensions=("AUTH PLAIN",))
    with pytest.raises(RelayDown, match="No such file"):
        send_one(offers, email_to("ada@example.org"), username="digest", token_path=str(tmp_path / "none"))
    with pytest.raises(RelayDown, match="XOAUTH2"):
        send_one(other, email_to("ada@example.org"), username="digest", token_path=str(tmp_path / "none"))


@pytest.mark.parametrize(
    ("options", "words"),
    [({"password": "x", "username": "ada"}, "keep one of the two"), ({}, "has no username")],
)
def test_a_token_beside_a_password_or_for_nobody_is_a_mistake(options: dict[str, str], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        Smtp(token_path="token", **options)  # type: ignore[arg-type]


def test_a_mail_of_eight_bit_characters_needs_a_relay_that_takes_them(relay: Relay, email_to: EmailTo) -> None:
    takes, refuses = relay(), relay(extensions=("SIZE 1000",))
    email = email_to("ada@example.org", "Grüße\r\n".encode())
    send_one(takes, email)
    assert takes.accepted[0].content == email.content
    assert any("BODY=8BITMIME" in command for command in takes.commands)
    with pytest.raises(Undeliverable, match="8BITMIME"):
        send_one(refuses, email)


def test_a_relay_that_isnt_there_is_down(relay: Relay, email_to: EmailTo, unused_port: int) -> None:
    server = relay()
    server.port = unused_port
    with pytest.raises(RelayDown, match="Connect"):
        send_one(server, email_to("ada@example.org"))


def test_a_host_without_an_address_is_down() -> None:
    async def attempt() -> None:
        async with Smtp(host="no-such-host.invalid", security="none"):
            pass

    with pytest.raises(RelayDown):
        asyncio.run(attempt())


@pytest.mark.parametrize("banner", [SILENCE, CUT, "421 4.3.2 come back later", "554 5.7.1 no service for you"])
def test_a_relay_that_doesnt_greet_is_down(banner: str, relay: Relay, email_to: EmailTo) -> None:
    server = relay({"BANNER": [banner, "…"]})
    with pytest.raises(RelayDown) as failure:
        send_one(server, email_to("ada@example.org"), connect_timeout_seconds=0.2)
    assert str(failure.value.code or "") in banner
    assert "MAIL" not in " ".join(server.commands)


def test_without_starttls_nothing_leaves_in_clear(relay: Relay, email_to: EmailTo) -> None:
    server = relay(extensions=("AUTH PLAIN",))
    with pytest.raises(RelayDown, match="STARTTLS"):
        send_one(server, email_to("ada@example.org"), security="starttls", username="digest", password="secret")
    assert [command.split()[0] for command in server.commands] == ["EHLO"]


def test_an_untrusted_certificate_ends_the_try(relay: Relay, email_to: EmailTo, certificates: Any) -> None:
    server = relay(tls=certificates.server, extensions=("AUTH PLAIN",))
    with pytest.raises(RelayDown, match="certificate"):
        send_one(server, email_to("ada@example.org"), security="starttls", username="digest", password="secret")
    assert [command.split()[0] for command in server.commands] == ["EHLO", "STARTTLS"]


def test_a_certificate_for_another_host_ends_the_try(
    relay: Relay, email_to: EmailTo, certificates: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.authority_file))
    server = relay(tls=certificates.server)
    with pytest.raises(RelayDown, match="certificate"):  # it is issued for localhost, not for the number
        send_one(server, email_to("ada@example.org"), host="127.0.0.1", security="starttls")
    assert not server.accepted


def test_a_trusted_relay_gets_log_in_and_mail_encrypted(
    relay: Relay, email_to: EmailTo, certificates: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.authority_file))
    server = relay(tls=certificates.server, extensions=("AUTH CRAM-MD5 LOGIN PLAIN",))
    send_one(
        server,
        email_to("ada@example.org"),
        host="localhost",
        security="starttls",
        username="digest",
        password="secret",
    )
    assert server.is_encrypted
    assert [command.split()[0] for command in server.commands[:4]] == ["EHLO", "STARTTLS", "EHLO", "AUTH"]
    assert server.recipients() == ["ada@example.org"]


def test_text_slipped_in_before_the_handshake_is_not_believed(
    relay: Relay, email_to: EmailTo, certificates: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.authority_file))
    slipped_in = "220 go ahead\r\n250-relay.example.org\r\n250 SIZE 1"
    server = relay({"STARTTLS": [slipped_in]}, tls=certificates.server)
    (result,) = send(server, email_to("ada@example.org"), host="localhost", security="starttls")
    assert isinstance(result, RelayDown) or result == "250 2.0.0 queued"  # a SIZE of 1 would have refused the mail


def test_a_log_in_never_leaves_this_machine_unencrypted() -> None:
    with pytest.raises(ConfigError, match="unencrypted"):
        Smtp(host="relay.example.org", security="none", username="digest", password="secret")


@pytest.mark.parametrize(
    ("host", "encryption"),
    [("127.0.0.1", "none"), ("::1", "none"), ("localhost", "none"), ("relay.example.org", "starttls")],
)
def test_only_this_machine_is_spoken_to_in_clear_by_default(host: str, encryption: str) -> None:
    assert Smtp(host=host).encryption == encryption


def test_the_password_isnt_shown() -> None:
    assert "hush" not in repr(Smtp(password="hush"))


@pytest.mark.parametrize("reply", ["535 5.7.8 wrong password", "454 4.7.0 try later"])
def test_a_refused_log_in_is_the_relays_trouble_and_tried_once(reply: str, relay: Relay, email_to: EmailTo) -> None:
    server = relay({"AUTH": [reply, "…"]}, extensions=("AUTH PLAIN LOGIN CRAM-MD5",))
    with pytest.raises(RelayDown) as failure:
        send_one(server, email_to("ada@example.org"), username="digest", password="wrong")
    assert failure.value.reply == reply
    assert failure.value.code == int(reply[:3])
    assert sum(command.startswith("AUTH") for command in server.commands) == 1
    assert not any("MAIL" in command for command in server.commands)


def test_a_relay_without_a_known_log_in_is_down(relay: Relay, email_to: EmailTo) -> None:
    with pytest.raises(RelayDown, match="no way to log in"):
        send_one(relay(), email_to("ada@example.org"), username="digest", password="secret")


@pytest.mark.parametrize(
    ("phase", "answer", "meaning"),
    [
        ("MAIL", "421 4.3.2 too many messages", RelayDown),
        ("MAIL", "451 4.3.0 out of space", RelayDown),
        ("MAIL", CUT, RelayDown),
        ("MAIL", SILENCE, RelayDown),
        ("MAIL", "550 5.1.8 sender unknown", SenderRefused),
        ("MAIL", "553 5.1.7 bad sender", SenderRefused),
        ("RCPT", "421 4.7.0 closing", BrokenOff),
        ("RCPT", "450 4.2.0 greylisted", Deferred),
        ("RCPT", "452 4.5.3 too many recipients", Deferred),
        ("RCPT", "450 4.7.25 rate limited", Deferred),
        ("RCPT", CUT, Deferred),
        ("RCPT", SILENCE, Deferred),
        ("RCPT", "550 5.1.1 no such user", Rejected),
        ("RCPT", "550 5.7.1 not welcome", PolicyRefused),
        ("RCPT", "552 5.2.2 mailbox full", Rejected),
        ("DATA", CUT, Deferred),
        ("DATA", SILENCE, Deferred),
        ("DATA", "250 what?", Deferred),
        ("DATA", "451 4.3.0 not now", Deferred),
        ("DATA", "554 5.5.1 no valid recipients", Rejected),
        ("DATA", CUT_IN_BODY, InDoubt),
        ("BODY", CUT, InDoubt),
        ("BODY", SILENCE, InDoubt),
        ("BODY", "421 4.3.2 shutting down", BrokenOff),
        ("BODY", "451 4.3.0 not now", Deferred),
        ("BODY", "452 4.3.1 out of space", Deferred),
        ("BODY", "550 5.6.0 broken content", Rejected),
        ("BODY", "550 5.7.26 not authenticated", PolicyRefused),
        ("BODY", "550 5.7.515 access denied", PolicyRefused),
        ("BODY", "552 5.3.4 too big", PolicyRefused),
        ("BODY", "552 too big", PolicyRefused),
        ("BODY", "xyzzy", InDoubt),
        ("BODY", "354 go on", InDoubt),
        ("BODY", "220 relay.example.org ready", InDoubt),
        ("BODY", "250 " + "z" * 100_000, InDoubt),
        ("BODY", "554-5.7.0 spam\r\n554-5.7.0 really\r\n554 5.7.0 spam", PolicyRefused),
        ("RCPT", "xyzzy", Deferred),
        ("MAIL", "xyzzy", RelayDown),
    ],
)
def test_a_fault_means_what_the_table_says_and_the_next_mail_goes_on(
    phase: str, answer: str, meaning: type[DeliveryError], relay: Relay, email_to: EmailTo
) -> None:
    server = relay({phase: [answer]})
    timeouts = {"reply_timeout_seconds": 0.2, "final_reply_timeout_seconds": 0.2}
    first, second = send(server, email_to("ada@example.org"), email_to("bob@example.org"), **timeouts)
    assert type(first) is meaning
    assert second == "250 2.0.0 queued"
    assert server.recipients()[-1] == "bob@example.org"


@pytest.mark.parametrize(
    ("phase", "answer"),
    [("RCPT", CUT), ("RCPT", SILENCE), ("RCPT", "xyzzy"), ("RCPT", "421 4.3.2 bye"), ("DATA", "250 what?")],
)
def test_a_connection_that_cant_be_trusted_is_dropped(phase: str, answer: str, relay: Relay, email_to: EmailTo) -> None:
    server = relay({phase: [answer]})
    first, _ = send(server, email_to("ada@example.org"), email_to("bob@example.org"), reply_timeout_seconds=0.2)
    assert isinstance(first, DeliveryError)
    assert first.code == (421 if "421" in answer else None)
    assert server.connections == 2


def test_a_mail_given_up_in_its_body_stops_flowing(relay: Relay, email_to: EmailTo) -> None:
    server = relay({"DATA": ["<slow in body>"]}, extensions=())

    async def give_up_and_wait_for_the_server() -> None:
        async with Smtp(port=server.port, final_reply_timeout_seconds=0.2) as transport:
            with pytest.raises(InDoubt):
                await transport.send(email_to("ada@example.org", (b"x" * 99_998 + b"\r\n") * 200))
            await asyncio.to_thread(server.connection_ended.wait, 60)

    asyncio.run(give_up_and_wait_for_the_server())
    assert server.accepted == []


def test_a_refused_recipient_leaves_the_connection_in_use(relay: Relay, email_to: EmailTo) -> None:
    server = relay({"RCPT ada@example.org": ["450 4.2.0 greylisted"]})
    send(server, email_to("ada@example.org"), email_to("bob@example.org"))
    assert server.connections == 1
    assert "RSET" in server.commands
    assert server.recipients() == ["bob@example.org"]


def test_one_refused_reader_among_many_costs_nobody_else_the_mail(relay: Relay, email_to: EmailTo) -> None:
    server = relay({"RCPT bob@example.org": ["550 5.1.1 no such user"]})
    names = ("ada", "bob", "cleo")
    ada, bob, cleo = send(server, *(email_to(f"{name}@example.org") for name in names))
    assert isinstance(bob, Rejected)
    assert (bob.code, bob.enhanced_code, bob.reply) == (550, "5.1.1", "550 5.1.1 no such user")
    assert [ada, cleo] == ["250 2.0.0 queued"] * 2


def test_a_mail_cut_in_its_body_is_never_finished_with_a_dot(relay: Relay, email_to: EmailTo) -> None:
    server = relay({"DATA": [CUT_IN_BODY]})
    with pytest.raises(InDoubt):
        send_one(server, email_to("ada@example.org", b"line\r\n" * 500_000))
    assert server.bodies_seen == []


def test_a_mail_beyond_the_announced_size_isnt_begun(relay: Relay, email_to: EmailTo) -> None:
    server = relay(extensions=("SIZE 50000",))
    with pytest.raises(PolicyRefused, match="up to 50000 octets") as failure:
        send_one(server, email_to("ada@example.org", b"x" * 60 + b"\r\n" * 31_000))
    assert failure.value.enhanced_code == "5.3.4"
    assert not any("MAIL" in command for command in server.commands)


@pytest.mark.parametrize("size", ["SIZE", "SIZE 0", "SIZE lots"])
def test_a_size_without_a_limit_limits_nothing(size: str, relay: Relay, email_to: EmailTo) -> None:
    server = relay(extensions=(size,))
    send_one(server, email_to("ada@example.org"))
    assert server.recipients() == ["ada@example.org"]


def test_the_relay_is_told_how_big_a_mail_is(relay: Relay, email_to: EmailTo) -> None:
    server = relay()
    email = email_to("ada@example.org")
    send_one(server, email)
    assert f"MAIL FROM:<digest@example.org> SIZE={len(email.content)}" in server.commands


def test_an_international_domain_goes_out_in_ascii(relay: Relay, email_to: EmailTo) -> None:
    server = relay(extensions=())
    send_one(server, email_to("ada@bücher.example"))
    assert server.recipients() == ["ada@xn--bcher-kva.example"]


def test_an_international_name_is_undeliverable_where_the_relay_cant_carry_it(relay: Relay, email_to: EmailTo) -> None:
    server = relay(extensions=("8BITMIME",))
    with pytest.raises(Undeliverable, match="SMTPUTF8"):
        send_one(server, email_to("jürgen@example.org"))
    assert not any("MAIL" in command for command in server.commands)


def test_an_international_name_goes_out_where_the_relay_can_carry_it(relay: Relay, email_to: EmailTo) -> None:
    server = relay(extensions=("SMTPUTF8",))
    send_one(server, email_to("jürgen@bücher.example"))
    assert server.recipients() == ["jürgen@xn--bcher-kva.example"]


@pytest.mark.parametrize(
    "address", ["", "ada", "ada@example.org> NOTIFY=NEVER", "a@b\r\nRCPT TO:<c@d>", "a@b@c", "a@b\x00", "ä@-.-"]
)
def test_what_is_no_address_never_reaches_a_command(address: str, relay: Relay, email_to: EmailTo) -> None:
    server = relay()
    with pytest.raises(Undeliverable):
        send_one(server, email_to(address, b""))
    assert not any("MAIL" in command or "RCPT" in command for command in server.commands)


def test_an_old_server_without_ehlo_is_greeted_with_helo(relay: Relay, email_to: EmailTo) -> None:
    server = relay({"EHLO": ["502 5.5.1 what?"], "HELO": ["250 hello"]})
    send_one(server, email_to("ada@example.org"))
    assert server.recipients() == ["ada@example.org"]


def test_a_mail_that_is_stopped_in_its_middle_drops_the_connection(relay: Relay, email_to: EmailTo) -> None:
    server = relay({"RCPT": [SILENCE]})

    async def send_and_lose_patience() -> None:
        async with Smtp(port=server.port) as transport:
            await asyncio.wait_for(transport.send(email_to("ada@example.org")), timeout=0.2)

    with pytest.raises(TimeoutError):
        asyncio.run(send_and_lose_patience())
    assert server.accepted == []


def test_a_factory_makes_a_fresh_connection_each_time(relay: Relay, email_to: EmailTo) -> None:
    server = relay()
    connect = partial(Smtp, port=server.port)

    async def send_twice() -> None:
        async with connect() as first, connect() as second:
            await first.send(email_to("ada@example.org"))
            await second.send(email_to("bob@example.org"))

    asyncio.run(send_twice())
    assert server.connections == 2
    assert server.recipients() == ["ada@example.org", "bob@example.org"]
