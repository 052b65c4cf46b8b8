"""Signed mails that a real Postfix took in, verified by OpenDKIM and by dkimpy; skipped where they are missing."""

from __future__ import annotations

import os
import shutil
import smtplib
import socket
import subprocess
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from digest.composing import Composer, open_signer
from digest.domain import Digest, Email, Match
from tests.conftest import skip_or_fail


@pytest.fixture(autouse=True)
def _has_servers() -> None:
    if not (shutil.which("postfix") and shutil.which("opendkim") and os.geteuid() == 0):
        skip_or_fail("Postfix and OpenDKIM aren't installed, or this isn't root, as whom alone Postfix starts")


MAIN = """compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.readers.example
mydestination =
virtual_mailbox_domains = readers.example
virtual_mailbox_base = {folder}/mail
virtual_mailbox_maps = static:box/
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
virtual_minimum_uid = 1
maillog_file = /dev/stdout
"""
SERVICES = """127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
virtual unix - n n - - virtual
error unix - - n - - error
anvil unix - - n - 1 anvil
proxymap unix - - n - - proxymap
tlsmgr unix - - n 1000? 1 tlsmgr
postlog unix-dgram n - n - 1 postlogd
"""


@dataclass(frozen=True)
class Server:
    """A Postfix that puts whatever it gets for readers.example into one maildir."""

    port: int
    box: Path

    def received(self, count: int) -> list[Path]:
        patience = time.monotonic() + 60
        while time.monotonic() < patience:
            if len(found := sorted(self.box.glob("new/*"))) >= count:
                return found
            time.sleep(0.05)
        raise AssertionError(f"{count} mails did not come")


@contextmanager
def running_postfix(folder: Path) -> Iterator[Server]:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
    for name, owner in (("queue", "root"), ("data", "postfix"), ("mail", "nobody")):
        (folder / name).mkdir()
        shutil.chown(folder / name, owner)
    (folder / "main.cf").write_text(MAIN.format(folder=folder), encoding="utf-8")
    (folder / "master.cf").write_text(SERVICES.format(port=port), encoding="utf-8")
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(["postfix", "-c", folder, "start-fg"], stdout=log, stderr=log)
        try:
            _wait_for(port)
            yield Server(port, folder / "mail" / "box")
        finally:
            subprocess.run(["postfix", "-c", folder, "stop"], check=False, capture_output=True)
            process.wait(timeout=30)


def _wait_for(port: int) -> None:
    patience = time.monotonic() + 60
    while time.monotonic() < patience:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("Postfix did not start")


def make_keys(folder: Path) -> dict[str, str]:
    """Writes a key of each kind and gives what would stand in the DNS for it."""
    records = {}
    for name, key, how in (
        ("rsa", generate_private_key(65537, 2048), (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)),
        ("ed25519", Ed25519PrivateKey.generate(), (Encoding.Raw, PublicFormat.Raw)),
    ):
        (folder / f"{name}.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        records[name] = f"v=DKIM1; k={name}; p={b64encode(key.public_key().public_bytes(*how)).decode()}"
    return records


def test_opendkim_and_dkimpy_verify_what_a_real_server_received(
    tmp_path: Path, composer: Composer, compose: Callable[..., Email], digest_of: Callable[..., Digest], match: Match
) -> None:
    for folder in (tmp_path, *list(tmp_path.parents)[:3]):
        folder.chmod(0o755)  # Postfix writes as somebody else
    records = make_keys(tmp_path)
    names, conf = tmp_path / "names", tmp_path / "opendkim.conf"
    names.write_text("".join(f"{name}._domainkey.papers.example {record}\n" for name, record in records.items()))
    conf.write_text(f"TestPublicKeys {names}\nMode v\nSyslog no\n")
    hostile = replace(
        match, paper=replace(match.paper, title="漢 =_ \n.\nFrom x", abstract="  a\t \n.\n\nFrom b. " * 99)
    )
    with running_postfix(tmp_path) as server:
        for name in records:
            sign = open_signer("papers.example", name, tmp_path / f"{name}.pem")
            for found in (match, hostile):
                email = compose(digest_of(found), composer=replace(composer, sign=sign))
                with smtplib.SMTP("127.0.0.1", server.port, timeout=60) as client:
                    client.sendmail(email.sender, [email.recipient], email.content)
        for path in server.received(4):
            assert dkim.verify(
                path.read_bytes(), dnsfunc=lambda name, **_: records[name.decode().split(".")[0]].encode()
            )
            judged = subprocess.run(["opendkim", "-x", conf, "-t", path], capture_output=True, text=True, check=True)
            assert "succeeded" in judged.stdout + judged.stderr
