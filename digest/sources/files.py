"""Papers from files, without any network: each file's format is recognised by its content. Writes nothing.

A JSON Lines dump may be of any size, for it is read line by line; other formats are held as a whole, and bounded.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator

from digest.domain import Batch, BatchState, Edition, Memory
from digest.errors import SourceError
from digest.sources import Source
from digest.sources._http import HttpClient
from digest.sources._long_files import make_parts
from digest.sources._opening import read_head, read_lines
from digest.sources._options import refuse_empty
from digest.sources.batching import failed_batch, make_batch
from digest.sources.formats import Dating, Page, json_lines, parse_content, recognise
from digest.sources.formats.dates import day_in_name
from digest.sources.formats.decoding import MOST_BYTES


def check_pattern(pattern: str) -> str:
    """The pattern as it is. Raises ValueError if it can fit no file."""
    if not pattern.strip() or "\0" in pattern:
        raise ValueError("names no file — write papers/*")
    return pattern


@dataclass(frozen=True)
class Files:
    """Every file that fits one of the patterns."""

    paths: Annotated[list[Annotated[str, AfterValidator(check_pattern)]], AfterValidator(refuse_empty)] = field(
        default_factory=lambda: ["papers/*"]
    )
    """Glob patterns, `**` included, relative to `folder`; hidden files are left out unless a pattern names them."""
    folder: str = ""
    """The configuration's folder; empty means the working directory."""

    def fetch(self, edition: Edition, memory: Memory, http: HttpClient) -> Iterator[Batch]:  # noqa: ARG002 - the port's
        """A batch for each file and announced day, by file name; days outside the edition's are yielded too.

        A long dump gives several batches, the parts of one. What this very fetch has brought counts as seen.
        """
        sights = dict(memory.seen)
        known = replace(memory, seen=sights)
        read: set[Path] = set()
        for pattern in self.paths:
            found = [path for path in self._find(pattern) if path not in read]
            if not found and not read.intersection(self._find(pattern)):
                yield _unmatched(pattern, edition.day)
            for path in found:
                read.add(path)
                for batch in _read_file(path, _name(path, self._root), edition, known):
                    yield batch
                    _note(batch, sights)

    @property
    def _root(self) -> Path:
        return Path(self.folder).absolute()

    def _find(self, pattern: str) -> list[Path]:
        names = glob.glob(pattern, root_dir=self._root, recursive=True)  # noqa: PTH207 - Path.glob takes no absolute one
        paths = {Path(os.path.normpath(self._root / name)) for name in names}
        return sorted(path for path in paths if path.is_file())


adapter: Callable[..., Source] = Files


def _read_file(path: Path, name: str, edition: Edition, memory: Memory) -> Iterator[Batch]:
    undated = day_in_name(path.name) or edition.day
    dating = Dating(undated=undated, latest=edition.day)
    if _is_dump(path):
        lines = read_lines(path, most_bytes=json_lines.LONGEST_LINE)
        yield from make_parts(name, undated, json_lines.read_parts(lines, dating), memory)
        return
    try:
        page = _load_page(path, dating)
    except SourceError as error:
        yield failed_batch(name, undated, SourceError(f"{name}: {error}"))
        return
    for part in page.by_day():
        yield make_batch(name, part.day, part, memory)


def _is_dump(path: Path) -> bool:
    try:
        return recognise(read_head(path, most_bytes=json_lines.LONGEST_LINE + 1)) is json_lines.parse_page
    except SourceError:  # which reading the whole of it will raise again
        return False


def _load_page(path: Path, dating: Dating) -> Page:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise SourceError(f"larger than {MOST_BYTES} bytes")
        return parse_content(path.read_bytes(), dating)
    except OSError as error:
        raise SourceError(f"can't be read: {error.strerror or error}") from error


def _note(batch: Batch, sights: dict[str, date]) -> None:
    for paper in batch.papers:
        for name in (paper.id, *paper.aliases):
            sights[name] = min(batch.day, sights.get(name, batch.day))


def _name(path: Path, root: Path) -> str:
    name = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()
    return name.encode("utf-8", "replace").decode()  # a name may hold bytes that are no text


def _unmatched(pattern: str, day: date) -> Batch:
    return Batch(category=pattern, day=day, state=BatchState.BROKEN, reasons=(f"no file matches {pattern!r}",))
