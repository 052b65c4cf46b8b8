"""Turns rows into the domain's values and back, and inserts what is missing. Decides nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, Select, Table, and_, select
from sqlalchemy.dialects import postgresql, sqlite

from digest.domain import (
    Authority,
    Batch,
    BatchState,
    Delivery,
    DeliveryEvent,
    DeliveryState,
    LedgerEntry,
    Paper,
    Refusal,
    Revision,
    RevisionKind,
    SourceAccount,
)
from digest.storage import tables
from digest.storage.listings import read_details

Item = TypeVar("Item")

ROWS_A_STATEMENT = 500
"""Well below the variables that one SQLite statement may carry."""


def select_papers(as_of: date) -> Select[Any]:
    """Papers with what their listings said by the edition `as_of`; later listings stay out of sight."""
    papers, listings = tables.papers, tables.listings
    seen = and_(listings.c.paper_id == papers.c.id, listings.c.edition <= as_of)
    return select(
        papers,
        listings.c.upvotes,
        listings.c.picked_by,
        listings.c.code_url.label("listed_code_url"),
        listings.c.details,
        listings.c.edition.label("listed_edition"),
    ).select_from(papers.outerjoin(listings, seen))


def to_paper(row: Row[Any], names: Sequence[str] = ()) -> Paper:
    """A paper from a row of `select_papers`; `names` are all its ids."""
    return Paper(
        id=row.key,
        title=row.title,
        announced=row.announced,
        authors=tuple(row.authors),
        abstract=row.abstract,
        categories=tuple(row.categories),
        published=row.published,
        url=row.url,
        pdf_url=row.pdf_url,
        code_url=row.code_url or row.listed_code_url or "",
        comment=row.comment,
        journal_ref=row.journal_ref,
        version=row.version,
        versions=tuple(datetime.fromisoformat(moment) for moment in row.versions or ()),
        is_withdrawn=row.is_withdrawn,
        authority=Authority(row.authority),
        upvotes=row.upvotes,
        picked_by=row.picked_by or "",
        is_listed=row.listed_edition is not None,
        **read_details(row.details),
        sources=tuple(row.sources),
        aliases=tuple(name for name in names if name != row.key),
        edition=row.edition,
    )


def from_paper(paper: Paper) -> dict[str, Any]:
    """The columns of a paper, but for its row's id and whether it is archived."""
    return {
        "key": paper.id,
        "title": paper.title,
        "authors": list(paper.authors),
        "abstract": paper.abstract,
        "categories": list(paper.categories),
        "published": paper.published,
        "announced": paper.announced,
        "url": paper.url,
        "pdf_url": paper.pdf_url,
        "code_url": paper.code_url,
        "comment": paper.comment,
        "journal_ref": paper.journal_ref,
        "version": paper.version,
        "versions": [moment.isoformat() for moment in paper.versions],
        "is_withdrawn": paper.is_withdrawn,
        "authority": int(paper.authority),
        "sources": list(paper.sources),
        "edition": paper.edition,
    }


def to_entry(row: Row[Any]) -> LedgerEntry:
    """How a batch stands, from its row in the ledger."""
    batch = Batch(
        source=row.source,
        category=row.category,
        day=row.day,
        state=BatchState(row.state),
        records=row.records,
        cross=row.cross or 0,
        expected=row.expected,
        reasons=tuple(row.reasons),
        refused=tuple(Refusal(place, reason) for place, reason in row.refused),
    )
    known = None if row.taken is None else max(0, row.taken - row.new)
    return LedgerEntry(batch, row.edition, row.fetched_at, new=row.new, known=known, revised=row.revised)


def to_fetch(row: Row[Any]) -> LedgerEntry:
    """A single attempt."""
    batch = Batch(
        source=row.source,
        category=row.category,
        day=row.day,
        state=BatchState(row.state),
        records=row.records,
        expected=row.expected,
        reasons=tuple(row.reasons),
    )
    return LedgerEntry(batch, row.edition, row.fetched_at, new=row.new)


def to_revision(row: Row[Any]) -> Revision:
    """A revision, with the canonical id of its paper."""
    return Revision(row.key, RevisionKind(row.kind), row.detail, row.edition)


def to_account(entry: Mapping[str, Any]) -> SourceAccount:
    """What one source brought, as it stands in an edition's account."""
    return SourceAccount(
        source=entry["source"],
        day=date.fromisoformat(entry["day"]),
        announced=entry["announced"],
        late=tuple(entry["late"]),
        partial=tuple(entry["partial"]),
        is_holiday=entry["is_holiday"],
    )


def from_account(entry: SourceAccount) -> dict[str, Any]:
    """One source's part of an edition's account, as JSON."""
    return {
        "source": entry.source,
        "day": entry.day.isoformat(),
        "announced": entry.announced,
        "late": list(entry.late),
        "partial": list(entry.partial),
        "is_holiday": entry.is_holiday,
    }


def to_delivery(row: Row[Any], papers: Mapping[int, str]) -> Delivery:
    """A row of the history; `papers` tells the canonical ids of paper rows."""
    return Delivery(
        edition=row.edition,
        subscriber_id=row.subscriber_id,
        email=row.email,
        state=DeliveryState(row.state),
        attempts=row.attempts,
        message_id=row.message_id,
        code=row.code,
        enhanced_code=row.enhanced_code,
        reply=row.reply,
        relay=row.relay,
        updated_at=row.updated_at,
        covers=tuple(date.fromisoformat(day) for day in row.covers),
        papers=tuple(papers[paper_id] for paper_id in row.paper_ids if paper_id in papers),
    )


def to_event(row: Row[Any]) -> DeliveryEvent:
    """A line of the history, from its row joined with its delivery's."""
    return DeliveryEvent(
        edition=row.edition,
        email=row.email,
        message_id=row.message_id,
        state=DeliveryState(row.state),
        at=row.at,
        attempt=row.attempt,
        code=row.code,
        enhanced_code=row.enhanced_code,
        reply=row.reply,
        relay=row.relay,
        seconds=row.seconds,
    )


def aliases_of(connection: Connection, paper_ids: Iterable[int]) -> dict[int, tuple[str, ...]]:
    """All names of papers, by their rows' ids, in alphabetical order."""
    names: dict[int, tuple[str, ...]] = {}
    aliases = tables.aliases
    for some in in_groups(paper_ids):
        query = select(aliases).where(aliases.c.paper_id.in_(some)).order_by(aliases.c.alias)
        for row in connection.execute(query):
            names[row.paper_id] = (*names.get(row.paper_id, ()), row.alias)
    return names


def insert_missing(connection: Connection, table: Table, values: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, leaving those that are there already as they are."""
    if not values:
        return
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    connection.execute(dialect.insert(table).on_conflict_do_nothing(), list(values))


def in_groups(items: Iterable[Item]) -> Iterator[list[Item]]:
    """Items in groups that fit one statement."""
    remaining = iter(items)
    while group := list(islice(remaining, ROWS_A_STATEMENT)):
        yield group
