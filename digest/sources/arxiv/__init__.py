"""New papers of arXiv, a category at a time: announced by its feeds, repaired from OAI-PMH, completed by its API.

Sources: https://info.arxiv.org/help/rss.html, https://info.arxiv.org/help/api/tou.html.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator

from digest.domain import Batch, BatchState, Edition, Memory
from digest.errors import SourceError
from digest.sources import Source
from digest.sources._http import HttpClient
from digest.sources._options import OptionalWebAddress, WebAddress, refuse_empty
from digest.sources.arxiv.calendar import load_holidays
from digest.sources.arxiv.categories import check_category
from digest.sources.arxiv.details import add_details
from digest.sources.arxiv.feeds import Feed, ask_feed, judge_feed
from digest.sources.arxiv.harvest import harvest
from digest.sources.arxiv.repair import close_weekends, fill_gap, find_gap

RSS_URL = "https://rss.arxiv.org/rss"
OAI_URL = "https://oaipmh.arxiv.org/oai"
API_URL = "https://export.arxiv.org/api/query"


@dataclass(frozen=True)
class Arxiv:
    """The announcements of some categories, such as `cs.LG` or a whole archive such as `cs`."""

    categories: Annotated[list[Annotated[str, AfterValidator(check_category)]], AfterValidator(refuse_empty)]
    rss_url: WebAddress = RSS_URL
    oai_url: OptionalWebAddress = ""
    """Where a missed or stale day is repaired from; empty: arXiv's own, or none where `rss_url` isn't arXiv's own."""
    api_url: OptionalWebAddress = ""
    """Where comments and journal references come from; empty: as for `oai_url`."""
    details: bool = True
    """Whether the API is asked for comments, journal references and DOIs, which the feeds lack."""
    crosslists: bool = False
    """Whether papers cross-listed into a category count as new there."""
    replacements: bool = False
    """Whether replaced papers count as new; one the store knows keeps its edition all the same."""
    holidays_file: str = ""
    """A list of days without a mailing instead of the one that comes with the program, relative to `folder`."""
    folder: str = ""
    """The configuration's folder."""

    def fetch(self, edition: Edition, memory: Memory, http: HttpClient) -> Iterator[Batch]:
        """A batch for each category and each of its days that is new or was still open.

        All feeds are asked before any hole is filled: what a feed announces today belongs to no earlier day.
        """
        if not self.categories:
            raise SourceError("arXiv: no categories are configured, so there is nothing to ask for")
        holidays = self._load_holidays()
        feeds = {category: self._ask_feed(category, edition, http) for category in self.categories}
        if self.api_address:
            feeds = add_details(feeds, self.api_address, edition, memory, http)
        judged = {category: judge_feed(category, feed, edition, memory, holidays) for category, feed in feeds.items()}
        announced = frozenset(
            paper.id
            for batches in judged.values()
            for batch in batches.values()
            if batch.state is not BatchState.STALE
            for paper in batch.papers
        )
        for category, batches in judged.items():
            page = feeds[category].page
            known = batches | close_weekends(category, batches, edition, memory)
            gap = find_gap(category, known, edition, memory, feed_day=page.day if page else None)
            if gap.days and self.oai_address:
                walk = harvest(self.oai_address, category, gap.days[0], http)
                kinds = {"crosslists": self.crosslists, "replacements": self.replacements}
                known |= fill_gap(gap, walk, known, without=announced, **kinds)
            yield from (known[day] for day in sorted(known))

    def __post_init__(self) -> None:
        """Refuse a list of holidays that can't be read, before anything runs."""
        try:
            self._load_holidays()
        except SourceError as error:
            raise ValueError(f"{error} — name a readable file in holidays_file") from error

    def _load_holidays(self) -> frozenset[date]:
        return load_holidays(Path(self.folder, self.holidays_file) if self.holidays_file else None)

    def _ask_feed(self, category: str, edition: Edition, http: HttpClient) -> Feed:
        feed = ask_feed(self.rss_url, category, edition, http)
        if feed.page is None:
            return feed
        return replace(feed, page=feed.page.taking(crosslists=self.crosslists, replacements=self.replacements))

    @property
    def oai_address(self) -> str:
        """Where to harvest; empty: nowhere."""
        return self.oai_url or (OAI_URL if self.rss_url == RSS_URL else "")

    @property
    def api_address(self) -> str:
        """Where to ask for details; empty: nowhere."""
        return (self.api_url or (API_URL if self.rss_url == RSS_URL else "")) if self.details else ""


adapter: Callable[..., Source] = Arxiv
