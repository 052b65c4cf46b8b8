"""Makes finished emails: a digest becomes headers, text, and HTML no mail program cuts. Asks no clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict

from digest.composing import wording
from digest.composing.accounting import account_of
from digest.composing.building import is_personal, without_weakest
from digest.composing.cards import ABSTRACT_CHARACTERS, Cards, card_html, card_text
from digest.composing.cleaning import one_line
from digest.composing.headers import digest_headers, envelope_address, return_path
from digest.composing.message import quoted_printable, write_message
from digest.composing.templates import Composer, shared_values
from digest.domain import Digest, Email, Match, SectionKind
from digest.errors import ComposeError
from digest.links import Purpose, make_link

HTML_BYTES = 90_000
"""The most an HTML part may have on the wire: Gmail cuts a mail near 102 KB, and the unsubscribe link with it."""


class _Links(TypedDict):
    preferences: str
    unsubscribe: str


@dataclass(frozen=True, slots=True)
class _Section:
    kind: SectionKind
    title: str
    note: str
    ending: str
    cards: tuple[str, ...]


def compose_email(digest: Digest, cards: Cards, composer: Composer, *, sent_at: datetime) -> Email:
    """One subscriber's email, HTML and text from the same digest; equal arguments give equal bytes.

    Where it would get too big, abstracts are shortened first, then the weakest papers are counted instead of shown:
    `Email.digest` is what the email holds. Raises ComposeError if a card is missing or an address can't be mailed to.
    """
    missing = [match.paper.id for match in digest.shown if match.paper.id not in cards]
    if missing:
        raise ComposeError(f"no card was rendered for {', '.join(missing)}")
    letterhead, subscriber = composer.letterhead, digest.subscriber
    links = _links(digest, composer)
    shown, html = _fit(digest, cards, composer, links)
    text = composer.digest_text.render(**_values(shown, composer, links), sections=_text_sections(shown, cards))
    subject = wording.subject_of(shown, letterhead.site_name)
    headers = digest_headers(shown, letterhead, subject=subject, sent_at=sent_at, **links)
    return Email(
        recipient=envelope_address(subscriber.email),
        sender=return_path(shown, letterhead),
        message_id=headers["Message-ID"],
        subject=subject,
        content=write_message(headers, text=quoted_printable(text), html=html),
        subscriber_id=subscriber.id,
        edition=digest.edition,
        digest=shown,
    )


def _fit(digest: Digest, cards: Cards, composer: Composer, links: _Links) -> tuple[Digest, bytes]:
    """The digest as far as its HTML part stays within HTML_BYTES, and that part."""
    size = 0
    for shown, step in _ever_smaller(digest):
        sections = _html_sections(shown, cards, step)
        page = composer.digest_html.render(**_values(shown, composer, links), sections=sections)
        html = quoted_printable(page)
        size = len(html)
        if size <= HTML_BYTES:
            return shown, html
    raise ComposeError(f"the email has {size:,} bytes even without papers, over {HTML_BYTES:,}")


def _ever_smaller(digest: Digest) -> Iterator[tuple[Digest, int]]:
    for step in range(len(ABSTRACT_CHARACTERS)):
        yield digest, step
    while digest.shown:
        digest = without_weakest(digest, max(1, len(digest.shown) // 20))
        yield digest, len(ABSTRACT_CHARACTERS) - 1


def _links(digest: Digest, composer: Composer) -> _Links:
    letterhead = composer.letterhead

    def link(purpose: Purpose) -> str:
        return make_link(
            letterhead.base_url, purpose, digest.subscriber.id, issued=digest.edition, secrets=letterhead.secrets
        )

    return _Links(preferences=link(Purpose.PREFERENCES), unsubscribe=link(Purpose.UNSUBSCRIBE))


def _values(digest: Digest, composer: Composer, links: _Links) -> dict[str, object]:
    return {
        **shared_values(composer.letterhead),
        "subject": wording.subject_of(digest, composer.letterhead.site_name),
        "preheader": wording.preheader_of(digest),
        "date": wording.day_in_words(digest.edition),
        "headline": wording.headline_of(digest),
        "account": account_of(digest),
        "purpose": wording.purpose_of(digest.subscriber, composer.letterhead.site_name),
        **links,
    }


def _html_sections(digest: Digest, cards: Cards, step: int) -> list[_Section]:
    return _sections(digest, lambda match, kind: card_html(cards[match.paper.id], match, kind, step))


def _text_sections(digest: Digest, cards: Cards) -> list[_Section]:
    return _sections(digest, lambda match, kind: card_text(cards[match.paper.id], match, kind))


def _sections(digest: Digest, card_of: Callable[[Match, SectionKind], str]) -> list[_Section]:
    last = next((section for section in reversed(digest.sections) if is_personal(section)), None)
    return [
        _Section(
            kind=section.kind,
            title=one_line(section.title, 120),
            note=one_line(section.note, 300),
            ending=wording.more_of(digest) if section is last else "",
            cards=tuple(card_of(match, section.kind) for match in section.matches),
        )
        for section in digest.sections
    ]
