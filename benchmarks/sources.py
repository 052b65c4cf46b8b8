"""How fast are pages parsed, and how much memory does a large file take? This measures it.

Prints two tables. CPU seconds (the best of some runs) for a 2,000-entry Atom page beside feedparser, and for a
2,000-record OAI-PMH page beside Sickle: once the fields of each record, which is what Sickle gives, and once the
finished papers, cleaned of markup, LaTeX and control characters. Then the largest memory of `digest collect` over
100,000 records in one JSON Lines file, beside a program that only reads the file into a list of dictionaries.

Needs `pip install 'paper-digest[bench]'`.
"""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.sax.saxutils import escape

import feedparser
from rich.console import Console
from rich.table import Table
from sickle import Sickle
from sickle.response import OAIResponse

from digest.sources.formats import Dating, arxiv_atom, arxiv_oai

RECORDS = 2_000
LINES = 100_000
RUNS = 5
DAY = date(2026, 3, 11)
DATING = Dating(undated=DAY, latest=DAY)
WORDS = re.findall(
    r"\w+",
    "we show that sparse graph networks learn robust representations of language and vision under a shift of the data "
    "while previous methods fail to generalise because their training objective ignores structure our approach uses a "
    "simple loss with calibrated uncertainty and improves accuracy on many benchmarks at lower cost than larger models",
)
MATHS = (r"$\alpha$-stable", r"$\mathcal{O}(n \log n)$", r"52.6\%", r"the $L_2$ norm", r"$10^{-3}$", r"Erd\H{o}s")
SHARE_WITH_MATHS = 0.25
"""Of real abstracts about a quarter hold LaTeX."""


@dataclass(frozen=True)
class Record:
    """One invented paper."""

    number: str
    title: str
    abstract: str
    authors: tuple[str, ...]


def make_records(count: int) -> list[Record]:
    """Invented papers with abstracts as long as real ones, about 1,300 characters, and five authors on average."""
    chance = random.Random(1)  # noqa: S311 - the same papers in each run
    return [_make_record(number, chance) for number in range(count)]


def make_atom(records: Sequence[Record]) -> bytes:
    """An answer of arXiv's API."""
    return (
        "<feed xmlns='http://www.w3.org/2005/Atom' xmlns:arxiv='http://arxiv.org/schemas/atom'><id>x</id>"
        f"<title>papers</title><updated>2026-03-11T00:00:00Z</updated>{''.join(map(_entry, records))}</feed>"
    ).encode()


def make_oai(records: Sequence[Record]) -> bytes:
    """An answer to ListRecords in arXivRaw."""
    listed = f"<ListRecords>{''.join(map(_oai_record, records))}</ListRecords>"
    return (
        "<OAI-PMH xmlns='http://www.openarchives.org/OAI/2.0/'><responseDate>2026-03-12T05:00:00Z</responseDate>"
        f"<request verb='ListRecords'>x</request>{listed}</OAI-PMH>"
    ).encode()


def harvest_with_sickle(page: bytes) -> int:
    """As a program with Sickle does it; the page is handed over, so that no network counts."""

    class Local(Sickle):  # type: ignore[misc]  # the library has no types
        def harvest(self, **arguments: Any) -> OAIResponse:
            return OAIResponse(SimpleNamespace(content=page), arguments)

    records = Local("http://localhost/oai").ListRecords(metadataPrefix="arXivRaw")
    return sum(bool(record.metadata) for record in records)


def read_fields(page: bytes) -> int:
    """The same with digest: identifier and fields of each record, no text looked at."""
    records = (
        (record[0][0].text, arxiv_oai.fields_of(metadata))
        for record in arxiv_oai.read_answer(page).records
        if (metadata := arxiv_oai.metadata_of(record)) is not None
    )
    return sum(bool(identifier and fields) for identifier, fields in records)


def cpu_seconds(*works: Callable[[], int], expected: int) -> list[float]:
    """The best of some runs of each, by turns, so that all meet the same machine; all must find every record."""
    best = [float("inf")] * len(works)
    for _ in range(RUNS):
        for number, work in enumerate(works):
            started = time.process_time()
            found = work()
            best[number] = min(best[number], time.process_time() - started)
            if found != expected:
                raise SystemExit(f"{found} of {expected} records were found: this comparison is worth nothing")
    return best


def print_speeds(console: Console) -> None:
    """The table of parsers."""
    records = make_records(RECORDS)
    atom, oai = make_atom(records), make_oai(records)
    with_sickle = partial(harvest_with_sickle, oai)
    rows = (
        ("Atom, papers", lambda: len(arxiv_atom.parse_page(atom, DATING).papers), "feedparser", _feedparser(atom)),
        ("OAI-PMH, fields", lambda: read_fields(oai), "Sickle", with_sickle),
        ("OAI-PMH, papers", lambda: len(arxiv_oai.parse_page(oai, DATING).papers), "Sickle", with_sickle),
    )
    table = Table(f"{RECORDS:,} records", "digest, s", "s", "beside", "times faster", title="CPU seconds")
    for name, ours, other, theirs in rows:
        mine, his = cpu_seconds(ours, theirs, expected=RECORDS)
        table.add_row(name, f"{mine:.3f}", f"{his:.3f}", other, f"{his / mine:.1f}")
    console.print(table)


def print_memory(console: Console) -> None:
    """The table of peak memory, each program in a process of its own."""
    table = Table(f"{LINES:,} records", "MB", "ratio", title="Largest resident memory")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "papers-2026-03-11.jsonl")
        _write_lines(path)
        config = Path(folder, "config.toml")
        config.write_text(f'[sources.files]\npaths = ["{path.name}"]\n')
        digest = [sys.executable, "-c", "from digest.cli import main; main()", "--config", str(config)]
        digest += ["--quiet", "collect", "--date", str(DAY)]
        reading = [sys.executable, "-c", "import json, sys; a = [json.loads(l) for l in open(sys.argv[1])]", str(path)]
        ours, list_of_dicts = _peak_megabytes(digest), _peak_megabytes(reading)
        table.add_row(
            f"digest collect ({path.stat().st_size / 1e6:.0f} MB file)", f"{ours:.0f}", f"{ours / list_of_dicts:.2f}"
        )
        table.add_row("a list of dictionaries", f"{list_of_dicts:.0f}", "1")
    console.print(table)


def _make_record(number: int, chance: random.Random) -> Record:
    words = chance.choices(WORDS, k=190)
    if chance.random() < SHARE_WITH_MATHS:
        for _ in range(3):
            words[chance.randrange(len(words))] = chance.choice(MATHS)
    names = (f"{chance.choice(WORDS).title()} {chance.choice(WORDS).title()}" for _ in range(chance.randint(1, 9)))
    return Record(
        f"26{number // 50_000 + 1:02}.{number % 50_000 + 10_000:05}",
        f"{' '.join(chance.choices(WORDS, k=9)).capitalize()}: case {number}",
        " ".join(words).capitalize(),
        tuple(names),
    )


def _entry(record: Record) -> str:
    names = "".join(f"<author><name>{escape(name)}</name></author>" for name in record.authors)
    return (
        f"<entry><id>http://arxiv.org/abs/{record.number}v1</id><title>{escape(record.title)}</title>"
        f"<summary>{escape(record.abstract)}</summary><published>2026-03-10T10:00:00Z</published>{names}"
        f"<link href='https://arxiv.org/abs/{record.number}v1' rel='alternate' type='text/html'/>"
        "<category term='cs.LG'/><category term='stat.ML'/><arxiv:primary_category term='cs.LG'/>"
        "<arxiv:comment>12 pages</arxiv:comment><updated>2026-03-10T10:00:00Z</updated></entry>"
    )


def _oai_record(record: Record) -> str:
    return (
        f"<record><header><identifier>oai:arXiv.org:{record.number}</identifier><datestamp>2026-03-11</datestamp>"
        "<setSpec>cs:cs:LG</setSpec></header><metadata><arXivRaw xmlns='http://arxiv.org/OAI/arXivRaw/'>"
        f"<id>{record.number}</id><submitter>A</submitter><version version='v1'>"
        "<date>Mon, 09 Mar 2026 21:02:00 GMT</date><size>395kb</size><source_type>D</source_type></version>"
        f"<title>{escape(record.title)}</title><authors>{escape(', '.join(record.authors))}</authors>"
        "<categories>cs.LG stat.ML</categories><comments>12 pages</comments>"
        "<license>http://arxiv.org/licenses/nonexclusive-distrib/1.0/</license>"
        f"<abstract>{escape(record.abstract)}</abstract></arXivRaw></metadata></record>"
    )


def _feedparser(page: bytes) -> Callable[[], int]:
    return lambda: len(feedparser.parse(page).entries)


def _write_lines(path: Path) -> None:
    chance = random.Random(1)  # noqa: S311 - the same papers in each run
    with path.open("w", encoding="utf-8") as file:
        for number in range(LINES):
            record = _make_record(number, chance)
            row = {"id": record.number, "title": record.title, "authors": record.authors, "summary": record.abstract}
            file.write(json.dumps({**row, "categories": ["cs.LG"], "comment": None}) + "\n")


def _peak_megabytes(command: Sequence[str]) -> float:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)  # noqa: S603 - our own commands
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{command} ended with {process.returncode}")
    return usage.ru_maxrss / 1_000


if __name__ == "__main__":
    out = Console(width=110)
    print_speeds(out)
    print_memory(out)
