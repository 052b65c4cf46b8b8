"""Shows digests in the browser: to visitors what a form would bring, to readers all of a mail, to the operator any."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from digest.composing.building import is_personal
from digest.domain import Subscriber
from digest.errors import ComposeError, ConfigError, LinkError
from digest.links import Purpose
from digest.making import compose_with_cards
from digest.preview import part_of, preview_digest
from digest.web.forms import problems_of, to_details
from digest.web.frames import with_links_in_tabs
from digest.web.history import for_operator
from digest.web.limits import Limit, Limiter
from digest.web.pages import STRANGER, Pages
from digest.web.security import Form, address_of, with_form
from digest.web.signup import NOBODY, show_signup_form

PREVIEWS_PER_VISITOR = (Limit(30, timedelta(minutes=10)),)
MOST_PAPERS = 1000
"""So many papers the page with all that matched shows, the best ones."""


def preview_routes(pages: Pages) -> list[Route]:
    """The preview from the sign-up form, and the operator's."""
    desk = _Desk(pages)
    return [
        Route("/preview", with_form(desk.show_for_form), methods=["POST"]),
        Route("/preview/{email:path}", for_operator(pages, desk.show_for_reader), methods=["GET"]),
        Route(f"/{Purpose.READ}/{{token}}", desk.show_everything, methods=["GET"]),
    ]


class _Desk:
    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._visitors = Limiter(PREVIEWS_PER_VISITOR, now=pages.parts.now)

    def show_for_form(self, request: Request, form: Form) -> Response:
        details = to_details(form)
        try:
            reader = self._pages.read_signup({**details, "email": NOBODY})
        except ConfigError as error:
            return show_signup_form(self._pages, form, problems_of(error, details))
        self._count_visit(request)
        return self._show(replace(reader, id=STRANGER), is_stranger=True)

    def show_for_reader(self, request: Request) -> Response:
        wanted = request.path_params["email"].casefold()
        reader = next((reader for reader in self._pages.parts.readers() if reader.email.casefold() == wanted), None)
        if reader is None and (mistakes := self._pages.parts.file_mistakes()):
            raise ConfigError(mistakes)
        if reader is None:
            raise HTTPException(404)
        return self._show(reader, is_stranger=False)

    def show_everything(self, request: Request) -> Response:
        """All that matched in the edition of a mail, whatever the reader's limit: where its counted tail leads.

        It names neither the reader nor their pages: mails are passed on.
        """
        try:
            subscriber_id, day = self._pages.mail_in(request.path_params["token"])
        except LinkError as error:
            raise HTTPException(404) from error
        reader = self._pages.find(subscriber_id)
        if reader is None or not self._pages.parts.store.ledger.is_collected(day):
            raise HTTPException(404)
        self._count_visit(request)
        limitless = replace(reader, profile=replace(reader.profile, max_papers=MOST_PAPERS))
        digest = preview_digest(limitless, day, self._pages.parts)
        return self._pages.show(
            "read.html",
            digest=digest,
            sections=[section for section in digest.sections if is_personal(section)],
            is_cut=digest.matched > MOST_PAPERS,
            most=MOST_PAPERS,
        )

    def _count_visit(self, request: Request) -> None:
        """Matching a whole edition takes a while, so one visitor has it done only so often."""
        if not self._visitors.take(address_of(request)):
            raise HTTPException(429)

    def _show(self, reader: Subscriber, *, is_stranger: bool) -> Response:
        parts, day = self._pages.parts, self._pages.latest_edition()
        if is_stranger:
            parts = replace(parts, composer=replace(parts.composer, has_own_links=False))
        if day is None:
            words = "The first papers are still to come. You can sign up already."
            return self._pages.notice("Nothing to preview yet", words, link="/signup", label="To the sign-up form")
        digest = preview_digest(reader, day, parts)
        html = ""
        if not digest.is_empty:
            try:
                html = with_links_in_tabs(part_of(compose_with_cards(digest, {}, parts).content, "html"))
            except ComposeError as error:
                return self._pages.notice("This digest can’t be made", str(error), status=422)
        return self._pages.show("preview.html", digest=digest, html=html, is_stranger=is_stranger)
