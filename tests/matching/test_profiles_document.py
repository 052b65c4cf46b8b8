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
from digest.matching.check import MOST_LIKES, MOST_TERMS
from digest.matching.grammar import DEEPEST_NESTING, LONGEST_QUERY
from digest.matching.interests import MOST_INTERESTS
from digest.matching.language import (
    GREATEST_WEIGHT,
    LEAST_WEIGHT,
    LONGEST_KEYWORD,
    Unreadable,
    parse_query,
)
from digest.matching.phrases import MOST_CHARACTERS, MOST_WORDS

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


def paper(title: str, abstract: str = "", number: int = 1, **more: object) -> Paper:
    return Paper(id=f"{number}", title=title, abstract=abstract, announced=date(2026, 6, 30), **more)  # type: ignore[arg-type]  # the fields vary


def score(keyword: str, *papers: Paper, **more: object) -> float:
    """What the first of some papers scores; the others, which nobody asks for, make words rare."""
    others = [paper(f"Xylem {number}", number=number + 100) for number in range(20)]
    (found,) = match_papers([*papers, *others], [Profile((Interest(keywords=(keyword,), **more),))])  # type: ignore[arg-type]
    return next((match.score for match in found if match.paper is papers[0]), 0.0)


def test_fields_filters_and_exclusions_do_what_the_page_says() -> None:
    assert score("abstract:mamba", paper("T", "A mamba"))
    assert not score("abstract:mamba", paper("Mamba", "A"))
    assert score("category:cs", paper("T", categories=("cs.LG",)))
    assert score("source:arxiv", paper("T", sources=("arxiv",)))
    for name in ("Song Han", "Han, Song", "Han S", "han_s", "Han"):
        assert score(f"author:{name}", paper("T", authors=("Han, Song",)))
    assert not score("mamba", paper("Mamba", categories=("cs.CL",)), categories=("cs.LG",))
    assert not score("mamba", paper("Mamba", "A survey"), exclude=("survey",))


def test_places_and_forms_count_what_the_page_says() -> None:
    whole = score("diffusion models", paper("T", "Of diffusion models."))

    def counted(times: float) -> float:
        return whole * times * 2.2 / (times + 1.2)

    for times, title, abstract in (
        (1.2, "Diffusion models", ""),
        (0.25, "T", "Of a diffusion model."),
        (0.25, "T", "Of video diffusion models."),
        (0.5, "T", "Of diffusion models policy."),
        (1.0, "T", "Understanding diffusion models."),
        (2.0, "T", "Of diffusion models, and diffusion models."),
    ):
        assert score("diffusion models", paper(title, abstract)) == pytest.approx(counted(times), rel=0.02), abstract


def test_authors_categories_weights_and_upvotes_count_what_the_page_says() -> None:
    assert score("author:Song Han", paper("T", authors=("Song Han",))) == pytest.approx(8)
    assert score("author:Song Han", paper("T", authors=("S. Han",))) == pytest.approx(4)
    assert score("category:cs.LG", paper("T", categories=("cs.LG",))) == pytest.approx(1)
    assert score("category:cs.LG^3", paper("T", categories=("cs.LG",)), weight=2.0) == pytest.approx(6)
    assert score("category:cs.LG", paper("T", categories=("cs.LG",), upvotes=100)) == pytest.approx(1.05, abs=0.005)


def test_near_duplicates_keep_a_quarter_and_a_sixteenth() -> None:
    copies = [paper("Mamba", "A state space model of long texts, with scans.", number=n) for n in (1, 2, 3)]
    (found,) = match_papers(copies, [Profile((Interest(keywords=("mamba",)),))])
    first, second, third = (match.score for match in found)
    assert (second, third) == pytest.approx((first / 4, first / 16), abs=1e-3)


def test_the_limits_on_the_page_are_the_real_ones() -> None:
    words = " ".join(PAGE.split())
    assert f"A keyword has at most {LONGEST_KEYWORD} characters, a query {LONGEST_QUERY:,}" in words
    assert f"a phrase {MOST_WORDS} words ({MOST_CHARACTERS} characters" in words
    assert (
        f"a profile {MOST_INTERESTS} interests and {MOST_TERMS} terms, of which {MOST_LIKES} may be `like:`;" in words
    )
    assert f"brackets nest {DEEPEST_NESTING} deep" in words
    assert f"weights go from {LEAST_WEIGHT:g} to {GREATEST_WEIGHT:g}" in words


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
