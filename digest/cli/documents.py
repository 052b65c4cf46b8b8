"""The JSON documents that `--json` prints: outward names for inward values. Prints nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date
from typing import Any

from digest.domain import (
    BatchReport,
    Delivery,
    DeliveryEvent,
    DeliveryState,
    Digest,
    LedgerEntry,
    Match,
    Paper,
    Subscriber,
)
from digest.pipeline import RunReport

DELIVERY_FIELDS = (
    "edition",
    "email",
    "state",
    "attempts",
    "message_id",
    "code",
    "enhanced_code",
    "reply",
    "relay",
    "updated_at",
    "papers",
)
EVENT_FIELDS = (
    "edition",
    "email",
    "message_id",
    "at",
    "state",
    "attempt",
    "code",
    "enhanced_code",
    "reply",
    "relay",
    "seconds",
)


def to_json(document: Any) -> str:
    """The document as text, ending in a line break."""
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def run_document(report: RunReport) -> dict[str, Any]:
    """The edition's totals after a run."""
    totals = report.totals
    if totals is None:
        raise ValueError("the run has no totals yet")
    return {
        "edition": report.edition.isoformat(),
        "papers": totals.papers,
        "subscribers": totals.subscribers,
        "planned": totals.planned,
        **{state.value: totals.states[state] for state in DeliveryState},
        "empty": totals.empty,
        "seconds": {stage: round(report.seconds[stage], 3) for stage in ("collect", "match", "compose", "deliver")},
    }


def collect_document(
    edition: date, reports: Iterable[BatchReport], *, holes: Iterable[LedgerEntry], faults: Iterable[LedgerEntry]
) -> dict[str, Any]:
    """What each source brought, what is still open of the days asked for, and every fault they had, mended or not."""
    return {
        "edition": edition.isoformat(),
        "batches": [_batch(report) for report in reports],
        "open": [_entry(entry) for entry in holes],
        "faults": [_entry(entry) for entry in faults],
    }


def paper_document(paper: Paper) -> dict[str, Any]:
    """One paper."""
    return {
        "id": paper.id,
        "edition": paper.edition.isoformat() if paper.edition else None,
        "title": paper.title,
        "authors": list(paper.authors),
        "abstract": paper.abstract,
        "categories": list(paper.categories),
        "published": paper.published.isoformat() if paper.published else None,
        "announced": paper.announced.isoformat(),
        "url": paper.url,
        "pdf_url": paper.pdf_url,
        "code_url": paper.code_url,
        "upvotes": paper.upvotes,
        "picked_by": paper.picked_by,
        "sources": list(paper.sources),
    }


def preview_document(digest: Digest, subject: str) -> dict[str, Any]:
    """One reader's digest."""
    return {
        "edition": digest.edition.isoformat(),
        "email": digest.subscriber.email,
        "subject": subject,
        "sections": [
            {
                "kind": section.kind.value,
                "interest": section.title,
                "matches": [_match(match) for match in section.matches],
            }
            for section in digest.sections
        ],
        "considered": digest.considered,
        "matched": digest.matched,
        "shown": len(digest.shown),
    }


def delivery_document(delivery: Delivery) -> dict[str, Any]:
    """One row of the history."""
    return {
        "edition": delivery.edition.isoformat(),
        "email": delivery.email,
        "state": delivery.state.value,
        "attempts": delivery.attempts,
        "message_id": delivery.message_id,
        "code": delivery.code,
        "enhanced_code": delivery.enhanced_code,
        "reply": delivery.reply,
        "relay": delivery.relay,
        "updated_at": delivery.updated_at.isoformat() if delivery.updated_at else None,
        "papers": list(delivery.papers),
    }


def event_document(event: DeliveryEvent) -> dict[str, Any]:
    """One line of the history: what became of a delivery at a moment."""
    return {
        "edition": event.edition.isoformat(),
        "email": event.email,
        "message_id": event.message_id,
        "at": event.at.isoformat(),
        "state": event.state.value,
        "attempt": event.attempt,
        "code": event.code,
        "enhanced_code": event.enhanced_code,
        "reply": event.reply,
        "relay": event.relay,
        "seconds": round(event.seconds, 3) if event.seconds is not None else None,
    }


def subscriber_document(subscriber: Subscriber) -> dict[str, Any]:
    """One subscriber: the fields of a subscriber file, where it came from, its status and its cursor."""
    profile = subscriber.profile
    return {
        "email": subscriber.email,
        "name": subscriber.name,
        "timezone": subscriber.timezone,
        "send_at": subscriber.send_at.strftime("%H:%M"),
        "frequency": subscriber.frequency.value,
        "weekday": subscriber.weekday,
        "max_papers": profile.max_papers,
        "min_score": profile.min_score,
        "trending": profile.trending,
        "language": subscriber.language,
        "interests": [
            {
                "name": interest.name,
                "keywords": list(interest.keywords),
                "exclude": list(interest.exclude),
                "authors": list(interest.authors),
                "categories": list(interest.categories),
                "query": interest.query,
                "weight": interest.weight,
            }
            for interest in profile.interests
        ],
        "origin": subscriber.origin,
        "status": subscriber.status.value,
        "cursor": subscriber.cursor.isoformat() if subscriber.cursor else None,
    }


def _batch(report: BatchReport) -> dict[str, Any]:
    batch = report.batch
    return {
        "source": batch.source,
        "category": batch.category,
        "day": batch.day.isoformat(),
        "state": batch.state.value,
        "records": batch.records,
        "new": report.new,
        "known": report.known,
        "revised": report.revised,
        "cross": batch.cross,
        "outside": report.outside,
        "refused": len(batch.refused),
        "expected": batch.expected,
        "reasons": [*batch.reasons, *(f"{refusal.place}: {refusal.reason}" for refusal in batch.refused)],
    }


def _entry(entry: LedgerEntry) -> dict[str, Any]:
    return {
        "source": entry.batch.source,
        "category": entry.batch.category,
        "day": entry.batch.day.isoformat(),
        "state": entry.batch.state.value,
        "reasons": list(entry.batch.reasons),
        "fetched_at": entry.fetched_at.isoformat(),
    }


def _match(match: Match) -> dict[str, Any]:
    return {
        "id": match.paper.id,
        "title": match.paper.title,
        "score": round(match.score, 4),
        "reasons": [{"keyword": reason.keyword, "field": reason.field} for reason in match.reasons],
    }
