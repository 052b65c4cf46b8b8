"""What a parser gives back: papers and refusals of one page, and what the page says of itself. Reads no format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import chain
from typing import TypeVar

from digest.domain import Paper, Refusal

T = TypeVar("T")
R = TypeVar("R")


class UnusableRecordError(Exception):
    """One record can't become a paper; caught by `read_each`, never leaves this folder."""


@dataclass(frozen=True, slots=True)
class Dating:
    """How records get a day where their format doesn't tell it in full."""

    undated: date
    """The announced day of records that carry none."""
    latest: date
    """A date without a year is the newest such day not after this one."""


@dataclass(frozen=True, slots=True)
class Page:
    """One parsed page of any format."""

    day: date
    """The announced day of most of its papers; of an empty page the header's day, else the one it was asked for."""
    papers: tuple[Paper, ...] = ()
    refused: tuple[Refusal, ...] = ()
    records: int = 0
    """All records found, usable or not."""
    cross: tuple[Paper, ...] = ()
    """Cross-listed announcements; no other format but arXiv's feeds tells them apart."""
    revised: tuple[Paper, ...] = ()
    """Replaced announcements, cross-listed or not."""
    expected: int | None = None
    """How many records there should be, where the page says so: of a list in several pages, all of them."""
    skipped_weekdays: frozenset[str] = frozenset()
    """Days on which the page itself says nothing is announced, such as `saturday`."""
    remarks: tuple[str, ...] = ()
    """What the operator should know of how the page came, such as a request that had to be tried again."""
    next: str = ""
    """Where a list in several pages goes on, as the page says it: a token or cursor. Empty at its end."""

    @property
    def repeated(self) -> int:
        """Records that only repeat the id of another one."""
        return self.records - len(self.papers) - len(self.refused) - len(self.cross) - len(self.revised)

    def taking(self, *, crosslists: bool, replacements: bool) -> Page:
        """The page with cross-listed or replaced announcements counted among its papers."""
        page = self
        if crosslists:
            page = replace(page, papers=page.papers + page.cross, cross=())
        if replacements:
            page = replace(page, papers=page.papers + page.revised, revised=())
        return page

    def by_day(self) -> Iterator[Page]:
        """One page for each announced day, oldest first; what belongs to no single paper stays with the page's day."""
        others = sorted({paper.announced for paper in (*self.papers, *self.cross, *self.revised)} - {self.day})
        parts = [_only(self, day) for day in others]
        elsewhere = sum(part.records for part in parts)
        expected = None if self.expected is None else self.expected - elsewhere
        own = replace(
            _only(self, self.day),
            refused=self.refused,
            records=self.records - elsewhere,
            expected=expected,
            skipped_weekdays=self.skipped_weekdays,
            remarks=self.remarks,
        )
        yield from sorted([own, *parts], key=lambda part: part.day)


def join_pages(pages: Sequence[Page]) -> Page:
    """The pages of one list as one: the day is the first one's, the promised count the last one's."""
    first, last = pages[0], pages[-1]
    return replace(
        first,
        papers=unique_papers(chain.from_iterable(page.papers for page in pages)),
        refused=tuple(chain.from_iterable(page.refused for page in pages)),
        records=sum(page.records for page in pages),
        cross=unique_papers(chain.from_iterable(page.cross for page in pages)),
        revised=unique_papers(chain.from_iterable(page.revised for page in pages)),
        expected=last.expected,
        remarks=tuple(chain.from_iterable(page.remarks for page in pages)),
        next=last.next,
    )


def _only(page: Page, day: date) -> Page:
    papers, cross, revised = (
        tuple(paper for paper in kind if paper.announced == day) for kind in (page.papers, page.cross, page.revised)
    )
    return Page(day, papers, records=len(papers) + len(cross) + len(revised), cross=cross, revised=revised)


def read_each(records: Iterable[tuple[str, T]], read: Callable[[T], R]) -> tuple[list[R], tuple[Refusal, ...]]:
    """What `read` makes of each (place, record), and the refusals of those it can't use."""
    good, refused = [], []
    for place, record in records:
        try:
            good.append(read(record))
        except UnusableRecordError as error:
            refused.append(Refusal(place=place, reason=str(error)))
    return good, tuple(refused)


def unique_papers(papers: Iterable[Paper]) -> tuple[Paper, ...]:
    """The papers in their order, one an id: of several versions the highest, else the first."""
    kept: dict[str, Paper] = {}
    for paper in papers:
        known = kept.setdefault(paper.id, paper)
        if (paper.version or 0) > (known.version or 0):
            kept[paper.id] = paper
    return tuple(kept.values())


def main_day(papers: Iterable[Paper], default: date) -> date:
    """The day on which most of the papers were announced, the newest of several; `default` if there are none."""
    days = Counter(paper.announced for paper in papers)
    return max(days, key=lambda day: (days[day], day)) if days else default
