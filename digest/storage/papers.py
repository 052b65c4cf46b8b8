"""Reads the papers we hold and what editions say of them. Writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Connection, and_, func, select

from digest.domain import Paper, Revision, SourceAccount, WordCounts
from digest.storage import rows, tables
from digest.storage.accounts import read_accounts
from digest.storage.word_counts import read_word_counts


@dataclass(frozen=True, slots=True)
class PaperStore:
    """The papers, what communities said of them, what became of them, and what their sources brought."""

    connect: Callable[[], AbstractContextManager[Connection]]

    def days_between(self, after: date, through: date) -> tuple[date, ...]:
        """The editions after one day up to another that hold something for a digest, oldest first."""
        papers, listings = tables.papers, tables.listings
        held = select(papers.c.edition).where(papers.c.edition > after, papers.c.edition <= through, ~papers.c.archived)
        listed = select(listings.c.edition).where(
            listings.c.edition > after, listings.c.edition <= through, ~listings.c.archived
        )
        with self.connect() as connection:
            return tuple(sorted(connection.scalars(held.union(listed))))

    def of_edition(self, day: date, *, as_of: date) -> tuple[Paper, ...]:
        """The papers that an edition mails, in the order in which they came, with what listings said by `as_of`."""
        return self._papers(and_(tables.papers.c.edition == day, ~tables.papers.c.archived), as_of)

    def latest_days(self, most: int) -> tuple[date, ...]:
        """The newest editions that hold papers, mailed or not, oldest first."""
        day = tables.papers.c.edition
        with self.connect() as connection:
            return tuple(reversed(connection.scalars(select(day).distinct().order_by(day.desc()).limit(most)).all()))

    def all_of_edition(self, day: date, *, as_of: date = date.max) -> tuple[Paper, ...]:
        """All papers of an edition, known ones mailed to nobody included, with what listings said by `as_of`."""
        return self._papers(tables.papers.c.edition == day, as_of)

    def listed_in(self, day: date, *, as_of: date) -> tuple[Paper, ...]:
        """The papers that a community listed first in that edition, whatever edition they belong to, in its order."""
        return self._papers(and_(tables.listings.c.edition == day, ~tables.listings.c.archived), as_of, by_rank=True)

    def named(self, ids: Collection[str]) -> tuple[Paper, ...]:
        """The papers that have one of these ids, as far as we hold them."""
        names = tables.aliases.c
        found: dict[str, Paper] = {}
        for some in rows.in_groups(ids):
            held = tables.papers.c.id.in_(select(names.paper_id).where(names.alias.in_(some)))
            found |= {paper.id: paper for paper in self._papers(held, date.max)}
        return tuple(found.values())

    def count(self, day: date) -> int:
        """How many papers the edition holds."""
        query = select(func.count()).select_from(tables.papers).where(tables.papers.c.edition == day)
        with self.connect() as connection:
            return connection.scalar(query) or 0

    def editions_before(self, day: date, *, papers: int) -> tuple[date, ...]:
        """The newest editions before a day that together hold at least so many papers, newest first; else all."""
        held = tables.papers.c.edition
        query = select(held, func.count()).where(held < day).group_by(held).order_by(held.desc())
        found, total = [], 0
        with self.connect() as connection:
            for edition, count in connection.execute(query):
                if total >= papers:
                    break
                found.append(edition)
                total += count
        return tuple(found)

    def word_counts(self, days: Collection[date]) -> dict[date, WordCounts]:
        """The counts of those of the editions whose words were counted."""
        with self.connect() as connection:
            return read_word_counts(connection, days)

    def revisions_of(self, day: date) -> tuple[Revision, ...]:
        """What became known in that edition of papers that earlier ones took, in the order of those papers."""
        papers, revisions = tables.papers, tables.revisions
        query = (
            select(papers.c.key, revisions)
            .join(papers, papers.c.id == revisions.c.paper_id)
            .where(revisions.c.edition == day)
            .order_by(papers.c.id, revisions.c.kind, revisions.c.detail)
        )
        with self.connect() as connection:
            return tuple(rows.to_revision(row) for row in connection.execute(query))

    def accounts(self, after: date, through: date) -> tuple[SourceAccount, ...]:
        """What the editions after one day up to another say of each source and day, oldest first.

        Of an edition that is closed it is what its digests said, else what the ledger says now.
        """
        with self.connect() as connection:
            return read_accounts(connection, after, through)

    def _papers(self, condition: ColumnElement[bool], as_of: date, *, by_rank: bool = False) -> tuple[Paper, ...]:
        order = (tables.listings.c.rank, tables.papers.c.id) if by_rank else (tables.papers.c.id,)
        with self.connect() as connection:
            found = connection.execute(rows.select_papers(as_of).where(condition).order_by(*order)).all()
            names = rows.aliases_of(connection, [row.id for row in found])
        return tuple(rows.to_paper(row, names.get(row.id, ())) for row in found)
