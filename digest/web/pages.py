"""What every page is made with: the parts, the site's names, the templates. Answers no request itself."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from starlette.background import BackgroundTask
from starlette.responses import HTMLResponse

from digest.composing.cleaning import one_line, safe_link
from digest.composing.language import ENGLISH
from digest.composing.templates import default_templates
from digest.composing.wording import authors_of, counted, day_in_words, section_title, why_of
from digest.config import Site
from digest.domain import Match, Subscriber
from digest.errors import LinkError
from digest.links import Purpose, make_link, read_dated_token, read_token
from digest.parts import Parts
from digest.web.security import SAFE_HEADERS

ReadSignup = Callable[[Mapping[str, Any]], Subscriber]
STRANGER = "preview"
"""Stands in for a visitor's id in a preview; no subscriber has it, and whatever is signed for it is worth nothing."""


@dataclass(frozen=True, slots=True)
class Pages:
    """What the handlers share."""

    parts: Parts
    site: Site
    read_signup: ReadSignup
    today: Callable[[], date]
    secrets: tuple[str, ...] = field(repr=False)
    admin_token: str = field(repr=False)
    templates: Environment
    has_inbox: bool

    def show(
        self, name: str, *, status: int = 200, background: BackgroundTask | None = None, **values: Any
    ) -> HTMLResponse:
        """A page from its template, which gets the values."""
        html = self.templates.get_template(name).render(values)
        return HTMLResponse(html, status_code=status, headers=dict(SAFE_HEADERS), background=background)

    def notice(self, title: str, *paragraphs: str, status: int = 200, **values: Any) -> HTMLResponse:
        """A page that only says something; `link` and `label` offer a way on."""
        return self.show("notice.html", status=status, notice=title, paragraphs=paragraphs, **values)

    def link(self, purpose: Purpose, subscriber_id: str) -> str:
        """The path of a subscriber's own page, with a fresh token."""
        return make_link("", purpose, subscriber_id, issued=self.today(), secrets=self.secrets)

    def reader_in(self, token: str, purpose: Purpose) -> str:
        """The subscriber id in a token. Raises LinkError, also for a token of a preview."""
        subscriber_id = read_token(token, purpose, today=self.today(), secrets=self.secrets)
        if subscriber_id == STRANGER:
            raise LinkError("this link is no reader's")
        return subscriber_id

    def mail_in(self, token: str) -> tuple[str, date]:
        """The subscriber id and the edition in the token of a mail's link to all of it. Raises LinkError."""
        return read_dated_token(token, Purpose.READ, today=self.today(), secrets=self.secrets)

    def find(self, subscriber_id: str) -> Subscriber | None:
        """The subscriber of that id, wherever they come from."""
        return self.parts.store.subscribers.find(subscriber_id, self.parts.read_files())

    def language_of(self, reader: Subscriber) -> str:
        """The language of a reader's mails, by its own name."""
        return self.parts.composer.language_of(reader.language).own_name

    def latest_edition(self) -> date | None:
        """The newest edition that holds papers; None before the first."""
        days = self.parts.store.papers.days_between(date.min, self.today())
        return days[-1] if days and self.parts.store.ledger.is_collected(days[-1]) else None


def open_templates(site_name: str, folder: Path | None = None) -> Environment:
    """The templates in `web/` of a folder, by default those that come with digest; all they show is escaped."""
    environment = Environment(
        loader=FileSystemLoader((folder or default_templates()) / "web"),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["site_name"] = site_name
    environment.filters |= {
        "in_words": day_in_words,
        "one_line": one_line,
        "safe_link": safe_link,
        "counted": counted,
        "authors": partial(authors_of, language=ENGLISH),
        "heading": partial(section_title, language=ENGLISH),
        "quoted": shlex.quote,
        "why": _why,
    }
    return environment


def _why(match: Match) -> str:
    return why_of(match.reasons, match.notes, ENGLISH)
