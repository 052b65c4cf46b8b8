"""A whole installation before a hostile server, and the one check that every fault must leave standing."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from functools import cache, partial
from pathlib import Path
from typing import Any

from sqlalchemy import event

from digest.composing import Composer
from digest.config import subscriber_id
from digest.delivery import Relay
from digest.delivery.smtp import Smtp
from digest.domain import Delivery, DeliveryState, Email, Interest, PausedBy, Profile, Subscriber
from digest.parts import Choice, Parts, RunReport
from digest.pipeline import run_edition
from digest.sources import open_http
from digest.sources.files import Files
from digest.storage import Chosen, Store, open_store, upgrade
from tests.delivery.hostile import FaultServer

DAY = date(2026, 6, 30)
NEXT_DAY = DAY + timedelta(days=1)
TIMEOUTS = {"reply_timeout_seconds": 0.3, "final_reply_timeout_seconds": 0.3, "connect_timeout_seconds": 0.3}
HEDGES = Profile(interests=(Interest(keywords=("hedge",)),), trending=0)


@dataclass
class World:
    """An installation with readers who all want the day's papers."""

    parts: Parts
    readers: list[Subscriber]
    moment: datetime
    papers: Path
    servers: list[FaultServer] = field(default_factory=list)
    reports: list[RunReport] = field(default_factory=list)

    @property
    def store(self) -> Store:
        return self.parts.store

    def relay_to(self, *servers: FaultServer, connections: int = 1, rate: float | None = None, **options: Any) -> None:
        """Hand mail over to these servers, each standing in for the one before."""
        self.servers = [*self.servers, *(server for server in servers if server not in self.servers)]
        relays = tuple(
            Relay(
                f"smtp {number}",
                partial(Smtp, port=server.port, **{**TIMEOUTS, **options}),
                connections,
                rate,
                waits_seconds=(0.0,),
            )
            for number, server in enumerate(servers)
        )
        self.parts = replace(self.parts, relays=relays)

    def run(self, day: date = DAY, **choice: Any) -> RunReport:
        """Run the edition, then check that nothing was lost or doubled."""
        report = run_edition(day, self.parts, Choice(**choice))
        self.reports.append(report)
        self.check(day)
        return report

    def rows(self, day: date = DAY) -> dict[str, Delivery]:
        """The edition's rows, by the reader's first name."""
        return {row.email.partition("@")[0]: row for row in self.store.history.find(edition=day)}

    def states(self, day: date = DAY) -> Counter[str]:
        return Counter(row.state.value for row in self.rows(day).values())

    def copies(self) -> Counter[str]:
        """How many copies of each Message-ID a server has taken, whether it said so or not."""
        return Counter(
            str(message_from_bytes(mail.content)["Message-ID"]) for server in self.servers for mail in server.accepted
        )

    def check(self, day: date = DAY) -> None:
        """No reader holds two copies, none is silently missing, the counts add up, the history names who and why."""
        rows, copies = self.rows(day), self.copies()
        assert max(copies.values(), default=0) <= 1, "somebody holds two accepted copies"
        assert set(rows) == {reader.email.partition("@")[0] for reader in self.readers}, "somebody is silently missing"
        for name, row in rows.items():
            is_held = copies[row.message_id] == 1
            assert is_held or row.state is not DeliveryState.SENT, f"{name} is marked as sent and got nothing"
            may_be_held = row.state in (DeliveryState.SENT, DeliveryState.UNKNOWN)
            assert may_be_held or not is_held, f"{name} got it, but is {row.state}"
            assert row.state is not DeliveryState.SENDING, f"{name} is left in sending"
            self._check_history(row)
        assert self.store.history.is_balanced(day), "the counts don't add up"
        report = self.reports[-1]
        assert report.totals is not None
        assert report.mismatch == ""
        assert report.totals.planned == len(rows) == sum(report.totals.states.values())

    def _check_history(self, row: Delivery) -> None:
        events = self.store.history.events(Chosen(edition=row.edition, email=row.email))
        if row.state is not DeliveryState.PENDING:
            assert events, f"nothing is told of {row.email}"
        for line in events:
            assert line.email == row.email
            assert line.reply, f"nobody said why {row.email} became {line.state}"
        if events:
            assert (events[-1].state, events[-1].reply) == (row.state, row.reply)
        (reader,) = [one for one in self.parts.readers() if one.email == row.email]
        assert (reader.cursor == row.edition) == (row.state is DeliveryState.SENT), "the cursor disagrees with the row"

    def pass_time(self, **duration: float) -> None:
        self.moment += timedelta(**duration)

    def run_unchecked(self, day: date = DAY, **choice: Any) -> RunReport:
        """Run the edition of whoever is there, where a test looks at what came of it by itself."""
        return run_edition(day, self.parts, Choice(**choice))

    def plan_only(self) -> None:
        """Collect and plan the day, and send nothing."""
        self.store.pause.begin(PausedBy.OPERATOR, "plan only")
        self.run_unchecked()
        self.store.pause.end()

    def announce(self, day: date) -> None:
        """Three papers on a day."""
        announce(self.papers, day)


@contextmanager
def open_world(folder: Path, composer: Composer, *, names: Sequence[str]) -> Iterator[World]:
    """An installation in a folder, whose readers have these first names."""
    papers = folder / "papers"
    papers.mkdir()
    shutil.copy(migrated_file(), folder / "digest.db")
    announce(papers, DAY)
    worlds: list[World] = []

    def now() -> datetime:
        return worlds[0].moment

    with open_store(f"sqlite:///{folder}/digest.db", now=now, read_signup=_no_signup, secrets=("key",)) as store:
        parts = Parts(
            store=store,
            composer=composer,
            sources={"files": Files(paths=[f"{papers}/*"])},
            open_http=partial(open_http, "operator@papers.example"),
            read_files=lambda: tuple(worlds[0].readers),
            relays=(),
            is_local=True,
            lookback=timedelta(days=7),
            expires_after=timedelta(hours=20),
            now=now,
        )
        worlds.append(World(parts, [reader(name) for name in names], datetime(2026, 6, 30, 7, 30, tzinfo=UTC), papers))
        yield worlds[0]


@cache
def migrated_file() -> Path:
    """A file with the current schema, to be copied: faster than migrating for each test."""
    path = Path(tempfile.mkdtemp()) / "digest.db"
    upgrade(f"sqlite:///{path}")
    return path


def reader(name: str, domain: str = "readers.example") -> Subscriber:
    """Somebody who wants all papers."""
    email = f"{name}@{domain}"
    return Subscriber(id=subscriber_id(email), email=email, profile=HEDGES)


def names(count: int) -> list[str]:
    """So many first names."""
    return [f"reader{number}" for number in range(count)]


@contextmanager
def unwritable(store: Store, pragma: str) -> Iterator[None]:
    """An SQLite file that can't be written: `query_only = 1`, or can't grow: `max_page_count = 9`."""
    engine = store.deliveries.engine

    def limit(connection: Any, *_: Any) -> None:
        connection.execute(f"PRAGMA {pragma}")

    event.listen(engine, "checkout", limit)
    try:
        yield
    finally:
        event.remove(engine, "checkout", limit)
        engine.dispose()


def announce(papers: Path, day: date) -> None:
    lines = [
        {"id": f"26{day:%m}.{day:%d}00{number}", "title": f"A hedge of {day}, part {number}",
         "authors": ["Ada Example"], "categories": ["q-bio.PE"], "summary": "A hedge.", "comment": None,
         "pdf": "", "abs": ""}
        for number in range(3)
    ]  # fmt: skip
    (papers / f"arxiv-{day}.jsonl").write_text("\n".join(map(json.dumps, lines)))


def _no_signup(_details: object) -> Subscriber:
    raise AssertionError("nobody signs up here")


def emails_of(world: World) -> list[Email]:
    """A short mail for everybody who is planned one."""
    rows = world.rows().values()
    return [Email(row.email, "d@papers.example", f"<{row.email}>", "x", b"x", row.subscriber_id, DAY) for row in rows]


Make = Callable[..., World]
