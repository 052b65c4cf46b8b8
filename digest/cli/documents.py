"""The JSON documents that `--json` prints: outward names for inward values. Prints nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date
from typing import Any

from digest.backtest import Backtest, Difference
from digest.changes import Change
from digest.composing.building import UNNAMED_INTEREST
from digest.domain import (
    BatchReport,
    Delivery,
    DeliveryEvent,
    DeliveryState,
    Digest,
    LedgerEntry,
    Match,
    Paper,
    Refusal,
    ReportKind,
    Subscriber,
    Suppression,
)
from digest.explain import Answer
from digest.matching import Place, TracedSlot
from digest.parts import RunReport
from digest.returned_mail import Tally

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
    """The edition's totals after a run. What came back had been sent: `bounced` and `complained` are a part of it."""
    totals = report.totals
    if totals is None:
        raise ValueError("the run has no totals yet")
    return {
        "edition": report.edition.isoformat(),
        "papers": totals.papers,
        "subscribers": totals.subscribers,
        "planned": totals.planned,
        **{state.value: totals.states[state] for state in DeliveryState},
        "sent": totals.accepted,
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


def explain_document(answer: Answer) -> dict[str, Any]:
    """Why a paper was or wasn't chosen. The impacts sum up to the score."""
    explanation = answer.explanation
    sent = answer.sent_before
    return {
        "id": explanation.paper.id,
        "email": answer.reader.email,
        "chosen": answer.is_chosen,
        "rank": answer.rank,
        "score": answer.score,
        "cut_by": explanation.cut.value if explanation.cut and not answer.is_chosen else None,
        "sent_before": sent.isoformat() if sent else None,
        "terms": _terms(answer),
        "excluded_by": _written(explanation.excluded_by),
        "filtered_by": _written(explanation.filtered_by),
    }


def missing_paper_document(paper_id: str, email: str) -> dict[str, Any]:
    """The same of a paper that no edition has."""
    nothing: dict[str, Any] = {"rank": None, "score": 0.0, "cut_by": "not held", "sent_before": None}
    lists: dict[str, Any] = {"terms": [], "excluded_by": [], "filtered_by": []}
    return {"id": paper_id, "email": email, "chosen": False, **nothing, **lists}


def backtest_document(tried: Backtest) -> dict[str, Any]:
    """What a profile would have brought."""
    return {
        "days": [
            {
                "edition": day.edition.isoformat(),
                "considered": day.considered,
                "matched": day.matched,
                "shown": day.shown,
            }
            for day in tried.days
        ],
        "terms": [{"keyword": count.keyword, "papers": count.papers, "alone": count.alone} for count in tried.keywords],
        "dead": list(tried.dead),
        "added": [_difference(each) for each in tried.added],
        "removed": [_difference(each) for each in tried.removed],
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


def change_document(
    reader: Subscriber, change: Change, *, is_applied: bool, papers: Iterable[Paper], refused: Iterable[Refusal]
) -> dict[str, Any]:
    """A proposed change of a profile, the papers it comes from, and what of a library could not be used."""
    return {
        "email": reader.email,
        "applied": is_applied,
        "changes": [
            {"interest": edit.name, "list": edit.list.value, "before": edit.before, "after": edit.after}
            for edit in change.edits
        ],
        "papers": [paper.id for paper in papers],
        "refused": [{"place": refusal.place, "reason": refusal.reason} for refusal in refused],
    }


def tally_document(tally: Tally) -> dict[str, Any]:
    """What a mailbox of reports held, and what followed."""
    return {
        "mails": tally.mails,
        **{kind.value: tally.kinds[kind] for kind in ReportKind if kind is not ReportKind.NONE},
        "known": tally.known,
        "unsigned": tally.unsigned,
        "no_bounce": dict(sorted(tally.others.items())),
        "unread": tally.unread,
        "readers": [
            {
                "email": taken.address,
                "edition": taken.edition.isoformat(),
                "kind": taken.report.kind.value,
                "enhanced_code": taken.report.enhanced_code,
                "words": taken.report.words,
                "consequence": taken.consequence.value,
            }
            for taken in tally.taken
        ],
    }


def suppression_document(email: str, entry: Suppression) -> dict[str, Any]:
    """One address of the do-not-send list."""
    return {
        "email": email,
        "kind": entry.kind.value,
        "enhanced_code": entry.enhanced_code,
        "since": entry.since.isoformat(),
        "probe_after": entry.probe_after.isoformat() if entry.probe_after else None,
        "probed_at": entry.probed_at.isoformat() if entry.probed_at else None,
    }


def _terms(answer: Answer) -> list[dict[str, Any]]:
    """Each term with what it adds to the score, which only those of the interest or section do that has the paper."""
    best = None if answer.trending else answer.explanation.best
    terms = [
        _term(interest.name, place, counts=interest is best)
        for interest in answer.explanation.interests
        for place in interest.places
    ]
    if answer.trending:
        _, match = answer.trending
        upvotes = Place(match.paper.picked_by, "upvotes", match.paper.upvotes or 0, match.score)
        terms.append(_term(match.interest, upvotes, counts=True))
    return terms


def _term(interest: str, place: Place, *, counts: bool) -> dict[str, Any]:
    return {
        "interest": interest or UNNAMED_INTEREST,
        "keyword": place.keyword,
        "field": place.field or None,
        "count": place.count,
        "impact": place.impact if counts else 0.0,
    }


def _written(slots: Iterable[TracedSlot]) -> list[str]:
    return list(dict.fromkeys(slot.written for slot in slots))


def _difference(difference: Difference) -> dict[str, Any]:
    return {"id": difference.paper_id, "title": difference.title, "edition": difference.edition.isoformat()}


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
