"""A store on each database, fresh for each test, and builders of invented papers, batches, readers and emails."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Engine, create_engine, make_url, text

from digest.config import read_subscriber, subscriber_id
from digest.domain import (
    Batch,
    BatchReport,
    BatchState,
    DeliveryState,
    Digest,
    Edition,
    Email,
    Match,
    Outcome,
    Paper,
    Profile,
    Section,
    SectionKind,
    Subscriber,
)
from digest.storage import Store, open_store, upgrade
from tests.conftest import skip_or_fail

DAY = date(2026, 6, 30)


@dataclass
class Clock:
    """A clock that tests set."""

    moment: datetime = field(default=datetime(2026, 6, 30, 5, 30, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.moment


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def server() -> Iterator[Engine]:
    """The PostgreSQL server that tests make their databases on."""
    admin_url = os.environ.get("DIGEST_TEST_POSTGRESQL", "")
    if not admin_url:
        skip_or_fail("DIGEST_TEST_POSTGRESQL names no server")
    engine = create_engine(admin_url, isolation_level="AUTOCOMMIT")
    yield engine
    engine.dispose()


@contextmanager
def made_database(server: Engine, *, template: str = "template1") -> Iterator[str]:
    """A database of its own name, dropped in the end."""
    name = f"digest_{uuid4().hex}"
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
    try:
        yield server.url.set(database=name).render_as_string(hide_password=False)
    finally:
        with server.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with the current schema, to be copied: faster than migrating for each test."""
    path = tmp_path_factory.mktemp("template") / "digest.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def migrated_database(server: Engine) -> Iterator[str]:
    """The name of a PostgreSQL database with the current schema, to be copied."""
    with made_database(server) as url:
        upgrade(url)
        yield str(make_url(url).database)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'digest.db'}"
        return
    with made_database(request.getfixturevalue("server")) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of each kind with the current schema."""
    if request.param == "sqlite":
        copy = shutil.copy(request.getfixturevalue("migrated_file"), tmp_path / "digest.db")
        yield f"sqlite:///{copy}"
        return
    template = request.getfixturevalue("migrated_database")
    with made_database(request.getfixturevalue("server"), template=template) as url:
        yield url


@pytest.fixture
def open_again(store_url: str, clock: Clock) -> Callable[[], AbstractContextManager[Store]]:
    """Opens the test's database once more, as another process would."""
    read_signup = partial(
        read_subscriber, file="sign-up", timezone="UTC", send_at=time(7, 30), check=lambda _profile: ()
    )
    return partial(open_store, store_url, now=clock, read_signup=read_signup)


@pytest.fixture
def store(open_again: Callable[[], AbstractContextManager[Store]]) -> Iterator[Store]:
    with open_again() as opened:
        yield opened


@pytest.fixture(scope="session")
def paper() -> Callable[..., Paper]:
    """Makes a paper of a number: `arxiv:2606.00001` for 1."""

    def make(number: int = 1, **details: Any) -> Paper:
        values: dict[str, Any] = {
            "id": f"arxiv:2606.{number:05}",
            "title": f"Gentle Pruning of Very Large Gardens, Part {number}",
            "announced": DAY,
            "authors": ("Ines Feld", "Tomás Prado"),
        }
        return Paper(**values | details)

    return make


@pytest.fixture(scope="session")
def batch() -> Callable[..., Batch]:
    """Makes a sound batch of papers, on the day on which the first of them was announced."""

    def make(*papers: Paper, **details: Any) -> Batch:
        values: dict[str, Any] = {
            "category": "cs.LG",
            "source": "arxiv",
            "day": papers[0].announced if papers else DAY,
            "state": BatchState.OK,
            "papers": papers,
            "records": len(papers),
        }
        return Batch(**values | details)

    return make


@pytest.fixture
def collect(store: Store) -> Callable[..., tuple[BatchReport, ...]]:
    """Adds batches to the edition of a day, which looks back a week."""

    def add(*batches: Batch, day: date = DAY, since: date | None = None, backfill: bool = False) -> Any:
        begins = since or date.fromordinal(day.toordinal() - 7)
        return store.ledger.add_batches(Edition(day, begins, is_backfill=backfill), batches)

    return add


@pytest.fixture
def settle(store: Store) -> None:
    """Makes an edition before everything else in the test, so that no paper is older than the first edition."""
    store.ledger.add_batches(Edition(date(2026, 6, 1), date(2026, 6, 1)), [])


@pytest.fixture(scope="session")
def reader() -> Callable[..., Subscriber]:
    """Makes a reader of a first name."""

    def make(name: str = "ada", **details: Any) -> Subscriber:
        email = f"{name}@readers.example"
        values: dict[str, Any] = {"id": subscriber_id(email), "email": email, "profile": Profile()}
        return Subscriber(**values | details)

    return make


@pytest.fixture
def email(store: Store) -> Callable[..., Email]:
    """Makes a reader's email of an edition that shows some papers, composed from what the store has: cursor, losses."""

    def make(to: Subscriber, *papers: Paper, edition: date = DAY) -> Email:
        (to,) = (reader for reader in store.subscribers.each([to]) if reader.id == to.id)
        matches = tuple(Match(paper, "", 1.0, ()) for paper in papers)
        sections = (Section(SectionKind.INTEREST, "Your papers", matches),)
        loss, count = store.history.losses(before=edition).get(to.id), len(papers)
        through = loss.through if loss else None
        digest = Digest(to, edition, (edition,), sections, considered=count, matched=count, again_through=through)
        name = f"<{edition}.{to.id}@papers.example>"
        return Email(
            to.email, "digest@papers.example", name, "Papers", b"Subject: Papers\r\n\r\n", to.id, edition, digest
        )

    return make


@pytest.fixture
def plan(store: Store) -> Callable[..., None]:
    """Closes an edition and plans its digests, as a run does."""

    def plan_them(*due: Subscriber, edition: date = DAY) -> None:
        store.ledger.close_edition(edition)
        store.subscribers.enroll(due, edition=edition)
        store.deliveries.plan(edition, due)

    return plan_them


@pytest.fixture
def send(store: Store, email: Callable[..., Email]) -> Callable[..., None]:
    """Claims a reader's email and records what became of it."""

    def send_one(
        reader: Subscriber, state: DeliveryState = DeliveryState.SENT, edition: date = DAY, **outcome: Any
    ) -> None:
        mail = email(reader, edition=edition)
        with store.deliveries.open_ownership() as owner:
            assert store.deliveries.claim([mail], owner=owner) == {reader.id}
            store.deliveries.record([Outcome(mail, state, **outcome, relay="smtp relay.example")], owner=owner)

    return send_one
