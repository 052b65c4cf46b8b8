"""Reads every recorded page and prints what became of it: `python -m tests.sources.recorded [FOLDER]`.

The recordings lie outside the repository; DIGEST_TEST_DATA or the argument names their folder.
"""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console
from rich.table import Table

from digest.errors import SourceError
from digest.sources.formats import Dating, Page, parse_content
from digest.sources.formats.dates import day_in_name

FOLDERS = (
    "pages",
    "arxiv_api",
    "arxiv_rss",
    "arxiv_oai",
    "arxiv_days",
    "arxiv_days_malformed",
    "hf_daily_papers",
    "hf_daily_papers_fixtures",
    "other_apis/biorxiv",
    "other_apis/crossref",
    "other_apis/europepmc",
    "other_apis/openalex",
    "other_apis/pubmed",
    "other_apis/semanticscholar",
)
LATEST = date(2026, 11, 21)
"""Dates without a year are the newest such day not after this one."""


@dataclass
class Figures:
    """What became of the files of one folder. A file may hold several documents, such as an exchange of requests."""

    files: int = 0
    documents: int = 0
    refused_documents: Counter[str] = field(default_factory=Counter)
    """How many documents were refused as a whole, by the reason."""
    records: int = 0
    papers: int = 0
    """Distinct within a document."""
    apart: int = 0
    """Cross-listed and replaced announcements."""
    repeated: int = 0
    refused_records: Counter[str] = field(default_factory=Counter)

    def add(self, page: Page) -> None:
        """Count a page that was read."""
        self.records += page.records
        self.papers += len(page.papers)
        self.apart += len(page.cross) + len(page.revised)
        self.repeated += page.repeated
        self.refused_records.update(refusal.reason for refusal in page.refused)


def read_folder(folder: Path) -> Figures:
    """Every file of a folder, read or refused."""
    figures = Figures()
    for path in sorted(path for path in folder.iterdir() if path.is_file()):
        figures.files += 1
        dating = Dating(undated=day_in_name(path.name) or LATEST, latest=LATEST)
        for document in documents_in(path):
            figures.documents += 1
            try:
                figures.add(parse_content(document, dating))
            except SourceError as error:
                figures.refused_documents[str(error)] += 1
    return figures


def documents_in(path: Path) -> Iterator[bytes]:
    """The documents that a server sent: the file itself, or what it wraps."""
    content = path.read_bytes()
    if path.suffix == ".yaml":
        yield from _exchanged(yaml.safe_load(content))
    elif path.suffix == ".json" and b'"status_code"' in content[:4_000]:
        yield json.loads(content)["body"].encode()
    else:
        yield content


def _exchanged(cassette: Any) -> Iterator[bytes]:
    """The bodies of recorded exchanges; two recorders write them differently."""
    for interaction in cassette["interactions"]:
        response = interaction["response"]
        content = response["content"] if "content" in response else response["body"]["string"]
        yield content if isinstance(content, bytes) else content.encode()


def read_all(data: Path, folders: Iterable[str] = FOLDERS) -> dict[str, Figures]:
    """The figures of each folder of recordings."""
    return {name: read_folder(data / name) for name in folders}


def print_figures(figures: dict[str, Figures]) -> None:
    """A table of the figures, and every reason."""
    table = Table("Folder", "Files", "Documents", "Refused", "Records", "Papers", "Apart", "Repeated", "Refused")
    for name, found in figures.items():
        counts = (
            found.files,
            found.documents,
            found.refused_documents.total(),
            found.records,
            found.papers,
            found.apart,
            found.repeated,
            found.refused_records.total(),
        )
        table.add_row(name, *(f"{count:,}" for count in counts))
    console = Console(width=120)
    console.print(table)
    for name, found in figures.items():
        for what, reasons in (("document", found.refused_documents), ("record", found.refused_records)):
            for reason, count in reasons.most_common():
                console.print(f"{name}: {count} × {what}: {reason}", markup=False, highlight=False, soft_wrap=True)


if __name__ == "__main__":
    default = os.environ.get("DIGEST_TEST_DATA", Path(__file__).resolve().parents[3] / "shared" / "data")
    print_figures(read_all(Path(sys.argv[1] if len(sys.argv) > 1 else default)))
