"""The secret of a database: another one is refused, and a former one may be named beside the new."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from threading import Barrier

import pytest
from sqlalchemy import text

from digest.domain import ReportKind, Suppression
from digest.errors import ConfigError
from digest.storage import Store, adopt_secret

MOMENT = datetime(2026, 6, 30, 5, 30, tzinfo=UTC)

Open = Callable[..., AbstractContextManager[Store]]


def test_another_secret_than_the_database_knows_is_refused_unless_the_known_one_is_named_beside_it(
    open_again: Open,
) -> None:
    for known in (["old-secret"], ["old-secret"], ["new-secret", "old-secret"], ["new-secret"]):
        with open_again(secrets=known):
            pass
    for another in (["old-secret"], ["a guess", "old-secret"]):
        with pytest.raises(ConfigError, match="former_secrets"), open_again(secrets=another):
            pass


def test_of_two_processes_that_begin_with_different_secrets_one_is_refused(open_again: Open) -> None:
    gate = Barrier(2)

    def is_taken(secret: str) -> bool:
        gate.wait()
        try:
            with open_again(secrets=[secret]):
                return True
        except ConfigError:
            return False

    with ThreadPoolExecutor(2) as processes:
        assert sorted(processes.map(is_taken, ("one", "other"))) == [False, True]


def test_where_the_known_secret_is_lost_another_can_be_adopted(open_again: Open, store_url: str) -> None:
    with open_again(secrets=["lost"]) as store, store.suppressions.engine.begin() as connection:
        store.suppressions.put(connection, Suppression("ada", ReportKind.HARD, "5.1.1", MOMENT, None))
    assert adopt_secret(store_url, ["found", "lost"]) == 0, "what a former one put on the list is found"
    assert adopt_secret(store_url, ["new"]) == 1
    with open_again(secrets=["new"]) as store, store.pause.engine.connect() as connection:
        (kept,) = connection.execute(text("SELECT * FROM known_secret")).all()
    assert "new" not in str(kept)
