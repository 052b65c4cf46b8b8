"""What `digest collect` shows of the ledger, and how a hole is named, mended and mailed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.acceptance.conftest import Installation

MONDAY, TUESDAY = "2026-06-29", "2026-06-30"


@pytest.fixture
def papers(installation: Installation) -> Path:
    """A folder of dumps from which an installation collects; it has an edition of the week before."""
    folder = installation.folder / "papers"
    folder.mkdir()
    installation.configure('[sources.files]\npaths = ["papers/*"]')
    _announce(folder, "2026-06-22", 1)
    assert installation.call("collect", "--date", "2026-06-22").code == 0
    return folder


def test_the_ledger_names_a_hole_until_it_is_mended_and_then_says_so(installation: Installation, papers: Path) -> None:
    _announce(papers, TUESDAY, 2)
    cut = papers / f"arxiv-{MONDAY}.jsonl"
    cut.write_text('{"id": "2606.00003", "title"')

    first = installation.call("collect", "--date", TUESDAY)
    second = installation.call("collect", "--date", TUESDAY)
    _announce(papers, MONDAY, 3)
    third = installation.call("collect", "--date", TUESDAY)

    place = f"files papers/{cut.name} {MONDAY}"
    assert (first.code, second.code, third.code) == (1, 0, 0)
    assert f"{place}: broken" in first.err
    for report in (first, second):
        assert f"{place}: still open: broken" in report.out
    assert "still open" not in third.out
    assert f"{place}: was broken, now ok: 1 late paper" in third.out


def test_the_ledger_lists_every_batch_of_the_days_with_its_counts(installation: Installation, papers: Path) -> None:
    _announce(papers, MONDAY, 3)
    installation.call("collect", "--date", MONDAY)
    _announce(papers, TUESDAY, 2, 3)

    report = installation.call("collect", "--date", TUESDAY)

    header, *rows = [line.split() for line in report.out.splitlines()[:3]]
    assert header[:8] == ["Source", "Category", "Day", "State", "Expected", "Records", "New", "Known"]
    assert [row[1:7] for row in rows] == [
        [f"papers/arxiv-{MONDAY}.jsonl", MONDAY, "ok", "1", "0", "1"],
        [f"papers/arxiv-{TUESDAY}.jsonl", TUESDAY, "ok", "2", "1", "1"],
    ]
    assert "Edition of 2026-06-30: 1 new paper" in report.out


def test_the_document_names_what_is_open_and_every_fault_even_a_mended_one(
    installation: Installation, papers: Path
) -> None:
    for day in (MONDAY, TUESDAY):
        (papers / f"arxiv-{day}.jsonl").write_text("{cut")
    installation.call("collect", "--date", TUESDAY)
    _announce(papers, MONDAY, 3)

    document = installation.call("collect", "--date", TUESDAY, "--json").document

    (still_open,) = document["open"]
    assert (still_open["source"], still_open["day"], still_open["state"]) == ("files", TUESDAY, "broken")
    assert set(still_open) == {"source", "category", "day", "state", "reasons", "fetched_at"}
    assert sorted(fault["day"] for fault in document["faults"]) == [MONDAY, TUESDAY, TUESDAY]
    assert all(fault["reasons"] for fault in document["faults"])


def _announce(folder: Path, day: str, *numbers: int) -> None:
    lines = [
        {"id": f"2606.{number:05}", "title": f"The invented paper number {number}", "authors": ["Ada Example"],
         "categories": ["cs.LG"], "summary": "We invent it.", "comment": "9 pages", "pdf": "", "abs": ""}
        for number in numbers
    ]  # fmt: skip
    (folder / f"arxiv-{day}.jsonl").write_text("\n".join(map(json.dumps, lines)) + "\n")
