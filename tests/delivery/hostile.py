"""A scripted SMTP server on a free port of this machine, which answers well until it is told to misbehave."""

from __future__ import annotations

import re
import socketserver
import ssl
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

CUT = "<cut>"
"""In a scripted answer: close the connection. `250 ok<cut>` says so first."""
SILENCE = "<silence>"
"""In a scripted answer: say nothing more, and keep the connection open. `<wait 0.3>` is silent for so many seconds."""
CUT_IN_BODY = "<cut in body>"
"""A scripted answer to DATA: go ahead, then close after the first octets."""
SLOW_IN_BODY = "<slow in body>"
"""A scripted answer to DATA: go ahead, then take the body only after a while."""
ACCEPT_AND_CUT = "<accept and cut>"
"""A scripted answer to a body: keep the mail, but close without saying so."""

_PARTS = re.compile(r"(<cut>|<silence>|<accept and cut>|<wait [0-9.]+>)")
_YES = re.compile(r"(^|>)250[ -]|<accept and cut>")
_WAIT = re.compile(r"<wait ([0-9.]+)>")

USUAL_ANSWERS = {
    "BANNER": "220 relay.example.org ready",
    "MAIL": "250 2.1.0 sender ok",
    "RCPT": "250 2.1.5 recipient ok",
    "DATA": "354 go ahead",
    "BODY": "250 2.0.0 queued",
    "RSET": "250 2.0.0 reset",
    "QUIT": "221 2.0.0 bye",
    "AUTH": "235 2.7.0 welcome",
    "STARTTLS": "220 2.0.0 go ahead",
}


@dataclass(frozen=True)
class Accepted:
    """A mail the server said yes to."""

    sender: str
    recipient: str
    content: bytes


@dataclass
class FaultServer:
    """Answers by script: each phase, or phase and address, has answers that are used up one by one."""

    script: Mapping[str, Sequence[str]]
    extensions: Sequence[str] = ("SIZE 10000000", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES")
    tls: ssl.SSLContext | None = None
    port: int = 0
    accepted: list[Accepted] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    bodies_seen: list[bytes] = field(default_factory=list)
    connections: int = 0
    connection_ended: threading.Event = field(default_factory=threading.Event)
    is_encrypted: bool = False
    closing: threading.Event = field(default_factory=threading.Event)
    _used: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, phase: str, address: str = "") -> str:
        """The next scripted answer, or the usual one. A script's last answer `…` repeats the one before."""
        for key in (f"{phase} {address}", phase):
            answers = self.script.get(key, ())
            with self._lock:
                number = self._used[key]
                self._used[key] += 1
            if answers and answers[-1] == "…":
                return answers[min(number, len(answers) - 2)]
            if number < len(answers):
                return answers[number]
        return USUAL_ANSWERS.get(phase, "502 5.5.1 not implemented")

    def recipients(self) -> list[str]:
        return [mail.recipient for mail in self.accepted]


class _Session(socketserver.StreamRequestHandler):
    server: _TcpServer

    def handle(self) -> None:
        fault = self.server.fault
        fault.connections += 1
        self.sender = self.recipient = ""
        if self.say("BANNER"):
            try:
                while (line := self.rfile.readline(100_000)) and self.obey(line.decode("utf-8", "replace").strip()):
                    pass
            except OSError:
                pass

    def say(self, phase: str, address: str = "") -> bool:
        return self.put(self.server.fault.answer(phase, address))

    def put(self, answer: str) -> bool:
        """Write an answer; False if the connection is over."""
        for part in _PARTS.split(answer):
            if wait := _WAIT.fullmatch(part):
                self.server.fault.closing.wait(float(wait[1]))
            elif part == SILENCE:
                self.server.fault.closing.wait(30)
            if part in (CUT, SILENCE, ACCEPT_AND_CUT):
                return False
            if part and not wait:
                self.wfile.write(part.encode("latin-1") + b"\r\n")
        return not answer.startswith("421")

    def obey(self, line: str) -> bool:
        fault = self.server.fault
        fault.commands.append(line)
        verb = line.split(maxsplit=1)[0].upper() if line else ""
        if verb == "EHLO":
            return self.put(fault.script.get("EHLO", [self.greeting()])[0])
        if verb == "MAIL":
            self.sender = line.partition("<")[2].partition(">")[0]
            return self.say(verb)
        if verb == "RCPT":
            self.recipient = line.partition("<")[2].partition(">")[0]
            return self.say(verb, self.recipient)
        if verb == "DATA":
            return self.receive()
        if verb == "STARTTLS" and fault.tls is not None:
            return self.say(verb) and self.encrypt(fault.tls)
        return self.say(verb) and verb != "QUIT"

    def greeting(self) -> str:
        is_offering_tls = self.server.fault.tls is not None and not isinstance(self.request, ssl.SSLSocket)
        lines = ["relay.example.org", *self.server.fault.extensions, *(["STARTTLS"] if is_offering_tls else [])]
        return "\r\n".join([*(f"250-{line}" for line in lines[:-1]), f"250 {lines[-1]}"])

    def encrypt(self, context: ssl.SSLContext) -> bool:
        self.request = context.wrap_socket(self.request, server_side=True)
        self.server.fault.is_encrypted = True
        self.rfile = self.request.makefile("rb")
        self.wfile = socketserver._SocketWriter(self.request)  # type: ignore[attr-defined] # as the library's own setup
        return True

    def finish(self) -> None:
        super().finish()
        self.request.close()
        self.server.fault.connection_ended.set()

    def receive(self) -> bool:
        """Take a body after 354, and accept it if the script says 250."""
        fault = self.server.fault
        answer = fault.answer("DATA", self.recipient)
        if answer == CUT_IN_BODY:
            self.put("354 go ahead")
            self.rfile.read(10)
            return False
        if not self.put("354 go ahead" if answer == SLOW_IN_BODY else answer):
            return False
        if answer == SLOW_IN_BODY:
            fault.closing.wait(0.6)
        elif not answer.startswith("354"):
            return True
        content = b""
        while (line := self.rfile.readline()) != b".\r\n":
            if not line:
                return False
            content += line.removeprefix(b".")
        fault.bodies_seen.append(content)
        verdict = fault.answer("BODY", self.recipient)
        if _YES.search(verdict):
            fault.accepted.append(Accepted(self.sender, self.recipient, content))
        return self.put(verdict)


class _TcpServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 50
    fault: FaultServer

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away in the middle is what these tests are about."""


@contextmanager
def running(fault: FaultServer) -> Iterator[FaultServer]:
    with _TcpServer(("127.0.0.1", 0), _Session) as server:
        server.fault = fault
        fault.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield fault
        finally:
            fault.closing.set()
            server.shutdown()
            thread.join()


Relay = Callable[..., FaultServer]
"""Starts one with its answers; a fixture."""
