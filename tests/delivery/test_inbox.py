"""The local inbox takes mail from the product's own transport and from Python's plain client."""

from __future__ import annotations

import asyncio
import mailbox
import smtplib
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from digest.delivery.inbox import Inbox, open_inbox
from digest.delivery.smtp import Smtp
from digest.domain import Email

EmailTo = Callable[..., Email]


def send(inbox: Inbox, *emails: Email) -> list[str]:
    async def send_all() -> list[str]:
        async with Smtp(port=inbox.port) as transport:
            return [await transport.send(email) for email in emails]

    return asyncio.run(send_all())


def test_mails_arrive_unchanged_with_their_envelope_newest_first(tmp_path: Path, email_to: EmailTo) -> None:
    ada, bob = email_to("ada@example.org", b".dot\r\n..\r\n"), email_to("bob@example.org", b"\xc3\xa9\r\n")
    with open_inbox(tmp_path) as inbox:
        replies = send(inbox, ada, bob)
        mails = [inbox.read(key) for key in inbox.newest_first()]
    assert [(m.sender, m.recipients, m.content) for m in mails if m] == [
        ("digest@example.org", ("bob@example.org",), bob.content),
        ("digest@example.org", ("ada@example.org",), ada.content),
    ]
    assert all(reply.startswith("250 2.0.0 kept as 00000") for reply in replies)


def test_the_folder_is_a_maildir_of_eml_files_that_stays(tmp_path: Path, email_to: EmailTo) -> None:
    with open_inbox(tmp_path / "inbox") as inbox:
        send(inbox, email_to("ada@example.org"), email_to("bob@example.org"))
    subjects = [message["Subject"] for message in mailbox.Maildir(tmp_path / "inbox", create=False)]
    assert subjects == ["Papers", "Papers"]
    assert {file.suffix for file in (tmp_path / "inbox" / "new").iterdir()} == {".eml"}


def test_a_mail_that_was_looked_at_is_seen_by_mail_programs_too(tmp_path: Path, email_to: EmailTo) -> None:
    with open_inbox(tmp_path) as inbox:
        send(inbox, email_to("ada@example.org"))
        (key,) = inbox.newest_first()
        before = inbox.read(key)
        inbox.mark_seen(key)
        inbox.mark_seen(key)
        after = inbox.read(key)
    assert before is not None
    assert after is not None
    assert (before.is_seen, after.is_seen, after.content) == (False, True, before.content)
    (message,) = mailbox.Maildir(tmp_path, create=False)
    assert isinstance(message, mailbox.MaildirMessage)
    assert message.get_flags() == "S"


def test_an_inbox_opened_again_goes_on_counting(tmp_path: Path, email_to: EmailTo) -> None:
    for recipient in ("ada@example.org", "bob@example.org"):
        with open_inbox(tmp_path) as inbox:
            send(inbox, email_to(recipient))
            newest = inbox.read(inbox.newest_first()[0])
            assert newest is not None
            assert newest.recipients == (recipient,)
    assert len(list((tmp_path / "new").iterdir())) == 2


def test_an_inbox_without_a_folder_leaves_nothing_behind(email_to: EmailTo) -> None:
    with open_inbox(None) as inbox:
        send(inbox, email_to("ada@example.org"))
        assert len(inbox.newest_first()) == 1
    assert not inbox.folder.exists()


def test_many_connections_at_once_lose_nothing(tmp_path: Path, email_to: EmailTo) -> None:
    async def send_from_everywhere(inbox: Inbox) -> None:
        async def send_ten(sender: int) -> None:
            async with Smtp(port=inbox.port) as transport:
                for number in range(10):
                    await transport.send(email_to(f"reader{sender}-{number}@example.org"))

        await asyncio.gather(*(send_ten(sender) for sender in range(8)))

    with open_inbox(tmp_path) as inbox:
        asyncio.run(send_from_everywhere(inbox))
        recipients = {mail.recipients for key in inbox.newest_first() if (mail := inbox.read(key))}
    assert len(recipients) == 80


def test_a_mail_lies_in_the_folder_with_plain_line_ends_as_mail_programs_expect(tmp_path: Path) -> None:
    with open_inbox(tmp_path) as inbox:
        with smtplib.SMTP(inbox.host, inbox.port) as client:
            client.sendmail("a@example.org", ["b@example.org"], b"Subject: hello\r\n\r\nHello\r\n")
        (key,) = inbox.newest_first()
        mail = inbox.read(key)
    assert mail is not None
    assert mail.path.read_bytes().endswith(b"Subject: hello\n\nHello\n")
    assert mail.content == b"Subject: hello\r\n\r\nHello\r\n"


def test_a_foreign_mail_in_the_folder_is_shown_without_envelope(tmp_path: Path) -> None:
    with open_inbox(tmp_path) as inbox:
        (tmp_path / "cur" / "1751.host:2,S").write_bytes(b"Subject: from elsewhere\n\nHello\n")
        mail = inbox.read("1751.host")
    assert mail is not None
    assert (mail.recipients, mail.content, mail.is_seen) == ((), b"Subject: from elsewhere\r\n\r\nHello\r\n", True)


@pytest.mark.parametrize("key", ["", "nothing", "../../etc/passwd", "\x00"])
def test_an_unknown_key_reads_nothing(key: str) -> None:
    with open_inbox(None) as inbox:
        assert inbox.read(key) is None
        inbox.mark_seen(key)


def test_an_international_address_is_taken(tmp_path: Path, email_to: EmailTo) -> None:
    with open_inbox(tmp_path) as inbox:
        send(inbox, email_to("jürgen@example.org"))
        mail = inbox.read(inbox.newest_first()[0])
    assert mail is not None
    assert mail.recipients == ("jürgen@example.org",)


def test_a_mail_for_several_people_is_kept_once_for_all(tmp_path: Path) -> None:
    with open_inbox(tmp_path) as inbox, smtplib.SMTP("127.0.0.1", inbox.port, local_hostname="localhost") as client:
        client.sendmail("a@example.org", ["b@example.org", "c@example.org"], "Subject: hello\n\nhello")
        mail = inbox.read(inbox.newest_first()[0])
    assert mail is not None
    assert mail.recipients == ("b@example.org", "c@example.org")


def test_a_client_that_leaves_in_the_middle_leaves_no_mail(tmp_path: Path) -> None:
    with open_inbox(tmp_path) as inbox:
        with socket.create_connection(("127.0.0.1", inbox.port), timeout=5) as client, client.makefile("rb") as replies:
            client.sendall(b"HELO x\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n")
            while not replies.readline().startswith(b"354"):
                pass
            client.sendall(b"Subject: half a m")
        assert inbox.newest_first() == []


def test_a_client_that_stays_connected_doesnt_keep_the_inbox_open() -> None:
    with open_inbox(None) as inbox:
        client = socket.create_connection(("127.0.0.1", inbox.port), timeout=5)
        client.recv(100)
    client.close()


def test_a_taken_port_is_an_error_at_once() -> None:
    with (
        open_inbox(None) as inbox,
        pytest.raises(OSError, match="address already in use"),
        open_inbox(None, smtp_port=inbox.port),
    ):
        pass


def test_an_error_in_the_context_closes_the_inbox() -> None:
    with pytest.raises(ZeroDivisionError), open_inbox(None) as inbox:
        raise ZeroDivisionError
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", inbox.port), timeout=5)
