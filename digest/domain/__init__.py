"""The words of the product as frozen values; no input, no output, no rules beyond what a word means.

One word for each thing, everywhere: see docs/glossary.md.
"""

from __future__ import annotations

from digest.domain.batches import Batch, BatchReport, BatchState, Edition, LedgerEntry, Memory, Refusal, SourceAccount
from digest.domain.deliveries import (
    Delivery,
    DeliveryEvent,
    DeliveryState,
    EditionTotals,
    Email,
    Outcome,
    Pause,
    PausedBy,
    ReportKind,
    Suppression,
)
from digest.domain.digests import Digest, Doubt, Letterhead, Match, Note, Reason, Section, SectionKind
from digest.domain.papers import Authority, Paper, Revision, RevisionKind, WordCounts
from digest.domain.readers import WEEKDAYS, Frequency, Interest, Profile, Status, Subscriber

__all__ = [
    "WEEKDAYS",
    "Authority",
    "Batch",
    "BatchReport",
    "BatchState",
    "Delivery",
    "DeliveryEvent",
    "DeliveryState",
    "Digest",
    "Doubt",
    "Edition",
    "EditionTotals",
    "Email",
    "Frequency",
    "Interest",
    "LedgerEntry",
    "Letterhead",
    "Match",
    "Memory",
    "Note",
    "Outcome",
    "Paper",
    "Pause",
    "PausedBy",
    "Profile",
    "Reason",
    "Refusal",
    "ReportKind",
    "Revision",
    "RevisionKind",
    "Section",
    "SectionKind",
    "SourceAccount",
    "Status",
    "Subscriber",
    "Suppression",
    "WordCounts",
]
