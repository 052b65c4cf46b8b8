"""A small SMTP server on loopback that refuses every recipient with one reply."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def open_refusing_relay(reply: str) -> Iterator[int]:
    """Such a server; gives its port."""

    class Session(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 relay.example ready\r\n")
            for line in self.rfile:
                verb = line[:4].upper()
                answer = {b"RCPT": reply, b"QUIT": "221 bye"}.get(verb, "250 ok")
                self.wfile.write(answer.encode() + b"\r\n")
                if verb == b"QUIT":
                    return

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()
