"""Prints: results to stdout, everything else to stderr, progress only to a terminal."""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from digest.cli.documents import to_json

WIDTH_OF_FILES = 10_000

ShowProgress = Callable[[str, int, int | None], None]
"""Called with a stage in words, how much of it is done, and of how much, where that is known."""


def say(text: str) -> None:
    """Print a result, as plain text."""
    Console(highlight=False, soft_wrap=True).print(Text(text))


def say_error(text: str) -> None:
    """Print to stderr what a person should know beside the result."""
    Console(stderr=True, highlight=False, soft_wrap=True).print(Text(text))


def print_json(document: Any) -> None:
    """Print one JSON document on stdout."""
    sys.stdout.write(to_json(document))


def print_csv(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Print comma-separated values (RFC 4180), lists joined by blanks.

    A server's words may begin like a formula, which a spreadsheet would run: such a cell gets an apostrophe before it.
    """
    writer = csv.writer(sys.stdout)
    writer.writerow(columns)
    writer.writerows([_csv_cell(row[column]) for column in columns] for row in rows)


def _csv_cell(value: Any) -> Any:
    text = " ".join(value) if isinstance(value, list) else value
    return f"'{text}" if isinstance(text, str) and text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def print_table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print a table, folded to the terminal's width; where stdout is none nothing is folded."""
    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=WIDTH_OF_FILES)
    console.print(table)


@contextmanager
def open_progress() -> Iterator[ShowProgress]:
    """A progress bar for each stage on stderr, if that is a terminal."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        tasks: dict[str, Any] = {}

        def show(stage: str, done: int, total: int | None) -> None:
            if stage not in tasks:
                tasks[stage] = progress.add_task(stage, total=total)
            progress.update(tasks[stage], completed=done, total=total)

        yield show
