"""An explanation tells what the matching did, in numbers that sum up to the score."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from digest.domain import Doubt, Interest, Note, Paper, Profile
from digest.matching import (
    Cut,
    Explanation,
    Place,
    Role,
    Statistics,
    TracedInterest,
    explain_papers,
    match_papers,
)
from digest.matching.expressions import Term
from digest.matching.interests import read_interest
from digest.matching.tracing import apportion
from digest.matching.worth import TITLE_BOOST
from tests.matching.recorded import real_day, real_profiles
from tests.matching.reference import SlowDay, prior
from tests.matching.strategies import days, profiles

NOTHING_STORED = Statistics()
ONE_UNIT = 1e-4
"""Scores are whole numbers of these."""


def paper(title: str, abstract: str = "", number: int = 1, **more: object) -> Paper:
    return Paper(id=f"arxiv:2606.{number:05}", title=title, abstract=abstract, announced=date(2026, 6, 30), **more)  # type: ignore[arg-type]  # the fields vary


def explain_all(papers: list[Paper], profile: Profile, liked: Iterable[Paper] = ()) -> list[Explanation]:
    ids = {each.id for each in papers}
    return list(explain_papers(ids, papers, profile, covered=ids, statistics=NOTHING_STORED, liked=liked))


def explain(papers: list[Paper], *interests: Interest, max_papers: int = 15, min_score: float = 0.0) -> Explanation:
    """Why the first of the papers was or wasn't chosen."""
    return explain_all(papers, Profile(interests, max_papers=max_papers, min_score=min_score))[0]


def found(interest: TracedInterest) -> dict[str, list[str]]:
    """Each term with the fields in which it stands."""
    terms: dict[str, list[str]] = {}
    for place in interest.places:
        terms.setdefault(place.keyword, []).extend([place.field] * bool(place.count))
    return terms


def in_units(places: Iterable[Place]) -> int:
    return sum(round(place.impact / ONE_UNIT) for place in places)


def test_each_keyword_tells_where_it_stands_how_often_and_what_it_adds() -> None:
    explanation = explain(
        [paper("Pruning of nets", "Pruning: prune. PRUNING!"), paper("B", number=2)],
        Interest("Nets", keywords=("pruning", "mamba")),
    )
    assert explanation.best is not None
    title, abstract, nowhere = explanation.best.places
    assert (title.keyword, title.field, title.count, title.spans) == ("pruning", "title", 1, ((0, 7),))
    assert (abstract.field, abstract.count, abstract.spans) == ("abstract", 2, ((0, 7), (16, 23)))
    assert (nowhere.keyword, nowhere.field, nowhere.count, nowhere.impact) == ("mamba", "", 0, 0.0)
    assert title.impact / abstract.impact == pytest.approx(
        TITLE_BOOST / 2, rel=1e-3
    )  # the title's boost, once; and two hits
    assert (explanation.cut, explanation.rank, explanation.matched) == (None, 1, 1)


def test_authors_categories_and_sources_are_told_by_their_field() -> None:
    interest = Interest(authors=("Song Han", "Ada Lovelace"), query="category:cs.LG AND source:arxiv")
    explanation = explain([paper("A", authors=("S. Han",), categories=("cs.LG",), sources=("arxiv",))], interest)
    assert found(explanation.interests[0]) == {
        "Song Han": ["author"], "Ada Lovelace": [], "category:cs.LG": ["category"], "source:arxiv": ["source"],
    }  # fmt: skip
    assert explanation.interests[0].places[0].note == Note(Doubt.INITIALS, "S. Han")


@pytest.mark.parametrize(
    "interest", [Interest(keywords=("mamba^3", "vision"), weight=0.5), Interest(query="mamba^3 AND vision")]
)
def test_what_a_term_adds_has_the_reader_s_weights_in_it(interest: Interest) -> None:
    explanation = explain([paper("Mamba and vision"), paper("Other", number=2)], interest)
    mamba, vision = explanation.interests[0].places
    assert mamba.impact == pytest.approx(3 * vision.impact, rel=1e-3)
    assert mamba.impact + vision.impact == pytest.approx(explanation.score)


def test_upvotes_are_told_apart() -> None:
    explanation = explain([paper("Mamba", upvotes=100)], Interest(keywords=("mamba",)))
    assert explanation.best is not None
    (upvotes,) = explanation.best.further
    assert (upvotes.keyword, upvotes.count) == ("upvotes", 100)
    assert upvotes.impact == pytest.approx(explanation.score * 0.0441, rel=1e-2)
    assert in_units(explanation.best.places) == round(explanation.score / ONE_UNIT)


def test_what_a_near_duplicate_loses_is_told_with_the_paper_that_keeps_its_score() -> None:
    words = ["we", "prune", "large", "trained", "deep", "wide", "sparse", "narrow", "old", "fast", "shy", "odd"]
    text = " ".join(f"{word} nets" for word in words * 3)
    twins = [paper("Pruning again", text, number=2), paper("Pruning, pruning", text, number=1)]
    explanation, other = explain_all(twins, Profile((Interest(keywords=("pruning",)),)))
    assert explanation.best is not None
    (lost,) = explanation.best.further
    assert (lost.keyword, lost.field, lost.count) == (other.paper.id, "near-duplicate", 1)
    assert lost.impact < 0
    assert in_units(explanation.best.places) == round(explanation.score / ONE_UNIT)
    assert other.best is not None
    assert other.best.further == ()
    assert (other.rank, explanation.rank) == (1, 2)


def test_an_exclusion_that_hits_is_named_with_the_field_where_it_stands() -> None:
    interest = Interest(keywords=("mamba",), exclude=("survey", "hype"))
    explanation = explain([paper("Mamba: a survey")], interest)
    assert (explanation.cut, explanation.score, explanation.best, explanation.rank) == (Cut.EXCLUDED, 0.0, None, None)
    (survey,) = explanation.excluded_by
    assert (survey.written, survey.places[0].field) == ("survey", "title")
    assert in_units(explanation.interests[0].places) == 0


def test_an_author_by_initials_alone_is_found_but_does_not_exclude() -> None:
    interest = Interest(keywords=("mamba",), exclude=("author:Song Han",))
    explanation = explain([paper("Mamba", authors=("S. Han",))], interest)
    (excluded,) = explanation.interests[0].of(Role.EXCLUDED)
    assert (explanation.cut, excluded.holds, excluded.places[0].count) == (None, False, 1)


def test_a_filter_that_is_not_met_is_named() -> None:
    interest = Interest(keywords=("mamba",), categories=("cs.LG", "cs.CV"))
    explanation = explain([paper("Mamba", categories=("math.CO",))], interest)
    assert explanation.cut is Cut.FILTERED
    assert [slot.written for slot in explanation.filtered_by] == ["cs.LG", "cs.CV"]


def test_a_filter_that_cannot_be_checked_is_told_and_passed() -> None:
    explanation = explain([paper("Mamba")], Interest(keywords=("mamba",), categories=("cs.LG",)))
    assert (explanation.cut, explanation.interests[0].is_unchecked) == (None, True)


def test_a_query_tells_its_terms_and_whether_it_holds() -> None:
    query = "mamba AND NOT (survey OR review)"
    explanation = explain([paper("Mamba: a survey")], Interest(query=query))
    (slot,) = explanation.interests[0].slots
    assert (explanation.cut, slot.written, slot.is_compound, slot.holds) == (Cut.NO_HIT, query, True, False)
    assert found(explanation.interests[0]) == {"mamba": ["title"], "survey": ["title"], "review": []}
    assert in_units(slot.places) == 0


def test_one_meaning_adds_once_and_under_its_own_keyword() -> None:
    explanation = explain([paper("Mamba")], Interest(keywords=("mamba",), query="mamba NOT survey"))
    keyword, query = explanation.interests[0].slots
    assert keyword.places[0].impact == explanation.score
    assert (query.holds, in_units(query.places)) == (True, 0)


def test_a_paper_liked_for_is_explained_by_its_visible_terms() -> None:
    liked = paper("Pruning of sparse graphs", "Pruning sparse graphs. Sparse graphs.", number=9)
    interest = Interest(keywords=(f"like:{liked.id}",))
    (explanation,) = explain_all([paper("Pruning of sparse graphs")], Profile((interest,)), liked=[liked])
    assert explanation.cut is None
    assert all(place.keyword.startswith(f"like:{liked.id}: ") for place in explanation.interests[0].places)


def test_of_two_interests_the_better_one_counts_and_both_are_told() -> None:
    explanation = explain(
        [paper("Mamba for vision"), paper("Vision", number=2), paper("Other", number=3)],
        Interest("Vision", keywords=("vision",)),
        Interest("Mamba", keywords=("mamba",)),
    )
    assert explanation.best is explanation.interests[1]
    assert explanation.score == explanation.interests[1].score > explanation.interests[0].score > 0


def test_what_cuts_a_match_off_is_min_score_or_max_papers_or_that_no_digest_covers_it() -> None:
    papers = [paper("A", "mamba", number=1), paper("Mamba", number=2), paper("Other", number=3)]
    interest = Interest(keywords=("mamba",))
    score = explain(papers, interest).score
    assert explain(papers, interest, min_score=score).cut is None
    assert explain(papers, interest, min_score=score + ONE_UNIT).cut is Cut.MIN_SCORE
    crowded = explain(papers, interest, max_papers=1)
    assert (crowded.cut, crowded.rank, crowded.matched) == (Cut.MAX_PAPERS, 2, 2)
    others = {each.id for each in papers[1:]}
    (first, *_) = explain_papers(
        {papers[0].id}, papers, Profile((interest,)), covered=others, statistics=NOTHING_STORED
    )
    assert (first.cut, first.rank, first.matched) == (Cut.NOT_COVERED, None, 1)


@pytest.mark.parametrize(
    ("keyword", "hint"),
    [
        ("RAG", "“rag” stands there, but an acronym wants capitals"),
        ('"quantized"', "“quantised” stands there, but quotes mean the term as written"),
        ("title:storage", "it stands in the abstract only"),
        ("TNF-a", "“tnf-α” stands there, but an acronym wants capitals"),
        ("title:TNF-a", "it stands in the abstract only"),
        ("mamba", ""),
        ("mamba NEAR/2 vision", ""),
        ("like:arxiv:2606.00009", ""),
    ],
)
def test_what_nearly_hits_is_pointed_at(keyword: str, hint: str) -> None:
    text = "In storage, TNF-α" if keyword.startswith("title:") else "In storage, tnf-α"
    explanation = explain([paper("A rag doll, quantised", text)], Interest(keywords=(keyword,)))
    assert explanation.cut is Cut.NO_HIT
    assert {place.hint for place in explanation.interests[0].places} == {hint}


def test_a_profile_without_interests_has_nothing_to_explain() -> None:
    explanation = explain([paper("Mamba")])
    assert (explanation.cut, explanation.interests, explanation.score) == (Cut.NO_HIT, (), 0.0)


@given(st.integers(0, 10**9), st.lists(st.floats(0, 1e6), min_size=1))
def test_shares_in_whole_numbers_sum_up_and_stay_near(total: int, shares: list[float]) -> None:
    whole = sum(shares)
    assume(whole)
    parts = apportion(total, shares)
    assert sum(parts) == total
    assert all(abs(part - share / whole * total) <= 1 for part, share in zip(parts, shares, strict=True))


@settings(max_examples=100, deadline=None)
@given(days, profiles, st.integers(1, 4))
def test_an_explanation_is_what_the_matching_did(day: list[Paper], profile: Profile, most: int) -> None:
    profile = replace(profile, max_papers=most)
    assert_explained(day, profile)


def assert_explained(day: list[Paper], profile: Profile) -> None:
    """Every paper's explanation agrees with the matches, and its terms with the slow matcher's."""
    (matches,) = match_papers(day, [replace(profile, min_score=0.0)])
    (kept,) = match_papers(day, [profile])
    shown = {match.paper.id for match in kept[: profile.max_papers]}
    ranks = {match.paper.id: rank for rank, match in enumerate(matches, start=1)}
    slow = SlowDay(day)
    for position, explanation in enumerate(explain_all(day, profile)):
        assert explanation.paper == day[position]
        assert explanation.matched == len(kept)
        assert explanation.rank == ranks.get(explanation.paper.id)
        assert (explanation.cut is None) == (explanation.paper.id in shown)
        match = matches[explanation.rank - 1] if explanation.rank else None
        assert explanation.score == (match.score if match else 0.0)
        assert (explanation.best is None) == (match is None)
        if explanation.best and match:
            assert in_units(explanation.best.places) == round(explanation.score / ONE_UNIT)
            assert explanation.best.name == match.interest
            places = {(place.keyword, place.field, place.spans) for place in explanation.best.places}
            assert {(reason.keyword, reason.field, reason.spans) for reason in match.reasons} <= places
        for interest, traced in zip(profile.interests, explanation.interests, strict=True):
            assert_traced(interest, traced, slow, position)


def assert_traced(interest: Interest, traced: TracedInterest, slow: SlowDay, position: int) -> None:
    """What an interest's terms add is what the slow matcher says, and so is the reason for taking nothing."""
    score = slow.score(interest, position)
    assert (traced.cut is None) == (score is not None)
    undemoted = [place for place in traced.places if place.field != "near-duplicate"]
    assert in_units(undemoted) * ONE_UNIT == pytest.approx(score or 0.0, abs=2 * ONE_UNIT)
    assert traced.cut is cut_by_leaving_out(interest, slow, position)
    for slot, told in zip(read_interest(interest).slots, traced.slots, strict=True):
        if isinstance(slot.expression, Term) and slot.role is Role.WANTED and score is not None:
            impact = slow.impact(slot.expression, position)
            expected = interest.weight * slot.weight * impact
            assert sum(place.impact for place in told.places) == pytest.approx(expected, abs=3 * ONE_UNIT)
            assert told.holds == (impact > 0)
    shared = sum(place.impact for slot in traced.of(Role.WANTED) for place in slot.places)
    assert shared * prior(slow.papers[position]) == pytest.approx(score or 0.0, abs=3 * ONE_UNIT)


def cut_by_leaving_out(interest: Interest, slow: SlowDay, position: int) -> Cut | None:
    """The reason, found by trying the interest without its exclusions and without its filter."""
    if slow.score(interest, position) is not None:
        return None
    has_wishes = bool(interest.keywords or interest.authors or interest.query.strip())
    unfiltered = replace(interest, categories=()) if has_wishes else interest
    if slow.score(replace(unfiltered, exclude=()), position) is None:
        return Cut.NO_HIT
    return Cut.FILTERED if slow.score(unfiltered, position) is not None else Cut.EXCLUDED


def test_sums_are_exact_for_what_people_really_wrote_on_a_real_day(recorded_data: Path) -> None:
    day = real_day(recorded_data, "2026-06-18")[:60]
    interests = tuple(interest for profile in real_profiles(recorded_data) for interest in profile.interests)
    whole, *alone = match_papers(day, [Profile(interests), *(Profile((interest,)) for interest in interests)])
    scores = [{match.paper.id: match.score for match in matches} for matches in alone]
    by_paper = {match.paper.id: match for match in whole}
    assert len(by_paper) > 40
    ids = {each.id for each in day}
    some = {each.id for each in day[::4]}
    for explanation in explain_papers(some, day, Profile(interests), covered=ids, statistics=NOTHING_STORED):
        match = by_paper.get(explanation.paper.id)
        assert explanation.score == (match.score if match else 0.0)
        for traced, found_alone in zip(explanation.interests, scores, strict=True):
            score = found_alone.get(explanation.paper.id, 0.0)
            assert in_units(traced.places) == round(score / ONE_UNIT)
