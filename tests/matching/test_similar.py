"""Which papers of a day are nearly the same, and what becomes of their scores."""

from datetime import date

import pytest

from digest.domain import Interest, Paper, Profile
from digest.matching import match_papers
from digest.matching.similar import group_similar
from digest.matching.words import read_words


def text(length: int, first: int = 0) -> str:
    """So many words that hardly any other text has."""
    return " ".join(f"w{number * number % 9973}x{number}" for number in range(first, first + length))


def groups(*texts: tuple[str, str]) -> list[int]:
    return group_similar([(read_words(title), read_words(abstract)) for title, abstract in texts])


@pytest.mark.parametrize("length", [0, 1, 3, 15, 25, 30, 40, 99, 103, 104, 250])
def test_papers_with_the_same_words_are_one_group_however_long(length: int) -> None:
    assert groups(("Mamba", text(length)), ("Other", text(80, 900)), ("Mamba", text(length))) == [0, 1, 0]


@pytest.mark.parametrize("count", [2, 21, 60])
def test_any_number_of_papers_may_be_much_the_same(count: int) -> None:
    assert groups(*((f"Part {text(1, number)}", text(60)) for number in range(count))) == [0] * count


@pytest.mark.parametrize("length", [30, 96, 104, 200])
def test_an_abstract_with_a_few_more_words_is_much_the_same(length: int) -> None:
    assert groups(("One", text(length)), ("Two", text(length + 10))) == [0, 0]


def test_likeness_goes_by_way_of_a_third() -> None:
    assert groups(("A", text(80)), ("B", text(80, 50)), ("C", text(80, 25))) == [0, 0, 0]


def test_different_papers_and_papers_without_words_stay_apart() -> None:
    assert groups(("A", text(80)), ("B", text(80, 500)), ("", ""), ("", "")) == [0, 1, 2, 3]
    assert groups(("", ""), ("Mamba", "")) == [0, 1]
    assert groups() == []


def test_a_few_phrases_in_common_make_no_duplicates() -> None:
    shared = "in this paper we propose a novel approach to the problem of"
    assert groups(*((f"Paper {n}", f"{shared} {text(60, n * 100)}") for n in range(30))) == list(range(30))


def test_of_near_duplicates_the_best_keeps_its_score_and_each_other_a_quarter_of_the_one_before() -> None:
    papers = [Paper(id=f"{n}", title="Mamba", abstract=text(40), announced=date(2026, 6, 30)) for n in range(3)]
    papers.append(Paper(id="3", title="Vision", abstract=text(40, 500), announced=date(2026, 6, 30)))
    (found,) = match_papers(papers, [Profile((Interest(keywords=("mamba",)),))])
    first, second, third = (match.score for match in found)
    assert [match.paper.id for match in found] == ["0", "1", "2"]
    assert (second, third) == pytest.approx((first / 4, first / 16), abs=1e-3)
