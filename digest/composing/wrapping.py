"""Breaks plain text into lines that a terminal shows whole, Chinese without spaces included. Cuts nothing out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from unicodedata import east_asian_width

TEXT_COLUMNS = 72

_WIDE = "\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\uff01-\uff60\uffe0-\uffe6"
_WORD = re.compile(r"\s*\S+")
_WIDE_CHARACTER = re.compile(f"[{_WIDE}]")
# after each a line may end: a wide character or a word of others, with the brackets and stops that cling to it
_UNIT = re.compile(rf"\s*[（「『《“‘]*(?:[{_WIDE}]|[^\s{_WIDE}]+)[、。，．：；！？）」』》”’]*")


def wrap(text: str, indent: int = 0) -> str:
    """Text in lines of at most TEXT_COLUMNS, long words apart, each line indented."""
    plain, margin = " ".join(text.split()), " " * indent
    if plain.isascii() or not _WIDE_CHARACTER.search(plain):
        if len(plain) + indent <= TEXT_COLUMNS:
            return margin + plain
        lines = _lines(_WORD.findall(plain), TEXT_COLUMNS - indent, len)
    else:
        lines = _lines(_UNIT.findall(plain), TEXT_COLUMNS - indent, columns)
    return "\n".join(margin + line for line in lines)


def underlined(title: str) -> str:
    """A heading with a line below it as long as its longest line."""
    text = wrap(title)
    return f"{text}\n{'=' * max(map(columns, text.splitlines()), default=0)}"


def columns(text: str) -> int:
    """How many columns a terminal gives the text (Unicode Standard Annex 11)."""
    return len(text) + sum(east_asian_width(character) in "WF" for character in text)


def _lines(units: Iterable[str], limit: int, width: Callable[[str], int]) -> Iterator[str]:
    """Lines as full as they can be; after each unit one may end."""
    line, used = "", 0
    for unit in units:
        wide = width(unit)
        if line and used + wide > limit:
            yield line
            line = unit.lstrip()
            used = width(line)
        else:
            line += unit
            used += wide
    if line:
        yield line
