"""The options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Day = Annotated[
    str | None, typer.Option("--date", metavar="DAY", help="The edition's day, such as 2026-06-30; else today.")
]
AnyDay = Annotated[str | None, typer.Option("--date", metavar="DAY", help="This edition alone, such as 2026-06-30.")]
ProfileFile = Annotated[
    Path | None,
    typer.Option("--profile", metavar="FILE", help="A subscriber file instead of a reader; each day is taken alone."),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
