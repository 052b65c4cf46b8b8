"""Writes subscriber files, each in one step: whoever reads meanwhile finds the old or the new one. Judges nothing."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from tempfile import NamedTemporaryFile

_MOST_OF_A_NAME = 100


def write_whole(path: Path, content: str) -> None:
    """Write a file anew, with the permissions it had."""
    with _written(path.parent, content) as written:
        shutil.copymode(path, written)
        written.replace(path)


def write_new(folder: Path, email: str, content: str) -> Path:
    """Write a new reader's file, named after the address; with a number where there is a file of that name."""
    name = re.sub(r"[^a-z0-9]+", "-", email.lower()).strip("-")[:_MOST_OF_A_NAME] or "reader"
    names = (name if number == 1 else f"{name}-{number}" for number in count(1))
    with _written(folder, content) as written:
        path = next(path for one in names if _take_name(path := folder / f"{one}.toml"))
        shutil.copymode(path, written)
        written.replace(path)
    return path


@contextmanager
def _written(folder: Path, content: str) -> Iterator[Path]:
    """The content in a file of its own, which nobody else writes and no reader is read from."""
    with NamedTemporaryFile("w", dir=folder, suffix=".new", encoding="utf-8", newline="", delete=False) as file:
        written = Path(file.name)
        try:
            file.write(content)
            file.close()
            yield written
        finally:
            written.unlink(missing_ok=True)


def _take_name(path: Path) -> bool:
    """Make an empty file, to be replaced at once; False if there is one. Hard links aren't known everywhere."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    except FileExistsError:
        return False
    return True
