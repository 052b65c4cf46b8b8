"""Where reports lie: files, mboxes, maildirs, a pipe. What was taken is marked, and nothing is deleted."""

from __future__ import annotations

import mailbox
from pathlib import Path

import pytest

from digest.bounces.incoming import MOST_OCTETS
from digest.bounces.mailboxes import MOST_KEPT, read_path, read_pipe
from digest.errors import MailboxError
from tests.bounces.mails import write_plain, write_status

BOUNCE, LETTER = write_status(), write_plain("Dear editors", sender="Bob <bob@example.net>", subject="Hello")


def test_a_file_is_one_mail_and_stays_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "bounce.eml"
    file.write_bytes(BOUNCE)

    for _ in range(2):
        (mail,) = read_path(file)
        mail.mark(True)
        assert mail.content == file.read_bytes() == BOUNCE


def test_an_mbox_holds_several(tmp_path: Path) -> None:
    box = mailbox.mbox(tmp_path / "mbox")
    for mail in (BOUNCE, LETTER, BOUNCE):
        box.add(mail)
    box.close()

    assert [mail.content for mail in read_path(tmp_path / "mbox")] == [BOUNCE, LETTER, BOUNCE]


def test_of_a_maildir_the_unseen_are_read_and_marked_by_what_was_found(tmp_path: Path) -> None:
    box = mailbox.Maildir(tmp_path / "maildir")
    for content in (BOUNCE, LETTER):
        box.add(content)
    half_read = mailbox.MaildirMessage(BOUNCE)
    half_read.set_subdir("cur")
    half_read.set_flags("R")
    box.add(half_read)

    found = list(read_path(tmp_path / "maildir"))
    for mail in found:
        mail.mark(mail.content == BOUNCE)

    assert sorted(mail.content for mail in found) == sorted((BOUNCE, LETTER, BOUNCE))
    assert sorted(message.get_flags() for message in box) == ["FS", "RS", "S"]
    assert {message.get_subdir() for message in box} == {"cur"}
    assert list(read_path(tmp_path / "maildir")) == []


def test_a_mail_that_another_program_takes_away_meanwhile_is_passed_over(tmp_path: Path) -> None:
    box = mailbox.Maildir(tmp_path / "maildir")
    for content in (BOUNCE, LETTER):
        box.add(content)
    mails = read_path(tmp_path / "maildir")
    first = next(mails)
    for path in (tmp_path / "maildir" / "new").iterdir():
        if path.read_bytes() != first.content:
            path.unlink()

    assert list(mails) == []


def test_a_mail_that_can_not_be_marked_is_told(tmp_path: Path) -> None:
    box = mailbox.Maildir(tmp_path / "maildir")
    box.add(BOUNCE)
    (mail,) = read_path(tmp_path / "maildir")
    box.clear()

    with pytest.raises(MailboxError, match="can't be marked"):
        mail.mark(True)


def test_a_folder_of_mails_is_read_in_its_order(tmp_path: Path) -> None:
    (tmp_path / "1.eml").write_bytes(BOUNCE)
    (tmp_path / "2.eml").write_bytes(LETTER)
    (tmp_path / "folder").mkdir()

    assert [mail.content for mail in read_path(tmp_path)] == [BOUNCE, LETTER]


def test_of_an_endless_mail_the_beginning_is_read(tmp_path: Path) -> None:
    (tmp_path / "long.eml").write_bytes(BOUNCE + b"x" * 2 * MOST_OCTETS)

    (mail,) = read_path(tmp_path / "long.eml")

    assert len(mail.content) == MOST_OCTETS


def test_a_path_without_mail_is_told(tmp_path: Path) -> None:
    with pytest.raises(MailboxError, match="can't be read"):
        list(read_path(tmp_path / "nowhere"))


def test_a_piped_mail_is_kept_once_if_no_report_is_in_it(tmp_path: Path) -> None:
    for content, is_read in ((BOUNCE, True), (LETTER, False), (LETTER, False)):
        (mail,) = read_pipe(content, tmp_path / "kept")
        mail.mark(is_read)

    assert [mail.content for mail in read_path(tmp_path / "kept")] == [LETTER]


def test_a_flood_of_piped_mails_does_not_fill_the_disk(tmp_path: Path) -> None:
    for number in range(MOST_KEPT + 5):
        (mail,) = read_pipe(b"%d" % number, tmp_path / "kept")
        mail.mark(False)

    assert len(list((tmp_path / "kept" / "new").iterdir())) == MOST_KEPT
