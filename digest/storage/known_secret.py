"""Knows by a fingerprint the secret that keys links and suppressed addresses; never keeps the secret itself.

A process with another secret would mail suppressed addresses and write links that no other knows.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

from sqlalchemy import Connection, Engine, delete, func, insert, select, update

from digest.errors import ConfigError, Mistake
from digest.storage import rows, tables
from digest.storage.engine import open_engine, reading

_THE_ONE_ROW = 1
_KNOWN = select(tables.known_secret.c.fingerprint)
_PROBLEM = (
    "is another secret than the database knows: suppressed addresses would get mail, and links in mails be unknown"
)
_REPAIR = (
    "put the known one back, or its secret.key; to change it, name that one in site.former_secrets;"
    " if it is lost: digest db adopt-secret"
)


def require_known_secret(engine: Engine, secrets: Sequence[str]) -> None:
    """Know the newest of the secrets, which come newest first, from now on; at the first use any is taken.

    Raises ConfigError if none of them is the known one.
    """
    newest, *former = map(_fingerprint, secrets)
    with reading(engine) as connection:
        if connection.scalar(_KNOWN) == newest:
            return
    table = tables.known_secret
    with engine.begin() as connection:
        rows.insert_missing(connection, table, [_row(newest)])
        renewed = update(table).where(table.c.fingerprint.in_(former)).values(fingerprint=newest)
        if former:
            connection.execute(renewed)
        is_known = connection.scalar(_KNOWN) == newest
    if not is_known:
        raise ConfigError([Mistake("site.secret", "", _PROBLEM, _REPAIR)])


def adopt_secret(url: str, secrets: Sequence[str]) -> int:
    """Know the newest of the secrets in place of one that is lost.

    Returns how many addresses on the do-not-send list that costs: none if the known one is named among the former.
    Raises StoreError if the database can't be used.
    """
    table, fingerprints = tables.known_secret, [*map(_fingerprint, secrets)]
    with open_engine(url) as engine, engine.begin() as connection:
        is_lost = connection.scalar(_KNOWN) not in (None, *fingerprints)
        connection.execute(delete(table))
        connection.execute(insert(table).values(_row(fingerprints[0])))
        return _count_suppressed(connection) if is_lost else 0


def _count_suppressed(connection: Connection) -> int:
    return connection.scalar(select(func.count()).select_from(tables.suppressions)) or 0


def _row(fingerprint: str) -> dict[str, object]:
    return {"id": _THE_ONE_ROW, "fingerprint": fingerprint}


def _fingerprint(secret: str) -> str:
    return hmac.new(secret.encode(), b"digest.known-secret", hashlib.sha256).hexdigest()
