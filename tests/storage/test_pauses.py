"""The pause: one row, whoever else pauses at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta

import pytest

from digest.domain import PausedBy
from digest.planning import SHORTEST_WAIT
from digest.storage import Store
from tests.storage.conftest import Clock


def test_of_two_processes_that_pause_at_once_one_tells_the_news(
    open_again: Callable[[], AbstractContextManager[Store]], store: Store
) -> None:
    start = threading.Barrier(2)

    def pause(reason: str) -> list[bool]:
        news = []
        with open_again() as other:
            for _ in range(20):
                start.wait(timeout=30)
                news.append(other.pause.begin(PausedBy.SENDING, reason))
                start.wait(timeout=30)
                other.pause.end()
        return news

    with ThreadPoolExecutor(2) as threads:
        first, second = threads.map(pause, ("the relay refused", "the relay is full"))

    assert [sorted(pair) for pair in zip(first, second, strict=True)] == [[False, True]] * 20
    assert store.pause.current() is None


@pytest.mark.parametrize("by", PausedBy)
def test_a_pause_says_by_whom_why_and_since_when(by: PausedBy, store: Store, clock: Clock) -> None:
    began = clock.moment

    assert store.pause.begin(by, "the relay moves")
    clock.moment += timedelta(hours=1)
    assert not store.pause.begin(PausedBy.SENDING, "the relay refused")

    pause = store.pause.current()
    assert pause is not None
    assert (pause.by, pause.since) == (by, began)
    assert pause.reason == ("the relay moves" if by is PausedBy.OPERATOR else "the relay refused")


def test_of_processes_that_see_the_same_pause_one_tries_and_another_later_if_it_died(
    store: Store, clock: Clock
) -> None:
    store.pause.begin(PausedBy.SENDING, "the relay refused")
    clock.moment += timedelta(hours=1)
    seen = store.pause.current()
    assert seen is not None

    assert [bool(store.pause.take_probe(seen)) for _process in range(3)] == [True, False, False]
    later = store.pause.current()
    assert later is not None
    assert later.probe_at == clock.moment + SHORTEST_WAIT
    taken = store.pause.take_probe(later)
    assert taken is not None
    store.pause.give_back_probe(later)  # whose leave has passed to another
    assert store.pause.current() == taken
    store.pause.give_back_probe(taken)
    assert store.pause.current() == replace(taken, probe_at=clock.moment)
    store.pause.end()
    assert not store.pause.take_probe(later)


def test_tries_by_hand_hardly_put_off_the_next_one(store: Store, clock: Clock) -> None:
    for _probe in range(6):
        store.pause.begin(PausedBy.SENDING, "the relay refused")
    begun = store.pause.current()
    assert begun is not None
    assert begun.probe_at is not None
    assert begun.probe_at > clock.moment + timedelta(hours=3)
    for _try in range(8):
        seen = store.pause.current()
        assert seen is not None
        assert store.pause.take_probe(seen)
    later = store.pause.current()
    assert later is not None
    assert later.probe_at is not None
    assert later.probe_at <= begun.probe_at + timedelta(minutes=1)
