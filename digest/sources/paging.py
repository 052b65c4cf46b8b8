"""Walks through a list that comes in several pages, and tells whether it came whole. Knows no format and no server."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date

from digest.errors import SourceError
from digest.sources.formats.page import Page, join_pages

MOST_PAGES = 1_000


@dataclass(frozen=True, slots=True)
class Walk:
    """A list as far as it came."""

    page: Page
    """All its pages as one."""
    error: SourceError | None = None
    """What cut it short; None if it is whole."""


def walk_pages(load: Callable[[str], Page], first: str = "", *, day: date, most_pages: int = MOST_PAGES) -> Walk:
    """Every page of a list from `first` on: `load` gives the page at a position, whose `next` is the one to follow.

    An empty page in the middle is asked for once more. A page that fails, a list that goes round in circles, and one
    that ends before all the promised records came, leave what came so far and an error. `day` is that of an empty list.
    """
    pages: list[Page] = []
    visited = {first}
    known: set[str] = set()
    position = first
    while True:
        try:
            page = _load_again_if_empty(load, position)
            _refuse_circles(page, known, visited, number=len(pages) + 1, most_pages=most_pages)
        except SourceError as error:
            return Walk(join_pages(pages) if pages else Page(day=day), error)
        known.update(paper.id for paper in page.papers)
        pages.append(page)
        if not page.next:
            break
        position = page.next
        visited.add(position)
    whole = join_pages(pages)
    return Walk(whole, _shortfall(whole))


def _load_again_if_empty(load: Callable[[str], Page], position: str) -> Page:
    page = load(position)
    if page.records or not page.next:
        return page
    page = load(position)
    if not page.records and page.next:
        raise SourceError("a page in the middle of the list is empty, and was so again when asked for once more")
    return replace(page, remarks=(*page.remarks, "a page in the middle of the list came empty at first"))


def _refuse_circles(page: Page, known: set[str], visited: set[str], *, number: int, most_pages: int) -> None:
    if not page.next:
        return
    if (page.records and page.next in visited) or (page.papers and known.issuperset(p.id for p in page.papers)):
        raise SourceError(f"page {number} brought nothing that the pages before it don't hold")
    if number >= most_pages:
        raise SourceError(f"the list goes on after {most_pages} pages")


def _shortfall(whole: Page) -> SourceError | None:
    if whole.expected is None or whole.records >= whole.expected:
        return None
    return SourceError(f"{whole.expected} records were promised and {whole.records} came")
