"""Puts arriving papers beside those we hold, inside one collecting transaction: finds, merges, writes at the end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from digest.domain import Batch, Paper
from digest.identity import title_id
from digest.storage import merging, rows, tables
from digest.storage.placement import Placement


@dataclass(slots=True)
class Listing:
    """What a community said of a paper, and the edition that first brought it."""

    edition: date
    archived: bool
    rank: int
    upvotes: int | None
    picked_by: str
    code_url: str


@dataclass(slots=True)
class Held:
    """A paper on the shelf; `id` is None until it has a row."""

    paper: Paper
    archived: bool
    id: int | None = None
    names: set[str] = field(default_factory=set)
    listing: Listing | None = None
    is_changed: bool = True

    def with_names(self) -> Paper:
        """The paper with every id it has had, so that each of them may speak for or against another record."""
        return replace(self.paper, aliases=tuple(self.names))


@dataclass(slots=True)
class Shelf:
    """The held papers that the arriving ones touch."""

    connection: Connection
    placement: Placement
    _asked: set[str] = field(default_factory=set)
    _by_name: dict[str, list[Held]] = field(default_factory=dict)
    _by_id: dict[int, Held] = field(default_factory=dict)
    _new: list[Held] = field(default_factory=list)
    _sightings: list[tuple[Batch, Held]] = field(default_factory=list)

    def load(self, papers: Iterable[Paper]) -> None:
        """Fetch whatever we hold under any name of these papers."""
        names = {name for paper in papers for name in _names(paper)} - self._asked
        self._asked |= names
        aliases = tables.aliases
        for some in rows.in_groups(sorted(names)):
            ids = self.connection.scalars(select(aliases.c.paper_id).where(aliases.c.alias.in_(some)).distinct())
            self._fetch([paper_id for paper_id in ids if paper_id not in self._by_id])

    def find(self, paper: Paper) -> Held | None:
        """The held paper that is the same work: by identifier, else by title if nothing speaks against it."""
        for name in (paper.id, *paper.aliases):
            if not name.startswith("title:") and name in self._by_name:
                return self._by_name[name][0]
        same_title = self._by_name.get(title_id(paper.title), ())
        return next((held for held in same_title if merging.is_same_work(held.with_names(), paper)), None)

    def add(self, batch: Batch, paper: Paper, *, rank: int) -> bool:
        """Put one arriving paper on the shelf. True if it is new: no edition had it, and one takes it now."""
        held = self.find(paper)
        if is_unknown := held is None:
            edition, archived = self.placement.place(paper.announced)
            held = Held(replace(paper, edition=edition), archived=archived)
            self._new.append(held)
        else:
            self._merge(held, paper)
        self._name(held, _names(paper))
        if paper.is_listed:
            self._list(held, paper, rank)
        self._sightings.append((batch, held))
        return is_unknown and (self.placement.is_backfill or not held.archived)

    def write(self) -> None:
        """Bring the database up to date with the shelf."""
        self._insert_papers()
        self._update_papers()
        everything = list(self._by_id.values())
        names = [{"alias": name, "paper_id": held.id} for held in everything for name in sorted(held.names)]
        rows.insert_missing(self.connection, tables.aliases, names)
        self._write_listings([held for held in everything if held.listing])
        sightings = [
            {"source": batch.source, "category": batch.category, "day": batch.day, "paper_id": held.id}
            for batch, held in self._sightings
        ]
        rows.insert_missing(self.connection, tables.sightings, sightings)

    def _merge(self, held: Held, paper: Paper) -> None:
        edition = held.paper.edition
        if edition is not None and self.placement.is_open(edition):
            merged = merging.merge(held.paper, paper)
        else:  # its digests may be out: what they showed must stay as it was
            merged = replace(
                held.paper,
                id=merging.better_id(held.paper.id, paper.id),
                sources=merging.join_sources(held.paper, paper),
            )
        held.is_changed |= merged != held.paper
        held.paper = merged

    def _list(self, held: Held, paper: Paper, rank: int) -> None:
        if held.listing is None:
            edition, archived = self.placement.place(paper.announced)
            held.listing = Listing(edition, archived, rank, paper.upvotes, paper.picked_by, paper.code_url)
        elif self.placement.is_open(held.listing.edition):
            counts = [count for count in (held.listing.upvotes, paper.upvotes) if count is not None]
            held.listing.upvotes = max(counts, default=None)
            held.listing.picked_by = held.listing.picked_by or paper.picked_by
            held.listing.code_url = held.listing.code_url or paper.code_url

    def _name(self, held: Held, names: Iterable[str]) -> None:
        for name in names:
            if name not in held.names:
                held.names.add(name)
                self._by_name.setdefault(name, []).append(held)

    def _fetch(self, ids: list[int]) -> None:
        papers = tables.papers
        found = self.connection.execute(rows.select_papers(date.max).where(papers.c.id.in_(ids))).all()
        names = rows.aliases_of(self.connection, ids)
        listings = tables.listings
        listed = {
            row.paper_id: row for row in self.connection.execute(select(listings).where(listings.c.paper_id.in_(ids)))
        }
        for row in found:
            paper = replace(rows.to_paper(row), code_url=row.code_url)
            held = Held(paper, archived=row.archived, id=row.id, is_changed=False)
            held.listing = _to_listing(listed[row.id]) if row.id in listed else None
            self._by_id[row.id] = held
            self._name(held, names.get(row.id, ()))

    def _insert_papers(self) -> None:
        values = [{**rows.from_paper(held.paper), "archived": held.archived} for held in self._new]
        if not values:
            return
        made = insert(tables.papers).returning(tables.papers.c.id, sort_by_parameter_order=True)
        for held, paper_id in zip(self._new, self.connection.scalars(made, values), strict=True):
            held.id = paper_id
            held.is_changed = False
            self._by_id[paper_id] = held
        self._new = []

    def _update_papers(self) -> None:
        changed = [held for held in self._by_id.values() if held.is_changed]
        for held in changed:
            where = tables.papers.c.id == held.id
            self.connection.execute(update(tables.papers).where(where).values(**rows.from_paper(held.paper)))

    def _write_listings(self, listed: list[Held]) -> None:
        values = list(_listing_rows(listed))
        rows.insert_missing(self.connection, tables.listings, values)
        still_open = [row for row in values if self.placement.is_open(row["edition"])]
        if still_open:
            changes: dict[str, Any] = {name: bindparam(f"new_{name}") for name in ("upvotes", "picked_by", "code_url")}
            where = tables.listings.c.paper_id == bindparam("row_id")
            parameters = [
                {"row_id": row["paper_id"], **{f"new_{name}": row[name] for name in changes}} for row in still_open
            ]
            self.connection.execute(update(tables.listings).where(where).values(**changes), parameters)


def _names(paper: Paper) -> set[str]:
    return {paper.id, *paper.aliases, title_id(paper.title)}


def _to_listing(row: Any) -> Listing:
    return Listing(row.edition, row.archived, row.rank, row.upvotes, row.picked_by, row.code_url)


def _listing_rows(listed: Iterable[Held]) -> Iterator[dict[str, Any]]:
    for held in listed:
        listing = held.listing
        if listing is not None:
            yield {
                "paper_id": held.id,
                "edition": listing.edition,
                "rank": listing.rank,
                "upvotes": listing.upvotes,
                "picked_by": listing.picked_by,
                "code_url": listing.code_url,
                "archived": listing.archived,
            }
