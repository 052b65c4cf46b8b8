"""Says at the last moment whose mail must not go out, and why. Changes nothing."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, bindparam, select

from digest.domain import Status
from digest.storage import rows, tables
from digest.storage.suppressions import SuppressionStore

_PEOPLE = tables.subscribers
_INACTIVE = select(_PEOPLE.c.id, _PEOPLE.c.status).where(
    _PEOPLE.c.id.in_(bindparam("readers", expanding=True)), _PEOPLE.c.status != Status.ACTIVE.value
)


def find_withheld(
    connection: Connection, subscriber_ids: Collection[str], suppressions: SuppressionStore
) -> dict[str, str]:
    """Of these subscribers, those who get no mail now, each with the reason in words for the history.

    Asked in the transaction that claims: whoever leaves between the plan and the claim gets nothing.
    """
    barred = suppressions.barred_in(connection, subscriber_ids)
    withheld = dict.fromkeys(barred, "mail to this address came back: it is on the do-not-send list")
    for some in rows.in_groups(subscriber_ids):
        for row in connection.execute(_INACTIVE, {"readers": some}):
            withheld[row.id] = f"the reader is {row.status}"
    return withheld
