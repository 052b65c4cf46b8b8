"""Signing up and confirming: whoever signs up sees the same answer, and nobody gets mail before they confirm."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial

from anyio import CapacityLimiter, to_thread
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from digest.composing import compose_confirmation
from digest.delivery import send_emails
from digest.domain import Outcome, ReportKind, Status, Subscriber
from digest.errors import ConfigError, DigestError, LinkError
from digest.links import Purpose
from digest.web.forms import choices, fill_in, problems_of, to_details, to_form
from digest.web.limits import Limit, Limiter
from digest.web.pages import Pages
from digest.web.security import Form, address_of, with_form

MAILS_PER_ADDRESS = (Limit(1, timedelta(minutes=15)), Limit(3, timedelta(days=1)))
SIGNUPS_PER_VISITOR = (Limit(30, timedelta(hours=1)),)
MAILS_AT_ONCE = 2
"""Threads that send confirmations; a slow relay must not hold up the pages."""
WAITS_SECONDS = (1.0, 5.0, 15.0)
"""Between tries when the relay has trouble."""
HONEYPOT = "website"
"""A field that people don't see and robots fill in."""
NOBODY = "you@example.org"
"""Stands in where a profile has no address yet (RFC 2606)."""

log = logging.getLogger(__name__)


def signup_routes(pages: Pages) -> list[Route]:
    """The sign-up form and the confirmation."""
    desk = _Desk(pages)
    return [
        Route("/signup", desk.show_form, methods=["GET"]),
        Route("/signup", with_form(desk.receive), methods=["POST"]),
        Route("/confirm/{token}", desk.ask, methods=["GET"]),
        Route("/confirm/{token}", desk.confirm, methods=["POST"]),
    ]


def show_signup_form(pages: Pages, form: Form, problems: dict[str, list[str]]) -> Response:
    """The sign-up form with what was typed, and what is wrong in it beside the fields."""
    defaults = {**to_form(pages.read_signup({"email": NOBODY})), "email": ""}
    status = 422 if problems else 200
    return pages.show(
        "signup.html",
        status=status,
        form=fill_in(form, defaults),
        problems=problems,
        honeypot=HONEYPOT,
        **choices(pages.parts.composer.languages),
    )


class _Desk:
    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._visitors = Limiter(SIGNUPS_PER_VISITOR, now=pages.parts.now)
        self._addresses = Limiter(MAILS_PER_ADDRESS, now=pages.parts.now)
        self._mailers = CapacityLimiter(MAILS_AT_ONCE)

    def show_form(self, _request: Request) -> Response:
        return show_signup_form(self._pages, {}, {})

    def receive(self, request: Request, form: Form) -> Response:
        details = to_details(form)
        try:
            reader = self._pages.read_signup({**details, "email": form.get("email", "").strip()})
        except ConfigError as error:
            return show_signup_form(self._pages, form, problems_of(error, details))
        task = None
        if not form.get(HONEYPOT):
            if not self._visitors.take(address_of(request)):
                raise HTTPException(429)  # says nothing about the address that was typed
            self._pages.parts.store.subscribers.add_signup(reader.id, reader.email, details)
            # who called our mail spam gets none because somebody types their address; the answer is the same
            if self._addresses.take(reader.id) and not self._has_complained(reader.id):
                task = self._in_background(partial(self._mail, reader))
        return self._pages.show("sent.html", email=reader.email, background=task)

    def ask(self, request: Request) -> Response:
        try:
            reader = self._pages.find(self._pages.reader_in(request.path_params["token"], Purpose.CONFIRM))
        except LinkError:
            reader = None
        if reader is None:
            return self._refuse()
        return self._pages.show("confirm.html", reader=reader, language=self._pages.language_of(reader))

    def confirm(self, request: Request) -> Response:
        try:
            subscriber_id = self._pages.reader_in(request.path_params["token"], Purpose.CONFIRM)
        except LinkError:
            return self._refuse()
        day_before = self._pages.today() - timedelta(days=1)
        self._pages.parts.store.subscribers.confirm(subscriber_id, cursor=day_before)
        # whoever has the link in hand gets our mail
        self._pages.parts.store.suppressions.lift(subscriber_id, kinds=set(ReportKind) - {ReportKind.COMPLAINT})
        reader = self._pages.find(subscriber_id)
        if reader is None:
            return self._refuse()
        if reader.status is not Status.ACTIVE:  # only a file knows of this reader: there was no form to confirm
            self._pages.parts.store.subscribers.set_status(reader.id, Status.ACTIVE)
        return self._pages.show(
            "welcome.html",
            reader=reader,
            language=self._pages.language_of(reader),
            preferences=self._pages.link(Purpose.PREFERENCES, reader.id),
        )

    def _refuse(self) -> Response:
        words = "It may have expired, or been cut off by a mail program. Sign up once more and you get a new one."
        return self._pages.notice(
            "This link doesn’t work any more", words, status=404, link="/signup", label="Sign up again"
        )

    def _has_complained(self, subscriber_id: str) -> bool:
        barred = self._pages.parts.store.suppressions.barred([subscriber_id]).get(subscriber_id)
        return barred is not None and barred.kind is ReportKind.COMPLAINT

    def _in_background(self, call: Callable[[], None]) -> BackgroundTask:
        return BackgroundTask(partial(to_thread.run_sync, call, limiter=self._mailers))

    def _mail(self, reader: Subscriber) -> None:
        parts = self._pages.parts
        try:
            email = compose_confirmation(
                reader.email,
                reader.id,
                parts.composer,
                issued=self._pages.today(),
                sent_at=parts.now(),
                language=reader.language,
            )
            relays = [replace(relay, waits_seconds=WAITS_SECONDS) for relay in parts.relays]
            send_emails(iter([email]), relays, _forget)
        except DigestError as error:
            log.warning("the confirmation for %s can't be sent: %s", reader.id, error)


def _forget(_outcome: Outcome) -> None:
    """Record nothing: whoever gets no confirmation signs up again; the sending loop logs what the server said."""
