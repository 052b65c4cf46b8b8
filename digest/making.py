"""Makes the emails of readers, one by one: assembles each digest and composes it. Claims and sends nothing.

A digest that can't be made costs only its reader.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import chain

from digest.after_sending import are_templates_broken
from digest.assembly import StillWaiting, assemble_digests
from digest.composing import Card, compose_email, render_cards
from digest.domain import Digest, Email, Subscriber
from digest.parts import Parts, RunReport
from digest.planning import READERS_A_BATCH

log = logging.getLogger(__name__)


def make_emails(
    turns: Iterable[Iterable[Subscriber]],
    day: date,
    parts: Parts,
    report: RunReport,
    *,
    still_waiting: StillWaiting = frozenset,
    is_rehearsal: bool = False,
) -> Iterator[Email]:
    """The emails of readers, those of an earlier turn first; in a rehearsal nothing is recorded.

    Who has nothing to read is skipped, and what can't be made is recorded as failed. It ends early where so much can't
    be made that the templates must be broken.
    """
    cards: dict[tuple[str, str], Card] = {}
    digests = chain.from_iterable(_digests_of(some, day, parts, report, still_waiting=still_waiting) for some in turns)
    for digest in _without_empty(digests, parts, report, is_rehearsal=is_rehearsal):
        reader = digest.subscriber
        try:
            with report.timed("compose"):
                email = compose_with_cards(digest, cards, parts)
        except Exception as error:  # one digest that can't be made must not cost the others theirs
            log.exception("the digest for %s can't be made", reader.email)
            report.broken += 1
            report.notices.append(f"the digest for {reader.email} can't be made: {error}")
            if not is_rehearsal:
                parts.store.deliveries.fail(digest.edition, reader.id, str(error))
            if are_templates_broken(broken=report.broken, composed=report.composed):
                return
            continue
        report.composed += 1
        yield email


def compose_with_cards(digest: Digest, cards: dict[tuple[str, str], Card], parts: Parts) -> Email:
    """One digest's email; `cards` keeps what is rendered: each paper's card once an edition and language."""
    language = parts.composer.language_of(digest.subscriber.language).code
    missing = [match.paper for match in digest.shown if (match.paper.id, language) not in cards]
    cards.update(render_cards(missing, parts.composer, language))
    return compose_email(digest, cards, parts.composer, sent_at=parts.now())


def _digests_of(
    readers: Iterable[Subscriber],
    day: date,
    parts: Parts,
    report: RunReport,
    *,
    still_waiting: StillWaiting,
) -> Iterator[Digest]:
    store = parts.store
    losses = store.history.losses(before=day)
    digests = assemble_digests(
        readers, day, papers=store.papers, history=store.history, losses=losses, still_waiting=still_waiting
    )
    while True:
        with report.timed("match"):
            digest = next(digests, None)
        if digest is None:
            return
        yield digest


def _without_empty(
    digests: Iterable[Digest], parts: Parts, report: RunReport, *, is_rehearsal: bool
) -> Iterator[Digest]:
    """The digests that are mailed; the readers of empty ones are skipped, many in one commit."""
    empty = list[str]()
    for digest in digests:
        if not digest.is_empty or parts.composer.letterhead.mails_when_empty:
            yield digest
        elif not is_rehearsal:
            empty.append(digest.subscriber.id)
        if len(empty) == READERS_A_BATCH:
            parts.store.deliveries.skip(report.edition, empty)
            empty = []
    if empty:
        parts.store.deliveries.skip(report.edition, empty)
