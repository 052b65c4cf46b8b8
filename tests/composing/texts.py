"""Finds every text of the mails in code and templates; run as a program it writes a catalogue for translators."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from babel.messages import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import write_po

from digest import composing
from digest.composing.templates import default_templates

_IN_CODE = {"say": None, "count": (1, 2), "message": None}
_IN_TEMPLATES = {"_": None}


def find_texts() -> Iterator[str | tuple[str, str]]:
    """The texts, one with a plural as a pair."""
    for path in sorted(Path(composing.__path__[0]).glob("*.py")):
        if "language" in path.read_text(encoding="utf-8"):
            yield from _texts_of(path, "python", _IN_CODE)
    for path in sorted((default_templates() / "email").glob("*.*")):
        yield from _texts_of(path, "jinja2.ext:babel_extract", _IN_TEMPLATES)


def _texts_of(path: Path, method: str, keywords: Mapping[str, Any]) -> Iterator[str | tuple[str, str]]:
    for found in extract_from_file(method, path, keywords=keywords):
        text: Any = found[1]
        yield (text[0], text[1]) if isinstance(text, tuple) else text


def make_catalogue() -> Catalog:
    """An empty catalogue of all texts."""
    catalogue = Catalog(project="digest", charset="utf-8")
    for text in find_texts():
        catalogue.add(text)
    return catalogue


if __name__ == "__main__":
    write_po(sys.stdout.buffer, make_catalogue(), omit_header=False, width=120)
