"""Reads lists of readers, CSV or JSON, as they come from elsewhere: bytes in, values of subscriber files out."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from digest.config.mistakes import suggest
from digest.config.subscribers import SubscriberTable
from digest.errors import ConfigError, Mistake

MOST_OCTETS = 50_000_000
_KEPT_ELSEWHERE = ("origin", "status", "cursor")
"""What an export says besides, and no file does."""
_HEADER = "name the columns in the first line, such as email,name"
_LISTS = ("keywords", "exclude", "authors", "categories")
_GUARDED = re.compile(r"^'(?=[=+\-@\t\r])")
"""The apostrophe that an export puts before what a spreadsheet would run."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One reader of a list: where it stands, the values of a subscriber file, or why it can't be read."""

    place: str
    values: Mapping[str, Any] = field(default_factory=dict)
    status: str = ""
    problem: str = ""


def parse_list(content: bytes, file: str) -> Iterator[Entry]:
    """Every reader of a list: CSV with a header, one JSON list, or one JSON object a line.

    In CSV, columns are named as in a subscriber file; keywords and the like are parted by semicolons, `interests` is
    JSON. Raises ConfigError for what is no such list at all.
    """
    if len(content) > MOST_OCTETS:  # told first: what is cut there may be no UTF-8
        raise ConfigError([Mistake(file, "", f"has more than {MOST_OCTETS:,} bytes", "import it in parts")])
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError([Mistake(file, "", f"is no UTF-8: {error}", "save it as UTF-8 text")]) from None
    match text.lstrip()[:1]:
        case "[":
            return _of_json_list(text, file)
        case "{":
            lines = enumerate(text.split("\n"), 1)
            return (_of_json_line(line, f"line {number}") for number, line in lines if line.strip())
        case _:
            return _of_csv(text, file)


def _of_json_list(text: str, file: str) -> Iterator[Entry]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError([Mistake(file, "", f"is no JSON: {error}", "write one object a line")]) from None
    return (_of_json(value, f"reader {number}") for number, value in enumerate(found, 1))


def _of_json_line(line: str, place: str) -> Entry:
    try:
        return _of_json(json.loads(line), place)
    except (ValueError, RecursionError) as error:
        return Entry(place, problem=f"is no JSON: {error}")


def _of_json(value: Any, place: str) -> Entry:
    if not isinstance(value, dict):
        return Entry(place, problem="is no JSON object")
    values = {key: held for key, held in value.items() if key not in _KEPT_ELSEWHERE}
    return Entry(place, values, status=str(value.get("status") or ""))


def _of_csv(text: str, file: str) -> Iterator[Entry]:
    header = text.partition("\n")[0]
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=header.count))
    try:
        columns = [name.strip().lower() for name in next(rows, [])]
    except csv.Error as error:
        raise ConfigError([Mistake(file, "line 1", f"is no CSV: {error}", _HEADER)]) from None
    _check_columns(columns, file)
    return _of_rows(rows, columns)


def _check_columns(columns: list[str], file: str) -> None:
    known = [*SubscriberTable.model_fields, *_KEPT_ELSEWHERE]
    unknown = [name for name in columns if name not in known]
    mistakes = [Mistake(file, f"{name!r:.60}", "is no known column", suggest(name, known)) for name in unknown]
    twice = [name for name in known if columns.count(name) > 1]
    mistakes.extend(Mistake(file, name, "is the name of two columns", "keep one of them") for name in twice)
    if "email" not in columns:
        mistakes.append(Mistake(file, "", "has no column email", _HEADER))
    if mistakes:
        raise ConfigError(mistakes)


def _of_rows(rows: Any, columns: list[str]) -> Iterator[Entry]:
    while True:
        place = f"line {rows.line_num + 1}"
        try:
            cells = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            yield Entry(place, problem=f"is no CSV: {error}")
            continue
        if any(cell.strip() for cell in cells):
            yield _of_cells(cells, columns, place)


def _of_cells(cells: list[str], columns: list[str], place: str) -> Entry:
    if len(cells) > len(columns):
        return Entry(place, problem=f"has {len(cells)} cells below {len(columns)} columns")
    read = {name: _GUARDED.sub("", cell.strip()) for name, cell in zip(columns, cells, strict=False) if cell.strip()}
    try:
        values = {name: _of_cell(name, cell) for name, cell in read.items() if name not in _KEPT_ELSEWHERE}
    except (ValueError, RecursionError) as error:
        return Entry(place, problem=f"interests: is no JSON: {error}")
    return Entry(place, values, status=read.get("status", ""))


def _of_cell(name: str, cell: str) -> Any:
    if name in _LISTS:
        return [part.strip() for part in cell.split(";") if part.strip()]
    return json.loads(cell) if name == "interests" else cell
