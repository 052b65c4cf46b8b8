"""Shows what would be sent: the same functions as a run, and nothing written or sent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from email import message_from_bytes, policy

from digest.assembly import assemble_digests
from digest.domain import Digest, Edition, Email, Subscriber
from digest.making import compose_with_cards
from digest.parts import Parts
from digest.pipeline import fetch_batches
from digest.planning import cursor_before
from digest.storage import History, Loss, PaperStore


def preview_digest(reader: Subscriber, day: date, parts: Parts) -> Digest:
    """The reader's digest of one edition: of a day that was delivered as it was, else as it would go out now.

    A day that was never collected is collected into memory.
    """
    reader, losses = reader_as_of(reader, day, parts.store.history)
    with _open_papers(day, parts) as papers:
        return next(iter(assemble_digests([reader], day, papers=papers, history=parts.store.history, losses=losses)))


def preview_email(reader: Subscriber, day: date, parts: Parts) -> Email:
    """The email of `preview_digest`, as it goes over the wire. Raises ComposeError if it can't be made."""
    return compose_with_cards(preview_digest(reader, day, parts), {}, parts)


def part_of(content: bytes, kind: str) -> str:
    """The text of an email's `html` or `plain` part; empty where there is none."""
    part = message_from_bytes(content, policy=policy.default).get_body((kind,))
    text: str = part.get_content() if part is not None else ""
    return text


def reader_as_of(reader: Subscriber, day: date, history: History) -> tuple[Subscriber, dict[str, Loss]]:
    """The reader with the cursor that they had before that day's digest, and what they had lost until then."""
    cursor = history.cursor_of(day, reader.id) or min(cursor_before(reader, day), day - timedelta(days=1))
    loss = history.loss_of(reader.id, after=cursor, before=day)
    return replace(reader, cursor=cursor), {reader.id: loss} if loss else {}


@contextmanager
def _open_papers(day: date, parts: Parts) -> Iterator[PaperStore]:
    if parts.store.ledger.is_collected(day):
        yield parts.store.papers
        return
    edition = Edition(day, day - parts.lookback)
    with parts.store.ledger.rehearse(edition, fetch_batches(edition, parts)) as papers:
        yield papers
