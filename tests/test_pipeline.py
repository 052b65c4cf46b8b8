"""One edition from feed to inbox, over real files, a real database and a real SMTP server."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from functools import partial
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest

from digest.composing import open_composer
from digest.config import subscriber_id
from digest.delivery import Relay
from digest.delivery.inbox import Inbox, open_inbox
from digest.delivery.smtp import Smtp
from digest.domain import (
    Batch,
    BatchState,
    DeliveryState,
    Edition,
    Email,
    Frequency,
    Interest,
    Letterhead,
    Memory,
    Outcome,
    Paper,
    Profile,
    ReportKind,
    SectionKind,
    Status,
    Subscriber,
)
from digest.parts import Choice, Parts, RunReport
from digest.pipeline import collect_edition, is_anybody_waiting, plan_digests, run_edition
from digest.preview import preview_digest
from digest.sources import open_http
from digest.sources.files import Files
from digest.storage import Returned, Store, open_store
from tests.delivery.hostile import FaultServer, running

SUNDAY = date(2026, 6, 28)
MONDAY = date(2026, 6, 29)
TUESDAY = MONDAY + timedelta(days=1)
WEDNESDAY = MONDAY + timedelta(days=2)
LETTERHEAD = Letterhead("Papers", "Papers <digest@papers.example>", "https://papers.example", ("a secret",))
HEDGES = Profile(interests=(Interest(keywords=("hedge",)),), trending=3)


@dataclass
class Installation:
    """The parts of a run, the inbox its mail goes to, and the readers, who may change."""

    parts: Parts
    inbox: Inbox
    papers: Path
    readers: list[Subscriber] = field(default_factory=list)

    @property
    def store(self) -> Store:
        return self.parts.store

    def announce(self, day: date, *titles: str) -> None:
        """Papers of arXiv, one for each title; a title is its paper's identity."""
        lines = [
            {"id": f"2606.{number(title)}", "title": title, "authors": ["Ada Example"],
             "categories": ["q-bio.PE"], "summary": f"A {title.lower()}.", "comment": None, "pdf": "", "abs": ""}
            for title in titles
        ]  # fmt: skip
        (self.papers / f"arxiv-{day}.jsonl").write_text("\n".join(map(json.dumps, lines)))

    def list_trending(self, day: date, *titles: str) -> None:
        """Papers that a community lists, most upvotes first."""
        items = [
            {"paper": {"id": f"2606.{number(title)}", "title": title, "summary": "We study it.",
                       "authors": [{"name": "Ada Example"}], "publishedAt": "2026-06-20T00:00:00.000Z",
                       "submittedOnDailyAt": f"{day}T00:00:00.000Z", "upvotes": 100 - rank}}
            for rank, title in enumerate(titles)
        ]  # fmt: skip
        (self.papers / f"trending-{day}.json").write_text(json.dumps(items))

    def run(self, day: date, **choice: Any) -> RunReport:
        return run_edition(day, self.parts, Choice(**choice))

    def titles_mailed(self, name: str) -> list[list[str]]:
        """The titles in each mail to a reader, by the history."""
        rows = sorted(self.store.history.find(email=f"{name}@readers.example"), key=lambda row: row.edition)
        return [sorted(paper[-5:] for paper in row.papers) for row in rows if row.papers]

    def mails(self, name: str) -> int:
        received = [self.inbox.read(key) for key in self.inbox.newest_first()]
        return sum(mail is not None and mail.recipients == (f"{name}@readers.example",) for mail in received)


@dataclass
class Garden:
    """A source that brings what a test gives it."""

    batches: list[Batch] = field(default_factory=list)
    asked: list[Edition] = field(default_factory=list)

    def fetch(self, edition: Edition, memory: Memory, http: object) -> Iterator[Batch]:  # noqa: ARG002 - the port's
        self.asked.append(edition)
        yield from self.batches


def bring(category: str, day: date, *titles: str, state: BatchState = BatchState.OK) -> Batch:
    """A batch of papers, one for each title."""
    papers = tuple(
        Paper(f"arxiv:2606.{number(title)}", title, day, ("Ada Example",), f"A {title.lower()}.") for title in titles
    )
    return Batch(category=category, day=day, state=state, papers=papers, records=len(papers))


def reader(name: str = "ada", **details: Any) -> Subscriber:
    email = f"{name}@readers.example"
    values: dict[str, Any] = {"id": subscriber_id(email), "email": email, "profile": HEDGES}
    return Subscriber(**values | details)


def number(title: str) -> str:
    """The identity that a title has in these tests."""
    return f"{crc32(title.encode()) % 100_000:05}"


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., Installation]]:
    with (
        open_inbox(tmp_path / "inbox") as inbox,
        open_store(
            f"sqlite:///{tmp_path}/digest.db",
            now=lambda: datetime.now(UTC),
            read_signup=_no_signup,
            secrets=LETTERHEAD.secrets,
        ) as store,
    ):

        def make_one(*readers: Subscriber) -> Installation:
            papers = tmp_path / "papers"
            papers.mkdir(exist_ok=True)
            installation = Installation(_parts(store, inbox, papers), inbox, papers, list(readers))
            installation.parts = replace(installation.parts, read_files=lambda: tuple(installation.readers))
            return installation

        yield make_one


def _parts(store: Store, inbox: Inbox, papers: Path) -> Parts:
    return Parts(
        store=store,
        composer=open_composer(LETTERHEAD),
        sources={"files": Files(paths=[f"{papers}/*"])},
        open_http=partial(open_http, "operator@readers.example"),
        read_files=tuple,
        relays=(Relay("smtp", partial(Smtp, port=inbox.port), 2),),
        is_local=True,
        lookback=timedelta(days=7),
        expires_after=timedelta(hours=20),
        now=lambda: datetime.now(UTC),
    )


def _no_signup(_details: object) -> Subscriber:
    raise AssertionError("nobody signs up here")


def claimed(installation: Installation, day: date, who: Subscriber, state: DeliveryState, **outcome: Any) -> None:
    """A delivery of that day that was tried and ended in a state."""
    deliveries = installation.store.deliveries
    (stored,) = (one for one in installation.parts.readers() if one.id == who.id)
    mail = Email(who.email, "digest@papers.example", "<x@papers.example>", "x", b"x", who.id, day)
    assert stored.cursor is not None
    with deliveries.open_ownership() as owner:
        assert deliveries.claim([mail], owner=owner) == {who.id}
        deliveries.record([Outcome(mail, state, **outcome, relay="smtp")], owner=owner)


def test_a_reader_gets_what_matches_and_a_second_run_sends_nothing(make: Callable[..., Installation]) -> None:
    world = make(reader("ada"), reader("bob", profile=replace(HEDGES, interests=(Interest(keywords=("owl",)),))))
    world.announce(MONDAY, "A hedge", "A meadow")

    first, second = world.run(MONDAY), world.run(MONDAY)

    assert first.totals is not None
    assert second.totals is not None
    assert (first.totals.states[DeliveryState.SENT], first.totals.empty) == (1, 1)
    assert first.totals.states == second.totals.states
    assert (world.mails("ada"), world.mails("bob")) == (1, 0)


def test_the_words_of_an_edition_are_kept_once_a_later_one_closes(make: Callable[..., Installation]) -> None:
    world = make(reader("ada"))
    for day in (MONDAY, MONDAY + timedelta(days=1)):
        world.announce(day, "A hedge")
        world.run(day)

    assert {day: counts.papers for day, counts in world.store.papers.word_counts([MONDAY]).items()} == {MONDAY: 1}


def test_a_weekly_reader_who_is_new_is_served_after_a_crash_between_enrolling_and_planning(
    make: Callable[..., Installation],
) -> None:
    weekly = reader("ada", frequency=Frequency.WEEKLY, weekday="friday")
    world = make(weekly)
    world.announce(MONDAY, "A hedge")
    collect_edition_of(world, MONDAY)
    world.store.ledger.close_edition(MONDAY)
    world.store.subscribers.enroll([weekly], edition=MONDAY)  # and here the process dies

    world.run(MONDAY)

    assert world.mails("ada") == 1


def test_a_weekly_reader_whose_day_was_missed_is_served_the_day_after(make: Callable[..., Installation]) -> None:
    world = make(reader("ada", frequency=Frequency.WEEKLY, weekday="monday"))
    for day in (MONDAY, MONDAY + timedelta(days=8)):
        world.announce(day, f"A hedge of {day}")
        world.run(day)
    assert world.mails("ada") == 2


def test_a_weekly_reader_whose_mail_was_lost_waits_for_their_day(make: Callable[..., Installation]) -> None:
    weekly = reader("ada", frequency=Frequency.WEEKLY, weekday="monday")
    world = make(weekly)
    world.announce(MONDAY, "A hedge")
    world.run(MONDAY - timedelta(days=7))
    collect_edition_of(world, MONDAY)
    plan_digests(world.parts.readers(), MONDAY, world.parts)
    claimed(world, MONDAY, weekly, DeliveryState.UNKNOWN)
    for days in (1, 2, 6):
        world.run(MONDAY + timedelta(days=days))
    assert world.mails("ada") == 0
    world.run(MONDAY + timedelta(days=7))
    assert world.mails("ada") == 1


def test_a_digest_composed_before_the_cursor_moved_is_not_sent(make: Callable[..., Installation]) -> None:
    world = make(reader("ada"))
    world.run(SUNDAY)
    for day in (MONDAY, TUESDAY):
        world.announce(day, f"A hedge of {day}")
        collect_edition_of(world, day)
    (ada,) = world.parts.readers()
    plan_digests((ada,), TUESDAY, world.parts)
    digest = preview_digest(ada, TUESDAY, world.parts)
    composed = Email(ada.email, "d@papers.example", "<x@x>", "x", b"x", ada.id, TUESDAY, digest)
    world.run(MONDAY)  # by another process, meanwhile

    with world.store.deliveries.open_ownership() as owner:
        assert world.store.deliveries.claim([composed], owner=owner) == frozenset()
    world.run(TUESDAY)

    assert world.titles_mailed("ada") == [[number(f"A hedge of {day}")] for day in (MONDAY, TUESDAY)]


def test_a_reader_with_a_mail_in_doubt_of_a_later_edition_is_not_served_an_older_one(
    make: Callable[..., Installation],
) -> None:
    world = make(reader("ada"))
    world.run(SUNDAY)
    world.announce(MONDAY, "A hedge")
    collect_edition_of(world, MONDAY)
    (ada,) = world.parts.readers()
    plan_digests((ada,), TUESDAY, world.parts)
    claimed(world, TUESDAY, ada, DeliveryState.UNKNOWN)

    report = world.run(MONDAY)

    assert world.mails("ada") == 0
    assert any("in doubt" in notice for notice in report.notices)


def test_papers_of_a_mail_that_failed_come_again_with_a_note_and_the_preview_says_so_before(
    make: Callable[..., Installation],
) -> None:
    ada = reader("ada")
    world = make(ada)
    world.announce(MONDAY, "A hedge")
    collect_edition_of(world, MONDAY)
    plan_digests((ada,), MONDAY, world.parts)
    claimed(world, MONDAY, ada, DeliveryState.DEFERRED, retry_after=timedelta(hours=1))
    world.announce(TUESDAY, "Another hedge")
    collect_edition_of(world, TUESDAY)

    before = preview_digest(world.parts.readers()[0], TUESDAY, world.parts)
    world.run(TUESDAY)
    after = preview_digest(world.parts.readers()[0], TUESDAY, world.parts)

    kinds = {section.kind: [match.paper.title for match in section.matches] for section in before.sections}
    assert kinds == {SectionKind.INTEREST: ["Another hedge"], SectionKind.AGAIN: ["A hedge"]}
    assert [(s.kind, s.matches) for s in after.sections] == [(s.kind, s.matches) for s in before.sections]
    assert world.mails("ada") == 1


def test_a_paper_that_was_mailed_as_a_match_never_comes_again_as_trending(make: Callable[..., Installation]) -> None:
    world = make(reader("ada"))
    world.announce(MONDAY, "A hedge", "A meadow")
    world.run(MONDAY)
    world.readers = [reader("ada", profile=Profile(interests=(Interest(keywords=("owl",)),), trending=5))]
    world.announce(TUESDAY, "An owl")
    world.list_trending(TUESDAY, "A hedge", "A meadow")

    world.run(TUESDAY)

    first, second = world.titles_mailed("ada")
    assert first == [number("A hedge")]
    assert second == sorted([number("An owl"), number("A meadow")])


def test_a_reader_without_interests_gets_each_listed_paper_once(make: Callable[..., Installation]) -> None:
    world = make(reader("maya", profile=Profile()))
    world.announce(MONDAY, "A hedge")
    world.list_trending(TUESDAY, "A hedge", "A meadow")
    world.list_trending(WEDNESDAY, "A hedge", "An owl")
    for day in (MONDAY, TUESDAY, WEDNESDAY):
        world.run(day)
    shown = Counter(paper for mail in world.titles_mailed("maya") for paper in mail)
    assert shown == {number("A hedge"): 1, number("A meadow"): 1, number("An owl"): 1}


def test_a_rehearsal_covers_what_is_planned_already_and_records_nothing(make: Callable[..., Installation]) -> None:
    ada = reader("ada")
    world = make(ada)
    world.announce(MONDAY, "A hedge")
    collect_edition_of(world, MONDAY)
    plan_digests((ada,), MONDAY, world.parts)

    assert world.run(MONDAY, no_send=True).composed == 1
    bouncing = replace(LETTERHEAD, bounce_address="bounces@papers.example")
    world.parts = replace(world.parts, composer=replace(world.parts.composer, letterhead=bouncing))
    report = world.run(MONDAY, send_to="me@readers.example")

    received = world.inbox.read(world.inbox.newest_first()[0])
    assert received is not None
    assert received.sender == "digest@papers.example"  # a bounce of it is no reader's
    assert report.end is not None
    assert report.end.counts == {DeliveryState.SENT: 1}
    assert (world.mails("me"), world.mails("ada")) == (1, 0)
    assert [row.state for row in world.store.history.find()] == [DeliveryState.PENDING]


def test_a_reader_whose_mail_came_back_is_neither_planned_nor_mailed_and_the_run_says_so(
    make: Callable[..., Installation],
) -> None:
    ada, bob = reader("ada"), reader("bob")
    world = make(ada, bob)
    world.announce(MONDAY, "A hedge")
    collect_edition_of(world, MONDAY)
    plan_digests((ada,), MONDAY, world.parts)
    for gone in (ada, bob):
        world.store.reports.take(Returned(datetime.now(UTC).date(), gone.id, ReportKind.HARD))

    report = world.run(MONDAY)

    assert (world.mails("ada"), world.mails("bob")) == (0, 0)
    (row,) = world.store.history.find()
    assert (row.email, row.state) == (ada.email, DeliveryState.SUPPRESSED)
    assert any("skipped: mail to them came back" in notice for notice in report.notices)
    assert not is_anybody_waiting(MONDAY, world.parts, Choice())


@pytest.mark.parametrize(
    ("reply", "days"), [("550 5.1.1 no such user", 1), ("554 5.3.0 go away", 2), ("552 5.2.2 mailbox full", 6)]
)
def test_whom_the_relay_refuses_for_good_gets_no_more_mail_after_as_many_days(
    make: Callable[..., Installation], reply: str, days: int
) -> None:
    world = make(reader("ada"))
    with running(FaultServer({"RCPT": [reply, "…"]})) as relay:
        world.parts = replace(world.parts, relays=(Relay("smtp", partial(Smtp, port=relay.port), 2),))
        for day in range(days + 1):
            world.announce(MONDAY + timedelta(days=day), f"Hedge {day}")
            world.run(MONDAY + timedelta(days=day))

    assert len(world.store.history.find(state=DeliveryState.REJECTED)) == days


def test_a_refusal_that_is_our_own_fault_counts_against_nobody(make: Callable[..., Installation]) -> None:
    world = make(reader("ada"))
    with running(FaultServer({"RCPT": ["550 5.7.1 we don't know you"]})) as relay:
        world.parts = replace(world.parts, relays=(Relay("smtp", partial(Smtp, port=relay.port), 2),))
        world.announce(MONDAY, "A hedge")
        world.run(MONDAY)

    assert world.store.suppressions.count() == 0


def test_a_sample_reader_is_never_mailed_through_a_live_relay(make: Callable[..., Installation]) -> None:
    sample = Subscriber(subscriber_id("ada@example.org"), "ada@example.org", HEDGES)
    world = make(sample)
    world.announce(MONDAY, "A hedge")
    collect_edition_of(world, MONDAY)
    plan_digests((sample,), MONDAY, world.parts)
    world.parts = replace(world.parts, is_local=False)

    report = world.run(MONDAY)

    assert not world.inbox.newest_first()
    assert report.totals is not None
    assert report.totals.states[DeliveryState.PENDING] == 1


def test_one_digest_that_can_not_be_made_does_not_cost_the_others(make: Callable[..., Installation]) -> None:
    unmailable = reader("bob", email="no address at all")
    world = make(reader("ada"), unmailable)
    world.announce(MONDAY, "A hedge")

    report = world.run(MONDAY)

    assert world.mails("ada") == 1
    assert report.totals is not None
    assert report.totals.states[DeliveryState.FAILED] == 1
    assert any("no address at all" in notice for notice in report.notices)


def test_a_run_that_is_asked_to_stop_while_it_collects_plans_nothing(make: Callable[..., Installation]) -> None:
    world = make(reader("ada"))
    world.announce(MONDAY, "A hedge")
    goes_on, world.parts = world.parts, replace(world.parts, stopping=lambda: True)

    world.run(MONDAY)

    assert not world.store.ledger.is_closed(MONDAY)
    assert world.store.history.find() == ()
    world.parts = goes_on
    world.run(MONDAY)
    assert world.mails("ada") == 1


def test_an_unsubscribed_reader_gets_nothing_more(make: Callable[..., Installation]) -> None:
    cleo = reader("cleo")
    world = make(cleo)
    world.announce(MONDAY, "A hedge")
    world.run(MONDAY)
    world.store.subscribers.set_status(cleo.id, Status.UNSUBSCRIBED)
    world.announce(TUESDAY, "Another hedge")
    world.run(TUESDAY)
    assert world.mails("cleo") == 1


def test_a_hostile_title_is_harmless_in_the_mail_that_arrives(make: Callable[..., Installation]) -> None:
    world = make(reader("ada"))
    world.announce(MONDAY, 'A hedge <script>alert(1)</script> "quoted"\r\nBcc: all@readers.example ' + "x" * 5000)
    world.run(MONDAY)
    (key,) = world.inbox.newest_first()
    received = world.inbox.read(key)
    assert received is not None
    mail = message_from_bytes(received.content, policy=policy.default)
    html = mail.get_body(("html",))
    assert html is not None
    assert "<script" not in html.get_content().lower()
    assert mail["bcc"] is None
    assert len(str(mail["subject"])) < 200
    assert max(map(len, received.content.splitlines())) <= 998


def test_a_hole_is_told_in_the_mail_and_its_papers_come_late_and_once(make: Callable[..., Installation]) -> None:
    garden = Garden([bring("cs.LG", MONDAY, "A hedge"), bring("cs.AI", MONDAY, state=BatchState.BLOCKED)])
    world = make(reader("ada"))
    world.parts = replace(world.parts, sources={"arxiv": garden})

    world.run(MONDAY)
    garden.batches = [bring("cs.AI", MONDAY, "A late hedge"), bring("cs.LG", TUESDAY, "A new hedge")]
    report = world.run(TUESDAY)
    world.run(WEDNESDAY)

    assert world.titles_mailed("ada") == [
        [number("A hedge")],
        sorted([number("A late hedge"), number("A new hedge")]),
    ]
    tuesday, monday = (plain_text(world, place) for place in (0, 1))
    assert "arXiv announced 1 paper on Monday, 29 June." in monday
    assert "arXiv cs.AI is late and follows." in monday
    assert "arXiv announced 1 paper on Tuesday, 30 June." in tuesday
    assert "What was late from arXiv on 29 June has come." in tuesday
    assert [one.is_mended for one in report.batches] == [True, False]


def test_what_a_sent_mail_said_of_its_sources_is_shown_again_whatever_the_ledger_says_now(
    make: Callable[..., Installation],
) -> None:
    garden = Garden([bring("cs.LG", MONDAY, "A hedge"), bring("cs.AI", MONDAY, state=BatchState.BROKEN)])
    world = make(reader("ada"))
    world.parts = replace(world.parts, sources={"arxiv": garden})
    world.run(MONDAY)
    (ada,) = world.parts.readers()
    sent = preview_digest(ada, MONDAY, world.parts)

    garden.batches = [bring("cs.AI", MONDAY, "A late hedge")]
    world.run(TUESDAY)

    assert [entry.late for entry in sent.account] == [("cs.AI",)]
    assert preview_digest(world.parts.readers()[0], MONDAY, world.parts).account == sent.account


def test_the_preview_of_a_day_never_collected_tells_what_its_sources_would_bring(
    make: Callable[..., Installation],
) -> None:
    world = make(reader("ada"))
    world.parts = replace(world.parts, sources={"arxiv": Garden([bring("cs.LG", MONDAY, "A hedge")])})

    digest = preview_digest(world.parts.readers()[0], MONDAY, world.parts)

    assert [(entry.source, entry.announced) for entry in digest.account] == [("arxiv", 1)]
    assert len(digest.shown) == 1
    assert not world.store.ledger.is_collected(MONDAY)


def plain_text(world: Installation, place: int) -> str:
    """The text of a received mail in one line; the newest has place 0."""
    received = world.inbox.read(world.inbox.newest_first()[place])
    assert received is not None
    text = message_from_bytes(received.content, policy=policy.default).get_body(("plain",))
    assert text is not None
    return " ".join(str(text.get_content()).split())


def collect_edition_of(world: Installation, day: date) -> None:
    collect_edition(Edition(day, day - timedelta(days=7)), world.parts)


def test_where_it_is_wanted_a_short_mail_says_that_nothing_matched(make: Callable[..., Installation]) -> None:
    world = make(reader("ada"), reader("bob", language="de"))
    composer = replace(world.parts.composer, letterhead=replace(LETTERHEAD, mails_when_empty=True))
    world.parts = replace(world.parts, composer=composer)
    world.announce(MONDAY, "A meadow")

    report = world.run(MONDAY)

    assert report.totals is not None
    assert (report.totals.states[DeliveryState.SENT], report.totals.empty) == (2, 0)
    subjects = [message_from_bytes(mail, policy=policy.default).get("Subject", "") for mail in _contents(world)]
    assert {str(subject).partition(" ·")[0] for subject in subjects} == {
        "No papers for you today",
        "Heute keine Paper für Sie",
    }
    assert world.run(MONDAY).totals == report.totals


def _contents(world: Installation) -> list[bytes]:
    found = (world.inbox.read(key) for key in world.inbox.newest_first())
    return [mail.content for mail in found if mail]
