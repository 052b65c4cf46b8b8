"""The main job on recorded material, day after day, as an operator would run it."""

from __future__ import annotations

import gzip
import json
import shutil
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from digest.domain import Subscriber
from digest.storage import open_store
from tests.acceptance.conftest import Installation

PAGE_DAYS = ("2025-03-11", "2025-03-13", "2025-03-14", "2025-03-21", "2025-06-03")


def test_the_five_pages_hold_445_records_and_365_papers_and_nothing_new_a_second_time(
    recorded_data: Path, installation: Installation
) -> None:
    installation.configure(f'[sources.files]\npaths = ["{recorded_data}/pages/*"]')
    arguments = ("collect", "--since", "2025-03-11", "--date", "2025-06-03", "--json")

    first = installation.call(*arguments)
    second = installation.call(*arguments)

    assert (first.code, second.code) == (0, 0)
    assert _sum(first.document, "records") == 445
    assert _sum(first.document, "new") == 365
    assert _sum(second.document, "new") == 0
    assert not installation.mails()


def test_a_run_on_each_pages_day_makes_editions_of_365_papers_and_no_reader_gets_one_twice(
    recorded_data: Path, installation: Installation
) -> None:
    installation.configure(f'[sources.files]\npaths = ["{recorded_data}/pages/*"]')
    installation.write_readers()
    editions = []
    for day in PAGE_DAYS:
        report = installation.call("run", "--date", day, "--json")
        assert report.code == 0, report.err
        assert report.document["sent"] == report.document["planned"] > 0
        editions.append(report.document["papers"])
        again = installation.call("run", "--date", day, "--json")
        assert again.document["sent"] == report.document["sent"]

    assert sum(editions) == 365
    assert _mails_a_reader(installation) == {"ada@example.org": 5, "maya@example.org": 5}
    assert _most_often_delivered(installation) == 1


def test_thirty_trending_days_put_each_paper_into_one_edition_and_name_the_unreadable_ones(
    recorded_data: Path, installation: Installation
) -> None:
    trending = sorted((recorded_data / "hf_daily_papers").iterdir())
    winter = next(place for place, file in enumerate(trending) if file.name.startswith("2024-12-2"))
    chosen = [*trending[winter : winter + 15], *trending[-90:-75]]
    unreadable = {file.name[:10] for file in chosen if _trending_ids(file) is None}
    announced = {paper for file in chosen for paper in _trending_ids(file) or ()}
    assert len(unreadable) > 3

    editions = _run_day_after_day(installation, chosen, unreadable)

    assert editions == dict.fromkeys(announced, 1)
    assert _most_often_delivered(installation) == 1


def test_ten_days_of_arxiv_put_each_paper_into_one_edition(recorded_data: Path, installation: Installation) -> None:
    chosen = sorted((recorded_data / "arxiv_days").iterdir())[14:24]
    lines = [json.loads(line) for file in chosen for line in gzip.decompress(file.read_bytes()).splitlines()]

    editions = _run_day_after_day(installation, chosen, unreadable=set())

    assert editions == {f"arxiv:{line['id']}": 1 for line in lines}
    assert _most_often_delivered(installation) == 1


def _run_day_after_day(installation: Installation, files: list[Path], unreadable: set[str]) -> dict[str, int]:
    """Run each file's day in turn; returns in how many editions each paper is."""
    papers = installation.folder / "papers"
    papers.mkdir()
    for file in files:
        shutil.copy(file, papers / file.name)
    installation.configure('[sources.files]\npaths = ["papers/*"]')
    installation.write_readers()
    for file in files:
        day = file.name[:10]
        report = installation.call("run", "--date", day, "--json")
        assert report.code == (1 if day in unreadable else 0), (day, report.err)
        assert (file.name in report.err) or day not in unreadable
    return _count_editions(installation, [date.fromisoformat(file.name[:10]) for file in files])


def _count_editions(installation: Installation, days: list[date]) -> dict[str, int]:
    url = f"sqlite:///{installation.folder}/data/digest.db"
    with open_store(url, now=lambda: datetime.now(UTC), read_signup=_no_signup) as store:
        return dict(Counter(paper.id for day in days for paper in store.papers.all_of_edition(day)))


def _no_signup(_details: object) -> Subscriber:
    raise AssertionError("nobody has signed up here")


def _sum(document: dict[str, Any], column: str) -> int:
    return sum(batch[column] for batch in document["batches"])


def _mails_a_reader(installation: Installation) -> dict[str, int]:
    return dict(Counter(recipient for recipient, _ in installation.mails()))


def _most_often_delivered(installation: Installation) -> int:
    history = installation.call("history", "--json").document
    delivered = Counter((row["email"], paper) for row in history for paper in row["papers"])
    return max(delivered.values())


def _trending_ids(file: Path) -> set[str] | None:
    """The papers of a saved list; None where the items aren't objects."""
    items = json.loads(gzip.decompress(file.read_bytes()))
    if isinstance(items, dict) or not all(isinstance(item, dict) for item in items):
        return None
    return {f"arxiv:{item['paper']['id']}" for item in items}
