"""Sources are asked side by side, and none costs another anything."""

import logging
import threading
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from datetime import date
from threading import Event
from typing import Any

import pytest

from digest.domain import Batch, BatchState, Edition, Memory, Paper
from digest.errors import SourceBlocked, SourceError
from digest.sources import Source, collect_papers
from digest.sources._http import HttpClient, open_http

DAY = date(2026, 3, 11)
EDITION = Edition(day=DAY, since=DAY)


@dataclass(frozen=True)
class Shelf:
    """A source that brings one paper and then fails, if it is told to."""

    error: Exception | None = None

    def fetch(self, edition: Edition, memory: Memory, http: HttpClient) -> Iterator[Batch]:  # noqa: ARG002 - the port's
        category = next((category for category, _ in memory.closed), "")
        paper = Paper(id="arxiv:2603.00001", title="T", announced=edition.day)
        yield Batch(category, edition.day, BatchState.OK, papers=(paper,), revised=(paper,), records=1)
        if self.error:
            raise self.error


@dataclass(frozen=True)
class Partner:
    """A source that brings its batch only once another one has been asked too."""

    meeting: threading.Barrier

    def fetch(self, edition: Edition, memory: Memory, http: HttpClient) -> Iterator[Batch]:  # noqa: ARG002 - the port's
        self.meeting.wait(timeout=30)
        yield Batch(category="", day=edition.day, state=BatchState.OK)


@dataclass(frozen=True)
class Fountain:
    """A source that never ends."""

    brought: list[int] = field(default_factory=list)

    def fetch(self, edition: Edition, memory: Memory, http: HttpClient) -> Iterator[Batch]:  # noqa: ARG002 - the port's
        while True:
            self.brought.append(len(self.brought))
            yield Batch(category=str(len(self.brought)), day=edition.day, state=BatchState.OK)


@dataclass(frozen=True)
class Asker:
    """A source that asks for a few pages, one after another."""

    urls: list[str]

    def fetch(self, edition: Edition, memory: Memory, http: HttpClient) -> Iterator[Batch]:  # noqa: ARG002 - the port's
        for url in self.urls:
            try:
                words = http.get(url).body.decode()
            except SourceBlocked as error:
                words = str(error)
            yield Batch(category="", day=edition.day, state=BatchState.OK, reasons=(words,))


def _collect(http: HttpClient, **sources: Source) -> dict[str, list[Batch]]:
    memory = {"first": Memory(frozenset({("cs.CL", DAY)}))}
    found: dict[str, list[Batch]] = {name: [] for name in sources}
    for batch in collect_papers(sources, EDITION, memory=lambda name, _: memory.get(name, Memory()), http=http):
        found[batch.source].append(batch)
    return found


def _are_gone(threads: set[threading.Thread], *, within_seconds: float = 10.0) -> bool:
    end = time.monotonic() + within_seconds
    while any(thread.is_alive() for thread in threads):
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def test_batches_and_papers_carry_their_sources_name_and_each_source_its_own_memory(http: HttpClient) -> None:
    found = _collect(http, first=Shelf(), second=Shelf())
    [first], [second] = found["first"], found["second"]
    assert (first.papers[0].sources, first.category) == (("first",), "cs.CL")
    assert first.revised[0].sources == ("first",)
    assert (second.papers[0].sources, second.category) == (("second",), "")


def test_sources_are_asked_side_by_side(http: HttpClient) -> None:
    meeting = threading.Barrier(3)
    found = _collect(http, first=Partner(meeting), second=Partner(meeting), third=Partner(meeting))
    assert [[batch.state for batch in batches] for batches in found.values()] == [[BatchState.OK]] * 3


def test_a_source_that_fails_keeps_what_it_brought_and_costs_the_others_nothing(http: HttpClient) -> None:
    found = _collect(http, first=Shelf(SourceError("the shelf fell down")), second=Shelf())
    kept, failed = found["first"]
    assert (kept.state, [batch.state for batch in found["second"]]) == (BatchState.OK, [BatchState.OK])
    assert (failed.state, failed.reasons) == (BatchState.BROKEN, ("the shelf fell down",))


def test_a_refused_source_is_blocked_not_broken(http: HttpClient) -> None:
    assert _collect(http, first=Shelf(SourceBlocked("go away", status=403)))["first"][1].state is BatchState.BLOCKED


def test_a_fault_of_ours_in_one_source_is_told_logged_and_costs_the_others_nothing(
    http: HttpClient, caplog: pytest.LogCaptureFixture
) -> None:
    found = _collect(http, first=Shelf(ZeroDivisionError("by nothing")), second=Shelf())
    kept, failed = found["first"]
    assert (kept.state, failed.state, failed.day) == (BatchState.OK, BatchState.BROKEN, DAY)
    assert failed.reasons == ("a fault in the program: ZeroDivisionError: by nothing",)
    assert [batch.state for batch in found["second"]] == [BatchState.OK]
    [record] = caplog.records
    assert (record.levelno, record.exc_info is not None) == (logging.ERROR, True)
    assert "first" in record.getMessage()


def test_the_refusal_of_one_source_does_not_stop_another_one_that_asks_this_machine_too(
    upstream: Any, http: HttpClient
) -> None:
    upstream.says("/secret", status=403)
    upstream.says("/page", "words")
    pages = [f"{upstream.url}/page"] * 2
    found = _collect(http, first=Asker([f"{upstream.url}/secret", *pages]), second=Asker(pages))
    assert ["403" in batch.reasons[0] for batch in found["first"]] == [True] * 3
    assert [batch.reasons for batch in found["second"]] == [("words",)] * 2
    assert sorted(upstream.asked) == ["/page", "/page", "/secret"]


def test_the_batches_of_a_source_keep_their_order(http: HttpClient) -> None:
    batches = collect_papers(
        {"first": Fountain(), "second": Fountain()}, EDITION, memory=lambda *_: Memory(), http=http
    )
    taken = [next(batches) for _ in range(60)]
    for name in ("first", "second"):
        numbers = [int(batch.category) for batch in taken if batch.source == name]
        assert numbers == list(range(1, len(numbers) + 1))


def test_a_source_does_not_run_ahead_of_who_takes_its_batches_and_ends_when_nobody_does(http: HttpClient) -> None:
    before = set(threading.enumerate())
    fountain = Fountain()
    batches = collect_papers({"first": fountain}, EDITION, memory=lambda *_: Memory(), http=http)
    for _ in range(10):
        next(batches)
    time.sleep(0.05)
    assert len(fountain.brought) <= 16
    threads = set(threading.enumerate()) - before
    assert [thread.daemon for thread in threads] == [True]
    assert isinstance(batches, Generator)
    batches.close()
    assert _are_gone(threads)


def test_memory_is_asked_by_the_callers_thread_before_any_source_is(http: HttpClient) -> None:
    asked: list[tuple[str, threading.Thread, int]] = []
    fountain = Fountain()

    def memory(name: str, _edition: Edition) -> Memory:
        asked.append((name, threading.current_thread(), len(fountain.brought)))
        return Memory()

    batches = collect_papers({"first": fountain, "second": Shelf()}, EDITION, memory=memory, http=http)
    next(batches)
    assert isinstance(batches, Generator)
    batches.close()
    here = threading.current_thread()
    assert asked == [("first", here, 0), ("second", here, 0)]


def test_after_a_stop_nothing_more_is_yielded_not_even_the_failure_it_caused(http: HttpClient) -> None:
    stop = Event()
    shelves: dict[str, Source] = {"first": Shelf(SourceError("stopped")), "second": Fountain()}
    batches = collect_papers(shelves, EDITION, memory=lambda *_: Memory(), http=http, stopping=stop.is_set)
    next(batches)
    stop.set()
    assert not list(batches)


def test_after_a_stop_no_further_source_is_asked(http: HttpClient) -> None:
    asked: list[str] = []

    def memory(name: str, _edition: Edition) -> Memory:
        asked.append(name)
        return Memory()

    shelves = {"first": Shelf(), "second": Shelf()}
    assert not list(collect_papers(shelves, EDITION, memory=memory, http=http, stopping=lambda: bool(asked)))
    assert asked == ["first"]


def test_a_stop_while_sources_wait_for_busy_servers_ends_everything_at_once(upstream: Any) -> None:
    before = set(threading.enumerate())
    upstream.says("/page", status=503)
    stop, waited = Event(), Event()
    askers = {name: Asker([f"{upstream.url}/page"]) for name in ("first", "second")}

    def sleep(_: float) -> None:
        stop.set()
        waited.wait()

    with open_http("me@example.org", sleep=sleep, stopping=stop.is_set) as http:
        assert not list(collect_papers(askers, EDITION, memory=lambda *_: Memory(), http=http, stopping=stop.is_set))
    waited.set()
    assert _are_gone({thread for thread in set(threading.enumerate()) - before if thread.name in ("source", "request")})
    assert len(upstream.asked) <= 2


def test_a_source_that_outlives_its_caller_asks_nothing_more(upstream: Any) -> None:
    upstream.says("/page", "words")
    with open_http("me@example.org") as http:
        source = http.for_source()
    with pytest.raises(SourceError, match=r"^stopped$"):
        source.get(f"{upstream.url}/page")
    assert upstream.asked == []
