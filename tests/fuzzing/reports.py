"""Fuzzes the reading of reports as long as it is told: `python tests/fuzzing/reports.py -max_total_time=600 CORPUS`.

Not part of the test command. Needs `pip install 'paper-digest[fuzz]'`; CORPUS is a folder that it fills with what it
finds, best begun with some bounces. An exception, or an answer without bounds, stops it and writes the input down.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["digest", "email", "flufl"]):
    from digest.bounces.reports import Report, read_report
    from digest.servers_words import WORDS_KEPT


def read_one(content: bytes) -> None:
    """One input: whatever it is, an answer of bounded size."""
    report: Report = read_report(content)
    if len(report.words) > WORDS_KEPT or not report.words.isprintable():
        raise ValueError(f"unbounded words: {report.words!r}")


if __name__ == "__main__":
    atheris.Setup(sys.argv, read_one)
    atheris.Fuzz()
