"""The options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

Day = Annotated[
    str | None, typer.Option("--date", metavar="DAY", help="The edition's day, such as 2026-06-30; else today.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
