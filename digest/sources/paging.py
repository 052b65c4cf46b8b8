"""Walks through a list that comes in several pages, and tells whether it came whole. Knows no format and no server."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar

from digest.errors import SourceError
from digest.sources.formats.page import Page, join_pages

MOST_PAGES = 1_000
Position = TypeVar("Position", int, str)


@dataclass(frozen=True, slots=True)
class Walk:
    """A list as far as it came."""

    page: Page
    """All its pages as one."""
    error: SourceError | None = None
    """What cut it short; None if it is whole."""


def walk_pages(
    load: Callable[[Position], tuple[Page, Position | None]],
    first: Position,
    *,
    day: date,
    most_pages: int = MOST_PAGES,
) -> Walk:
    """Every page of a list from `first` on. `load` gives the page at a position and where the next one is, if any.

    An empty page in the middle is asked for once more. A page that fails, a list that goes round in circles, and one
    that ends before all the promised records came, leave what came so far and an error. `day` is that of an empty list.
    """
    pages: list[Page] = []
    visited: set[Position] = set()
    known: set[str] = set()
    position: Position = first
    while True:
        visited.add(position)
        try:
            page, following = _load_again_if_empty(load, position)
            _refuse_circles(page, following, known, visited, number=len(pages) + 1, most_pages=most_pages)
        except SourceError as error:
            return Walk(join_pages(pages) if pages else Page(day=day), error)
        known.update(paper.id for paper in (*page.papers, *page.cross, *page.revised))
        pages.append(page)
        if following is None:
            break
        position = following
    whole = join_pages(pages)
    return Walk(whole, _shortfall(whole))


def _load_again_if_empty(
    load: Callable[[Position], tuple[Page, Position | None]], position: Position
) -> tuple[Page, Position | None]:
    page, following = load(position)
    if page.records or following is None:
        return page, following
    page, following = load(position)
    if not page.records and following is not None:
        raise SourceError("a page in the middle of the list is empty, and was so again when asked for once more")
    return replace(page, remarks=(*page.remarks, "a page in the middle of the list came empty at first")), following


def _refuse_circles(
    page: Page, following: Position | None, known: set[str], visited: set[Position], *, number: int, most_pages: int
) -> None:
    if following is None:
        return
    if following in visited or (page.papers and known.issuperset(paper.id for paper in page.papers)):
        raise SourceError(f"page {number} brought nothing that the pages before it don't hold")
    if number >= most_pages:
        raise SourceError(f"the list goes on after {most_pages} pages")


def _shortfall(whole: Page) -> SourceError | None:
    if whole.expected is None or whole.records >= whole.expected:
        return None
    return SourceError(f"{whole.expected} records were promised and {whole.records} came")
