"""Opens the Composer and proves by a rehearsal that its templates work; keeps nothing of the rehearsal."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from digest.composing.building import build_digest
from digest.composing.cards import render_cards
from digest.composing.confirming import compose_confirmation
from digest.composing.emails import compose_email
from digest.composing.signing import Sign
from digest.composing.templates import Composer, load_templates
from digest.domain import (
    Frequency,
    Interest,
    Letterhead,
    Match,
    Paper,
    Profile,
    Reason,
    Revision,
    RevisionKind,
    SourceAccount,
    Subscriber,
)

_DAY = date(2026, 6, 30)
_MOMENT = datetime(2026, 6, 30, 6, tzinfo=UTC)


def open_composer(
    letterhead: Letterhead,
    templates: Path | None = None,
    *,
    sign: Sign | None = None,
) -> Composer:
    """Load the templates and compose one email of each kind and language with them, every part of it filled.

    `templates` is a folder like the checkout's `templates/`; what it lacks, or all, is taken from what comes with
    digest. Raises ConfigError, which names the file and the line, if a template or catalogue is broken.
    """
    composer = load_templates(letterhead, templates)
    complete = replace(letterhead, postal_address="1 Example Street")
    for language in composer.languages:
        _rehearse(replace(composer, letterhead=complete), language)
    return replace(composer, sign=sign)


def _rehearse(composer: Composer, language: str) -> None:
    paper = Paper(
        id="title:rehearsal",
        title="A title",
        announced=_DAY,
        authors=("An Author",),
        abstract="An abstract.",
        categories=("cs.LG",),
        url="https://example.org/abs",
        edition=_DAY,
    )
    reasons = (Reason("title", "title", ((2, 7),)),)
    match = Match(paper, "An interest", 1.0, reasons)
    late = Match(replace(paper, id="title:late", announced=_DAY - timedelta(days=1)), "An interest", 1.0, reasons)
    again = Match(replace(paper, id="title:again", edition=_DAY - timedelta(days=1)), "An interest", 1.0, reasons)
    earlier = replace(paper, id="title:earlier", edition=_DAY - timedelta(days=9))
    digest = build_digest(
        Subscriber(
            "rehearsal",
            "ada@example.org",
            Profile((Interest("An interest"),), max_papers=3),
            frequency=Frequency.WEEKLY,
            language=language,
        ),
        [match, late, again, Match(paper, "An interest", 0.0, reasons)],
        edition=_DAY,
        covers=(_DAY,),
        considered=4,
        matched=4,
        trending=[match],
        revised=[Match(earlier, "", 0.0, (), revisions=(Revision(earlier.id, RevisionKind.VERSION, "v2", _DAY),))],
        again_through=_DAY - timedelta(days=1),
        account=(SourceAccount("arxiv", _DAY, announced=4),),
    )
    cards = render_cards([m.paper for m in digest.shown], composer, language)
    compose_email(digest, cards, composer, sent_at=_MOMENT)
    compose_confirmation("ada@example.org", "rehearsal", composer, issued=_DAY, sent_at=_MOMENT, language=language)
