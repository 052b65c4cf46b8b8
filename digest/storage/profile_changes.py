"""Changes the profiles of signups and keeps each change, so that it can be undone. Proposes none, touches no file."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, delete, insert, select, update

from digest.changes import Change, Edit, KeptChange, List
from digest.config import edit_values
from digest.domain import Subscriber
from digest.storage import tables
from digest.storage.engine import reading

MOST_KEPT = 50
"""Of one reader; older ones are forgotten."""


@dataclass(frozen=True, slots=True)
class ChangeStore:
    """The profile changes of signups."""

    engine: Engine
    now: Callable[[], datetime]
    read_signup: Callable[[dict[str, Any]], Subscriber]
    """Makes a Subscriber of a signup's details."""

    def make(self, subscriber_id: str, change: Change, *, verb: str, paper_id: str = "") -> KeptChange | None:
        """Change what a signup asks for and keep the change. None if it makes no difference or there is no such signup.

        Only the edits that still fit are made and kept, so one that is sent twice counts once. Raises ConfigError, and
        changes nothing, if what comes out is no profile.
        """
        table = tables.profile_changes
        with self.engine.begin() as connection:
            made = self._edit(connection, subscriber_id, change)
            if not made:
                return None
            values = {
                "subscriber_id": subscriber_id,
                "verb": verb,
                "paper_id": paper_id,
                "edits": [asdict(edit) for edit in made.edits],
                "made_at": self.now(),
            }
            row = connection.execute(insert(table).values(**values).returning(table)).one()
            _forget_oldest(connection, subscriber_id)
            return _to_change(row)

    def undo(self, subscriber_id: str, change_id: int) -> KeptChange | None:
        """Take one change back: without others since, the former profile is there again. None if there is none to undo.

        Raises ConfigError, and changes nothing, if what comes out is no profile.
        """
        table = tables.profile_changes
        with self.engine.begin() as connection:
            open_change = (table.c.id == change_id, table.c.subscriber_id == subscriber_id, table.c.undone_at.is_(None))
            row = connection.execute(select(table).where(*open_change).with_for_update()).one_or_none()
            if row is None:
                return None
            self._edit(connection, subscriber_id, _to_change(row).change.invert())
            undone = update(table).where(table.c.id == change_id).values(undone_at=self.now()).returning(table)
            return _to_change(connection.execute(undone).one())

    def recent(self, subscriber_id: str, *, limit: int) -> tuple[KeptChange, ...]:
        """A reader's latest changes, the newest first."""
        table = tables.profile_changes
        query = select(table).where(table.c.subscriber_id == subscriber_id).order_by(table.c.id.desc()).limit(limit)
        with reading(self.engine) as connection:
            return tuple(_to_change(row) for row in connection.execute(query))

    def _edit(self, connection: Connection, subscriber_id: str, change: Change) -> Change:
        """Make what of the change still fits, and give that."""
        signups = tables.subscribers
        found = (signups.c.id == subscriber_id, signups.c.details.is_not(None))
        row = connection.execute(select(signups).where(*found).with_for_update()).one_or_none()
        if row is None:
            return Change()
        reader = self.read_signup({**row.details, "email": row.email})
        fitting = change.effective(reader.profile)
        details = deepcopy(row.details)
        edit_values(details, fitting)
        self.read_signup({**details, "email": row.email})
        connection.execute(update(signups).where(*found).values(details=details))
        return fitting


def _to_change(row: Row[Any]) -> KeptChange:
    edits = tuple(Edit(**{**edit, "list": List(edit["list"])}) for edit in row.edits)
    return KeptChange(row.id, Change(edits), row.verb, row.paper_id, row.made_at, row.undone_at)


def _forget_oldest(connection: Connection, subscriber_id: str) -> None:
    table = tables.profile_changes
    own = table.c.subscriber_id == subscriber_id
    kept = select(table.c.id).where(own).order_by(table.c.id.desc()).limit(MOST_KEPT)
    connection.execute(delete(table).where(own, table.c.id.not_in(kept)))
