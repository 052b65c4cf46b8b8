"""What a run is made of, what narrows it, and how it went. Runs nothing."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from digest.composing import Composer
from digest.delivery import Relay, SendingEnd
from digest.domain import BatchReport, EditionTotals, Subscriber
from digest.errors import Mistake
from digest.sources import HttpClient, Source
from digest.storage import Store


@dataclass(frozen=True, slots=True)
class Parts:
    """What a run needs, opened once at the edge."""

    store: Store
    composer: Composer
    sources: Mapping[str, Source]
    open_http: Callable[..., AbstractContextManager[HttpClient]]
    read_files: Callable[[], tuple[Subscriber, ...]]
    """The readers of all sound subscriber files, read anew at each call."""
    relays: tuple[Relay, ...]
    """Where mail is handed over: the first one, and those that stand in when it is down."""
    is_local: bool
    """Whether mail stays on this machine; a live relay isn't asked to reach the sample readers."""
    lookback: timedelta
    expires_after: timedelta
    now: Callable[[], datetime]
    file_mistakes: Callable[[], tuple[Mistake, ...]] = tuple
    """Why files were left out when they were last read."""
    resends: bool = False
    """Whether mail in doubt is sent again with the same bytes; else it is held and shown."""
    retention: timedelta = timedelta(days=400)
    """How long the history is kept."""
    stopping: Callable[[], bool] = lambda: False
    """Whether collecting and delivery are asked to end in good order."""
    on_progress: Callable[[str, int, int | None], None] = lambda _stage, _done, _total: None
    """Told, now and then, how much of a stage is done, and of how much where that is known."""

    def readers(self) -> tuple[Subscriber, ...]:
        """Everybody, in memory at once: for those who want to look somebody up."""
        return tuple(self.each_reader())

    def each_reader(self) -> Iterator[Subscriber]:
        """Everybody, files and signups as one row of readers; a run never holds them all."""
        return self.store.subscribers.each(self.read_files())


@dataclass(frozen=True, slots=True)
class Choice:
    """What the operator narrowed a run to."""

    only: str = ""
    """One address, whose frequency is then ignored."""
    no_send: bool = False
    send_to: str = ""
    """One address that gets everything instead; nothing is recorded."""
    is_their_time: Callable[[Subscriber], bool] = lambda _subscriber: True
    collects: bool = True
    """Whether the sources are asked first."""
    plans: bool = True
    """Whether readers who are due are promised digests, beside those who wait already."""
    is_helping: bool = False
    """Whether another process plans, and this one takes what waits in an order of its own."""
    is_day_named: bool = False
    """Whether a person named the day; else the clock did, which may be wrong."""
    probes_at_once: bool = False
    """Whether sending's own pause is tried by one mail before its time, as somebody who has mended the fault wants."""

    @property
    def is_rehearsal(self) -> bool:
        """Whether nothing is planned and recorded."""
        return self.no_send or bool(self.send_to)

    def takes(self, reader: Subscriber) -> bool:
        """Whether the reader is among those to serve now."""
        return self.only in ("", reader.email) and self.is_their_time(reader)


EVERYBODY = Choice()
"""Nothing narrows the run."""
WHOEVER_WAITS = Choice(collects=False, plans=False)
"""Nobody is promised anything new."""


@dataclass(slots=True)
class RunReport:
    """How a run went, for the person who started it."""

    edition: date
    batches: tuple[BatchReport, ...] = ()
    composed: int = 0
    notices: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    end: SendingEnd | None = None
    totals: EditionTotals | None = None
    broken: int = 0
    """Digests that can't be made."""
    paused: str = ""
    """Why mail is held back, if it is."""
    left_out: tuple[Mistake, ...] = ()
    """Subscriber files that can't be read: their readers were promised nothing, and what waits for them waits on."""
    mismatch: str = ""
    """What is wrong with the counts at the end; empty if they add up."""

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Add the seconds that this takes to a stage's."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[stage] += time.perf_counter() - started
