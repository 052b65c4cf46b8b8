"""From a sent digest to its bounce and the next run that skips the reader; by the installed program."""

from __future__ import annotations

import mailbox
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.acceptance.conftest import Installation, Result, clean_environ, program
from tests.bounces.imap_server import open_imap_server
from tests.bounces.mails import write_plain, write_status
from tests.conftest import ROOT

PATIENCE_SECONDS = 60
DAY, NEXT_DAY = "2026-06-30", "2026-07-01"
ADA = "ada@example.org"
SOURCES = f'[sources.files]\npaths = ["{ROOT}/digest/demo/papers/*"]'
BOUNCES = '[bounces]\naddress = "bounces@digest.example"\n'


@pytest.fixture
def sent(installation: Installation) -> Installation:
    """An installation that has sent an edition, each mail under a return path of its own."""
    installation.configure(SOURCES, more=BOUNCES)
    installation.write_readers()
    assert installation.call("run", "--date", DAY).code == 0
    return installation


def return_path(installation: Installation, recipient: str) -> str:
    """The envelope sender under which the reader's digest came in."""
    mails = map(installation.inbox.read, installation.inbox.newest_first())
    return next(mail.sender for mail in mails if mail is not None and mail.recipients == (recipient,))


def pipe(installation: Installation, content: bytes, *arguments: str) -> Result:
    """Hand a mail to `digest bounces -`, as a mail server does."""
    done = subprocess.run(
        program("bounces", "-", *arguments),
        cwd=installation.folder,
        env=clean_environ(None),
        input=content,
        capture_output=True,
        timeout=60,
        check=False,
    )
    return Result(done.returncode, done.stdout.decode(), done.stderr.decode())


def test_a_reader_whose_digest_came_back_is_skipped_and_the_operator_sees_and_lifts_it(sent: Installation) -> None:
    path = return_path(sent, ADA)
    assert path.startswith("bounces+20260630")
    assert path.endswith("@digest.example")

    forged = pipe(sent, write_status(to=path[:60].replace(path[40], "z"), recipient=ADA))
    taken = pipe(sent, write_status(to=path, recipient=ADA))

    assert (forged.code, "without our signature, ignored: 1" in forged.out) == (0, True)
    assert (taken.code, "ada@example.org: suppressed: hard: 5.1.1 550 5.1.1" in taken.out) == (0, True), taken.err
    again = sent.call("run", "--date", DAY, "--json")
    assert (again.code, again.document["sent"], again.document["bounced"], again.document["planned"]) == (0, 2, 1, 2)
    later = sent.call("run", "--date", NEXT_DAY)
    assert "1 reader skipped: mail to them came back" in later.err
    assert [recipient for recipient, _ in sent.mails()].count(ADA) == 1

    (entry,) = sent.call("subscribers", "suppressed", "--json").document
    assert (entry["email"], entry["kind"], entry["probe_after"]) == (ADA, "hard", None)
    assert sent.call("subscribers", "lift", ADA).code == 0


def test_an_imap_box_is_read_and_marked_and_a_piped_letter_is_kept(sent: Installation) -> None:
    letter = write_plain("Dear editors", sender="Bob <bob@example.net>", subject="Hello")
    with open_imap_server() as imap:
        imap.add(write_status(to=return_path(sent, ADA), recipient=ADA))
        imap.add(letter)
        sent.configure(SOURCES, more=f"{BOUNCES}[bounces.imap]\n{imap.options}\n")

        first = sent.call("bounces", "--json")
        wrong = sent.call("bounces", environ={"DIGEST_BOUNCES__IMAP__PASSWORD": "wrong"})

    assert (first.code, first.document["hard"], first.document["unread"]) == (1, 1, 1), first.err
    assert imap.flags == [{"\\Seen"}, {"\\Seen", "\\Flagged"}]
    assert (wrong.code, "Traceback" in wrong.err, str(imap.port) in wrong.err) == (3, False, True)
    assert pipe(sent, letter).code == 1
    (kept,) = (sent.folder / "data" / "unread-reports" / "new").iterdir()
    assert kept.read_bytes() == letter


def test_serve_looks_into_the_mailbox(sent: Installation, tmp_path: Path) -> None:
    box = mailbox.Maildir(tmp_path / "maildir")
    box.add(write_status(to=return_path(sent, ADA), recipient=ADA))
    more = f'{BOUNCES}path = "{tmp_path}/maildir"\nevery = "1s"\n[web]\nport = 0\n[schedule]\nmax_lateness = "0s"\n'
    sent.configure("", more=more)

    server = sent.start("serve")
    try:
        until = time.monotonic() + PATIENCE_SECONDS
        while not all("S" in message.get_flags() for message in box) and time.monotonic() < until:
            time.sleep(0.2)
    finally:
        server.send_signal(signal.SIGTERM)
        _, errors = server.communicate(timeout=30)

    assert (server.returncode, "ada@example.org: suppressed: hard" in errors) == (0, True), errors


def test_without_an_address_the_envelope_sender_stays_and_wrong_usage_is_told(installation: Installation) -> None:
    installation.configure(SOURCES)
    installation.write_readers()
    installation.call("run", "--date", DAY)

    assert return_path(installation, ADA) == "digest@example.org"
    unsigned = pipe(installation, write_status(recipient=ADA))
    assert (unsigned.code, "bounces.address isn't set" in unsigned.err) == (0, True)
    wrong = installation.call("bounces", "nowhere")
    assert (wrong.code, "there is no nowhere" in wrong.err) == (2, True)
