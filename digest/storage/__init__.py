"""Remembering: all SQL, the tables and the migrations. Only domain values cross this folder's edge."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from digest.domain import Subscriber
from digest.storage.backup import Backup, back_up
from digest.storage.by_hand import ByHand, Chosen
from digest.storage.deliveries import DeliveryStore
from digest.storage.engine import open_engine, reading, upgrade
from digest.storage.history import History, Loss
from digest.storage.known_secret import adopt_secret, require_known_secret
from digest.storage.ledger import Ledger
from digest.storage.paces import PaceStore
from digest.storage.papers import PaperStore
from digest.storage.pauses import PauseStore
from digest.storage.profile_changes import ChangeStore
from digest.storage.reports import Consequence, Refusals, ReportStore, Returned
from digest.storage.subscribers import SubscriberStore
from digest.storage.suppressions import SuppressionStore

__all__ = [
    "Backup",
    "ByHand",
    "ChangeStore",
    "Chosen",
    "Consequence",
    "DeliveryStore",
    "History",
    "Ledger",
    "Loss",
    "PaceStore",
    "PaperStore",
    "PauseStore",
    "Refusals",
    "ReportStore",
    "Returned",
    "Store",
    "SubscriberStore",
    "SuppressionStore",
    "adopt_secret",
    "back_up",
    "open_store",
    "upgrade",
]


@dataclass(frozen=True, slots=True)
class Store:
    """Everything we remember, by subject."""

    ledger: Ledger
    papers: PaperStore
    subscribers: SubscriberStore
    deliveries: DeliveryStore
    history: History
    changes: ChangeStore
    reports: ReportStore
    suppressions: SuppressionStore
    by_hand: ByHand
    pause: PauseStore
    pace: PaceStore


@contextmanager
def open_store(
    url: str,
    *,
    now: Callable[[], datetime],
    read_signup: Callable[[dict[str, Any]], Subscriber],
    secrets: Sequence[str] = (),
) -> Iterator[Store]:
    """The store at a database URL; `now` tells the time of what is written, with its zone.

    `read_signup` makes a Subscriber of a signup's details; `secrets`, newest first, are keys of the hash under which
    an address is suppressed. Raises StoreError if the database can't be used, ConfigError if it knows another secret.
    """
    with open_engine(url) as engine:
        if secrets:
            require_known_secret(engine, secrets)
        suppressions = SuppressionStore(engine, now, secrets)
        yield Store(
            ledger=Ledger(engine, now),
            papers=PaperStore(lambda: reading(engine)),
            subscribers=SubscriberStore(engine, now, read_signup),
            deliveries=DeliveryStore(engine, now, suppressions),
            history=History(engine),
            changes=ChangeStore(engine, now, read_signup),
            reports=ReportStore(engine, now, suppressions),
            suppressions=suppressions,
            by_hand=ByHand(engine, now),
            pause=PauseStore(engine, now),
            pace=PaceStore(engine, now),
        )
