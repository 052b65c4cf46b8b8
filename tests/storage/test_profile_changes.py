"""Changes of signups' profiles: made once, kept, taken back, and never anybody else's."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import date, timedelta
from typing import Any

import pytest

from digest.changes import Change, Edit, List
from digest.config import subscriber_id
from digest.domain import Interest
from digest.errors import ConfigError
from digest.storage import Store
from digest.storage.profile_changes import MOST_KEPT
from tests.storage.conftest import Clock

DAY = date(2026, 6, 30)
ADA = subscriber_id("ada@readers.example")
BOB = subscriber_id("bob@readers.example")
DETAILS = {"name": "Ada", "keywords": ["pruning", "survey"], "max_papers": 7}
PAPER = "arxiv:2606.00001"

RAISED = Edit(0, "", List.KEYWORDS, "pruning", "pruning^1.2", 0)
ADDED = Edit(0, "", List.KEYWORDS, "", "mamba", 2)
MUTED = Edit(0, "", List.EXCLUDE, "", "x-ray", 0)

Open = Callable[[], AbstractContextManager[Store]]


def sign_up(store: Store, identity: str = ADA, email: str = "ada@readers.example", **details: Any) -> None:
    store.subscribers.add_signup(identity, email, {**DETAILS, **details})
    store.subscribers.confirm(identity, cursor=DAY)


def interest_of(store: Store, identity: str = ADA) -> Interest:
    reader = store.subscribers.find(identity)
    assert reader is not None
    return reader.profile.interests[0]


def test_a_change_is_made_and_kept_with_what_it_came_from(store: Store, clock: Clock) -> None:
    sign_up(store)

    made = store.changes.make(ADA, Change((RAISED, ADDED, MUTED)), verb="more", paper_id=PAPER)

    assert interest_of(store) == Interest(keywords=("pruning^1.2", "survey", "mamba"), exclude=("x-ray",))
    assert made is not None
    assert (made.change, made.verb, made.paper_id) == (Change((RAISED, ADDED, MUTED)), "more", PAPER)
    assert (made.made_at, made.undone_at) == (clock.moment, None)
    assert store.changes.recent(ADA, limit=5) == (made,)


def test_what_else_a_signup_asked_for_stays(store: Store) -> None:
    sign_up(store)
    store.changes.make(ADA, Change((ADDED,)), verb="more")

    reader = store.subscribers.find(ADA)

    assert reader is not None
    assert (reader.name, reader.profile.max_papers) == ("Ada", 7)


def test_undoing_gives_the_former_profile_back_once(store: Store, clock: Clock) -> None:
    sign_up(store)
    before = store.subscribers.find(ADA)
    made = store.changes.make(ADA, Change((RAISED, ADDED, MUTED)), verb="more")
    assert made is not None
    clock.moment += timedelta(hours=1)

    undone = store.changes.undo(ADA, made.id)

    assert store.subscribers.find(ADA) == before
    assert undone is not None
    assert undone.undone_at == clock.moment
    assert store.changes.recent(ADA, limit=5) == (undone,)
    assert store.changes.undo(ADA, made.id) is None


def test_undoing_an_earlier_change_leaves_the_later_ones(store: Store) -> None:
    sign_up(store)
    first = store.changes.make(ADA, Change((RAISED,)), verb="more")
    store.changes.make(ADA, Change((ADDED,)), verb="more")
    assert first is not None

    store.changes.undo(ADA, first.id)

    assert interest_of(store).keywords == ("pruning", "survey", "mamba")


def test_what_the_reader_has_edited_since_is_not_touched_by_undoing(store: Store) -> None:
    sign_up(store)
    made = store.changes.make(ADA, Change((RAISED, ADDED)), verb="more")
    assert made is not None
    store.subscribers.set_details(ADA, {"keywords": ["pruning^3", "mamba"]})

    store.changes.undo(ADA, made.id)

    assert interest_of(store).keywords == ("pruning^3",)


def test_a_change_sent_twice_counts_once(store: Store) -> None:
    sign_up(store)
    assert store.changes.make(ADA, Change((RAISED,)), verb="more") is not None
    assert store.changes.make(ADA, Change((RAISED,)), verb="more") is None
    assert len(store.changes.recent(ADA, limit=5)) == 1


def test_of_a_change_only_what_still_fits_is_made_and_undone(store: Store) -> None:
    sign_up(store, keywords=["pruning", "mamba"])

    made = store.changes.make(ADA, Change((RAISED, ADDED)), verb="more")

    assert made is not None
    assert made.change == Change((RAISED,))
    store.changes.undo(ADA, made.id)
    assert interest_of(store).keywords == ("pruning", "mamba")


def test_changes_made_at_once_by_several_are_all_kept(store: Store, open_again: Open) -> None:
    sign_up(store)
    words = [f"term {letter}" for letter in "abcdefgh"]

    def add(word: str) -> None:
        with open_again() as mine:
            mine.changes.make(ADA, Change((Edit(0, "", List.KEYWORDS, "", word, 2),)), verb="more")

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(add, words))

    assert sorted(interest_of(store).keywords) == sorted(["pruning", "survey", *words])


@pytest.mark.parametrize("keyword", ["x" * 201, "two\nlines"])
def test_what_would_be_no_profile_changes_nothing(store: Store, keyword: str) -> None:
    sign_up(store)
    with pytest.raises(ConfigError):
        store.changes.make(ADA, Change((Edit(0, "", List.KEYWORDS, "", keyword, 2),)), verb="more")
    assert interest_of(store).keywords == ("pruning", "survey")
    assert store.changes.recent(ADA, limit=5) == ()


def test_nobody_undoes_another_reader_s_change(store: Store) -> None:
    sign_up(store)
    sign_up(store, BOB, "bob@readers.example")
    made = store.changes.make(ADA, Change((ADDED,)), verb="more")
    assert made is not None

    assert store.changes.undo(BOB, made.id) is None
    assert "mamba" in interest_of(store).keywords
    assert store.changes.recent(BOB, limit=5) == ()


def test_nobody_without_a_signup_has_a_profile_to_change(store: Store) -> None:
    assert store.changes.make(ADA, Change((ADDED,)), verb="more") is None


def test_the_latest_changes_come_first_and_the_oldest_are_forgotten(store: Store) -> None:
    sign_up(store)
    for number in range(MOST_KEPT + 5):
        before, after = f"pruning^{number + 1}", f"pruning^{number + 2}"
        edit = Edit(0, "", List.KEYWORDS, before if number else "pruning", after, 0)
        assert store.changes.make(ADA, Change((edit,)), verb="more", paper_id=str(number))

    kept = store.changes.recent(ADA, limit=1000)

    assert [change.paper_id for change in kept] == [str(number) for number in range(MOST_KEPT + 4, 4, -1)]
