"""A scripted SMTP server for each test that wants one, emails for it, and certificates."""

from __future__ import annotations

import socketserver
import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from email import message_from_bytes
from pathlib import Path

import pytest
import trustme

from digest.composing import Composer, open_composer
from digest.domain import Email, Letterhead
from tests.delivery.hostile import FaultServer, running
from tests.delivery.world import Make, open_world


@pytest.fixture
def relay() -> Iterator[Callable[..., FaultServer]]:
    """Starts a scripted server: relay({"RCPT": ["450 later"]}); at the end nobody may hold two accepted copies."""
    started: list[FaultServer] = []
    with ExitStack() as servers:

        def start(
            script: Mapping[str, Sequence[str]] | None = None,
            *,
            extensions: Sequence[str] | None = None,
            tls: ssl.SSLContext | None = None,
        ) -> FaultServer:
            fault = FaultServer(script or {}, tls=tls)
            if extensions is not None:
                fault.extensions = extensions
            started.append(fault)
            return servers.enter_context(running(fault))

        yield start
    for fault in started:
        copies = [(mail.recipient, message_from_bytes(mail.content)["Message-ID"]) for mail in fault.accepted]
        assert len(copies) == len(set(copies)), "somebody holds two accepted copies"


@pytest.fixture
def email_to() -> Callable[..., Email]:
    """Makes an email: email_to("ada@example.org"), with a body if you like."""

    def make(recipient: str, body: bytes = b"Good morning.\r\n") -> Email:
        name = recipient.encode("ascii", "replace").decode()
        message_id = f"<{name}@digest.example.org>"
        head = f"Message-ID: {message_id}\r\nSubject: Papers\r\n\r\n".encode()
        return Email(
            recipient=recipient,
            sender="digest@example.org",
            message_id=message_id,
            subject="Papers",
            content=head + body,
            edition=date(2026, 6, 30),
        )

    return make


@dataclass(frozen=True)
class Certificates:
    """A certificate for `localhost`, and the file of an authority that vouches for it."""

    server: ssl.SSLContext
    authority_file: Path


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    authority_file = tmp_path_factory.mktemp("authority") / "authority.pem"
    authority.cert_pem.write_to_path(str(authority_file))
    return Certificates(context, authority_file)


@pytest.fixture
def unused_port() -> int:
    """A port that nothing listens on."""
    with socketserver.TCPServer(("127.0.0.1", 0), socketserver.BaseRequestHandler) as server:
        return server.server_address[1]


@pytest.fixture(scope="session")
def composer() -> Composer:
    return open_composer(Letterhead("Papers", "Papers <digest@papers.example>", "https://papers.example", ("key",)))


@pytest.fixture
def make(tmp_path: Path, composer: Composer) -> Iterator[Make]:
    """Makes an installation whose readers have these first names."""
    with ExitStack() as opened:
        yield lambda *first_names: opened.enter_context(open_world(tmp_path, composer, names=first_names))
