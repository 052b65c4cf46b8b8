"""What a profile would bring of a day's papers, keyword by keyword."""

from datetime import date

from hypothesis import given, settings

from digest.domain import Interest, Paper, Profile
from digest.matching import Statistics, Trial, match_papers, try_profile
from tests.matching.strategies import days, profiles

NOTHING_STORED = Statistics()
NOBODY = Profile()


def paper(title: str, number: int, **more: object) -> Paper:
    return Paper(id=f"{number}", title=title, announced=date(2026, 6, 30), **more)  # type: ignore[arg-type]  # the fields vary


def attempt(papers: list[Paper], *interests: Interest, min_score: float = 0.0) -> Trial:
    return try_profile(papers, Profile(interests, min_score=min_score), changed=NOBODY, statistics=NOTHING_STORED)


def test_a_keyword_speaks_for_each_matching_paper_in_which_it_stands() -> None:
    papers = [paper("Mamba for vision", 1), paper("Vision", 2), paper("Other", 3)]
    trial = attempt(papers, Interest(keywords=("mamba", "vision")))
    assert trial.brought == {"1": {"mamba", "vision"}, "2": {"vision"}}


def test_keywords_of_an_interest_that_lost_the_paper_to_another_are_counted_too() -> None:
    papers = [paper("Mamba for vision", 1), paper("Other", 2)]
    trial = attempt(papers, Interest("A", keywords=("mamba^5",)), Interest("B", keywords=("vision",)))
    assert [match.interest for match in trial.matches] == ["A"]
    assert trial.brought == {"1": {"mamba^5", "vision"}}


def test_a_keyword_that_is_excluded_or_filtered_everywhere_brings_nothing_but_is_not_dead() -> None:
    papers = [paper("A survey of mamba", 1, categories=("cs.LG",)), paper("Pruning", 2, categories=("math.CO",))]
    trial = attempt(
        papers, Interest(keywords=("mamba", "pruning", "basalt"), exclude=("survey",), categories=("cs.LG",))
    )
    assert trial.brought == {}
    assert trial.standing == {"mamba": True, "pruning": True, "basalt": False}


def test_what_is_below_min_score_is_not_counted() -> None:
    papers = [paper("Mamba", 1), paper("Other", 2)]
    assert attempt(papers, Interest(keywords=("mamba",)), min_score=1000).brought == {}


def test_terms_of_a_query_count_by_themselves_and_those_behind_not_do_not() -> None:
    trial = attempt([paper("Mamba", 1)], Interest(query="(mamba OR basalt) NOT survey"))
    assert trial.standing == {"mamba": True, "basalt": False}
    assert trial.brought == {"1": {"mamba"}}


def test_a_changed_profile_is_tried_on_the_same_papers() -> None:
    papers = [paper("Mamba", 1), paper("Vision", 2)]
    trial = try_profile(
        papers,
        Profile((Interest(keywords=("mamba",)),)),
        changed=Profile((Interest(keywords=("vision",)),)),
        statistics=NOTHING_STORED,
    )
    assert [match.paper.id for match in trial.matches] == ["1"]
    assert [match.paper.id for match in trial.changed] == ["2"]


@settings(max_examples=100, deadline=None)
@given(days, profiles, profiles)
def test_a_trial_brings_what_the_matching_brings_with_at_least_its_reasons(
    day: list[Paper], profile: Profile, changed: Profile
) -> None:
    trial = try_profile(day, profile, changed=changed, statistics=NOTHING_STORED)
    assert [trial.matches, trial.changed] == match_papers(day, [profile, changed])
    assert list(trial.brought) == [match.paper.id for match in trial.matches]
    for match in trial.matches:
        assert {reason.keyword for reason in match.reasons} <= trial.brought[match.paper.id]
    assert all(trial.standing[keyword] for keywords in trial.brought.values() for keyword in keywords)
