"""Composing: digests become emails, one card a paper, one letterhead. Never sends, stores, or asks what time it is."""

from __future__ import annotations

from digest.composing.building import build_digest
from digest.composing.cards import Card, Cards, render_cards
from digest.composing.confirming import compose_confirmation
from digest.composing.emails import compose_email
from digest.composing.headers import message_id
from digest.composing.language import Language
from digest.composing.opening import open_composer
from digest.composing.signing import open_signer
from digest.composing.templates import Composer

__all__ = [
    "Card",
    "Cards",
    "Composer",
    "Language",
    "build_digest",
    "compose_confirmation",
    "compose_email",
    "message_id",
    "open_composer",
    "open_signer",
    "render_cards",
]
