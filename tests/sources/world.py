"""A small arXiv and Hugging Face of our own: what is true, and how each of their servers tells it on a given day."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from xml.sax.saxutils import escape

ROWS_A_PAGE = 40


@dataclass(frozen=True)
class Work:
    """A paper as it really is."""

    number: str
    announced: date
    submitted: datetime
    categories: tuple[str, ...]
    listed: date | None = None
    """The day on which Hugging Face lists it."""
    revised: date | None = None
    """The day on which its second version is announced."""

    @property
    def title(self) -> str:
        return f"On the invented matter of {self.number}"

    def version_on(self, day: date) -> int:
        return 2 if self.revised and self.revised <= day else 1

    def changed_by(self, day: date) -> date:
        return self.revised if self.revised and self.revised <= day else self.announced


@dataclass
class World:
    """The works, and the day it is."""

    works: Sequence[Work]
    today: date
    stale: set[tuple[date, str]] = field(default_factory=set)
    """(day, category) whose feed says it is of that day but holds what the day before held."""
    harvestable: date | None = None
    """The day up to which OAI-PMH has got, where that lags behind."""

    def feed(self, category: str) -> str:
        """The category's announcement feed, as a new header and whatever items."""
        day = self._eve() if (self.today, category) in self.stale else self.today
        items = [
            self._item(work, "new", 1)
            for work in self.works
            if work.announced == day and work.categories[0] == category
        ]
        items += [
            self._item(work, "cross", 1)
            for work in self.works
            if work.announced == day and category in work.categories[1:]
        ]
        items += [
            self._item(work, "replace", 2)
            for work in self.works
            if work.revised == day and category == work.categories[0]
        ]
        return (
            "<rss version='2.0' xmlns:arxiv='http://arxiv.org/schemas/atom'"
            " xmlns:dc='http://purl.org/dc/elements/1.1/'>"
            f"<channel><title>{category} updates</title><pubDate>{_mail_day(self.today)}</pubDate>"
            f"<skipDays><day>Saturday</day><day>Sunday</day></skipDays>{''.join(items)}</channel></rss>"
        )

    def harvest(self, category: str, since: date, *, skip: int = 0, rows: int = ROWS_A_PAGE) -> str:
        """A page of OAI-PMH: what changed since a day, in its newest version."""
        today = self.harvestable or self.today
        changed = [
            work
            for work in self.works
            if category in work.categories and since <= work.changed_by(today) and work.announced <= today
        ]
        if not changed:
            return _oai("<error code='noRecordsMatch'>Nothing matches.</error>")
        some = changed[skip : skip + rows]
        rest = skip + rows
        token = f"<resumptionToken>{category}/{since}/{rest}</resumptionToken>" if rest < len(changed) else ""
        return _oai(f"<ListRecords>{''.join(self._record(work) for work in some)}{token}</ListRecords>")

    def details(self, numbers: Iterable[str]) -> str:
        """The API's answer for some ids."""
        asked = set(numbers)
        entries = [self._entry(work) for work in self.works if work.number in asked and work.announced <= self.today]
        return f"<feed xmlns='http://www.w3.org/2005/Atom' xmlns:arxiv='http://arxiv.org/schemas/atom'>{''.join(entries)}</feed>"

    def listing(self, day: date, *, page: int = 0, limit: int = ROWS_A_PAGE) -> str | None:
        """Hugging Face's list of a day; None for a day to come."""
        if day > self.today:
            return None
        listed = [work for work in self.works if work.listed == day]
        return json.dumps([_row(work) for work in listed[page * limit : (page + 1) * limit]])

    def _eve(self) -> date:
        days = sorted({work.announced for work in self.works if work.announced < self.today})
        return days[-1]

    def _item(self, work: Work, kind: str, version: int) -> str:
        return (
            f"<item><title>{escape(work.title)}</title><link>https://arxiv.org/abs/{work.number}</link>"
            f"<guid isPermaLink='false'>oai:arXiv.org:{work.number}v{version}</guid>"
            f"<description>arXiv:{work.number}v{version} Announce Type: {kind} \nAbstract: We invent {work.number}."
            "</description>"
            f"{''.join(f'<category>{name}</category>' for name in work.categories)}"
            f"<pubDate>{_mail_day(self.today)}</pubDate><arxiv:announce_type>{kind}</arxiv:announce_type>"
            f"<dc:creator>Ada Invented, Bo Madeup</dc:creator></item>"
        )

    def _record(self, work: Work) -> str:
        version = work.version_on(self.today)
        times = [work.submitted, work.submitted + timedelta(days=2)][:version]
        versions = "".join(
            f"<version version='v{number}'><date>{time:%a, %d %b %Y %H:%M:%S} GMT</date></version>"
            for number, time in enumerate(times, 1)
        )
        return (
            f"<record><header><identifier>oai:arXiv.org:{work.number}</identifier>"
            f"<datestamp>{work.changed_by(self.today)}</datestamp></header><metadata>"
            f"<arXivRaw xmlns='http://arxiv.org/OAI/arXivRaw/'><id>{work.number}</id>{versions}"
            f"<title>{escape(work.title)}</title><authors>Ada Invented, Bo Madeup</authors>"
            f"<categories>{' '.join(work.categories)}</categories><comments>{_comment(work)}</comments>"
            f"<abstract>We invent {work.number}.</abstract></arXivRaw></metadata></record>"
        )

    def _entry(self, work: Work) -> str:
        return (
            f"<entry><id>http://arxiv.org/abs/{work.number}v{work.version_on(self.today)}</id>"
            f"<title>{escape(work.title)}</title><summary>We invent {work.number}.</summary>"
            f"<published>{work.submitted:%Y-%m-%dT%H:%M:%SZ}</published>"
            f"<author><name>Ada Invented</name></author><author><name>Bo Madeup</name></author>"
            f"<arxiv:comment>{_comment(work)}</arxiv:comment>"
            f"<arxiv:primary_category term='{work.categories[0]}'/></entry>"
        )


def _comment(work: Work) -> str:
    return f"{len(work.number)} pages"


def _row(work: Work) -> dict[str, object]:
    stamp = f"{work.listed}T00:00:00.000Z"
    inner = {
        "id": work.number,
        "title": work.title,
        "summary": f"We invent {work.number}.",
        "authors": [{"name": "Ada Invented"}, {"name": "Bo Madeup"}],
        "publishedAt": work.submitted.isoformat(),
        "submittedOnDailyAt": stamp,
        "upvotes": 3,
    }
    return {"paper": inner, "title": work.title, "publishedAt": stamp}


def _oai(content: str) -> str:
    return (
        "<OAI-PMH xmlns='http://www.openarchives.org/OAI/2.0/'><responseDate>2026-03-01T00:00:00Z</responseDate>"
        f"<request verb='ListRecords'>http://localhost/oai</request>{content}</OAI-PMH>"
    )


def _mail_day(day: date) -> str:
    return f"{day:%a, %d %b %Y} 00:00:00 -0400"
