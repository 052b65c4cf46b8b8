"""A real web server over a real store, with a real SMTP inbox behind it, on a day of our choosing."""

from __future__ import annotations

import re
import threading
import time as clock
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette

from digest.composing import Composer, open_composer
from digest.config import Site, read_subscriber, subscriber_id
from digest.delivery import Relay
from digest.delivery.inbox import Inbox, open_inbox
from digest.delivery.smtp import Smtp
from digest.domain import Batch, BatchState, Edition, Letterhead, Paper, Subscriber
from digest.links import Purpose, make_link
from digest.matching import check_profile
from digest.parts import Parts
from digest.sources import open_http
from digest.storage import Store, open_store
from digest.web import build_site

ADA = "ada@example.org"
DAY = date(2026, 6, 30)
SECRETS = ("a-secret-for-tests",)
LINK = re.compile(rb"/confirm/[\w.=-]+")

read_signup = partial(
    read_subscriber, file="sign-up", timezone="Europe/Zurich", send_at=time(7, 30), check=check_profile
)


class Clock:
    """Tells the time it was set to."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 6, 30, 10, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def today(self) -> date:
        return self.moment.date()

    def advance(self, span: timedelta) -> None:
        self.moment += span


@dataclass(frozen=True)
class World:
    """One installation: its store, its clock, its files, its mail, and the address of its pages."""

    store: Store
    parts: Parts
    clock: Clock
    files: list[Subscriber]
    inbox: Inbox
    site: Site

    def app(self, *, admin_token: str = "") -> Starlette:
        return build_site(
            self.parts,
            site=self.site,
            read_signup=read_signup,
            today=self.clock.today,
            secrets=SECRETS,
            admin_token=admin_token,
        )

    def link(self, purpose: Purpose, subscriber_id: str, *, issued: date = DAY) -> str:
        return make_link("", purpose, subscriber_id, issued=issued, secrets=SECRETS)

    def add_papers(self, *titles: str, day: date = DAY, url: str = "https://example.org/paper") -> None:
        papers = tuple(
            Paper(f"arxiv:2606.{day.day}{number:03}", title, day, ("A. Author",), abstract="A text.", url=url)
            for number, title in enumerate(titles, start=1)
        )
        batch = Batch("cs.LG", day, BatchState.OK, source="files", papers=papers, records=len(papers))
        self.store.ledger.add_batches(Edition(day, day), [batch])

    def confirmations(self, *, wait_for: int = 0) -> list[bytes]:
        """The mails that came in, newest first; they are sent after the answer, so one waits for so many."""
        patience = clock.monotonic() + 10
        while len(self.inbox.newest_first()) < wait_for and clock.monotonic() < patience:
            clock.sleep(0.01)
        mails = [self.inbox.read(key) for key in self.inbox.newest_first()]
        return [mail.content.replace(b"=\r\n", b"").replace(b"=3D", b"=") for mail in mails if mail]


@contextmanager
def serving(app: Starlette) -> Iterator[str]:
    """The application on a real server of its own; gives the address."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, lifespan="off", access_log=False))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            clock.sleep(0.005)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


def add_active(world: World, email: str, *, cursor: date = DAY, **details: Any) -> str:
    identity = subscriber_id(email)
    world.store.subscribers.add_signup(identity, email, {"keywords": ["pruning"], **details})
    world.store.subscribers.confirm(identity, cursor=cursor)
    return identity


@pytest.fixture(scope="session")
def composer() -> Composer:
    return open_composer(
        Letterhead("Paper digest", "Paper digest <digest@example.org>", "http://localhost:8000", SECRETS)
    )


@pytest.fixture
def world(tmp_path: Path, composer: Composer) -> Iterator[World]:
    time_of_test, files = Clock(), list[Subscriber]()
    with (
        open_store(
            f"sqlite:///{tmp_path / 'digest.db'}", now=time_of_test.now, read_signup=read_signup, secrets=SECRETS
        ) as store,
        open_inbox(tmp_path / "inbox") as inbox,
    ):
        parts = Parts(
            store=store,
            composer=composer,
            sources={},
            open_http=partial(open_http, "operator@example.org"),
            read_files=lambda: tuple(files),
            relays=(Relay("smtp", lambda: Smtp(host=inbox.host, port=inbox.port)),),
            is_local=True,
            lookback=timedelta(days=7),
            expires_after=timedelta(hours=20),
            now=time_of_test.now,
        )
        yield World(store, parts, time_of_test, files, inbox, Site())


@pytest.fixture
def open_client() -> Iterator[Callable[[str], httpx.Client]]:
    clients: list[httpx.Client] = []

    def make(base_url: str) -> httpx.Client:
        clients.append(httpx.Client(base_url=base_url, timeout=30))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def client(world: World, open_client: Callable[[str], httpx.Client]) -> Iterator[httpx.Client]:
    with serving(world.app()) as address:
        yield open_client(address)
