"""The command line: reads arguments, calls one function, prints its result. Holds no rule of the product."""

from __future__ import annotations

import gc
import os
import signal
import sys
from importlib import metadata
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer
from typer.exceptions import TyperException

from digest.cli import (
    backtesting,
    bounces,
    checking,
    demonstrating,
    editions,
    explaining,
    previewing,
    readers,
    sending,
    serving,
    views,
    working,
)
from digest.cli.edge import Context, ExitCode
from digest.cli.logs import LogFormat, set_up_logs
from digest.cli.output import say, say_error
from digest.errors import ConfigError, DigestError, MailboxError, StoreError

app = typer.Typer(
    help="Mails each reader, every day, the few new research papers that matter to them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
editions.register(app)
sending.register(app)
views.register(app)
previewing.register(app)
explaining.register(app)
backtesting.register(app)
readers.register(app)
bounces.register(app)
serving.register(app)
working.register(app)
demonstrating.register(app)
checking.register(app)


def _print_version(is_asked: bool) -> None:  # noqa: FBT001 - typer's way
    if is_asked:
        say(f"digest {metadata.version('paper-digest')}")
        raise typer.Exit


@app.callback()
def read_global_options(
    context: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option(help="The configuration file; else $DIGEST_CONFIG, else ./config.toml if it is there."),
    ] = None,
    log_format: Annotated[LogFormat, typer.Option(help="How logs are written on stderr.")] = LogFormat.TEXT,
    verbose: Annotated[int, typer.Option("-v", "--verbose", count=True, help="Say more.")] = 0,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Say only what went wrong.")] = False,
    version: Annotated[bool, typer.Option("--version", help="Print the version.", callback=_print_version)] = False,  # noqa: ARG001 - its callback acts
) -> None:
    """Remember what every command needs."""
    set_up_logs(log_format, verbose=verbose, quiet=quiet)
    context.obj = Context(config=config, environ=os.environ)


def main() -> None:
    """Run the command line and leave with its exit code; nobody sees a traceback for a mistake of theirs."""
    terminated: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        terminated.append(number)
        signal.raise_signal(signal.SIGINT)  # both end a run in the same good order

    signal.signal(signal.SIGINT, signal.default_int_handler)  # a script's shell lets `digest worker &` ignore it
    signal.signal(signal.SIGTERM, stop)
    gc.freeze()  # what is imported stays: looking through it for garbage took a tenth of a run's time
    code = _run_app()
    if code == ExitCode.INTERRUPTED and terminated:
        code = ExitCode.TERMINATED
    sys.exit(code)


def _run_app() -> int:
    try:
        return int(app(standalone_mode=False) or ExitCode.DONE)
    except DigestError as error:
        for line in str(error).splitlines():
            say_error(line)
        return _exit_code_of(error)
    except TyperException as error:
        if problem := error.format_message().strip():  # there is none where only the help was shown
            say_error(f"{problem}\nTry digest --help, or digest COMMAND --help.")
        return ExitCode.WRONG_USAGE
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader has gone; Python would complain
        return ExitCode.DONE
    except (KeyboardInterrupt, typer.Abort):
        say_error("interrupted; everything is as it was recorded")
        return ExitCode.INTERRUPTED


def _exit_code_of(error: DigestError) -> ExitCode:
    match error:
        case ConfigError():
            return ExitCode.WRONG_USAGE
        case StoreError() | MailboxError():
            return ExitCode.UNREACHABLE
        case _:
            return ExitCode.ATTENTION
