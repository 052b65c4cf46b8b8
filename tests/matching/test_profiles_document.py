"""Every example in docs/profiles.md does what the page says."""

import json
import re
import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from digest.domain import Interest, Paper, Profile
from digest.matching import NOTHING_STORED, check_interest, match_papers, propose_more
from digest.matching.language import Unreadable, parse_query

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "profiles.md").read_text(encoding="utf-8")


def rows(*heads: str) -> Iterator[list[str]]:
    """The rows of the tables whose first column has one of these heads."""
    for table in re.findall(r"(?:^\|.*\n)+", PAGE, re.MULTILINE):
        lines = [re.split(r"(?<!\\)\|", line)[1:-1] for line in table.splitlines()]
        cells = [[cell.strip().replace("\\|", "|") for cell in line] for line in lines]
        if cells[0][0] in heads:
            yield from ([row[0].strip("`"), *row[1:]] for row in cells[2:])


def brings(interest: Interest, title: str) -> bool:
    paper = Paper(id="1", title=title, announced=date(2026, 6, 30))
    return match_papers([paper], [Profile((interest,))]) != [()]


EXAMPLES = [*rows("keyword", "query")]


@pytest.mark.parametrize(("written", "finds", "leaves"), EXAMPLES)
def test_an_example_finds_and_leaves_what_the_page_says(written: str, finds: str, leaves: str) -> None:
    for interest in (Interest(keywords=(written,)), Interest(query=written)):
        assert brings(interest, finds)
        assert not brings(interest, leaves)


@pytest.mark.parametrize(("written", "problem"), [*rows("written")])
def test_a_mistake_is_told_as_the_page_says(written: str, problem: str) -> None:
    parsed = parse_query(written)
    assert isinstance(parsed, Unreadable)
    assert parsed.problem == problem


def test_the_profile_on_the_page_is_in_order() -> None:
    (source,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    (written,) = tomllib.loads(source)["interests"]
    for key in ("keywords", "exclude", "authors", "categories"):
        written[key] = tuple(written[key])
    assert check_interest(Interest(**written)) == []


def test_the_sample_reader_learns_from_a_sample_paper_what_the_page_shows() -> None:
    ((paper_id, title, change),) = re.findall(r"--more (\S+)\n(.*)\n((?:.+\n)+)Nothing is changed", PAGE)
    samples = (ROOT / "digest" / "demo" / "papers" / "arxiv-2026-06-30.jsonl").read_text(encoding="utf-8").splitlines()
    (record,) = [found for found in map(json.loads, samples) if f"arxiv:{found['id']}" == paper_id]
    paper = Paper(paper_id, record["title"], date(2026, 6, 30), abstract=record["summary"])
    tables = tomllib.loads((ROOT / "subscribers" / "ada.toml").read_text(encoding="utf-8"))["interests"]
    profile = Profile(tuple(Interest(table["name"], tuple(table["keywords"])) for table in tables))
    number = [interest.name for interest in profile.interests].index("Retrieval")

    assert record["title"] == title
    assert str(propose_more(profile, [paper], interest=number, statistics=NOTHING_STORED)) == change.rstrip()


def test_the_page_has_its_examples() -> None:
    assert len(EXAMPLES) > 40
