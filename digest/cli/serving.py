"""The commands that stay: serve (scheduler and web in one process) and inbox (the local SMTP inbox)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Event
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from digest.cli.bounces import look_into_mailboxes
from digest.cli.edge import ExitCode, context_of, now_in_utc, open_parts, subscriber_reader, today
from digest.cli.output import say
from digest.cli.servers import address_of, bind, serve_pages
from digest.composing.wording import counted
from digest.config import Config
from digest.delivery import Stopped
from digest.delivery.inbox import open_inbox
from digest.domain import Subscriber
from digest.errors import ConfigError, DigestError, Mistake
from digest.parts import WHOEVER_WAITS, Choice, Parts, RunReport
from digest.pipeline import is_anybody_waiting, release_claims, run_edition
from digest.planning import hour_of
from digest.schedule import EditionSchedule, open_schedule
from digest.web import build_site
from digest.web.inbox_pages import inbox_routes

INBOX_SMTP_PORT = 8025
INBOX_WEB_PORT = 8026
RETRY_EVERY = timedelta(minutes=5)
_REPAIR = "the clock has been wrong: restore the backup from before (docs/operating.md)"

log = logging.getLogger(__name__)


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command()(serve)
    app.command()(inbox)


def make_site(
    config: Config,
    parts: Parts,
    *,
    on_day: Callable[[], date] | None = None,
    extra_routes: Sequence[BaseRoute] = (),
) -> Starlette:
    """The pages of this installation; `on_day` tells the day if it isn't the calendar's."""
    return build_site(
        parts,
        site=config.site,
        read_signup=subscriber_reader(config),
        today=on_day or partial(today, config),
        secrets=parts.composer.letterhead.secrets,
        admin_token=config.web.admin_token,
        extra_routes=extra_routes,
    )


def serve(
    context: typer.Context,
    host: Annotated[str | None, typer.Option(help="Where the pages are served; else as configured.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Its port; else as configured.")] = None,
) -> int:
    """Send each day's edition at its hour and serve the pages, until SIGTERM or Ctrl-C."""
    config = context_of(context).settings
    listener = bind(host or config.web.host, config.web.port if port is None else port)
    stop = Event()
    with open_parts(config) as opened:
        parts = replace(opened, stopping=stop.is_set, open_http=partial(opened.open_http, stopping=stop.is_set))
        with _open_schedule(config, parts) as schedule:
            serve_them = partial(serve_waiting, config, parts)
            schedule.repeat_between_runs(serve_them, every=RETRY_EVERY, name="serve who waits")
            if config.bounces.path or config.bounces.imap:
                look = partial(look_into_mailboxes, config, parts)
                schedule.repeat_beside_runs(look, every=config.bounces.every, name="take in what came back")
            say(f"The pages are at {address_of(listener)}/; editions go out from {config.schedule.send_at:%H:%M} on.")
            try:
                serve_pages(make_site(config, parts), listener)
            finally:
                stop.set()
    return ExitCode.DONE


def _open_schedule(config: Config, parts: Parts) -> AbstractContextManager[EditionSchedule]:
    release_claims(parts)
    return open_schedule(
        partial(_run_slot, config, parts),
        timezone=config.schedule.timezone,
        send_at=config.schedule.send_at,
        max_lateness=config.schedule.max_lateness,
        is_done=lambda day: not is_anybody_waiting(day, parts, _choice(config, day, now_in_utc())),
        slots=lambda: {(reader.timezone, reader.send_at) for reader in parts.readers()},
        now=now_in_utc,
    )


def _run_slot(config: Config, parts: Parts, day: date, moment: datetime) -> None:
    log_what_lies_ahead(config, parts)
    choice = replace(_choice(config, day, moment), collects=not parts.store.ledger.is_closed(day))
    _log_report(run_edition(day, parts, choice))


def log_what_lies_ahead(config: Config, parts: Parts) -> None:
    """Log editions and readers' places that lie in the future, as when the clock was once wrong: they stop the mail."""
    day = _site_day(parts.now(), config)
    if parts.store.ledger.is_closed(day + timedelta(days=1)):
        log.error("an edition after today's, %s, is closed: till then nothing is collected — %s", day, _REPAIR)
    if ahead := parts.store.subscribers.count_served_beyond(day):
        log.error("%s served beyond today, %s: no mail before that day — %s", counted(ahead, "reader"), day, _REPAIR)


def serve_waiting(config: Config, parts: Parts) -> None:
    """Serve whoever still waits: deferred mail of any edition that hasn't expired, and readers whose hour has come."""
    release_claims(parts)
    now = parts.now()
    *earlier, today = days_waiting(config, parts)
    for day in earlier:
        serve_waiting_of(day, parts, WHOEVER_WAITS)
    is_closed = parts.store.ledger.is_closed(today)
    serve_waiting_of(today, parts, replace(_choice(config, today, now), collects=not is_closed))


def days_waiting(config: Config, parts: Parts) -> list[date]:
    """The editions whose mail may still wait, today's last: older mail has expired.

    So a copy of the database that is put back a day later doesn't send what has been sent since.
    """
    today = _site_day(parts.now(), config)
    closed = parts.store.ledger.closed_since(parts.now() - config.schedule.expires_after)
    return [*(day for day in closed if day < today), today]


def serve_waiting_of(day: date, parts: Parts, choice: Choice) -> Stopped | None:
    """Serve whoever waits of one edition. Returns how sending ended; None if it can't be run, and the log says why."""
    try:
        if is_anybody_waiting(day, parts, choice):
            report = run_edition(day, parts, choice)
            _log_report(report)
            return report.end.stopped if report.end is not None else Stopped.DONE
    except DigestError as error:
        log.error("the edition of %s can't be run; it is tried again: %s", day, error)  # noqa: TRY400 - it says it all
        return None
    return Stopped.DONE


def _choice(config: Config, day: date, moment: datetime) -> Choice:
    """Those whose hour has come, and not so long ago that it counts as missed."""
    schedule = config.schedule

    def is_their_time(reader: Subscriber) -> bool:
        due = hour_of(reader, day, site_timezone=schedule.timezone, site_send_at=schedule.send_at)
        return timedelta(0) <= moment - due <= schedule.max_lateness

    return Choice(is_their_time=is_their_time)


def _site_day(moment: datetime, config: Config) -> date:
    return moment.astimezone(ZoneInfo(config.schedule.timezone)).date()


def _log_report(report: RunReport) -> None:
    states = report.totals.states if report.totals else {}
    counts = ", ".join(f"{count} {state}" for state, count in states.items() if count) or "nobody was due"
    log.info("the edition of %s: %s", report.edition, counts)
    for told in report.batches:
        batch = told.batch
        if told.needs_attention:
            log.warning("%s %s: %s: %s", batch.source, batch.category, batch.state, "; ".join(batch.reasons))
    for mistake in report.left_out:
        log.warning("left out: %s", mistake)
    for notice in (*report.notices, report.paused or (report.end.words if report.end else "")):
        if notice:
            log.warning("%s", notice)


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
