"""A crowd of any size is ranked as each of its readers would be alone."""

from datetime import date
from random import Random

from digest.domain import Interest, Paper, Profile
from digest.matching import list_matches
from digest.matching.ranking import MOST_PROFILES, rank_crowd
from digest.matching.reading import read_day
from digest.matching.statistics import Statistics

WORDS = ("mamba", "vision", "pruning", "robots", "graphs", "survey")


def make_day(chance: Random) -> list[Paper]:
    return [
        Paper(
            id=f"arxiv:2606.{number:05}",
            title=" ".join(chance.choices(WORDS, k=3)),
            abstract=" ".join(chance.choices(WORDS, k=chance.randint(1, 8))),
            announced=date(2026, 6, 30),
            upvotes=number % 7,
            categories=chance.choice([(), ("cs.LG",), ("cs.CL",)]),
        )
        for number in range(60)
    ]


def make_profile(chance: Random) -> Profile:
    interests = (
        Interest(
            name=str(number),
            keywords=tuple(chance.sample(WORDS, 2)),
            weight=chance.random() + 0.1,
            exclude=chance.choice([(), ("survey",)]),
            categories=chance.choice([(), ("cs.LG",), ("cs.LG", "math")]),
        )
        for number in range(3)
    )
    return Profile(tuple(interests), min_score=chance.choice([0.0, 2.0]))


def test_a_crowd_of_several_batches_is_ranked_as_each_reader_alone() -> None:
    chance = Random(5)  # noqa: S311  # nothing secret about it
    papers, profiles = make_day(chance), [make_profile(chance) for _ in range(30)]
    alone = [found.rows for profile in profiles for found in list_matches(papers, [profile])]
    assert len({len(rows) for rows in alone}) > 5
    times = 2 * MOST_PROFILES // len(profiles) + 1
    assert [found.rows for found in list_matches(papers, profiles * times)] == alone * times


def test_the_best_are_given_and_all_are_counted() -> None:
    chance = Random(6)  # noqa: S311
    profiles = [make_profile(chance) for _ in range(30)]
    reading = read_day(make_day(chance), profiles, statistics=Statistics(), liked=())
    (whole,), (cut,) = (list(rank_crowd(reading.crowd, reading.postings, most=most)) for most in (None, 3))
    assert cut.matched.tolist() == whole.matched.tolist() == whole.shown.tolist()
    assert cut.shown.tolist() == [min(count, 3) for count in whole.shown.tolist()]
    ends = whole.shown.cumsum().tolist()
    best = [whole.papers[end - count : end][:3].tolist() for end, count in zip(ends, whole.shown.tolist(), strict=True)]
    assert cut.papers.tolist() == [paper for some in best for paper in some]
