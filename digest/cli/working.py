"""The command of one process among several: it sends what another has planned, here or on another machine."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from datetime import timedelta

import typer

from digest.cli.edge import ExitCode, context_of, open_parts
from digest.cli.output import say
from digest.cli.serving import RETRY_EVERY, days_waiting, serve_waiting_of
from digest.config import Config
from digest.delivery import Stopped
from digest.errors import ConfigError, Mistake, StoreError
from digest.parts import WHOEVER_WAITS, Parts
from digest.pipeline import release_claims

LOOKS_EVERY = timedelta(seconds=5)

log = logging.getLogger(__name__)


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command()(worker)


def worker(context: typer.Context) -> int:
    """Help to send what `digest serve` or `digest run` has planned, here or elsewhere, until SIGTERM or Ctrl-C."""
    config = context_of(context).settings
    _require_one_secret(config)
    try:
        with open_parts(config) as parts:
            say(f"Looks every {LOOKS_EVERY.seconds} seconds for mail that is planned; Ctrl-C ends it.")
            while (wait := look(config, parts)) is not None:
                time.sleep(wait.total_seconds())
    except KeyboardInterrupt:  # between two looks
        pass
    return ExitCode.DONE


def _require_one_secret(config: Config) -> None:
    if not config.site.secret and not config.store_url.startswith("sqlite:"):
        problem = "is empty: each machine would make its own, and not know the links and addresses of the others"
        raise ConfigError([Mistake(config.file, "site.secret", problem, "write the same secret on all machines")])


def look(config: Config, parts: Parts) -> timedelta | None:
    """Take a share of whatever waits. Returns after which time to look again; None if asked to stop meanwhile.

    A relay that is down, and what can't be used now, is left alone as long as `digest serve` leaves it alone.
    """
    helping, is_in_trouble = replace(WHOEVER_WAITS, is_helping=True), False
    try:
        release_claims(parts)
    except StoreError as error:
        log.error("%s; it is tried again", error)  # noqa: TRY400 - it says it all
        return RETRY_EVERY
    for day in days_waiting(config, parts):
        end = serve_waiting_of(day, parts, helping)
        if end is Stopped.INTERRUPTED:
            return None
        is_in_trouble |= end in (None, Stopped.RELAY_DOWN)
    return RETRY_EVERY if is_in_trouble else LOOKS_EVERY
