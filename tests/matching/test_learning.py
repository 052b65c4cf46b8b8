"""What papers teach a profile: few entries, all to be seen, never past the profile's limits."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.changes import Change, Edit, Kind, List
from digest.domain import Interest, Paper, Profile
from digest.matching import (
    NOTHING_STORED,
    Statistics,
    check_profile,
    match_papers,
    propose_less,
    propose_more,
    propose_mute,
    telling_terms,
    terms_to_mute,
)
from digest.matching.check import MOST_TERMS
from digest.matching.learning import MOST_EDITS
from digest.matching.reweighting import GREATEST_LEARNT, lower_weight, raise_weight, reweigh

DAY = date(2026, 6, 30)
LIKED = Paper(
    "arxiv:2606.00001",
    "ScanNeXt: selective state space models for endoscopic video",
    DAY,
    abstract=(
        "Endoscopic video is long. We bring state space models to endoscopic video: ScanNeXt, a state space model with "
        "a selective scan. The selective scan reads endoscopic video in linear time; ScanNeXt needs no attention."
    ),
)
SIMILAR = Paper(
    "arxiv:2606.00002",
    "State space models for whole-slide images",
    DAY,
    abstract="Pathology needs long contexts. A state space model reads whole-slide images without attention.",
)
KNOWN = Statistics(
    5000,
    {
        "state": 400, "space": 300, "model": 3000, "video": 400, "endoscopic": 20, "selective": 60, "scan": 50,
        "linear": 500, "time": 1500, "attention": 900, "need": 800, "long": 700, "slide": 30, "image": 1500,
        "pathology": 40, "context": 900, "whole": 200, "read": 90, "bring": 70, "scannext": 1,
    },
)  # fmt: skip


def profile_of(*keywords: str, exclude: tuple[str, ...] = ()) -> Profile:
    return Profile((Interest("Sequences", keywords, exclude),))


def more(profile: Profile, *papers: Paper, statistics: Statistics = KNOWN) -> Change:
    return propose_more(profile, papers or (LIKED,), interest=0, statistics=statistics)


def added(change: Change) -> list[str]:
    return [edit.term for edit in change.edits if edit.kind is Kind.ADDED]


def test_more_like_a_paper_adds_its_telling_terms_and_raises_the_keywords_that_brought_it() -> None:
    change = more(profile_of("attention", "protein folding"))

    assert str(change).splitlines() == [
        "Sequences:",
        "  + endoscopic video",
        "  + state space model^0.8",
        "  + selective scan^0.7",
        "  ~ attention: 1 → 1.2",
    ]


def test_a_change_makes_the_paper_score_higher_or_lower_and_undoing_it_the_same_as_before() -> None:
    before = profile_of("attention", "protein folding")
    heavier = more(before)
    lighter = propose_less(before, LIKED, interest=0)
    profiles = [heavier.apply(before), before, lighter.apply(before), heavier.invert().apply(heavier.apply(before))]

    scores = [matches[0].score for matches in match_papers([LIKED], profiles, statistics=KNOWN)]

    assert scores[0] > scores[1] > scores[2] > 0
    assert scores[3] == scores[1]
    assert profiles[3] == before


def test_the_name_that_a_paper_gives_itself_is_no_keyword() -> None:
    assert not [term for term in added(more(profile_of("protein"))) if "scannext" in term.lower()]
    assert not [
        term for term in added(more(profile_of("protein"), statistics=NOTHING_STORED)) if "scannext" in term.lower()
    ]


def test_a_field_s_word_before_a_colon_is_no_name() -> None:
    paper = Paper("arxiv:2606.00003", "Endoscopy: a view", DAY, abstract="Endoscopy helps. Endoscopy is old.")
    known = Statistics(5000, {"endoscopy": 20, "scan": 5, "look": 5, "new": 900, "help": 900, "old": 200})
    named = Paper("arxiv:2606.00004", "Scan-Look: a view", DAY, abstract="Scan-Look helps. Scan-Look is new.")
    assert added(more(profile_of("protein"), paper, statistics=known)) == ["endoscopy"]
    assert added(more(profile_of("protein"), named, statistics=known)) == []


@pytest.mark.parametrize(
    "held",
    ["endoscopic video", "Endoscopic videos", '"endoscopic video"^3', "endoscopic vid*", "endoscopic video denoising"],
)
def test_what_the_profile_has_already_or_more_exactly_is_not_proposed(held: str) -> None:
    assert "endoscopic video" not in added(more(profile_of(held, "protein")))


def test_a_term_that_another_interest_has_is_not_proposed() -> None:
    profile = Profile((Interest("One", ("protein",)), Interest("Two", ("endoscopic video",))))
    assert "endoscopic video" not in added(more(profile))


def test_what_is_left_out_is_never_asked_for() -> None:
    assert not [term for term in added(more(profile_of("protein", exclude=("endoscop*",)))) if "endoscop" in term]


def test_a_keyword_sharper_than_a_broad_one_is_worth_having() -> None:
    assert "state space model" in added(more(profile_of("model", "protein")))


def test_of_several_papers_only_what_they_share_is_proposed() -> None:
    assert added(more(profile_of("protein"), LIKED, SIMILAR)) == ["state space model"]


def test_a_single_keyword_is_not_raised_for_that_would_change_no_order() -> None:
    assert [edit.kind for edit in more(profile_of("attention")).edits] == [Kind.ADDED] * 3


def test_a_paper_that_fits_no_interest_of_a_reader_without_any_makes_one() -> None:
    change = propose_more(Profile(), [LIKED], interest=0, statistics=KNOWN)
    assert change.apply(Profile()).interests[0].keywords[0] == "endoscopic video"
    assert change.invert().apply(change.apply(Profile())) == Profile()


def test_less_halves_the_weight_of_every_keyword_that_brought_the_paper() -> None:
    change = propose_less(profile_of("state space", "attention^3", "protein", "attentions"), LIKED, interest=0)

    assert [str(edit) for edit in change.edits] == [
        "~ state space: 1 → 0.5",
        "~ attention: 3 → 1.5",
        "~ attentions: 1 → 0.5",
    ]


def test_less_ends_at_the_lowest_weight_and_then_takes_the_keyword_away_but_never_the_last_one() -> None:
    (gone,) = propose_less(profile_of("attention^0.1", "protein"), LIKED, interest=0).edits
    assert (gone.kind, gone.before) == (Kind.REMOVED, "attention^0.1")
    assert not propose_less(profile_of("attention^0.1"), LIKED, interest=0)


def test_less_like_a_paper_that_no_keyword_brought_changes_nothing() -> None:
    assert not propose_less(Profile((Interest("All of it", categories=("cs.CV",)),)), LIKED, interest=0)


def test_keywords_that_join_terms_and_likenesses_learn_too() -> None:
    profile = profile_of("attention NOT survey", "like:arxiv:2606.00002", "protein")
    liked = {SIMILAR.id: telling_terms(SIMILAR, KNOWN)}

    change = propose_less(profile, LIKED, interest=0, liked=liked)

    assert [edit.after for edit in change.edits] == ["(attention NOT survey)^0.5", "like:arxiv:2606.00002^0.5"]


def test_a_muted_term_is_an_exclusion_in_the_interests_it_is_meant_for() -> None:
    profile = Profile((Interest("One", ("attention",), ("survey",)), Interest("Two", ("video",))))

    here, everywhere = (propose_mute(profile, ["survey", " x-ray "], interests=where) for where in ([0], [0, 1]))

    assert here.apply(profile).interests[0].exclude == ("survey", "x-ray")
    assert here.apply(profile).interests[1] == profile.interests[1]
    assert [interest.exclude for interest in everywhere.apply(profile).interests] == [
        ("survey", "x-ray"),
        ("survey", "x-ray"),
    ]


def test_a_term_that_is_muted_already_is_not_muted_again_in_another_writing() -> None:
    profile = Profile((Interest("One", ("attention",), ("Survey", "pretraining")),))
    assert not propose_mute(profile, ["survey", "Pretraining"], interests=[0])
    (edit,) = propose_mute(profile, ["pre-training", "Pre-Training"], interests=[0]).edits  # with a space it is news
    assert edit.after == "pre-training"


def test_a_term_that_can_not_be_read_is_not_muted() -> None:
    assert not propose_mute(profile_of("attention"), ["x AND", "*"], interests=[0])


def test_terms_to_mute_are_none_that_the_reader_asks_for() -> None:
    assert terms_to_mute(profile_of("endoscopic video"), LIKED, statistics=KNOWN) == (
        "state space model",
        "selective scan",
    )


def test_nothing_is_proposed_past_the_limit_of_a_profile() -> None:
    words = [f"{first}{second}{third}" for first in "abcdefg" for second in "hijklmn" for third in "opqrstu"]
    full = profile_of(*words[:MOST_TERMS])
    nearly = profile_of(*words[: MOST_TERMS - 1])

    assert not more(full)
    assert len(more(nearly).edits) == 1


@pytest.mark.parametrize(
    ("before", "heavier", "lighter"),
    [
        ("pruning", "pruning^1.2", "pruning^0.5"),
        ("pruning^0.5", "pruning^0.6", "pruning^0.2"),
        ("pruning^2", "pruning^2.4", "pruning"),
        ("pruning^0.1", "pruning^0.2", None),
        ("pruning^5", None, "pruning^2.5"),
        ("pruning^80", None, "pruning^40"),
        ('title:"state space"^2', 'title:"state space"^2.4', 'title:"state space"'),
        ("pruning[ti]", "pruning[ti]^1.2", "pruning[ti]^0.5"),
        ("reinforcement learning (RL)", "reinforcement learning (RL)^1.2", "reinforcement learning (RL)^0.5"),
        ("mamba NOT survey^2", "(mamba NOT survey^2)^1.2", "(mamba NOT survey^2)^0.5"),
        ("(mamba OR ssm)^2", "(mamba OR ssm)^2.4", "(mamba OR ssm)"),
        ("mamba^0.1 OR ssm", "(mamba^0.1 OR ssm)^1.2", None),
        ("mamba AND", None, None),
    ],
)
def test_a_weight_is_changed_in_the_keyword_s_own_writing(
    before: str, heavier: str | None, lighter: str | None
) -> None:
    assert reweigh(before, raise_weight) == heavier
    assert reweigh(before, lower_weight) == lighter


@given(st.floats(0.1, 100))
def test_steps_stay_between_the_lowest_weight_and_what_learning_may_reach(weight: float) -> None:
    assert 0.1 <= lower_weight(weight) <= max(weight, 0.1)
    assert weight <= raise_weight(weight) <= max(weight, GREATEST_LEARNT)


texts = st.lists(
    st.sampled_from(
        [
            "State",
            "space",
            "models,",
            "LONG",
            "video:",
            "mamba.",
            "Survey",
            "of",
            "RAG",
            "(retrieval-augmented",
            "C++",
            "N:M",
            "“x”",
            "^2",
            "*",
            "(",
            "AND",
            "OR",
            "NOT",
            "拡散モデル",
            "نموذج",
            "quantiz*",
            "title:mamba^2",
            "\x00",
            "generation)!",
            "and",
            "3D",
            "cross-modal",
            "e-commerce",
            "the",
            "a",
            "for",
        ]
    ),
    max_size=40,
).map(" ".join)
keywords = st.lists(
    st.sampled_from(
        ["mamba", "mamba^0.1", "state space^99", "mamba NOT survey", "(video OR rag)^2", "quantiz*", '"video"']
    ),
    min_size=1,
    max_size=5,
)


@settings(max_examples=150)
@given(st.lists(st.tuples(texts, texts), min_size=1, max_size=3), keywords, st.sampled_from([KNOWN, NOTHING_STORED]))
def test_whatever_the_papers_hold_the_changed_profile_is_sound_and_the_former_one_comes_back(
    contents: list[tuple[str, str]], held: list[str], statistics: Statistics
) -> None:
    papers = [Paper(f"arxiv:2606.{n:05}", title, DAY, abstract=text) for n, (title, text) in enumerate(contents)]
    before = profile_of(*held)
    muted = propose_mute(before, terms_to_mute(before, papers[0], statistics=statistics), interests=[0])

    for change in (more(before, *papers, statistics=statistics), propose_less(before, papers[0], interest=0), muted):
        changed = change.apply(before)
        assert len(change.edits) <= MOST_EDITS
        assert check_profile(changed) == []
        assert change.effective(before) == change
        assert sorted(change.invert().apply(changed).interests[0].keywords) == sorted(held)
        assert change.invert().apply(changed).interests[0].exclude == ()


def recorded_papers(folder: Path) -> Iterator[Paper]:
    with gzip.open(max((folder / "arxiv_days").glob("*.gz")), "rt") as lines:
        for record in map(json.loads, lines):
            abstract = " ".join((record.get("summary") or "").split())
            yield Paper(f"arxiv:{record['id']}", record["title"], DAY, abstract=abstract)


def test_real_papers_teach_real_profiles_few_and_sound_entries(recorded_data: Path) -> None:
    papers = list(recorded_papers(recorded_data))[:60]
    profile = Profile((Interest("Models", ("language model", "diffusion", "robot", "graph NOT survey")),))
    proposals = [more(profile, paper, statistics=NOTHING_STORED) for paper in papers]

    assert sum(map(bool, proposals)) > len(papers) / 2
    for change in proposals:
        assert len(change.edits) <= MOST_EDITS
        assert check_profile(change.apply(profile)) == []


def test_an_edit_of_a_keyword_is_of_that_keyword() -> None:
    (raised,) = [edit for edit in more(profile_of("attention", "protein")).edits if edit.kind is Kind.REWEIGHTED]
    assert raised == Edit(0, "Sequences", List.KEYWORDS, "attention", "attention^1.2", 0)
