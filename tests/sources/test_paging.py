"""Walking through lists in several pages: what ends a walk, and what it tells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

from digest.domain import Paper
from digest.errors import SourceError
from digest.sources.formats import Page
from digest.sources.paging import walk_pages

DAY = date(2026, 3, 11)


def _page(*numbers: int, expected: int | None = None) -> Page:
    papers = tuple(Paper(id=f"arxiv:2603.{n:05}", title="T", announced=DAY) for n in numbers)
    return Page(day=DAY, papers=papers, records=len(papers), expected=expected)


def _list(*pages: Page | SourceError) -> Callable[[str], Page]:
    """A list whose pages come in this order, whatever is asked for; each knows that the next one follows."""
    left = list(pages)

    def load(_position: str) -> Page:
        page = left.pop(0)
        if isinstance(page, SourceError):
            raise page
        return replace(page, next=str(len(left)) if left else "")

    return load


def test_the_pages_of_a_list_are_joined_in_their_order() -> None:
    walk = walk_pages(_list(_page(1, 2), _page(3)), day=DAY)
    assert walk.error is None
    assert [paper.id[-1] for paper in walk.page.papers] == ["1", "2", "3"]
    assert walk.page.records == 3


def test_an_empty_page_in_the_middle_is_asked_for_once_more_and_told() -> None:
    walk = walk_pages(_list(_page(1), _page(), _page(2)), day=DAY)
    assert walk.error is None
    assert [paper.id[-1] for paper in walk.page.papers] == ["1", "2"]
    assert walk.page.remarks == ("a page in the middle of the list came empty at first",)


def test_a_page_that_stays_empty_in_the_middle_cuts_the_list_short() -> None:
    walk = walk_pages(_list(_page(1), _page(), _page(), _page(2)), day=DAY)
    assert "empty" in str(walk.error)
    assert walk.page.records == 1


def test_a_page_that_fails_leaves_what_came_before_it() -> None:
    walk = walk_pages(_list(_page(1), SourceError("the server answered 500")), day=DAY)
    assert str(walk.error) == "the server answered 500"
    assert walk.page.records == 1


def test_fewer_records_than_promised_are_an_error() -> None:
    walk = walk_pages(_list(_page(1, 2, expected=4), _page(3, expected=4)), day=DAY)
    assert str(walk.error) == "4 records were promised and 3 came"


def test_the_last_page_has_the_last_word_on_how_many_there_are() -> None:
    walk = walk_pages(_list(_page(1, 2, expected=4), _page(3, expected=3)), day=DAY)
    assert walk.error is None


def test_a_list_that_repeats_itself_or_goes_back_ends_with_an_error() -> None:
    repeating = walk_pages(lambda position: replace(_page(1), next=position + "x"), day=DAY)
    going_back = walk_pages(lambda _: replace(_page(1), next="first"), "first", day=DAY)
    assert "nothing that the pages before" in str(repeating.error)
    assert "nothing that the pages before" in str(going_back.error)


def test_a_list_without_an_end_is_left_after_the_most_pages() -> None:
    walk = walk_pages(lambda position: replace(_page(len(position)), next=position + "x"), day=DAY, most_pages=3)
    assert str(walk.error) == "the list goes on after 3 pages"


def test_a_list_of_one_empty_page_is_whole() -> None:
    walk = walk_pages(lambda _: replace(_page(), remarks=("once more",)), day=DAY)
    assert (walk.error, walk.page.records, walk.page.remarks) == (None, 0, ("once more",))
