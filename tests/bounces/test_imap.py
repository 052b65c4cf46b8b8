"""Reports on an IMAP server: the unseen are read, marked and never deleted; trouble has words."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from dataclasses import replace

import pytest
import trustme

from digest.bounces.imap import ImapBox, read_imap
from digest.errors import MailboxError
from tests.bounces.imap_server import PASSWORD, USER, ImapServer, open_imap_server
from tests.bounces.mails import write_plain, write_status


@pytest.fixture
def server() -> Iterator[ImapServer]:
    with open_imap_server() as opened:
        yield opened


@pytest.fixture
def box(server: ImapServer) -> ImapBox:
    return ImapBox("127.0.0.1", server.port, USER, PASSWORD, "none", 'Re"ports')


def test_unseen_mails_are_read_and_marked_by_what_was_found(server: ImapServer, box: ImapBox) -> None:
    for content in (write_status(), write_plain("Dear editors")):
        server.add(content)

    for mail in read_imap(box):
        mail.mark(b"delivery-status" in mail.content)

    assert server.flags == [{"\\Seen"}, {"\\Seen", "\\Flagged"}]
    assert list(read_imap(box)) == []
    assert not {"EXPUNGE", "CLOSE", "DELETE"} & set(server.commands)


def test_a_mail_is_read_byte_for_byte_and_stays_unseen_until_it_is_marked(server: ImapServer, box: ImapBox) -> None:
    server.add(bytes(range(1, 256)) * 5000)

    contents = [mail.content for mail in read_imap(box)]

    assert contents == server.mails
    assert server.flags == [set()]


def test_a_wrong_password_is_told_without_it(server: ImapServer, box: ImapBox) -> None:
    with pytest.raises(MailboxError, match=f"127.0.0.1:{server.port}") as told:
        list(read_imap(replace(box, password="secret-word")))
    assert "secret-word" not in f"{told.value!r}{box!r}"


def test_a_server_that_is_not_there_is_told(box: ImapBox) -> None:
    with pytest.raises(MailboxError, match="refused"):
        list(read_imap(replace(box, port=1)))


def test_a_certificate_that_nobody_vouches_for_is_refused_and_a_trusted_one_is_not() -> None:
    authority = trustme.CA()
    ours, theirs = ssl.create_default_context(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.configure_trust(ours)
    authority.issue_cert("127.0.0.1").configure_cert(theirs)
    with open_imap_server(tls=theirs) as server:
        server.add(write_status())
        box = ImapBox("127.0.0.1", server.port, USER, PASSWORD, "tls")

        assert len(list(read_imap(box, tls=ours))) == 1
        with pytest.raises(MailboxError, match="certificate"):
            list(read_imap(box))


def test_a_server_that_offers_no_starttls_gets_no_password(server: ImapServer, box: ImapBox) -> None:
    with pytest.raises(MailboxError):
        list(read_imap(replace(box, security="starttls")))
    assert "LOGIN" not in server.commands
