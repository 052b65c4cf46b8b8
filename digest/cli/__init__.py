"""The command line: reads arguments, calls one function, prints its result. Holds no rule of the product."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Annotated

import click
import typer

from digest.cli import checking, demonstrating, editions, previewing, readers, serving, views
from digest.cli.edge import Context, ExitCode
from digest.cli.logs import LogFormat, set_up_logs
from digest.cli.output import say_error
from digest.errors import ConfigError, DigestError, StoreError

app = typer.Typer(
    help="Mails each reader, every day, the few new research papers that matter to them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
editions.register(app)
views.register(app)
previewing.register(app)
readers.register(app)
serving.register(app)
demonstrating.register(app)
checking.register(app)


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

    signal.signal(signal.SIGTERM, stop)
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
    except click.ClickException as error:
        error.show()
        return ExitCode.WRONG_USAGE
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader has gone; Python would complain
        return ExitCode.DONE
    except (KeyboardInterrupt, click.Abort):
        say_error("interrupted; everything is as it was recorded")
        return ExitCode.INTERRUPTED


def _exit_code_of(error: DigestError) -> ExitCode:
    match error:
        case ConfigError():
            return ExitCode.WRONG_USAGE
        case StoreError():
            return ExitCode.UNREACHABLE
        case _:
            return ExitCode.ATTENTION
