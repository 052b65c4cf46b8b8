"""Lets a wait end when the program is asked to stop, whatever it waits for; can't break off the waited-for work."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import TypeVar

from digest.errors import SourceError

SLICE_SECONDS = 0.1
"""How long a stop may stay unnoticed."""
Result = TypeVar("Result")


def begin(work: Callable[[], Result]) -> Future[Result]:
    """Do the work in a thread of its own, which doesn't keep the program alive."""
    future: Future[Result] = Future()
    threading.Thread(target=_settle, args=(future, work), name="request", daemon=True).start()
    return future


def await_result(future: Future[Result], check: Callable[[], None]) -> Result:
    """What the work gave or raised. `check` is called now and then; once it raises, the work is left behind."""
    while not wait([future], timeout=SLICE_SECONDS).done:
        check()
    return future.result()


def refuse_after_stop(stopping: Callable[[], bool]) -> None:
    """Raises SourceError if `stopping` says so."""
    if stopping():
        raise SourceError("stopped")


def _settle(future: Future[Result], work: Callable[[], Result]) -> None:
    try:
        future.set_result(work())
    except BaseException as error:  # noqa: BLE001 - whoever awaits the result raises it
        future.set_exception(error)
