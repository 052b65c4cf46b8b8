"""Reads groups of `Name: value` lines, as delivery status and feedback reports hold them. Knows no field's meaning."""

from __future__ import annotations

import re
from collections.abc import Mapping

from digest.bounces.reports.mail import HEADER_LETTERS
from digest.servers_words import printable_line

Fields = Mapping[str, str]
"""The fields of one group, names in lower case."""

_FIELD = re.compile(r"(?P<name>[A-Za-z][A-Za-z0-9-]{1,60})[ \t]*:[ \t]*(?P<value>.*)")
_ADDRESS = re.compile(r"[^\s<>;,:\"()\[\]]{1,200}@[^\s<>;,:\"()\[\]]{1,255}")


def parse_fields(text: str) -> tuple[Fields, ...]:
    """The groups of a text that have a field, in their order; of a field given twice the first counts."""
    return tuple(filter(None, map(_parse_group, re.split(r"\n[ \t]*\n", text))))


def address_in(text: str) -> str:
    """The first mail address in a text; empty if there is none."""
    found = _ADDRESS.search(printable_line(text, 2000))
    return found[0].strip("'.") if found else ""


def _parse_group(lines: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    last = ""
    for line in lines.splitlines()[:200]:
        found = _FIELD.fullmatch(line)
        if found is not None:
            last = found["name"].lower()
            fields.setdefault(last, printable_line(found["value"], HEADER_LETTERS))
        elif last and line[:1] in (" ", "\t"):
            fields[last] = printable_line(f"{fields[last]} {line}", HEADER_LETTERS)
        else:
            last = ""
    return fields
