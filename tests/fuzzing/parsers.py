"""Fuzzes the parsers for as long as it is told: `python tests/fuzzing/parsers.py -max_total_time=600 CORPUS`.

Not part of the test command. Needs `pip install 'paper-digest[fuzz]'`; CORPUS is a folder that it fills with what it
finds, best begun with a copy of tests/pages. Anything but a SourceError stops it and writes the input to a file.
"""

from __future__ import annotations

import sys
from datetime import date

import atheris

with atheris.instrument_imports(include=["digest"]):
    from digest.errors import SourceError
    from digest.sources.formats import Dating, parse_content

DATING = Dating(undated=date(2026, 3, 11), latest=date(2026, 3, 11))


def read_one(content: bytes) -> None:
    """One input: a page or a SourceError."""
    try:
        parse_content(content, DATING)
    except SourceError:
        return


if __name__ == "__main__":
    atheris.Setup(sys.argv, read_one)
    atheris.Fuzz()
