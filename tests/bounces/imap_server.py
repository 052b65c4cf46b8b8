"""A small IMAP server (RFC 3501) on loopback: one user, one folder; it knows what a reader of reports asks for."""

from __future__ import annotations

import re
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

USER, PASSWORD = "reports", "p4ss"


@dataclass
class ImapServer:
    """The folder and what was done to it."""

    port: int = 0
    mails: list[bytes] = field(default_factory=list)
    flags: list[set[str]] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)

    def add(self, content: bytes) -> None:
        """Put a mail into the folder."""
        self.mails.append(content.replace(b"\n", b"\r\n"))
        self.flags.append(set())

    @property
    def options(self) -> str:
        """The lines of `[bounces.imap]` that lead here."""
        return (
            f'host = "127.0.0.1"\nport = {self.port}\nsecurity = "none"\nusername = "{USER}"\npassword = "{PASSWORD}"'
        )


@contextmanager
def open_imap_server(*, tls: ssl.SSLContext | None = None) -> Iterator[ImapServer]:
    """An IMAP server on a free port, with TLS from the first octet where a context is given."""
    state = ImapServer()

    class Session(socketserver.StreamRequestHandler):
        def setup(self) -> None:
            if tls is not None:
                self.request = tls.wrap_socket(self.request, server_side=True)
            super().setup()

        def finish(self) -> None:
            super().finish()
            self.request.close()

        def handle(self) -> None:
            self.wfile.write(b"* OK ready\r\n")
            for line in self.rfile:
                tag, _, command = line.decode().strip().partition(" ")
                state.commands.append(command.split()[0])
                for answer in _answer(state, command):
                    self.wfile.write(answer + b"\r\n")
                status = b"NO refused" if _is_wrong_login(command) else b"OK done"
                self.wfile.write(tag.encode() + b" " + status + b"\r\n")
                if command.upper() == "LOGOUT":
                    return

    with _QuietServer(("127.0.0.1", 0), Session) as server:
        state.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield state
        finally:
            server.shutdown()
            thread.join()


class _QuietServer(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that breaks off, as one that distrusts the certificate does, is no fault of the server."""


def _is_wrong_login(command: str) -> bool:
    return command.startswith("LOGIN") and command != f'LOGIN {USER} "{PASSWORD}"'


def _answer(state: ImapServer, command: str) -> Iterator[bytes]:
    words = command.split()
    match [word.upper() for word in words[:2]]:
        case ["CAPABILITY"]:
            yield b"* CAPABILITY IMAP4rev1"
        case ["SELECT", _]:
            yield b"* %d EXISTS" % len(state.mails)
        case ["UID", "SEARCH"]:
            unseen = [number for number, flags in enumerate(state.flags, start=1) if "\\Seen" not in flags]
            yield b"* SEARCH " + " ".join(map(str, unseen)).encode()
        case ["UID", "FETCH"]:
            number = int(words[2])
            found = re.search(r"BODY\.PEEK\[\]<0\.(\d+)>", command)
            content = state.mails[number - 1][: int(found[1]) if found else None]
            yield b"* %d FETCH (UID %d BODY[]<0> {%d}\r\n%s)" % (number, number, len(content), content)
        case ["UID", "STORE"]:
            state.flags[int(words[2]) - 1].update(re.findall(r"\\\w+", command))
