"""Writes what a shelf holds: papers, their names, listings, revisions, and which batch held which. Decides nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Table, bindparam, delete, insert, literal, select, update

from digest.storage import listings, rows, tables
from digest.storage.shelf import Held, Shelf
from digest.storage.word_counts import forget_word_counts


def write(shelf: Shelf) -> None:
    """Bring the database up to date with the shelf."""
    connection = shelf.connection
    kept = [held for held in shelf.held if held.joined_to is None]
    joined = [held for held in shelf.held if held.joined_to is not None and held.id is not None]
    _free_keys(connection, joined)
    _insert_papers(connection, [held for held in kept if held.id is None])
    _update_papers(connection, [held for held in kept if held.is_changed])
    _move_joined(connection, joined)
    names = [{"alias": name, "paper_id": held.id} for held in kept for name in held.new_names]
    rows.insert_missing(connection, tables.aliases, names)
    _write_listings(connection, [held for held in kept if held.is_listing_changed])
    revisions = [
        {"paper_id": held.id, "kind": one.kind.value, "detail": one.detail, "edition": one.edition}
        for held in kept
        for one in held.new_revisions
    ]
    rows.insert_missing(connection, tables.revisions, revisions)
    sightings = [
        {"source": batch.source, "category": batch.category, "day": batch.day, "paper_id": _kept(held).id}
        for batch, held in shelf.sightings
    ]
    rows.insert_missing(connection, tables.sightings, sightings)


def _kept(held: Held) -> Held:
    return held if held.joined_to is None else _kept(held.joined_to)


def _insert_papers(connection: Connection, new: Sequence[Held]) -> None:
    values = [{**rows.from_paper(held.paper), "archived": held.archived} for held in new]
    if not values:
        return
    made = insert(tables.papers).returning(tables.papers.c.id, sort_by_parameter_order=True)
    for held, paper_id in zip(new, connection.scalars(made, values), strict=True):
        held.id = paper_id
        held.is_changed = False
    forget_word_counts(connection, {held.paper.edition for held in new if held.paper.edition})


def _update_papers(connection: Connection, changed: Iterable[Held]) -> None:
    _update_each(
        connection, tables.papers, "id", [{"row_id": held.id, **rows.from_paper(held.paper)} for held in changed]
    )


def _write_listings(connection: Connection, listed: Sequence[Held]) -> None:
    values = [
        {"paper_id": held.id, **listings.from_listing(held.listing)} for held in listed if held.listing is not None
    ]
    rows.insert_missing(connection, tables.listings, values)
    _update_each(connection, tables.listings, "paper_id", [{"row_id": row.pop("paper_id"), **row} for row in values])


def _update_each(connection: Connection, table: Table, key: str, changes: Sequence[dict[str, Any]]) -> None:
    """Set the columns of each row named by `row_id`; all changes have the same columns."""
    if not changes:
        return
    columns = [name for name in changes[0] if name != "row_id"]
    statement = update(table).where(table.c[key] == bindparam("row_id"))
    values = {name: bindparam(f"new_{name}", type_=table.c[name].type) for name in columns}
    parameters = [{"row_id": row["row_id"], **{f"new_{name}": row[name] for name in columns}} for row in changes]
    connection.execute(statement.values(**values), parameters)


def _free_keys(connection: Connection, joined: Iterable[Held]) -> None:
    """Take the ids that people see from papers that turned out to be others, which may carry them now."""
    for held in joined:
        connection.execute(update(tables.papers).where(tables.papers.c.id == held.id).values(key=f"joined:{held.id}"))


def _move_joined(connection: Connection, joined: Iterable[Held]) -> None:
    """Give where they were seen to the papers they turned out to be, and take their rows away."""
    seen = tables.sightings
    for held in joined:
        there = select(seen.c.source, seen.c.category, seen.c.day, literal(_kept(held).id)).where(
            seen.c.paper_id == held.id
        )
        moved = [
            dict(zip(("source", "category", "day", "paper_id"), row, strict=True)) for row in connection.execute(there)
        ]
        rows.insert_missing(connection, seen, moved)
        for table in (seen, tables.aliases, tables.listings, tables.revisions):
            connection.execute(delete(table).where(table.c.paper_id == held.id))
        connection.execute(delete(tables.papers).where(tables.papers.c.id == held.id))
