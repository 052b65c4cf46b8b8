"""What sources bring for a day, and the ledger of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from digest.domain.papers import Paper


@dataclass(frozen=True, slots=True)
class Edition:
    """One dated day, with the first announced day from which it may still take papers that no edition has."""

    day: date
    since: date
    is_backfill: bool = False
    """Whether every day since then is asked for, and not only what was missed since we began to ask."""

    def takes(self, announced: date) -> bool:
        """Whether a paper announced on that day falls into the days asked for."""
        return self.since <= announced <= self.day


class BatchState(StrEnum):
    """How a fetch ended. Only `ok` and `quiet` close a batch."""

    OK = "ok"
    QUIET = "quiet"  # proved empty: a well-formed page and a reason in the calendar
    NOT_YET = "not-yet"  # the announcement is still to come
    STALE = "stale"  # nothing but ids already seen
    PARTIAL = "partial"  # some pages failed or are missing
    BROKEN = "broken"  # can't be parsed, or fails a check
    BLOCKED = "blocked"  # the server refuses us: 403, 429, 503

    @property
    def is_closed(self) -> bool:
        """Whether the batch is complete by its own proof."""
        return self in (BatchState.OK, BatchState.QUIET)

    @property
    def needs_attention(self) -> bool:
        """Whether papers may be missing. A stale batch isn't such a case: all it holds is known already."""
        return not self.is_closed and self is not BatchState.STALE


@dataclass(frozen=True, slots=True)
class Refusal:
    """A record that could not be used: where it stands and why."""

    place: str
    reason: str


@dataclass(frozen=True, slots=True)
class Batch:
    """What one source brought for one category and day."""

    category: str
    """The source's own division: an arXiv category, a file. Empty where there is none."""
    day: date
    state: BatchState
    source: str = ""
    """The source's name in the configuration; `collect_papers` writes it, a source itself needn't know it."""
    papers: tuple[Paper, ...] = ()
    refused: tuple[Refusal, ...] = ()
    records: int = 0
    """Records found upstream, refused and set-aside ones included."""
    cross: int = 0
    """Cross-listed announcements that were set aside."""
    revised: tuple[Paper, ...] = ()
    """New versions of papers that were announced before: revisions of those we hold, no news of the others."""
    expected: int | None = None
    """How many records upstream said there would be, where it says so."""
    reasons: tuple[str, ...] = ()
    """What explains the state, in words for the operator."""
    part: int = 0
    """0 for a whole batch or the first part of a long one, which comes in several; later parts add to it.

    What the last part says of the state, the expected count and the reasons counts for the whole.
    """
    is_baseline: bool = False
    """Whether its papers were there before the source was first asked: held from now on, but announced to nobody."""


@dataclass(frozen=True, slots=True)
class BatchReport:
    """What became of a batch in the store: how many of its papers were new, known, or outside the days asked for."""

    batch: Batch
    """The whole of it, all parts together, but without its papers and revisions: they are in the store."""
    new: int
    known: int
    outside: int
    revised: int = 0
    needs_attention: bool = False
    """Whether papers may be missing, and no earlier run has said so of this past day already."""
    before: BatchState | None = None
    """The state that the ledger had until then; None of a batch that was never asked for."""

    @property
    def is_mended(self) -> bool:
        """Whether the batch was open before and is closed now."""
        return self.before is not None and not self.before.is_closed and self.batch.state.is_closed

    @property
    def is_outside(self) -> bool:
        """Whether it brought papers, and all of them are announced outside the days asked for."""
        return self.outside > 0 and not self.new + self.known


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """A line of the ledger: how the fetch of one batch ended, for which edition, and when."""

    batch: Batch
    """Without its papers."""
    edition: date
    """The one for which it was fetched."""
    fetched_at: datetime
    new: int = 0
    """Papers that this batch brought first, in all of its fetches; of a single fetch, those that were new in it."""
    known: int | None = None
    """Papers that it holds and another batch brought first; None where nobody has counted them."""
    revised: int | None = None


@dataclass(frozen=True, slots=True)
class SourceAccount:
    """What one source brought for one day, as a digest tells its reader."""

    source: str
    day: date
    announced: int
    """Papers it announced that day, whichever source brought them first."""
    late: tuple[str, ...] = ()
    """Categories of which nothing has come yet."""
    partial: tuple[str, ...] = ()
    """Categories of which a part has come."""
    is_holiday: bool = False

    @property
    def is_open(self) -> bool:
        """Whether papers may still follow."""
        return bool(self.late or self.partial)


@dataclass(frozen=True, slots=True)
class Memory:
    """What the store remembers of one source: the batches that are complete by their own proof."""

    closed: frozenset[tuple[str, date]] = frozenset()
    """(category, day) of every batch of the last weeks that ended `ok` or `quiet`."""
    settled: frozenset[tuple[str, date]] = frozenset()
    """Those of them that were fetched after their day was over, so that nothing can have come since."""
    begun: Mapping[str, date] = field(default_factory=dict)
    """The first day of each category that was ever asked for, whatever came of it."""
    seen: Mapping[str, date] = field(default_factory=dict)
    """The first day on which this source brought a paper, by each of its ids; of the last weeks alone."""
