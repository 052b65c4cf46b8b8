"""Makes batches of pages and failures; decides by the page's own proof how a fetch ended. Fetches nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from digest.domain import WEEKDAYS, Batch, BatchState, Edition, Memory, Paper
from digest.errors import SourceBlocked, SourceError
from digest.sources.formats.page import Page
from digest.sources.paging import Walk

_REFUSED_SHARE_TOLERATED = 0.2
_LIST_REFUSED_SHARE_TOLERATED = 0.1  # of a list over several days, of which one may have lost all
_FEW_REFUSED = 5
_WEEKEND = frozenset({"saturday", "sunday"})


def make_batch(category: str, day: date, page: Page, memory: Memory, *, error: SourceError | None = None) -> Batch:
    """The batch of a sound page: `ok`, or what its records, its counts, the calendar and our memory prove instead.

    `error` is what cut the page short after some records had come.
    """
    state, reasons = _judge(day, page)
    if state is BatchState.OK and is_stale(page, day, memory):
        state, reasons = BatchState.STALE, (*reasons, "nothing but papers that this source brought on earlier days")
    if error is not None:
        if not page.records:
            return failed_batch(category, day, error)
        state, reasons = BatchState.PARTIAL, (str(error), *reasons)
    return Batch(
        category=category,
        day=day,
        state=state,
        papers=page.papers,
        refused=page.refused,
        records=page.records,
        cross=len(page.cross),
        revised=page.revised,
        expected=page.expected,
        reasons=(*reasons, *page.remarks),
    )


def make_batches(
    category: str, edition: Edition, memory: Memory, walk: Walk, *, is_whole: bool = False
) -> Iterator[Batch]:
    """A batch for each open day of an answer that covers all days of the edition.

    A day without records is `quiet`, for the answer counts none; but where it is the whole of a server's output
    (`is_whole`) and no reader's query, only on a weekend. A list cut short closes no day.
    """
    page = walk.page
    usable = len(page.papers) + len(page.cross) + len(page.revised)
    # which day a refused record belongs to is unknown, and the count promised is that of all days together
    whole = replace(page, day=edition.day, refused=(), remarks=(), records=usable, expected=None)
    pages = {part.day: part for part in whole.by_day()}
    error = walk.error or _too_many_refused(page)
    for day in open_days(edition, memory, category):
        batch = _make_days_batch(category, pages.get(day, Page(day=day)), memory, error, is_whole=is_whole)
        yield _with_losses(batch, page) if day == edition.day else batch


def open_days(edition: Edition, memory: Memory, category: str = "") -> Iterator[date]:
    """The edition's day, and every day of its window whose list may have grown since it was last fetched."""
    for ordinal in range(edition.since.toordinal(), edition.day.toordinal() + 1):
        day = date.fromordinal(ordinal)
        if day == edition.day or (category, day) not in memory.settled:
            yield day


def is_stale(page: Page, day: date, memory: Memory) -> bool:
    """Whether the page holds nothing but papers that the same source brought on earlier days."""
    papers = (*page.papers, *page.cross)
    return bool(papers) and all(_was_seen_before(paper, day, memory) for paper in papers)


def failed_batch(category: str, day: date, error: SourceError) -> Batch:
    """The batch of a page that could not be had or used: `blocked` if the server refuses us, else `broken`."""
    state = BatchState.BLOCKED if isinstance(error, SourceBlocked) else BatchState.BROKEN
    return Batch(category=category, day=day, state=state, reasons=(str(error),))


def empty_batch(category: str, day: date, reason: str, *, otherwise: BatchState) -> Batch:
    """The batch of a day without papers: `quiet` on a weekend, else the state given, with the reason."""
    if is_weekend(day):
        return Batch(category=category, day=day, state=BatchState.QUIET, reasons=(_nothing_on(day),))
    return Batch(category=category, day=day, state=otherwise, reasons=(reason,))


def is_weekend(day: date) -> bool:
    """Whether no source announces anything on that day of the week."""
    return WEEKDAYS[day.weekday()] in _WEEKEND


def _make_days_batch(category: str, page: Page, memory: Memory, error: SourceError | None, *, is_whole: bool) -> Batch:
    day = page.day
    if page.records or error is not None:
        return make_batch(category, day, page, memory, error=error)
    if is_whole:
        reason = f"nothing came for {day}, and nothing in the calendar explains it"
        return empty_batch(category, day, reason, otherwise=BatchState.NOT_YET)
    return Batch(category=category, day=day, state=BatchState.QUIET, reasons=(f"the answer holds nothing for {day}",))


def _with_losses(batch: Batch, whole: Page) -> Batch:
    """The batch of the edition's day with what belongs to no day."""
    return replace(
        batch,
        refused=whole.refused,
        records=batch.records + len(whole.refused) + whole.repeated,
        reasons=(*batch.reasons, *_remarks(whole), *whole.remarks),
    )


def _too_many_refused(page: Page) -> SourceError | None:
    if len(page.refused) <= max(_FEW_REFUSED, page.records * _LIST_REFUSED_SHARE_TOLERATED):
        return None
    reason = page.refused[0].reason
    return SourceError(f"{len(page.refused)} of {page.records} records can't be used; the first: {reason}")


def _was_seen_before(paper: Paper, day: date, memory: Memory) -> bool:
    first = (memory.seen.get(name) for name in (paper.id, *paper.aliases))
    return any(seen is not None and seen < day for seen in first)


def _judge(day: date, page: Page) -> tuple[BatchState, tuple[str, ...]]:
    remarks = _remarks(page)
    if page.expected is not None and page.records < page.expected:
        return BatchState.PARTIAL, (f"{page.expected} records were promised and {page.records} came", *remarks)
    if not page.records:
        return _judge_empty(day, page)
    if len(page.refused) == page.records:
        return BatchState.BROKEN, (f"no record can be used; the first: {page.refused[0].reason}", *remarks)
    if len(page.refused) > page.records * _REFUSED_SHARE_TOLERATED:
        return BatchState.PARTIAL, remarks
    return BatchState.OK, remarks


def _judge_empty(day: date, page: Page) -> tuple[BatchState, tuple[str, ...]]:
    if WEEKDAYS[day.weekday()] in _WEEKEND | page.skipped_weekdays:
        return BatchState.QUIET, (_nothing_on(day),)
    return BatchState.NOT_YET, (f"the page of {day} is empty, and nothing in the calendar explains it",)


def _remarks(page: Page) -> tuple[str, ...]:
    refused = f"{len(page.refused)} of {page.records} records can't be used" if page.refused else ""
    repeated = f"{page.repeated} of {page.records} records repeat another one" if page.repeated else ""
    return tuple(remark for remark in (refused, repeated) if remark)


def _nothing_on(day: date) -> str:
    return f"nothing is announced on a {WEEKDAYS[day.weekday()].capitalize()}"
