"""Two weeks of arXiv and Hugging Face in which everything goes wrong: each paper comes once, each fault is told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from digest.composing import open_composer
from digest.config import subscriber_id
from digest.delivery import Relay
from digest.delivery.inbox import open_inbox
from digest.delivery.smtp import Smtp
from digest.domain import BatchState, Interest, Letterhead, Profile, Subscriber
from digest.parts import Choice, Parts, RunReport
from digest.pipeline import run_edition
from digest.sources import Source
from digest.sources._http import Retries, open_http
from digest.sources.arxiv import Arxiv
from digest.sources.huggingface import Huggingface
from digest.storage import Store, open_store
from tests.sources.world import Work, World
from tests.sources.world_server import Fault, Kind, WorldServer, serve_world

MONDAY = date(2026, 3, 9)
DAYS = [MONDAY + timedelta(days=number) for number in range(14)]
WORKDAYS = [day for day in DAYS if day.isoweekday() <= 5]
MISSED = DAYS[4]
"""The second Friday on which the machine was off."""
CATEGORIES = ("cs.AI", "cs.CL", "cs.LG")
A_DAY = 14
"""Papers of each category and day: a harvest of a few days takes several pages, and a digest of one fits a mail."""
FAULTS = (
    (DAYS[1], "/rss/cs.AI", Kind.TOO_MANY, 1),
    (DAYS[1], "/hf", Kind.UNAVAILABLE, 1),
    (DAYS[2], "/hf", Kind.HTML, 9),
    (DAYS[2], "/rss/cs.CL", Kind.CUT, 9),
    (DAYS[5], "/oai?verb=ListRecords&resumptionToken", Kind.EMPTY_PAGE, 1),
    (DAYS[7], "/rss/cs.LG", Kind.TRUNCATED, 9),
    (DAYS[8], "/oai", Kind.DOWN, 99),
    (DAYS[9], "/rss/cs.AI", Kind.SLOW, 9),
    (DAYS[10], "/api", Kind.DOWN, 99),
)
STALE = (DAYS[3], "cs.LG")
NAMED = {
    "arxiv": {
        DAYS[1]: "answered 429",
        DAYS[2]: "not well-formed XML",
        DAYS[3]: "earlier days",
        DAYS[5]: "the feed of that day is gone",
        DAYS[7]: "rss/cs.LG",
        DAYS[9]: "rss/cs.AI",
        DAYS[10]: "comments and journal references are missing",
    },
    "huggingface": {DAYS[1]: "answered 503", DAYS[2]: "not valid JSON"},
}
"""What the ledger has to say of each fault, by the source and the day on which it showed."""


@dataclass
class Fortnight:
    """The upstream, our store, and the one reader who wants everything."""

    server: WorldServer
    store: Store
    parts: Parts

    def run(self, day: date) -> RunReport:
        self.server.world.today = day
        return run_edition(day, self.parts, Choice())


def _works() -> list[Work]:
    """Papers of each category and day; some held by moderation, some cross-listed, some revised, some listed."""
    works = []
    for day_number, day in enumerate(WORKDAYS):
        for number in range(A_DAY * len(CATEGORIES)):
            category = CATEGORIES[number % len(CATEGORIES)]
            deadline = day - timedelta(days=3 if day.isoweekday() == 1 else 1)
            submitted = datetime(deadline.year, deadline.month, deadline.day, 12, tzinfo=UTC)
            works.append(
                Work(
                    f"2603.{day_number * 1000 + number:05}",
                    day,
                    submitted - timedelta(days=4 if number % 10 == 9 else 0),
                    (category, "cs.RO") if number % 4 else (category, CATEGORIES[(number + 1) % 3]),
                    listed=_day_in(day_number + number % 3) if number % 11 == 0 else None,
                    revised=_day_in(day_number + 2) if number % 13 == 0 else None,
                )
            )
    return works


def _day_in(number: int) -> date | None:
    return WORKDAYS[number] if number < len(WORKDAYS) else None


@pytest.fixture
def fortnight(tmp_path: Path) -> Iterator[Fortnight]:
    world = World(_works(), MONDAY, stale={STALE})
    with (
        serve_world(world) as server,
        open_inbox(tmp_path / "inbox") as inbox,
        open_store(f"sqlite:///{tmp_path}/digest.db", now=_noon_of(world), read_signup=_no_signup) as store,
    ):
        server.faults = [Fault(day, path, kind, times) for day, path, kind, times in FAULTS]
        sources: dict[str, Source] = {
            "arxiv": Arxiv(list(CATEGORIES), f"{server.url}/rss", f"{server.url}/oai", f"{server.url}/api"),
            "huggingface": Huggingface(f"{server.url}/hf", limit=20),
        }
        parts = Parts(
            store=store,
            composer=open_composer(Letterhead("Papers", "digest@papers.example", "https://papers.example", ("key",))),
            sources=sources,
            open_http=partial(
                open_http,
                "operator@papers.example",
                retries=Retries(attempts=2, first_seconds=0.01, attempt_seconds=0.5),
            ),
            read_files=lambda: tuple(map(_reader, CATEGORIES)),
            relays=(Relay("smtp", partial(Smtp, port=inbox.port)),),
            is_local=True,
            lookback=timedelta(days=7),
            expires_after=timedelta(hours=20),
            now=_noon_of(world),
        )
        yield Fortnight(server, store, parts)


def _reader(category: str) -> Subscriber:
    """Somebody who wants all papers of a category."""
    email = f"{category}@readers.example"
    profile = Profile(interests=(Interest(categories=(category,)),), max_papers=200, trending=0)
    return Subscriber(id=subscriber_id(email), email=email, profile=profile)


def _noon_of(world: World) -> Callable[[], datetime]:
    return lambda: datetime(world.today.year, world.today.month, world.today.day, 12, tzinfo=UTC)


def _no_signup(_details: object) -> Subscriber:
    raise AssertionError("nobody signs up here")


def test_every_paper_of_two_weeks_comes_once_and_every_fault_is_named(fortnight: Fortnight) -> None:
    for day in DAYS:
        if day != MISSED:
            fortnight.run(day)
    store, works = fortnight.store, fortnight.server.world.works

    held = Counter(paper.id for day in DAYS for paper in store.papers.all_of_edition(day))
    assert held == Counter(f"arxiv:{work.number}" for work in works)
    news = Counter(paper for day in DAYS for paper in {news.paper_id for news in store.papers.revisions_of(day)})
    for category in CATEGORIES:
        rows = store.history.find(email=_reader(category).email)
        mailed = Counter(paper for row in rows for paper in row.papers)
        once = Counter(f"arxiv:{work.number}" for work in works if category in work.categories)
        assert not once - mailed, "a paper is missing"
        assert not mailed - (once + news), "a paper comes once, and again only with news of it"
    assert {paper.announced for day in DAYS for paper in store.papers.of_edition(day, as_of=day)} == set(WORKDAYS)

    entries = store.ledger.entries(DAYS[0], DAYS[-1])
    assert {(entry.batch.source, entry.batch.category) for entry in entries} == {
        *(("arxiv", category) for category in CATEGORIES),
        ("huggingface", ""),
    }
    assert {entry.batch.state for entry in entries} == {BatchState.OK, BatchState.QUIET}
    assert store.ledger.holes(DAYS[0], DAYS[-1]) == ()
    for source, days in NAMED.items():
        for day, words in days.items():
            told = [
                "; ".join(fault.batch.reasons)
                for fault in store.ledger.faults(DAYS[0] - timedelta(days=7), DAYS[-1])
                if (fault.batch.source, fault.edition) == (source, day)
            ]
            assert any(words in reasons for reasons in told), (day, words, told)
