"""A slow, obvious matcher agrees with the fast one, on texts nobody would think of and on real ones."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from digest.domain import Interest, Match, Paper, Profile
from digest.matching import match_papers
from digest.matching.definitions import find_definitions
from digest.matching.words import read_words
from tests.matching.recorded import real_day, real_profiles
from tests.matching.reference import SlowDay, slow_matches
from tests.matching.strategies import DAY, WORDS, days, profiles, texts

DAYS = (
    *("2025-04-05", "2025-05-11", "2025-07-06", "2025-09-19", "2025-12-13"),
    *("2026-02-12", "2026-03-02", "2026-06-15", "2026-06-18", "2026-06-29"),
)
PARTS = 5
IS_WHOLE = bool(os.environ.get("DIGEST_TEST_WHOLE"))
"""Whether every profile is compared on every day, for some minutes; else each on two of the ten days."""


def assert_same(profile: Profile, found: tuple[Match, ...], day: SlowDay) -> None:
    expected = slow_matches(profile, day)
    scores = {match.paper.id: match.score for match in found}
    assert scores.keys() == {day.papers[paper].id for paper, _, _ in expected}
    for paper, number, score in expected:
        assert scores[day.papers[paper].id] == pytest.approx(score, abs=2e-4)
        (match,) = (match for match in found if match.paper.id == day.papers[paper].id)
        rivals = [s for i in profile.interests if (s := day.score(i, paper)) is not None]
        if len([s for s in rivals if s > max(rivals) - 1e-3]) == 1:
            assert match.interest == profile.interests[number].name
    assert [m.score for m in found] == sorted((m.score for m in found), reverse=True)


@settings(max_examples=300, deadline=None)
@given(days, st.lists(profiles, min_size=1, max_size=3))
def test_the_fast_matcher_agrees_with_the_slow_one(day: list[Paper], crowd: list[Profile]) -> None:
    slow = SlowDay(day)
    for profile, found in zip(crowd, match_papers(day, crowd), strict=True):
        assert_same(profile, found, slow)


@settings(deadline=None)
@given(days, st.lists(profiles, min_size=1, max_size=4))
def test_a_profile_is_served_the_same_alone_and_in_a_crowd(day: list[Paper], crowd: list[Profile]) -> None:
    assert match_papers(day, crowd) == [match_papers(day, [profile])[0] for profile in crowd]


@pytest.mark.parametrize(("turn", "name"), list(enumerate(DAYS)))
def test_both_agree_on_what_people_really_wrote_and_ten_real_days(recorded_data: Path, turn: int, name: str) -> None:
    everybody, day = real_profiles(recorded_data), real_day(recorded_data, name)
    assert len(everybody) == 208
    found = list(zip(everybody, match_papers(day, everybody), strict=True))
    slow = SlowDay(day)
    for profile, matches in found if IS_WHOLE else found[turn % PARTS :: PARTS]:
        assert_same(profile, matches, slow)
    assert sum(len(matches) for _, matches in found) > 100


def letters_of(text: str) -> str:
    return "".join(read_words(text).folded)


def pointed_at(match: Match) -> Iterator[tuple[str, str]]:
    for reason in match.reasons:
        text = match.paper.title if reason.field == "title" else match.paper.abstract
        yield from ((reason.keyword, text[start:end]) for start, end in reason.spans)


@settings(deadline=None)
@given(texts, texts, st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(" ".join))
def test_spans_point_at_text_that_reads_as_the_keyword(title: str, abstract: str, keyword: str) -> None:
    assume(not find_definitions(f"{title}\n\n{abstract}"))
    paper = Paper(id="1", title=title, abstract=abstract, announced=DAY)
    (found,) = match_papers([paper], [Profile((Interest(keywords=(keyword,)),))])
    for match in found:
        passages = list(pointed_at(match))
        assert passages
        assert all(letters_of(passage) == letters_of(written) for written, passage in passages)


def test_an_acronym_points_at_its_long_form_and_the_other_way_round() -> None:
    paper = Paper(
        id="1", title="RAG", abstract="Retrieval-augmented generation (RAG) helps. RAG is new.", announced=DAY
    )
    for keyword in ("RAG", "retrieval augmented generation"):
        ((match,),) = match_papers([paper], [Profile((Interest(keywords=(keyword,)),))])
        passages = [passage for _, passage in pointed_at(match)]
        assert passages == ["RAG", "Retrieval-augmented generation", "RAG", "RAG"]
