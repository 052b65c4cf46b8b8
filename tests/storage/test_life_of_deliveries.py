"""A state machine drives claims, sends, crashes, retries, unsubscribes and clock jumps, and looks for a broken rule."""

from __future__ import annotations

import shutil
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, closing, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from digest.config import subscriber_id
from digest.domain import DeliveryState, Digest, Email, Outcome, Profile, Status, Subscriber
from digest.planning import cursor_before
from digest.storage import Chosen, Loss, Store, open_store
from tests.storage.conftest import made_database

FIRST = date(2026, 6, 29)
READERS = tuple(
    Subscriber(subscriber_id(f"{name}@readers.example"), f"{name}@readers.example", Profile())
    for name in ("ada", "bob", "cleo", "dora")
)
AGE = st.integers(0, 1)
"""How many days ago the edition was that a run is for."""
MOST_RUNS = 6
"""Each holds a connection to the database."""
OUTCOMES = st.sampled_from(
    [DeliveryState.SENT, DeliveryState.PENDING, DeliveryState.DEFERRED, DeliveryState.REJECTED, DeliveryState.UNKNOWN]
)
SETTINGS = settings(
    max_examples=10, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True
)


@dataclass(frozen=True)
class Composed:
    """A mail, the editions it covers, and those of them whose papers it says the reader may have had before."""

    email: Email
    covers: frozenset[date]
    told: frozenset[date]


@dataclass
class Run:
    """A process that claims and sends: its lock, and the mails it holds."""

    owner: str
    lock: ExitStack
    held: list[Email] = field(default_factory=list)


class Life(RuleBasedStateMachine):
    """What may happen to deliveries, in any order. `accepted` is what the relay has, whatever we know of it."""

    open_database: Callable[[], AbstractContextManager[str]]

    def __init__(self) -> None:
        super().__init__()
        self.opened = ExitStack()
        self.moment = datetime(2026, 6, 29, 6, 0, tzinfo=UTC)
        url = self.opened.enter_context(self.open_database())
        self.store: Store = self.opened.enter_context(open_store(url, now=lambda: self.moment, read_signup=_nobody))
        self.day = FIRST
        self.accepted: Counter[str] = Counter()
        self.resent: Counter[str] = Counter()
        self.composed: dict[date, list[Composed]] = {}
        self.claimed: dict[str, Composed] = {}
        self.read: defaultdict[str, set[date]] = defaultdict(set)
        self.runs: list[Run] = []

    @initialize()
    def begin(self) -> None:
        self.plan(0)

    @rule(age=AGE)
    def plan(self, age: int) -> None:
        """As a run does: everybody who is active and behind; nobody whose mail of another edition is on its way."""
        day = self._edition(age)
        self.store.ledger.close_edition(day)
        held = self.store.deliveries.in_doubt(day) | self.store.deliveries.planned(day)
        due = [
            one
            for one in self.store.subscribers.each(READERS)
            if one.status is Status.ACTIVE and one.id not in held and (one.cursor is None or one.cursor < day)
        ]
        self.store.subscribers.enroll(due, edition=day)
        self.store.deliveries.plan(day, due)

    @rule()
    def next_day(self) -> None:
        self.day += timedelta(days=1)
        self.moment += timedelta(days=1)

    @rule(hours=st.integers(-3, 30))
    def clock_jumps(self, hours: int) -> None:
        self.moment += timedelta(hours=hours)

    @rule(age=AGE)
    def compose(self, age: int) -> None:
        """Mails are made from what is known now, and may be claimed when more is known."""
        day = self._edition(age)
        waiting, losses = self.store.deliveries.open_rows(day), self.store.history.losses(before=day)
        self.composed[day] = [
            _compose(one, day, losses.get(one.id))
            for one in self.store.subscribers.each(READERS)
            if one.id in waiting and (one.cursor is None or one.cursor < day)
        ]

    @precondition(lambda self: len(self.runs) < MOST_RUNS)
    @rule(age=AGE, count=st.integers(1, 4), keeps=st.booleans(), at_once=st.booleans())
    def claim(self, age: int, count: int, keeps: bool, at_once: bool) -> None:  # noqa: FBT001 - drawn by hypothesis
        if at_once:
            self.compose(age)
        lock, day = ExitStack(), self._edition(age)
        run = Run(lock.enter_context(self.store.deliveries.open_ownership()), lock)
        again = self.store.deliveries.kept_emails(day)
        doubtful = {email.subscriber_id for email in again}
        composed = [one for one in self.composed.get(day, ()) if one.email.subscriber_id not in doubtful][:count]
        emails = [one.email for one in composed]
        mine = self.store.deliveries.claim([*again, *emails], owner=run.owner, keeps=keeps)
        run.held = [email for email in (*again, *emails) if email.subscriber_id in mine]
        self.claimed.update({one.email.message_id: one for one in composed if one.email in run.held})
        for email in again:
            self.resent[email.message_id] += email.subscriber_id in mine
        self.runs.append(run)

    @precondition(lambda self: any(run.held for run in self.runs))
    @rule(which=st.integers(0, 9), state=OUTCOMES, arrives=st.booleans())
    def send(self, which: int, state: DeliveryState, arrives: bool) -> None:  # noqa: FBT001 - drawn by hypothesis
        holding = [run for run in self.runs if run.held]
        run = holding[which % len(holding)]
        email = run.held.pop(0)
        if state is DeliveryState.SENT or (state is DeliveryState.UNKNOWN and arrives):
            self._arrive(email)
        charges = state is not DeliveryState.PENDING
        outcome = Outcome(email, state, f"the relay says {state}", charges_attempt=charges)
        self.store.deliveries.record([outcome], owner=run.owner, keeps=True)

    @precondition(lambda self: self.runs)
    @rule(which=st.integers(0, 9), sent=st.integers(0, 4))
    def crash(self, which: int, sent: int) -> None:
        """The process dies; some of what it held is with the relay, and nobody wrote that down."""
        run = self.runs.pop(which % len(self.runs))
        for email in run.held[:sent]:
            self._arrive(email)
        run.lock.close()

    @rule()
    def release(self) -> None:
        self.store.deliveries.release_lapsed()

    @rule()
    def expire(self) -> None:
        self.store.deliveries.expire_deferred(planned_before=self.moment - timedelta(hours=20))

    @rule(which=st.sampled_from(READERS), status=st.sampled_from([Status.ACTIVE, Status.PAUSED, Status.UNSUBSCRIBED]))
    def leave_or_return(self, which: Subscriber, status: Status) -> None:
        self.store.subscribers.set_status(which.id, status)

    @rule()
    def retry(self) -> None:
        self.store.by_hand.retry(Chosen(edition=self.day))

    @rule(which=st.sampled_from(READERS))
    def cannot_be_made(self, which: Subscriber) -> None:
        self.store.deliveries.fail(self.day, which.id, "the template is broken")

    @rule(which=st.sampled_from(READERS))
    def resolve(self, which: Subscriber) -> None:
        """The operator looks into the relay's log, and says what stands there."""
        for row in self.store.history.find(email=which.email, state=DeliveryState.UNKNOWN):
            chosen = Chosen(row.edition, row.email)
            self.store.by_hand.resolve(chosen, as_sent=self.accepted[row.message_id] > 0)

    @rule(which=st.sampled_from(READERS))
    def nothing_to_say(self, which: Subscriber) -> None:
        self.store.deliveries.skip(self.day, [which.id])

    @invariant()
    def nobody_holds_two_copies(self) -> None:
        for message_id, copies in self.accepted.items():
            assert copies <= 1 + self.resent[message_id], "a mail went twice that nobody asked to send again"

    @invariant()
    def nobody_is_marked_as_sent_who_got_nothing(self) -> None:
        for row in self.store.history.find(state=DeliveryState.SENT):
            assert self.accepted[row.message_id], f"{row.email} got nothing of {row.edition}"

    @invariant()
    def what_was_accepted_is_known_or_in_doubt(self) -> None:
        may_be = (DeliveryState.SENT, DeliveryState.UNKNOWN, DeliveryState.SENDING)
        for row in self.store.history.find():
            if self.accepted[row.message_id] and not self.resent[row.message_id]:
                assert row.state in may_be, f"{row.email} has the mail of {row.edition}, which is {row.state}"

    @invariant()
    def the_counts_add_up(self) -> None:
        for edition in {row.edition for row in self.store.history.find()}:
            assert self.store.history.is_balanced(edition)

    @invariant()
    def a_cursor_is_never_ahead_of_what_was_delivered_or_empty(self) -> None:
        """The papers of a day that was neither sent nor empty are still to come."""
        sent = {(row.subscriber_id, row.edition) for row in self.store.history.find(state=DeliveryState.SENT)}
        had_papers = (row for row in self.store.history.find() if row.reply != "nothing matched any more")
        rows = {(row.subscriber_id, row.edition) for row in had_papers}
        for one in self.store.subscribers.each(READERS):
            if one.cursor is not None and (one.id, one.cursor) in rows:
                assert (one.id, one.cursor) in sent, f"{one.email} lost the edition of {one.cursor}"

    @invariant()
    def the_last_line_of_the_history_says_the_state(self) -> None:
        for row in self.store.history.find():
            lines = self.store.history.events(Chosen(row.edition, row.email))
            if lines and row.state is not DeliveryState.SENDING:
                assert lines[-1].state is row.state

    def teardown(self) -> None:
        for run in self.runs:
            run.lock.close()
        self.opened.close()

    def _edition(self, age: int) -> date:
        return max(FIRST, self.day - timedelta(days=age))

    def _arrive(self, email: Email) -> None:
        """The relay takes a mail. Nobody reads a day's papers twice without being told that they come again."""
        composed, read = self.claimed[email.message_id], self.read[email.subscriber_id]
        if not self.accepted[email.message_id]:
            repeated = read & composed.covers - composed.told
            assert not repeated, f"{email.recipient} gets the papers of {repeated} twice"
            read.update(composed.covers)
        self.accepted[email.message_id] += 1


@pytest.fixture(params=["sqlite", "postgresql"])
def machine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> type[Life]:
    """The state machine on a database of its own for each run."""
    if request.param == "sqlite":
        migrated = request.getfixturevalue("migrated_file")

        def open_database() -> AbstractContextManager[str]:
            return nullcontext(f"sqlite:///{shutil.copy(migrated, tmp_path_factory.mktemp('life') / 'digest.db')}")
    else:
        server, template = request.getfixturevalue("server"), request.getfixturevalue("migrated_database")

        def open_database() -> AbstractContextManager[str]:
            return made_database(server, template=template)

    return type("AnyLife", (Life,), {"open_database": staticmethod(open_database)})


def test_no_order_of_events_breaks_a_rule(machine: type[Life]) -> None:
    run_state_machine_as_test(machine, settings=SETTINGS)


def plan_two_editions(life: Life) -> None:
    """The newer one is planned and composed before the older one, as when somebody runs a day that was left out."""
    life.begin()
    life.next_day()
    life.next_day()
    life.plan(age=0)
    life.compose(age=0)
    life.plan(age=1)


def test_a_mail_composed_before_an_older_edition_went_out_repeats_none_of_it(machine: type[Life]) -> None:
    """An order that is too rare to be met by chance: an edition that was left out is sent after a later one began."""
    life = machine()
    with closing(life.opened):
        plan_two_editions(life)
        for age, at_once in ((1, True), (0, False), (0, True)):
            life.claim(age=age, count=4, keeps=False, at_once=at_once)
            while any(run.held for run in life.runs):
                life.send(which=0, state=DeliveryState.SENT, arrives=True)
        assert len(life.accepted) == 2 * len(READERS)
        for run in life.runs:
            run.lock.close()


def test_a_mail_composed_before_an_older_edition_s_came_into_doubt_goes_only_once_it_says_so(
    machine: type[Life],
) -> None:
    """Another such order: two processes serve two editions that a reader waits for, and the older mail is lost."""
    life = machine()
    with closing(life.opened):
        plan_two_editions(life)
        for age, at_once, state in (
            (1, True, DeliveryState.UNKNOWN),
            (0, False, DeliveryState.SENT),
            (0, True, DeliveryState.SENT),
        ):
            life.claim(age=age, count=4, keeps=False, at_once=at_once)
            while any(run.held for run in life.runs):
                life.send(which=0, state=state, arrives=True)
        assert len(life.accepted) == 2 * len(READERS)
        for run in life.runs:
            run.lock.close()


def _compose(reader: Subscriber, day: date, loss: Loss | None) -> Composed:
    """The reader's mail of an edition: of all days after their cursor, those through a loss marked as coming again."""
    covers = [day - timedelta(days=age) for age in range((day - cursor_before(reader, day)).days)]
    told = frozenset(covered for covered in covers if loss is not None and covered <= loss.through)
    through = loss.through if loss is not None else None
    digest = Digest(reader, day, tuple(covers), sections=(), considered=0, matched=0, again_through=through)
    name = f"<{day}.{reader.id}@papers.example>"
    email = Email(reader.email, "d@papers.example", name, "x", b"x", reader.id, day, digest)
    return Composed(email, frozenset(covers), told)


def _nobody(_details: object) -> Subscriber:
    raise AssertionError("nobody signs up here")
