from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from threading import Event

from digest.domain import Batch, BatchState, Edition, Memory, Paper
from digest.errors import SourceBlocked, SourceError
from digest.sources import Source, collect_papers
from digest.sources._http import HttpClient

DAY = date(2026, 3, 11)
EDITION = Edition(day=DAY, since=DAY)


@dataclass(frozen=True)
class Shelf:
    """A source that brings one paper and then fails, if it is told to."""

    error: SourceError | None = None

    def fetch(self, edition: Edition, memory: Memory, http: HttpClient) -> Iterator[Batch]:  # noqa: ARG002 - the port's
        category = next((category for category, _ in memory.closed), "")
        paper = Paper(id="arxiv:2603.00001", title="T", announced=edition.day)
        yield Batch(category=category, day=edition.day, state=BatchState.OK, papers=(paper,), records=1)
        if self.error:
            raise self.error


def _collect(http: HttpClient, **sources: Source) -> list[Batch]:
    memory = {"first": Memory(frozenset({("cs.CL", DAY)}))}
    return list(collect_papers(sources, EDITION, memory=lambda name, _: memory.get(name, Memory()), http=http))


def test_batches_and_papers_carry_their_sources_name_and_each_source_its_own_memory(http: HttpClient) -> None:
    first, second = _collect(http, first=Shelf(), second=Shelf())
    assert (first.source, first.papers[0].sources, first.category) == ("first", ("first",), "cs.CL")
    assert (second.source, second.papers[0].sources, second.category) == ("second", ("second",), "")


def test_a_source_that_fails_keeps_what_it_brought_and_costs_the_others_nothing(http: HttpClient) -> None:
    kept, failed, other = _collect(http, first=Shelf(SourceError("the shelf fell down")), second=Shelf())
    assert (kept.state, other.state) == (BatchState.OK, BatchState.OK)
    assert (failed.source, failed.state, failed.reasons) == ("first", BatchState.BROKEN, ("the shelf fell down",))


def test_a_refused_source_is_blocked_not_broken(http: HttpClient) -> None:
    assert _collect(http, first=Shelf(SourceBlocked("go away", status=403)))[1].state is BatchState.BLOCKED


def test_after_a_stop_nothing_more_is_yielded_not_even_the_failure_it_caused(http: HttpClient) -> None:
    shelves = {"first": Shelf(SourceError("stopped")), "second": Shelf()}
    stop = Event()
    batches = collect_papers(shelves, EDITION, memory=lambda *_: Memory(), http=http, stopping=stop.is_set)
    assert next(batches).source == "first"
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
