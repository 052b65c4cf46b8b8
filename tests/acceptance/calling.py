"""Calls the program in a process of its own, forked from one that has it imported: importing it takes over a second."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from digest.cli import main

forking = multiprocessing.get_context("forkserver")
forking.set_forkserver_preload([__name__])


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the program: its arguments, where and with what, and the files that take its words."""

    arguments: Sequence[str]
    folder: Path
    environ: Mapping[str, str]
    out: Path
    err: Path


def run_to_its_end(call: Call, *, timeout_seconds: float) -> int:
    """Run the program as its own process and return its exit code. Raises TimeoutError, and ends it, if it goes on."""
    process = forking.Process(target=_become_the_program, args=(call,))
    process.start()
    process.join(timeout_seconds)
    if process.exitcode is None:
        process.kill()
        process.join()
        raise TimeoutError(f"digest {' '.join(call.arguments)} didn't end in {timeout_seconds} s")
    return process.exitcode


def _become_the_program(call: Call) -> None:
    os.chdir(call.folder)
    os.environ.clear()
    os.environ.update(call.environ)
    for path, stream in ((os.devnull, 0), (call.out, 1), (call.err, 2)):
        os.dup2(os.open(path, os.O_RDONLY if stream == 0 else os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), stream)
    sys.argv = ["digest", *call.arguments]
    main()
