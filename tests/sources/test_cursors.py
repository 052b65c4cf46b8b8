"""Following a list by its cursors: what ends it, and what is asked for again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from digest.domain import Paper
from digest.sources._cursors import START, count_along
from digest.sources.formats import Page
from digest.sources.paging import walk_pages

DAY = date(2026, 3, 11)


def _page(*numbers: int, expected: int, cursor: str = "") -> Page:
    papers = tuple(Paper(id=f"doi:10.5555/{number}", title="T", announced=DAY) for number in numbers)
    return Page(day=DAY, papers=papers, records=len(papers), expected=expected, next=cursor)


def _list(*pages: Page) -> tuple[Callable[[str], Page], list[str]]:
    """A list whose pages come in this order, and the cursors that were asked for."""
    left, asked = list(pages), list[str]()

    def load(cursor: str) -> Page:
        asked.append(cursor)
        return left.pop(0)

    return load, asked


def test_each_page_names_the_cursor_of_the_next_and_the_last_one_is_not_followed() -> None:
    load, asked = _list(_page(1, 2, expected=3, cursor="Two + 2"), _page(3, expected=3, cursor="Three"))
    walk = walk_pages(count_along(load), START, day=DAY)
    assert (walk.error, walk.page.records, asked) == (None, 3, ["*", "Two + 2"])


def test_a_cursor_may_be_the_same_for_all_pages() -> None:
    load, asked = _list(*(_page(number, expected=3, cursor="Same") for number in (1, 2, 3)))
    walk = walk_pages(count_along(load), START, day=DAY)
    assert (walk.error, walk.page.records, asked) == (None, 3, ["*", "Same", "Same"])


def test_an_empty_page_midway_is_asked_for_once_more_by_its_own_cursor() -> None:
    load, asked = _list(_page(1, expected=2, cursor="Two"), _page(expected=2), _page(2, expected=2))
    walk = walk_pages(count_along(load), START, day=DAY)
    assert (walk.error, walk.page.records, asked) == (None, 2, ["*", "Two", "Two"])


def test_a_list_that_stays_empty_or_names_no_cursor_before_its_end_is_cut_short() -> None:
    emptied, _ = _list(_page(1, expected=2, cursor="Two"), _page(expected=2), _page(expected=2))
    broken_off, _ = _list(_page(1, expected=2))
    walks = [walk_pages(count_along(load), START, day=DAY) for load in (emptied, broken_off)]
    assert "is empty, and was so again" in str(walks[0].error)
    assert str(walks[1].error) == "2 records were promised and 1 came"
    assert [walk.page.records for walk in walks] == [1, 1]


def test_an_empty_list_is_whole() -> None:
    load, asked = _list(_page(expected=0, cursor="Same"))
    walk = walk_pages(count_along(load), START, day=DAY)
    assert (walk.error, walk.page.records, asked) == (None, 0, ["*"])
