"""Runs iterators side by side, each in a thread of its own, and yields what they bring. Knows nothing of papers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from queue import Empty, Full, Queue
from typing import TypeVar

from digest.sources._http.stopping import SLICE_SECONDS

MOST_WAITING = 4
"""How many values may wait to be taken; an iterator that has one more waits with it."""
_END = None
Value = TypeVar("Value")


def interleave(iterators: Iterable[Iterator[Value]], *, stopping: Callable[[], bool]) -> Iterator[Value]:
    """What the iterators yield, as it comes; each one's own order is kept. They must not raise.

    Once `stopping` says so, nothing more is yielded. From then on, and if the caller goes away, no iterator is asked
    for more; what it is busy with is left behind, in a thread that doesn't keep the program alive.
    """
    values: Queue[Value | None] = Queue(MOST_WAITING)
    is_over = threading.Event()
    running = 0
    for iterator in iterators:
        threading.Thread(target=_bring, args=(iterator, values, is_over), name="source", daemon=True).start()
        running += 1
    try:
        while running:
            value = _take(values, stopping)
            if stopping():
                return
            if value is _END:
                running -= 1
            else:
                yield value
    finally:
        is_over.set()


def _bring(iterator: Iterator[Value], values: Queue[Value | None], is_over: threading.Event) -> None:
    try:
        for value in iterator:
            _put(value, values, is_over)
            if is_over.is_set():
                return
    finally:
        _put(_END, values, is_over)


def _put(value: Value | None, values: Queue[Value | None], is_over: threading.Event) -> None:
    while not is_over.is_set():
        try:
            values.put(value, timeout=SLICE_SECONDS)
        except Full:
            continue
        return


def _take(values: Queue[Value | None], stopping: Callable[[], bool]) -> Value | None:
    while not stopping():
        try:
            return values.get(timeout=SLICE_SECONDS)
        except Empty:
            continue
    return None
