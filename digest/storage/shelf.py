"""Puts arriving papers beside those we hold, inside one collecting transaction: finds, merges, notes revisions.

Reads what it needs; writing is left to `stocking`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date

from sqlalchemy import Connection, select

from digest.domain import Batch, Paper, Revision, RevisionKind
from digest.identity import title_id
from digest.storage import listings, merging, rows, tables
from digest.storage.listings import Listing
from digest.storage.placement import Placement
from digest.storage.revising import News, find_news


@dataclass(slots=True, eq=False)
class Held:
    """A paper on the shelf, with what is still to be written of it; `id` is None until it has a row."""

    paper: Paper
    archived: bool
    id: int | None = None
    names: set[str] = field(default_factory=set)
    listing: Listing | None = None
    told: set[News] = field(default_factory=set)
    """Its revisions."""
    is_changed: bool = True
    is_listing_changed: bool = False
    new_names: list[str] = field(default_factory=list)
    new_revisions: list[Revision] = field(default_factory=list)
    joined_to: Held | None = None
    """The paper that this one turned out to be; only that one is kept."""

    def with_names(self) -> Paper:
        """The paper with every id it has had, so that each of them may speak for or against another record."""
        return replace(self.paper, aliases=tuple(self.names))

    @property
    def edition(self) -> date:
        """The edition that took it."""
        return self.paper.edition or date.min


@dataclass(slots=True)
class Shelf:
    """The held papers that the arriving ones touch."""

    connection: Connection
    placement: Placement
    held: list[Held] = field(default_factory=list)
    sightings: list[tuple[Batch, Held]] = field(default_factory=list)
    _asked: set[str] = field(default_factory=set)
    _fetched: set[int] = field(default_factory=set)
    _by_name: dict[str, list[Held]] = field(default_factory=dict)

    def load(self, papers: Iterable[Paper]) -> None:
        """Fetch whatever we hold under any name of these papers."""
        names = {name for paper in papers for name in _names(paper)} - self._asked
        self._asked |= names
        aliases = tables.aliases
        for some in rows.in_groups(sorted(names)):
            ids = self.connection.scalars(select(aliases.c.paper_id).where(aliases.c.alias.in_(some)).distinct())
            self._fetch([paper_id for paper_id in ids if paper_id not in self._fetched])

    def add(self, batch: Batch, paper: Paper, *, rank: int) -> bool:
        """Put one arriving paper on the shelf. True if it is new: no edition had it, and one takes it now."""
        held = self._find(paper)
        if is_unknown := held is None:
            edition, archived = (paper.announced, True) if batch.is_baseline else self.placement.place(paper.announced)
            held = Held(replace(paper, edition=edition), archived=archived)
            self.held.append(held)
        else:
            self._learn(held, paper)
        self._name(held, _names(paper))
        if paper.is_listed:
            self._list(held, paper, rank)
        self.sightings.append((batch, held))
        return is_unknown and (self.placement.edition.is_backfill or not held.archived)

    def revise(self, paper: Paper) -> bool:
        """Take in a later version of a paper that was announced before. False if we don't hold it: it is no news."""
        held = self._find(paper)
        if held is None:
            return False
        self._learn(held, replace(paper, announced=held.paper.announced))
        self._name(held, _names(paper))
        return True

    def _find(self, paper: Paper) -> Held | None:
        """The held paper that is the same work: by identifier, else by title if nothing speaks against it.

        Where the record shows that several held ones are one work, those whose edition is open join the oldest.
        """
        ids = merging.all_ids(paper)
        names = [name for name in (paper.id, *paper.aliases) if not name.startswith("title:")]
        by_id = dict.fromkeys(held for name in names for held in self._by_name.get(name, ()))
        same = [held for held in by_id if not merging.have_different_arxiv_ids(ids, held.names)]
        if same:
            oldest, *others = sorted(same, key=lambda held: (held.edition, held.id is None, held.id or 0))
            for other in others:
                self._join(oldest, other)
            return oldest
        same_title = self._by_name.get(title_id(paper.title), ())
        return next((held for held in same_title if merging.is_same_work(held.with_names(), paper)), None)

    def _learn(self, held: Held, paper: Paper) -> None:
        is_stored = held.id is not None
        if is_stored and self.placement.is_past(held.edition):
            self._note_revisions(held, paper)
        if is_stored and not self.placement.is_open(held.edition):
            merged = replace(  # its digests may be out: what they showed must stay as it was
                held.paper,
                id=merging.better_id(held.paper.id, paper.id),
                sources=merging.join_sources(held.paper, paper),
            )
        else:
            merged = merging.merge(held.paper, paper)
        held.is_changed |= merged != held.paper
        held.paper = merged

    def _note_revisions(self, held: Held, paper: Paper) -> None:
        for news in find_news(held.with_names(), held.told, paper):
            if news not in held.told:
                held.told.add(news)
                kind, detail = news
                held.new_revisions.append(Revision(held.paper.id, kind, detail, self.placement.taking))

    def _join(self, kept: Held, other: Held) -> None:
        if not self.placement.is_open(other.edition) or merging.have_different_arxiv_ids(kept.names, other.names):
            return
        self._learn(kept, other.with_names())
        for name in other.names:
            self._by_name[name].remove(other)
        self._name(kept, other.names)
        if other.listing is not None:
            self._put_listing(kept, other.listing)
        other.joined_to = kept

    def _list(self, held: Held, paper: Paper, rank: int) -> None:
        edition, archived = self.placement.place(paper.announced)
        self._put_listing(held, listings.listing_of(paper, edition, archived=archived, rank=rank))

    def _put_listing(self, held: Held, listing: Listing) -> None:
        if held.listing is None:
            joined = listing
        elif self.placement.is_open(held.listing.edition):
            joined = listings.join(held.listing, listing)
        else:
            return
        held.is_listing_changed |= joined != held.listing
        held.listing = joined

    def _name(self, held: Held, names: Iterable[str]) -> None:
        new = [name for name in sorted(names) if name not in held.names]
        held.new_names.extend(new)
        self._know(held, new)

    def _know(self, held: Held, names: Iterable[str]) -> None:
        for name in names:
            held.names.add(name)
            self._by_name.setdefault(name, []).append(held)

    def _fetch(self, ids: list[int]) -> None:
        papers, listed = tables.papers, tables.listings
        names, told = rows.aliases_of(self.connection, ids), self._fetch_revisions(ids)
        query = select(listed).where(listed.c.paper_id.in_(ids))
        said = {row.paper_id: listings.to_listing(row) for row in self.connection.execute(query)}
        for row in self.connection.execute(rows.select_papers(date.max).where(papers.c.id.in_(ids))).all():
            paper = replace(rows.to_paper(row), code_url=row.code_url)
            held = Held(paper, archived=row.archived, id=row.id, is_changed=False, listing=said.get(row.id))
            held.told.update(told.get(row.id, ()))
            self.held.append(held)
            self._know(held, names.get(row.id, ()))
        self._fetched.update(ids)

    def _fetch_revisions(self, ids: list[int]) -> dict[int, list[News]]:
        told: dict[int, list[News]] = {}
        revisions = tables.revisions
        for row in self.connection.execute(select(revisions).where(revisions.c.paper_id.in_(ids))):
            told.setdefault(row.paper_id, []).append((RevisionKind(row.kind), row.detail))
        return told


def _names(paper: Paper) -> Iterator[str]:
    yield from merging.all_ids(paper)
    yield title_id(paper.title)
