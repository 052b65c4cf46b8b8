"""Keeps the addresses that get no mail, by a keyed hash that outlives their readers. Judges no report."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, delete, func, select, update

from digest.domain import DeliveryState, ReportKind, Suppression
from digest.storage import rows, tables
from digest.storage.engine import reading

PROBE_WAITS = timedelta(days=7)
"""How long a probe has time to come back. If it doesn't, its reader gets digests again."""

_ANYBODY = select(tables.suppressions.c.address_key).limit(1)
_WAS_TRIED = (
    *(DeliveryState.SENDING, DeliveryState.UNKNOWN, DeliveryState.REJECTED),
    *(state for state in DeliveryState if state.is_accepted),
)


@dataclass(frozen=True, slots=True)
class SuppressionStore:
    """The do-not-send list. An address is asked for by its subscriber id, which is made of the address alone."""

    engine: Engine
    now: Callable[[], datetime]
    secrets: Sequence[str] = field(repr=False)
    """Keys of the hash, newest first; older ones still find what they put there."""

    def barred(self, subscriber_ids: Iterable[str]) -> dict[str, Suppression]:
        """Those who get no mail now, and why. Whose probe is due, or stood, isn't among them."""
        with reading(self.engine) as connection:
            return self.barred_in(connection, subscriber_ids)

    def barred_in(self, connection: Connection, subscriber_ids: Iterable[str]) -> dict[str, Suppression]:
        """The same within a transaction, such as a claim's."""
        found: dict[str, Suppression] = {}
        if self.is_empty(connection):
            return found
        for some in rows.in_groups(subscriber_ids):
            found.update(self._find(connection, some))
        return {reader: entry for reader, entry in found.items() if not self._is_to_be_probed(entry)}

    def is_empty(self, connection: Connection) -> bool:
        """Whether nobody is on the list, as in nearly all installations: then no hash needs to be made."""
        return connection.scalar(_ANYBODY) is None

    def find(self, connection: Connection, subscriber_id: str) -> Suppression | None:
        """The entry of one address, though its probe may be due; None if there is none, or its probe stood."""
        return self._find(connection, [subscriber_id]).get(subscriber_id)

    def count(self) -> int:
        """How many addresses are on the list, those of deleted readers included."""
        with reading(self.engine) as connection:
            return connection.scalar(select(func.count()).select_from(tables.suppressions)) or 0

    def put(self, connection: Connection, entry: Suppression) -> None:
        """Put an address on the list, in place of what it says of it, and let its reader's reports count no more."""
        if not self.secrets:
            raise ValueError("a suppression needs a secret for its hash")
        self._remove(connection, entry.subscriber_id)
        values = {
            "address_key": self._keys([entry.subscriber_id])[0][0],
            "kind": entry.kind.value,
            "enhanced_code": entry.enhanced_code,
            "since": entry.since,
            "probe_after": entry.probe_after,
        }
        rows.insert_missing(connection, tables.suppressions, [values])
        _forget_counts(connection, entry.subscriber_id)

    def lift(self, subscriber_id: str, *, kinds: Iterable[ReportKind] = tuple(ReportKind)) -> bool:
        """Take an address off the list if it is there for one of these kinds; its counts begin anew."""
        with self.engine.begin() as connection:
            entry = self.find(connection, subscriber_id)
            if entry is None or entry.kind not in kinds:
                return False
            self._remove(connection, subscriber_id)
            _forget_counts(connection, subscriber_id)
            return True

    def _find(self, connection: Connection, subscriber_ids: Sequence[str]) -> dict[str, Suppression]:
        table = tables.suppressions
        hashes = (zip(keys, subscriber_ids, strict=True) for keys in self._keys(subscriber_ids))
        whose = {key: reader for some in hashes for key, reader in some}
        found: dict[str, Suppression] = {}
        for some in rows.in_groups(whose):
            for row in connection.execute(select(table).where(table.c.address_key.in_(some))):
                reader, kind = whose[row.address_key], ReportKind(row.kind)
                found[reader] = Suppression(reader, kind, row.enhanced_code, row.since, row.probe_after)
        probed = {reader: self._with_probe(connection, entry) for reader, entry in found.items()}
        return {reader: entry for reader, entry in probed.items() if not self._has_stood(entry)}

    def _with_probe(self, connection: Connection, entry: Suppression) -> Suppression:
        """The entry with when its probe went: the first mail since one was due that may have gone or was refused."""
        if entry.probe_after is None or entry.probe_after > self.now():
            return entry
        table = tables.deliveries
        probes = (
            table.c.subscriber_id == entry.subscriber_id,
            table.c.state.in_([state.value for state in _WAS_TRIED]),
            table.c.composed_at >= entry.probe_after,
        )
        return replace(entry, probed_at=connection.scalar(select(func.min(table.c.composed_at)).where(*probes)))

    def _has_stood(self, entry: Suppression) -> bool:
        return entry.probed_at is not None and self.now() - entry.probed_at >= PROBE_WAITS

    def _is_to_be_probed(self, entry: Suppression) -> bool:
        is_due = entry.probe_after is not None and entry.probe_after <= self.now()
        return is_due and entry.probed_at is None

    def _remove(self, connection: Connection, subscriber_id: str) -> None:
        table = tables.suppressions
        keys = [key for (key,) in self._keys([subscriber_id])]
        connection.execute(delete(table).where(table.c.address_key.in_(keys)))

    def _keys(self, subscriber_ids: Sequence[str]) -> list[list[str]]:
        """The hashes of the addresses, once for each secret."""
        return [[_hash(reader, secret) for reader in subscriber_ids] for secret in self.secrets]


def _forget_counts(connection: Connection, subscriber_id: str) -> None:
    table = tables.reports
    connection.execute(update(table).where(table.c.subscriber_id == subscriber_id).values(counts=False))


def _hash(subscriber_id: str, secret: str) -> str:
    return hmac.new(secret.encode(), f"digest.suppression {subscriber_id}".encode(), hashlib.sha256).hexdigest()
