"""The command of one process among several: it sends what another has planned, here or on another machine."""

from __future__ import annotations

import time
from dataclasses import replace

import typer

from digest.cli.edge import ExitCode, context_of, open_parts
from digest.cli.output import say
from digest.cli.serving import days_waiting, serve_waiting_of
from digest.config import Config
from digest.errors import ConfigError, Mistake
from digest.parts import WHOEVER_WAITS, Parts
from digest.pipeline import release_claims

LOOKS_EVERY_SECONDS = 5.0


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command()(worker)


def worker(context: typer.Context) -> int:
    """Help to send what `digest serve` or `digest run` has planned, here or elsewhere, until SIGTERM or Ctrl-C."""
    config = context_of(context).settings
    _require_one_secret(config)
    try:
        with open_parts(config) as parts:
            say(f"Looks every {LOOKS_EVERY_SECONDS:.0f} seconds for mail that is planned; Ctrl-C ends it.")
            while not _help(config, parts):
                time.sleep(LOOKS_EVERY_SECONDS)
    except KeyboardInterrupt:  # between two looks
        pass
    return ExitCode.DONE


def _require_one_secret(config: Config) -> None:
    if not config.site.secret and not config.store_url.startswith("sqlite:"):
        problem = "is empty: each machine would make its own, and not know the links and addresses of the others"
        raise ConfigError([Mistake(config.file, "site.secret", problem, "write the same secret on all machines")])


def _help(config: Config, parts: Parts) -> bool:
    """Take a share of whatever waits. Returns whether we were asked to stop meanwhile."""
    release_claims(parts)
    helping = replace(WHOEVER_WAITS, is_helping=True)
    return any(serve_waiting_of(day, parts, helping) for day in days_waiting(parts.now(), config))
