"""The command `demo`: the main job from nothing, with no account, no network and no server of one's own."""

from __future__ import annotations

import socket
import tempfile
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from digest import demo as sample
from digest.cli.edge import ExitCode, open_parts
from digest.cli.output import open_progress, say
from digest.cli.servers import address_of, bind, serve_pages
from digest.cli.serving import make_site
from digest.config import Config, TransportTable, load_config
from digest.delivery.inbox import Inbox, open_inbox
from digest.domain import DeliveryState
from digest.errors import ConfigError
from digest.parts import RunReport
from digest.pipeline import run_edition
from digest.web.inbox_pages import inbox_routes

SAMPLE_DAY = date(2026, 6, 30)
USUAL_PORT = 8000
_FOLDER = "digest-demo-"


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command()(demo)


def demo(
    once: Annotated[bool, typer.Option("--once", help="Stop after the run and print where the mails lie.")] = False,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Where the pages are served; else 8000 or any free port.")
    ] = None,
) -> int:
    """Mail the bundled sample edition to three sample readers in a local inbox, and show it in the browser."""
    if once:
        return _run_once(Path(tempfile.mkdtemp(prefix=_FOLDER)))
    with tempfile.TemporaryDirectory(prefix=_FOLDER, ignore_cleanup_errors=True) as folder:
        return _serve(Path(folder), port)


def _run_once(folder: Path) -> ExitCode:
    with open_inbox(folder / "inbox") as inbox:
        code = _say_outcome(_run_sample(_make_config(folder, inbox, "http://localhost:8000")), inbox)
    say(f"\nThe mails stay in {folder}, which may be deleted.")
    return code


def _serve(folder: Path, port: int | None) -> ExitCode:
    with open_inbox(folder / "inbox") as inbox:
        listener = _bind(port)
        config = _make_config(folder, inbox, address_of(listener))
        code = _say_outcome(_run_sample(config), inbox)
        say(f"\nThe inbox is at {address_of(listener)}/inbox and the site at {address_of(listener)}/")
        say("Ctrl-C ends both and removes the mails.")
        with open_parts(config) as parts:
            routes = inbox_routes(inbox, site_name=config.site.name)
            # links in the sample's mails are good for some weeks from its own day
            serve_pages(make_site(config, parts, on_day=lambda: SAMPLE_DAY, extra_routes=routes), listener)
    return code


def _run_sample(config: Config) -> RunReport:
    with open_progress() as show, open_parts(config) as parts:
        return run_edition(SAMPLE_DAY, replace(parts, on_progress=show))


def _make_config(folder: Path, inbox: Inbox, base_url: str) -> Config:
    defaults = load_config(None, {})
    return replace(
        defaults,
        folder=folder,
        site=defaults.site.model_copy(update={"base_url": base_url}),
        store_url=f"sqlite:///{folder / 'digest.db'}",
        subscribers=_sample_readers(),
        sources={"files": {"paths": [str(_sample_papers() / "*")]}},
        transport=TransportTable("smtp", {"host": inbox.host, "port": inbox.port}),
    )


def _sample_papers() -> Path:
    return Path(sample.__path__[0]) / "papers"


def _sample_readers() -> Path:
    """In an installed package beside the sample papers, in a checkout at its top level."""
    packaged = Path(sample.__path__[0]) / "subscribers"
    return packaged if packaged.is_dir() else Path(sample.__path__[0]).parents[1] / "subscribers"


def _bind(port: int | None) -> socket.socket:
    if port is not None:
        return bind("127.0.0.1", port)
    try:
        return bind("127.0.0.1", USUAL_PORT)
    except ConfigError:  # something else is there; nobody has asked for that port
        return bind("127.0.0.1", 0)


def _say_outcome(report: RunReport, inbox: Inbox) -> ExitCode:
    totals = report.totals
    sent = totals.states[DeliveryState.SENT] if totals else 0
    papers = totals.papers if totals else 0
    say(f"The sample edition of {SAMPLE_DAY} has {papers} papers. {sent} personal digests went out over SMTP:")
    for key in reversed(inbox.newest_first()):
        mail = inbox.read(key)
        if mail is not None:
            say(f"  {', '.join(mail.recipients)}  {mail.path}")
    return ExitCode.DONE if report.end and sent == totals_planned(report) else ExitCode.ATTENTION


def totals_planned(report: RunReport) -> int:
    """How many digests should have gone out."""
    return report.totals.planned if report.totals else 0
