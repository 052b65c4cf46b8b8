"""Real profiles and real days, from the recorded data outside the repository."""

import gzip
import json
from datetime import date
from pathlib import Path

from digest.domain import Interest, Paper, Profile

ANNOUNCED = date(2026, 6, 30)


def real_profiles(folder: Path) -> list[Profile]:
    """What people really wrote."""
    return [_profile(json.loads(path.read_bytes())) for path in sorted((folder / "profiles").glob("*.json"))]


def real_day(folder: Path, name: str) -> list[Paper]:
    """The papers of one day of arXiv's, each once."""
    content = gzip.decompress((folder / "arxiv_days" / f"{name}.jsonl.gz").read_bytes())
    records = [json.loads(line) for line in content.splitlines()]
    return [
        Paper(
            id=record["id"],
            title=record["title"],
            abstract=record["summary"],
            authors=tuple(record["authors"]),
            categories=tuple(record["categories"]),
            announced=ANNOUNCED,
        )
        for record in {record["id"]: record for record in records}.values()
    ]


def _profile(recorded: dict[str, dict[str, list[str]]]) -> Profile:
    categories = tuple(recorded["categories"] or ())
    return Profile(
        tuple(
            Interest(name=name, keywords=tuple(keywords), categories=categories)
            for name, keywords in recorded["topics"].items()
        )
    )
