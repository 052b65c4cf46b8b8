"""What a profile would have brought, over a real store."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from digest.backtest import Backtest, KeywordCount, TriedDay, backtest_profile
from digest.domain import Batch, BatchState, Edition, Interest, Paper, Profile, Subscriber
from digest.storage import Store, open_store

DAY = date(2026, 6, 30)
EVE = date(2026, 6, 29)


def no_signups(_details: dict[str, Any]) -> Subscriber:
    raise NotImplementedError


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Two editions: hedges and a bird, then more hedges; and one that was only collected afterwards."""
    url = f"sqlite:///{tmp_path / 'digest.db'}"
    with open_store(url, now=lambda: datetime(2026, 6, 30, 5, 30, tzinfo=UTC), read_signup=no_signups) as opened:
        opened.ledger.add_batches(Edition(date(2026, 5, 1), date(2026, 5, 1)), [])
        add(opened, EVE, "A hedge", "A bird in a hedge", "A stone")
        add(opened, DAY, "A hedge", "Another hedge", "Hedges", "A bird")
        add(opened, date(2026, 6, 2), "A bird", is_backfill=True)
        yield opened


def add(store: Store, day: date, *titles: str, is_backfill: bool = False) -> None:
    papers = tuple(
        Paper(id=f"arxiv:26{day:%m.%d}{number:03}", title=f"{title}, day {day.day}", announced=day, upvotes=number)
        for number, title in enumerate(titles)
    )
    batch = Batch("", day, BatchState.OK, source="files", papers=papers)
    store.ledger.add_batches(Edition(day, day - timedelta(days=7), is_backfill=is_backfill), [batch])


def attempt(store: Store, *keywords: str, changed: Profile | None = None, **details: Any) -> Backtest:
    profile = Profile((Interest("Garden", keywords),), **details)
    return backtest_profile(profile, store.papers.latest_days(30), store.papers, changed=changed)


def test_each_day_tells_what_was_considered_what_matched_and_what_a_mail_would_show(store: Store) -> None:
    assert attempt(store, "hedge", max_papers=2).days == (
        TriedDay(date(2026, 6, 2), considered=1, matched=0, shown=0),
        TriedDay(EVE, considered=3, matched=2, shown=2),
        TriedDay(DAY, considered=4, matched=3, shown=2),
    )


def test_the_noisiest_keyword_comes_first_with_what_it_alone_brought(store: Store) -> None:
    tried = attempt(store, "bird", "hedge", "basalt", "in a hedge")
    assert tried.keywords == (
        KeywordCount("hedge", papers=5, alone=4),
        KeywordCount("bird", papers=3, alone=2),
        KeywordCount("in a hedge", papers=1, alone=0),
    )
    assert tried.dead == ("basalt",)


def test_a_change_adds_and_removes_what_would_be_shown(store: Store) -> None:
    tried = attempt(store, "hedge", changed=Profile((Interest("Garden", ("bird",)),)))
    assert [(each.edition, each.title) for each in tried.added] == [
        (date(2026, 6, 2), "A bird, day 2"),
        (DAY, "A bird, day 30"),
    ]
    assert [each.title for each in tried.removed if each.edition == EVE] == ["A hedge, day 29"]
    assert len(tried.removed) == 4


def test_papers_that_a_change_pushes_out_of_the_mail_are_removed(store: Store) -> None:
    crowded = Profile((Interest("Garden", ("hedge", "bird^9")),), max_papers=1)
    tried = attempt(store, "hedge", changed=crowded, max_papers=1)
    assert [each.title for each in tried.added] == ["A bird, day 2", "A bird in a hedge, day 29", "A bird, day 30"]
    assert [each.edition for each in tried.removed] == [EVE, DAY]


def test_without_a_change_nothing_is_added_or_removed(store: Store) -> None:
    tried = attempt(store, "hedge")
    assert (tried.added, tried.removed) == ((), ())


def test_only_the_newest_editions_are_tried_and_progress_is_told(store: Store) -> None:
    told: list[tuple[int, int | None]] = []
    days = store.papers.latest_days(2)
    tried = backtest_profile(
        Profile((Interest("Garden", ("bird",)),)),
        days,
        store.papers,
        on_progress=lambda _stage, done, total: told.append((done, total)),
    )
    assert [day.edition for day in tried.days] == [EVE, DAY]
    assert told == [(1, 2), (2, 2)]


def test_a_paper_liked_for_stands_for_its_terms(store: Store) -> None:
    tried = attempt(store, "like:arxiv:2606.29000")
    assert {count.keyword.partition(": ")[0] for count in tried.keywords} == {"like:arxiv:2606.29000"}
    assert sum(day.matched for day in tried.days) >= 1


def test_an_empty_store_has_nothing_to_try(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'empty.db'}"
    with open_store(url, now=lambda: datetime(2026, 6, 30, tzinfo=UTC), read_signup=no_signups) as store:
        assert attempt(store, "hedge") == Backtest(days=(), keywords=(), dead=(), added=(), removed=())
