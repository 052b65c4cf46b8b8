"""Postfix takes 500 digests, and an IMAP client reads them back from Dovecot, byte by byte; both on loopback.

They run from configurations and folders of their own, on free ports, and never touch the system's services.
"""

from __future__ import annotations

import imaplib
import os
import pwd
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from email import message_from_bytes
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from digest.composing import open_composer
from digest.delivery import Relay
from digest.delivery.smtp import Smtp
from digest.domain import DeliveryState, Letterhead
from digest.preview import preview_email
from tests.conftest import skip_or_fail
from tests.delivery.world import DAY, names, open_world

DIGESTS = 500
PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/lib/dovecot"
QUIETLY: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
"""A pipe would stay open as long as the servers live."""
POSTFIX_SERVICES = """
smtp      inet  n - n - -   smtpd
pickup    unix  n - n 60 1  pickup
cleanup   unix  n - n - 0   cleanup
qmgr      unix  n - n 300 1 qmgr
rewrite   unix  - - n - -   trivial-rewrite
bounce    unix  - - n - 0   bounce
defer     unix  - - n - 0   bounce
trace     unix  - - n - 0   bounce
verify    unix  - - n - 1   verify
flush     unix  n - n 1000? 0 flush
proxymap  unix  - - n - -   proxymap
anvil     unix  - - n - 1   anvil
scache    unix  - - n - 1   scache
error     unix  - - n - -   error
retry     unix  - - n - -   error
virtual   unix  - n n - -   virtual
local     unix  - n n - -   local
postlog   unix-dgram n - n - 1 postlogd
"""


@dataclass(frozen=True)
class MailHost:
    """Where mail goes in and where it is read."""

    smtp_port: int
    imap_port: int


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def mail_host() -> Iterator[MailHost]:
    missing = [name for name in ("postfix", "dovecot") if shutil.which(name, path=PATH) is None]
    if missing:
        skip_or_fail(f"{' and '.join(missing)} are missing (apt-get install postfix dovecot-imapd)")
    if os.geteuid() != 0:
        skip_or_fail("Postfix starts as root alone")
    folder = Path(tempfile.mkdtemp(prefix="digest-mail-"))  # servers' own users may not look into pytest's folders
    folder.chmod(0o755)
    try:
        with ExitStack() as servers:
            host = MailHost(free_port(), free_port())
            servers.enter_context(running_postfix(folder, host.smtp_port))
            servers.enter_context(running_dovecot(folder, host.imap_port))
            yield host
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def running_postfix(folder: Path, port: int) -> Iterator[None]:
    """Takes mail for readers.example into a maildir of the user `nobody`, and passes nothing on."""
    nobody, config = pwd.getpwnam("nobody"), folder / "postfix"
    for name in ("postfix", "queue", "data", "mail"):
        (folder / name).mkdir()
    shutil.chown(folder / "data", "postfix")
    shutil.chown(folder / "mail", nobody.pw_uid, nobody.pw_gid)
    (config / "master.cf").write_text(POSTFIX_SERVICES.replace("smtp      inet", f"127.0.0.1:{port} inet"))
    settings = {
        "compatibility_level": "3.6",
        "queue_directory": folder / "queue",
        "data_directory": folder / "data",
        "maillog_file": folder / "log",
        "maillog_file_prefixes": folder,
        "inet_interfaces": "127.0.0.1",
        "myhostname": "relay.example",
        "mydestination": "",
        "alias_maps": "",
        "virtual_mailbox_domains": "readers.example",
        "virtual_mailbox_base": folder / "mail",
        "virtual_mailbox_maps": "static:inbox/",
        "virtual_uid_maps": f"static:{nobody.pw_uid}",
        "virtual_gid_maps": f"static:{nobody.pw_gid}",
        "virtual_minimum_uid": "1",
        "virtual_mailbox_limit": "0",
        "virtual_destination_concurrency_limit": "20",
        "smtpd_relay_restrictions": "reject_unauth_destination",
        "default_transport": "error:nothing leaves this machine",
    }
    (config / "main.cf").write_text("".join(f"{name} = {value}\n" for name, value in settings.items()))
    postfix = str(shutil.which("postfix", path=PATH))
    subprocess.run([postfix, "-c", str(config), "start"], check=True, timeout=60, **QUIETLY)
    try:
        wait_for(port)
        yield
    finally:
        subprocess.run([postfix, "-c", str(config), "stop"], check=False, timeout=60, **QUIETLY)


@contextmanager
def running_dovecot(folder: Path, port: int) -> Iterator[None]:
    """Lets `reader` read that maildir over IMAP."""
    nobody, config = pwd.getpwnam("nobody"), folder / "dovecot.conf"
    (folder / "run").mkdir()
    config.write_text(
        f"base_dir = {folder}/run\nstate_dir = {folder}/run\nlog_path = {folder}/dovecot.log\nprotocols = imap\n"
        "listen = 127.0.0.1\nssl = no\ndisable_plaintext_auth = no\nfirst_valid_uid = 1\nfirst_valid_gid = 1\n"
        f"mail_location = maildir:{folder}/mail/inbox\nmail_privileged_group =\n"
        f"service imap-login {{\n  inet_listener imap {{\n    port = {port}\n  }}\n"
        "  inet_listener imaps {\n    port = 0\n  }\n}\n"
        "passdb {\n  driver = static\n  args = password=secret\n}\n"
        f"userdb {{\n  driver = static\n  args = uid={nobody.pw_uid} gid={nobody.pw_gid} home={folder}/mail\n}}\n"
    )
    dovecot = str(shutil.which("dovecot", path=PATH))
    subprocess.run([dovecot, "-c", str(config)], check=True, timeout=60, **QUIETLY)
    try:
        wait_for(port)
        yield
    finally:
        subprocess.run([dovecot, "-c", str(config), "stop"], check=False, timeout=60, **QUIETLY)


def wait_for(port: int) -> None:
    for _ in range(300):
        with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.05)
    pytest.fail(f"nobody answers at port {port}")


def read_back(port: int, count: int) -> dict[str, bytes]:
    """All mails of the inbox by their Message-ID, once there are so many, with what the host put before them."""
    with imaplib.IMAP4("127.0.0.1", port) as client:
        client.login("reader", "secret")
        for _ in range(600):
            client.select("INBOX", readonly=True)
            if len(client.search(None, "ALL")[1][0].split()) >= count:
                break
            time.sleep(0.1)
        _, found = client.fetch("1:*", "(BODY.PEEK[])")
        mails = [part[1] for part in found if isinstance(part, tuple)]
    return {str(message_from_bytes(mail)["Message-ID"]): mail for mail in mails}


def test_a_real_mail_server_takes_500_digests_and_an_imap_client_reads_them_back_whole(
    mail_host: MailHost, tmp_path: Path
) -> None:
    composer = open_composer(Letterhead("Papers", "Papers <digest@papers.example>", "https://papers.example", ("key",)))
    with open_world(tmp_path, composer, names=names(DIGESTS)) as world:
        relay = Relay("postfix", partial(Smtp, port=mail_host.smtp_port), connections=4)
        world.parts = replace(world.parts, relays=(relay,))
        report = world.run_unchecked()
        rows = world.rows()
        sent = [preview_email(reader, DAY, world.parts) for reader in world.readers]
    read = read_back(mail_host.imap_port, DIGESTS)

    assert (report.paused, report.mismatch, {row.state for row in rows.values()}) == ("", "", {DeliveryState.SENT})
    assert all(re.match(r"250 2\.0\.0 Ok: queued as \w+", row.reply) for row in rows.values())
    assert read.keys() == {email.message_id for email in sent}
    assert [email.recipient for email in sent if not read[email.message_id].endswith(email.content)] == []
