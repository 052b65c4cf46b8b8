"""A change of a profile: what it does, how it reads, and that it can be taken back."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from digest.changes import Change, Edit, Kind, List
from digest.domain import Interest, Profile

PRUNING = Interest("Pruning", keywords=("pruning", "survey", "quantiz*^2"), exclude=("medical imaging",))
PROFILE = Profile((PRUNING, Interest("Cells", keywords=("protein",))))

words = st.sampled_from(["pruning", "survey", "quantiz*^2", "mamba", "mamba^1.5", "medical imaging", "x-ray"])


def edit(before: str, after: str, position: int, *, where: List = List.KEYWORDS, interest: int = 0) -> Edit:
    names = [*(interest.name for interest in PROFILE.interests), "New"]
    return Edit(interest, names[interest], where, before, after, position)


ADDED = edit("", "state space model^1.5", 3)
REMOVED = edit("survey", "", 1)
REWEIGHTED = edit("quantiz*^2", "quantiz*", 2)
EXCLUDED = edit("", "x-ray", 1, where=List.EXCLUDE)


def test_entries_are_added_removed_and_reweighted_each_at_its_place() -> None:
    changed = Change((ADDED, REWEIGHTED, REMOVED, EXCLUDED)).apply(PROFILE)

    assert changed.interests == (
        replace(
            PRUNING,
            keywords=("pruning", "quantiz*", "state space model^1.5"),
            exclude=("medical imaging", "x-ray"),
        ),
        PROFILE.interests[1],
    )


def test_a_change_reads_as_a_difference_interest_by_interest() -> None:
    replaced = edit("pruning", "(pruning)^2", 0)
    cells = edit("", "enzyme", 1, interest=1)

    assert str(Change((ADDED, REMOVED, REWEIGHTED, EXCLUDED, replaced, cells))).splitlines() == [
        "Pruning:",
        "  + state space model^1.5",
        "  - survey",
        "  ~ quantiz*: 2 → 1",
        "  + exclude x-ray",
        "  ~ pruning → (pruning)^2",
        "Cells:",
        "  + enzyme",
    ]


def test_an_edit_says_what_becomes_of_which_term() -> None:
    assert (ADDED.kind, ADDED.term, ADDED.weight) == (Kind.ADDED, "state space model", "1.5")
    assert (REMOVED.kind, REMOVED.term, REMOVED.weight) == (Kind.REMOVED, "survey", "1")
    assert (REWEIGHTED.kind, REWEIGHTED.term, REWEIGHTED.weights) == (Kind.REWEIGHTED, "quantiz*", ("2", "1"))


def test_a_new_interest_is_made_for_what_is_added_and_goes_with_it() -> None:
    new = Change((edit("", "enzyme", 0, interest=2),))
    changed = new.apply(PROFILE)

    assert changed.interests[2] == Interest("New", keywords=("enzyme",))
    assert new.invert().apply(changed) == PROFILE


def test_what_does_not_fit_any_more_does_nothing_and_is_not_undone() -> None:
    stale = (
        edit("", "pruning", 0),  # there already
        edit("gone", "", 0),
        edit("gone", "gone^2", 0),
        replace(REMOVED, name="Another"),  # another interest has come into its place
        replace(ADDED, interest=7),
    )
    change = Change((*stale, REMOVED))

    assert Change(stale).apply(PROFILE) == PROFILE
    assert change.effective(PROFILE) == Change((REMOVED,))


@st.composite
def changes(draw: st.DrawFn) -> Change:
    def any_edit() -> Edit:
        before, after = draw(
            st.tuples(words | st.just(""), words | st.just("")).filter(lambda pair: pair[0] != pair[1])
        )
        where, interest = draw(st.sampled_from(List)), draw(st.integers(0, 2))
        return edit(before, after, draw(st.integers(0, 4)), where=where, interest=interest)

    return Change(tuple(any_edit() for _ in range(draw(st.integers(0, 6)))))


@given(changes())
def test_undoing_one_edit_after_the_other_gives_the_former_profile_back(change: Change) -> None:
    profile = PROFILE
    for each in change.edits:
        done = Change((each,)).effective(profile)
        changed = done.apply(profile)
        back = done.invert().apply(changed)
        # a word may stand twice in a list; then the first of the two is as good as the second
        assert [sorted(interest.keywords) for interest in back.interests] == [
            sorted(interest.keywords) for interest in profile.interests
        ]
        profile = changed
