"""Follows a list by the cursors that its pages name, counting what came. Asks no server."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from digest.sources.formats import Page

START = "0 *"
"""The first position of a list: no record has come, and its cursor is an asterisk."""


def count_along(load: Callable[[str], Page]) -> Callable[[str], Page]:
    """For `walk_pages`: a loader of positions that tell how many records came before, made of one that takes cursors.

    A list is at its end once all the promised records came, whatever cursor its last page names: it may be none, a new
    one, or the same for all pages. An empty page before that keeps its position, to be asked for once more.
    """

    def load_at(position: str) -> Page:
        before, cursor = position.split(" ", 1)
        page = load(cursor)
        came = int(before) + page.records
        if came >= (page.expected or 0):
            return replace(page, next="")
        if not page.records:
            return replace(page, next=position)
        return replace(page, next=f"{came} {page.next}" if page.next else "")

    return load_at
