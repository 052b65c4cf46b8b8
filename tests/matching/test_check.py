"""What a reader hears of a profile that has mistakes."""

import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.domain import Interest, Paper, Profile
from digest.matching import check_interest, check_profile, match_papers

PAPERS = [
    Paper(id="1", title="Mamba", abstract="A state space model (SSM).", announced=date(2026, 6, 30)),
    Paper(id="2", title="模型 ١٢ \x00 ß", abstract="a b c", authors=("A B",), announced=date(2026, 6, 30)),
]


def test_an_interest_in_order_has_no_problems() -> None:
    interest = Interest(
        keywords=("structured pruning", "N:M sparsity", "quantiz*", "title:distillation^2"),
        exclude=("medical imaging",),
        authors=("Song Han",),
        categories=("cs.LG", "cs.*"),
        query='("state space model" OR mamba) AND NOT survey',
        weight=1.5,
    )
    assert check_interest(interest) == []


def test_all_mistakes_are_told_at_once_with_their_keys() -> None:
    interest = Interest(
        keywords=("mamba", "qu*", "x"),
        exclude=("(",),
        authors=("…",),
        categories=(" ", "cs.LG", "hep-*"),
        query="mamba AND",
        weight=0,
    )
    problems = check_interest(interest)
    assert [problem.key for problem in problems] == [
        "keywords[1]", "keywords[2]", "exclude[0]", "authors[0]", "categories[0]", "categories[2]", "query",
        "weight",
    ]  # fmt: skip
    assert "column 10" in problems[6].problem
    assert all(problem.repair for problem in problems)


def test_an_exclusion_of_who_may_be_several_people_is_a_mistake() -> None:
    interest = Interest(
        keywords=("mamba NOT smith j[au]", "Han S[au]"),
        exclude=(
            "author:S. Han",
            "author:Song Han",
            "author:OpenAI",
            "author:韩松",
            "author:E, Weinan",
            "author:Weinan E",
            "survey NOT author:S. Han",
        ),
        query="mamba AND NOT (author:J. Smith OR NOT author:S. Han)",
    )
    assert [problem.key for problem in check_interest(interest)] == ["keywords[0]", "exclude[0]", "exclude[5]", "query"]


@pytest.mark.parametrize("interest", [Interest(), Interest(exclude=("survey",)), Interest(query="  ")])
def test_an_interest_that_takes_nothing_is_a_mistake(interest: Interest) -> None:
    assert [problem.problem for problem in check_interest(interest)] == ["the interest takes no paper"]


@pytest.mark.parametrize("weight", [0.0, -1.0, float("nan"), float("inf"), 1e9])
def test_a_weight_is_a_number_above_nothing(weight: float) -> None:
    assert [problem.key for problem in check_interest(Interest(keywords=("mamba",), weight=weight))] == ["weight"]


def test_problems_of_a_profile_name_the_interest() -> None:
    profile = Profile((Interest(keywords=("mamba",)), Interest(keywords=("qu*",)), Interest()))
    assert [problem.key for problem in check_profile(profile)] == ["interests[1].keywords[0]", "interests[2]"]


def test_a_profile_has_a_greatest_number_of_terms_those_of_queries_included() -> None:
    keywords = tuple(f"word{number}" for number in range(299))
    assert check_profile(Profile((Interest(keywords=keywords, query="mamba"),))) == []
    (problem,) = check_profile(Profile((Interest(keywords=keywords, query="mamba AND NOT survey"),)))
    assert "301 terms" in problem.problem


def test_a_profile_asks_for_more_like_at_most_thirty_papers() -> None:
    keywords = tuple(f"like:arxiv:2503.{number:05}" for number in range(30))
    assert check_profile(Profile((Interest(keywords=keywords),))) == []
    (problem,) = check_profile(Profile((Interest(keywords=(*keywords, "like:arxiv:2504.00001")),)))
    assert problem.problem == "31 papers behind like:; a profile has at most 30"


def test_a_profile_has_a_greatest_number_of_interests_and_further_ones_match_nothing() -> None:
    profile = Profile(tuple(Interest(name=f"{n}", keywords=("mamba",) if n == 99 else ("other",)) for n in range(100)))
    assert check_profile(profile) == []
    longer = Profile(profile.interests + (Interest(keywords=("model",)),) * 70_000)
    assert "70100 interests; a profile has at most 100" in [problem.problem for problem in check_profile(longer)]
    assert [[match.interest for match in found] for found in match_papers(PAPERS, [profile, longer])] == [["99"]] * 2


@given(st.lists(st.text()), st.lists(st.text()), st.text(), st.floats())
def test_nothing_a_reader_writes_breaks_checking_or_matching(
    keywords: list[str], authors: list[str], query: str, weight: float
) -> None:
    interest = Interest(
        keywords=tuple(keywords), exclude=tuple(authors), authors=tuple(authors), query=query, weight=weight
    )
    assert all(problem.repair for problem in check_interest(interest))
    (found,) = match_papers(PAPERS, [Profile((interest, Interest(keywords=("mamba",))))])
    assert PAPERS[0] in [match.paper for match in found]


def test_profiles_that_people_really_wrote_can_be_read_and_matched(recorded_data: Path) -> None:
    recorded = sorted((recorded_data / "profiles").glob("*.json"))
    assert len(recorded) == 208
    profiles = [_profile(json.loads(path.read_bytes())) for path in recorded]
    written = sum(len(interest.keywords) for profile in profiles for interest in profile.interests)
    refused = [p for profile in profiles for p in check_profile(profile) if "keywords" in p.key]
    assert len(refused) < written / 20
    matched = 0
    for profile in profiles:
        wishes = ". ".join(keyword for interest in profile.interests for keyword in interest.keywords)
        paper = Paper(id="1", title=wishes, announced=date(2026, 6, 30))
        matched += match_papers([paper], [profile]) != [()]
    assert matched > 140  # the others have no keywords, or queries of categories, which the paper hasn't


def _profile(recorded: dict[str, dict[str, list[str]]]) -> Profile:
    categories = tuple(recorded["categories"] or ())
    return Profile(
        tuple(
            Interest(name=name, keywords=tuple(keywords), categories=categories)
            for name, keywords in recorded["topics"].items()
        )
    )
