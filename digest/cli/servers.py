"""Runs web pages on a socket that is bound before anything is told its address; stops cleanly on SIGTERM."""

from __future__ import annotations

import socket
from contextlib import closing, suppress

import uvicorn
from starlette.applications import Starlette

from digest.errors import ConfigError, Mistake


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes any free one. Raises ConfigError if the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen()  # whoever comes before the pages are ready waits instead of being refused
    except OSError as error:
        listener.close()
        raise ConfigError(
            [Mistake(f"{host}:{port}", "", f"can't listen there: {error}", "choose another --port")]
        ) from error
    return listener


def address_of(listener: socket.socket) -> str:
    """The address at which a person reaches the socket's pages."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve_pages(app: Starlette, listener: socket.socket) -> None:
    """Serve until SIGINT or SIGTERM, finishing the requests that are under way."""
    config = uvicorn.Config(
        app, log_config=None, access_log=False, timeout_graceful_shutdown=5, server_header=False, lifespan="off"
    )
    with closing(listener), suppress(KeyboardInterrupt):  # uvicorn passes the signal on once it has stopped
        uvicorn.Server(config).run(sockets=[listener])
