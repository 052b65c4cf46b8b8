"""What adding and importing readers share: who may get a file, and writing it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import tomlkit

from digest.config import Config, as_in_a_new_file, write_new
from digest.domain import Status, Subscriber
from digest.errors import ConfigError, Mistake
from digest.storage import Store


def find_obstacles(
    new: Sequence[Subscriber], files: Iterable[Subscriber], store: Store, config: Config
) -> dict[str, Mistake]:
    """Of these readers those who get no file, by their ids, and why: who is here already, or wanted no more mail."""
    ids = [reader.id for reader in new]
    held = {reader.id: reader for reader in store.subscribers.among(ids, files)}
    statuses = {reader.id: reader.status for reader in store.subscribers.among(ids, new)}
    barred = store.suppressions.barred(ids)
    found: dict[str, Mistake] = {}
    for reader in new:
        problem = _problem_of(held.get(reader.id), statuses[reader.id], config, is_barred=reader.id in barred)
        if problem is not None:
            found[reader.id] = Mistake(reader.email, "", *problem)
    return found


def write_reader(values: Mapping[str, Any], email: str, config: Config) -> Path:
    """Write a new reader's file, named after the address; returns where it is. Raises ConfigError if it can't."""
    try:
        config.subscribers.mkdir(parents=True, exist_ok=True)
        return write_new(config.subscribers, email, tomlkit.dumps(as_in_a_new_file(values)))
    except OSError as error:
        problem = f"can't be written to: {error.strerror}"
        raise ConfigError(
            [Mistake(str(config.subscribers), "", problem, "check subscribers.path and the disk")]
        ) from error


def _problem_of(held: Subscriber | None, status: Status, config: Config, *, is_barred: bool) -> tuple[str, str] | None:
    """`held` is who has the address now; `status` what the store remembers of it, though the file be gone."""
    if held is not None and held.origin == "file":
        return f"is subscribed already, in {held.file}", "edit that file"
    if held is not None and held.status in (Status.ACTIVE, Status.PAUSED):
        repair = "see digest subscribers show, and digest subscribers learn to change their profile"
        return "has signed up, and a file would hide what they asked for", repair
    if status is Status.UNSUBSCRIBED:
        return "has unsubscribed", f"only they can come back, at {config.site.base_url.rstrip('/')}/signup"
    if is_barred:
        return "is on the do-not-send list", "see digest subscribers lift"
    return None
