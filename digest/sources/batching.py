"""Makes batches of pages and failures; decides by the page's own proof how a fetch ended. Fetches nothing."""

from __future__ import annotations

from datetime import date

from digest.domain import WEEKDAYS, Batch, BatchState
from digest.errors import SourceBlocked, SourceError
from digest.sources.formats.page import Page

_REFUSED_SHARE_TOLERATED = 0.2
_WEEKEND = frozenset({"saturday", "sunday"})


def make_batch(category: str, day: date, page: Page) -> Batch:
    """The batch of a sound page: `ok`, or what its records, its counts and the calendar prove instead."""
    state, reasons = _judge(day, page)
    return Batch(
        category=category,
        day=day,
        state=state,
        papers=page.papers,
        refused=page.refused,
        records=page.records,
        cross=len(page.cross),
        revised=len(page.revised),
        expected=page.expected,
        reasons=reasons,
    )


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
