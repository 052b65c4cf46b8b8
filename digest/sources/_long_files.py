"""Makes batches of a file that comes in parts, so that all of it is never held at once. Reads no file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from digest.domain import Batch, BatchState, Memory
from digest.errors import SourceError
from digest.sources.batching import failed_batch, make_batch
from digest.sources.formats import Page


def make_parts(category: str, day: date, pages: Iterator[Page], memory: Memory) -> Iterator[Batch]:
    """A batch for each page of one file, in which the last one alone says how the file ended.

    The parts before it are `partial`, so that a file of which the end never comes doesn't look complete. What `pages`
    raise in the end means that the file was cut.
    """
    page, fault = _next_of(pages)
    if page is None:
        yield failed_batch(category, day, SourceError(f"{category}: {fault}"))
    whole = _Whole()
    while page is not None:
        following, fault = _next_of(pages)
        batch = make_batch(category, day, page, memory)
        whole = whole.with_part(batch)
        yield whole.concluded(batch, fault) if following is None else whole.continued(batch)
        page = following


def _next_of(pages: Iterator[Page]) -> tuple[Page | None, SourceError | None]:
    try:
        return next(pages, None), None
    except SourceError as error:
        return None, error


@dataclass(frozen=True, slots=True)
class _Whole:
    """What the parts of a file that have come hold together."""

    parts: int = 0
    papers: int = 0
    refused: int = 0
    records: int = 0
    states: frozenset[BatchState] = frozenset()
    """How the parts would have ended, each by itself."""
    trouble: tuple[str, ...] = ()
    """What explains the first of these states that isn't `ok`."""

    def with_part(self, batch: Batch) -> _Whole:
        has_news = batch.papers or batch.state is not BatchState.OK  # else it repeats the parts before it
        return _Whole(
            parts=self.parts + 1,
            papers=self.papers + len(batch.papers),
            refused=self.refused + len(batch.refused),
            records=self.records + batch.records,
            states=self.states | {batch.state} if has_news else self.states,
            trouble=self.trouble or (batch.reasons if batch.state is not BatchState.OK else ()),
        )

    def continued(self, batch: Batch) -> Batch:
        """The batch as one that others follow."""
        reason = f"part {self.parts} of a long file; more follow"
        return replace(batch, part=self.parts - 1, state=BatchState.PARTIAL, reasons=(reason, *batch.reasons))

    def concluded(self, batch: Batch, fault: SourceError | None) -> Batch:
        """The batch as the file's last one, with the state of all parts together."""
        state = self._state()
        reasons = batch.reasons
        if self.parts > 1:
            reasons = (*(self.trouble if state is not BatchState.OK else ()), self._account())
        if fault is not None:
            state = BatchState.BROKEN if state is BatchState.BROKEN else BatchState.PARTIAL
            reasons = (str(fault), *reasons)
        return replace(batch, part=self.parts - 1, state=state, reasons=reasons)

    def _state(self) -> BatchState:
        if len(self.states) == 1:
            return next(iter(self.states))
        return BatchState.PARTIAL if self.states & {BatchState.PARTIAL, BatchState.BROKEN} else BatchState.OK

    def _account(self) -> str:
        repeated = self.records - self.papers - self.refused
        return (
            f"{self.records} records in {self.parts} parts: {self.refused} can't be used, {repeated} repeat another one"
        )
