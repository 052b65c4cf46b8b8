"""Writes subscriber files, each in one step: whoever reads meanwhile finds the old or the new one. Judges nothing."""

from __future__ import annotations

import re
import shutil
from itertools import count
from pathlib import Path

_MOST_OF_A_NAME = 100


def write_whole(path: Path, content: str) -> None:
    """Write a file, or write it anew with the permissions it had."""
    written = path.with_name(f"{path.name}.new")
    written.write_text(content, encoding="utf-8", newline="")
    if path.exists():
        shutil.copymode(path, written)
    written.replace(path)


def free_path(folder: Path, email: str) -> Path:
    """A file for a new reader, named after the address; with a number where another reader has that name."""
    name = re.sub(r"[^a-z0-9]+", "-", email.lower()).strip("-")[:_MOST_OF_A_NAME] or "reader"
    names = (name if number == 1 else f"{name}-{number}" for number in count(1))
    return next(path for one in names if not (path := folder / f"{one}.toml").exists())
