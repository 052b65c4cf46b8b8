"""Makes finished emails: a digest becomes headers, text, and HTML no mail program cuts. Asks no clock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any, TypedDict

from markupsafe import escape

from digest.composing import wording
from digest.composing.accounting import account_of
from digest.composing.building import best_first, is_personal, personal_matches, without_weakest
from digest.composing.cards import A_LINE, ABSTRACT_CHARACTERS, Card, Cards, Shown, show_paper
from digest.composing.headers import digest_headers, envelope_address, return_path
from digest.composing.language import Language
from digest.composing.message import in_references, on_own_lines, write_message
from digest.composing.splicing import fill_html, fill_text, hole
from digest.composing.templates import Composer, shared_values
from digest.domain import Digest, Email, SectionKind
from digest.errors import ComposeError
from digest.links import Purpose, make_link

HTML_BYTES = 90_000
"""The most an HTML part may have on the wire: Gmail cuts a mail near 102 KB, and the unsubscribe link with it."""

CARDS_SHOWN = 15
"""So many papers get a card, the best first; the rest of those shown get a line."""


class _Links(TypedDict):
    preferences: str
    unsubscribe: str
    everything: str
    learn: str
    """What follows it, a card says."""


@dataclass(frozen=True, slots=True)
class _Layout:
    """How much room each paper gets."""

    step: int
    """Which of ABSTRACT_CHARACTERS."""
    carded: frozenset[str]
    """The papers that get a card."""


@dataclass(frozen=True, slots=True)
class _Section:
    """A section as templates see it."""

    kind: SectionKind
    day: str
    title: str
    note: str
    tail: str
    """Behind the last of the reader's own papers: how many more matched; else empty."""
    cards: tuple[str, ...]
    """Holes: what the papers' cards and lines are set into."""
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Draft:
    """What all attempts to fit a digest share."""

    composer: Composer
    language: Language
    links: _Links
    cards: Mapping[str, Card]


@dataclass(frozen=True, slots=True)
class _Fitted:
    """A digest cut to what a mail holds."""

    digest: Digest
    values: dict[str, Any]
    """The templates' values."""
    html: bytes
    """The HTML part."""
    texts: list[bytes]
    """What the text part shows of each paper, in the digest's order."""


def compose_email(digest: Digest, cards: Cards, composer: Composer, *, sent_at: datetime) -> Email:
    """One subscriber's email, HTML and text from the same digest; equal arguments give equal bytes.

    Where it would get too big, abstracts are shortened first, then cards become lines, then the weakest papers are
    counted instead of shown: `Email.digest` is what the email holds. Raises ComposeError if a card is missing or an
    address can't be mailed to.
    """
    letterhead, subscriber = composer.letterhead, digest.subscriber
    draft = _begin(digest, cards, composer)
    fitted = _fit(digest, draft)
    shown, subject = fitted.digest, fitted.values["subject"]
    text = fill_text(composer.digest_text.render(**fitted.values), fitted.texts)
    headers = digest_headers(
        shown,
        letterhead,
        subject=subject,
        sent_at=sent_at,
        unsubscribe=draft.links["unsubscribe"],
        preferences=draft.links["preferences"],
    )
    content = write_message(headers, text=text, html=fitted.html)
    return Email(
        recipient=envelope_address(subscriber.email),
        sender=return_path(shown, letterhead),
        message_id=headers["Message-ID"],
        subject=subject,
        content=composer.sign(content, sent_at) if composer.sign else content,
        subscriber_id=subscriber.id,
        edition=digest.edition,
        digest=shown,
    )


def _begin(digest: Digest, cards: Cards, composer: Composer) -> _Draft:
    language = composer.language_of(digest.subscriber.language)
    found = {match.paper.id: cards.get((match.paper.id, language.code)) for match in digest.shown}
    missing = [paper_id for paper_id, card in found.items() if card is None]
    if missing:
        raise ComposeError(f"no card was rendered for {', '.join(missing)}")
    mine = {paper_id: card for paper_id, card in found.items() if card is not None}
    return _Draft(composer, language, _links(digest, composer), mine)


def _fit(digest: Digest, draft: _Draft) -> _Fitted:
    """The digest as far as its HTML part stays within HTML_BYTES."""
    size = 0
    for shown, layout in _ever_smaller(digest):
        values = {**_values(shown, draft), "sections": tuple(_sections(shown, layout, draft))}
        papers = tuple(_show_papers(shown, layout, draft))
        link = draft.links["learn"]
        cards = [paper.html_with(in_references(escape(link))) for paper in papers]
        html = fill_html(draft.composer.digest_html.render(**values), cards)
        size = len(html)
        if size <= HTML_BYTES:
            texts = [paper.text_with(on_own_lines(link)) for paper in papers]
            return _Fitted(shown, values, html, texts)
    raise ComposeError(f"the email has {size:,} bytes even without papers, over {HTML_BYTES:,}")


def _ever_smaller(digest: Digest) -> Iterator[tuple[Digest, _Layout]]:
    carded = _rank(digest)[:CARDS_SHOWN]
    last = len(ABSTRACT_CHARACTERS) - 1
    for step in range(last):
        yield digest, _Layout(step, frozenset(carded))
    for cards in range(len(carded), -1, -1):
        yield digest, _Layout(last, frozenset(carded[:cards]))
    while digest.shown:
        digest = without_weakest(digest, max(1, len(digest.shown) // 20))
        yield digest, _Layout(last, frozenset())


def _rank(digest: Digest) -> list[str]:
    """The papers that may have a card, the best first and trending ones after them."""
    trending = [s.matches for s in digest.sections if s.kind is SectionKind.TRENDING]
    ranked = [*best_first(personal_matches(digest)), *(match for matches in trending for match in matches)]
    return [match.paper.id for match in ranked]


def _links(digest: Digest, composer: Composer) -> _Links:
    letterhead = composer.letterhead

    def link(purpose: Purpose) -> str:
        return make_link(
            letterhead.base_url, purpose, digest.subscriber.id, issued=digest.edition, secrets=letterhead.secrets
        )

    return _Links(
        preferences=link(Purpose.PREFERENCES),
        unsubscribe=link(Purpose.UNSUBSCRIBE),
        everything=link(Purpose.READ),
        learn=link(Purpose.LEARN),
    )


def _values(digest: Digest, draft: _Draft) -> dict[str, Any]:
    letterhead, language = draft.composer.letterhead, draft.language
    return {
        **shared_values(letterhead, language),
        "subject": wording.subject_of(digest, letterhead.site_name, language),
        "preheader": wording.preheader_of(digest, language),
        "date": language.long_day(digest.edition),
        "headline": wording.headline_of(digest, language),
        "account": account_of(digest, language),
        "purpose": wording.purpose_of(digest, letterhead, language),
        "pause": f"{draft.links['preferences']}#pause",
        "has_own_links": draft.composer.has_own_links,
        **draft.links,
    }


def _show_papers(digest: Digest, layout: _Layout, draft: _Draft) -> Iterator[Shown]:
    """What is shown of each paper, in the digest's order."""
    for section in digest.sections:
        for match in section.matches:
            step = layout.step if match.paper.id in layout.carded else A_LINE
            yield show_paper(draft.cards[match.paper.id], match, section.kind, step)


def _sections(digest: Digest, layout: _Layout, draft: _Draft) -> Iterator[_Section]:
    """The sections with a hole for each paper, numbered as the digest has them."""
    language, numbers = draft.language, count()
    last = next((section for section in reversed(digest.sections) if is_personal(section)), None)
    for section in digest.sections:
        holes = [(match.paper.id in layout.carded, hole(next(numbers))) for match in section.matches]
        yield _Section(
            kind=section.kind,
            day=language.day_of_week(section.day) if section.day else "",
            title=wording.section_title(section, language),
            note=language.say(section.note) if section.note else "",
            tail=wording.tail_of(digest, language) if section is last else "",
            cards=tuple(place for is_carded, place in holes if is_carded),
            lines=tuple(place for is_carded, place in holes if not is_carded),
        )
