"""The commands that stay: serve (scheduler and web in one process) and inbox (the local SMTP inbox)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from digest.cli.edge import ExitCode, letterhead_of, subscriber_reader, today
from digest.cli.output import say
from digest.cli.servers import address_of, bind, serve_pages
from digest.config import Config
from digest.delivery.inbox import open_inbox
from digest.errors import ConfigError, Mistake
from digest.pipeline import Parts
from digest.web import build_site
from digest.web.inbox_pages import inbox_routes

INBOX_SMTP_PORT = 8025
INBOX_WEB_PORT = 8026


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command()(inbox)


def make_site(config: Config, parts: Parts, *, extra_routes: Sequence[BaseRoute] = ()) -> Starlette:
    """The pages of this installation."""
    return build_site(
        parts,
        site=config.site,
        read_signup=subscriber_reader(config),
        today=partial(today, config),
        secrets=letterhead_of(config).secrets,
        admin_token=config.web.admin_token,
        extra_routes=extra_routes,
    )


def inbox(
    folder: Annotated[
        Path | None, typer.Option(help="Where the mails stay, as a maildir; else they go at the end.")
    ] = None,
    smtp_port: Annotated[int, typer.Option(min=0, max=65535, help="Where mail is taken.")] = INBOX_SMTP_PORT,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Where the page is served.")] = INBOX_WEB_PORT,
) -> int:
    """Take all mail that comes to a local port and show it in the browser, for trying things out."""
    listener = bind("127.0.0.1", port)
    try:
        with open_inbox(folder, smtp_port=smtp_port) as opened:
            say(f"Mail is taken at 127.0.0.1:{opened.port} and shown at {address_of(listener)}/inbox")
            say("Ctrl-C ends both.")
            serve_pages(Starlette(routes=inbox_routes(opened)), listener)
    except OSError as error:
        mistake = Mistake(f"127.0.0.1:{smtp_port}", "", f"can't take mail there: {error}", "choose another --smtp-port")
        raise ConfigError([mistake]) from error
    return ExitCode.DONE
