"""A reader's own pages behind signed links: preferences, pause, unsubscribe. Nobody can change the address here."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from digest.changes import KeptChange
from digest.domain import Status, Subscriber
from digest.errors import ConfigError, LinkError
from digest.links import Purpose
from digest.web.forms import choices, fill_in, problems_of, to_details, to_form
from digest.web.pages import Pages
from digest.web.security import Form, with_form

CHANGES_SHOWN = 10

_CHANGES = {"pause": (Status.ACTIVE, Status.PAUSED), "resume": (Status.PAUSED, Status.ACTIVE)}
"""What a button does: from which status to which. Only a new confirmation brings an unsubscribed reader back."""


def own_routes(pages: Pages) -> list[Route]:
    """The pages that links in mails lead to."""
    own = _OwnPages(pages)
    return [
        Route("/preferences/{token}", own.show_preferences, methods=["GET"]),
        Route("/preferences/{token}", with_form(own.change_preferences), methods=["POST"]),
        Route("/unsubscribe/{token}", own.ask, methods=["GET"]),
        Route("/unsubscribe/{token}", own.unsubscribe, methods=["POST"]),
    ]


class _OwnPages:
    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    def show_preferences(self, request: Request) -> Response:
        reader = self._reader_of(request)
        return self._refuse() if reader is None else self._preferences(reader)

    def change_preferences(self, request: Request, form: Form) -> Response:
        reader = self._reader_of(request)
        if reader is None:
            return self._refuse()
        if form.get("action") in _CHANGES:
            return self._change_status(reader, form["action"])
        if form.get("action") == "save" and self._is_editable(reader):
            return self._save(reader, form)
        if form.get("action") == "undo":
            return self._undo(reader, form.get("change", ""))
        return self._preferences(reader)

    def ask(self, request: Request) -> Response:
        try:
            self._pages.reader_in(request.path_params["token"], Purpose.UNSUBSCRIBE)
        except LinkError:
            return self._refuse()
        return self._pages.show("unsubscribe.html")

    def unsubscribe(self, request: Request) -> Response:
        """By button or by a mail program's one click (RFC 8058): done at once, however often it is asked."""
        try:
            subscriber_id = self._pages.reader_in(request.path_params["token"], Purpose.UNSUBSCRIBE)
        except LinkError:
            return self._refuse()
        subscribers = self._pages.parts.store.subscribers
        if not subscribers.set_status(subscriber_id, Status.UNSUBSCRIBED):
            reader = self._pages.find(subscriber_id)
            if reader is not None:
                subscribers.set_status(subscriber_id, Status.UNSUBSCRIBED, email=reader.email)
        return self._pages.notice(
            "You are unsubscribed",
            f"{self._pages.site.name} sends you nothing any more. You can close this page.",
            link="/signup",
            label="Subscribe again",
        )

    def _reader_of(self, request: Request) -> Subscriber | None:
        try:
            return self._pages.find(self._pages.reader_in(request.path_params["token"], Purpose.PREFERENCES))
        except LinkError:
            return None

    def _change_status(self, reader: Subscriber, action: str) -> Response:
        before, after = _CHANGES[action]
        if reader.status is before:
            self._pages.parts.store.subscribers.set_status(reader.id, after, email=reader.email)
        return self._preferences(self._pages.find(reader.id) or reader)

    def _save(self, reader: Subscriber, form: Form) -> Response:
        details = to_details(form)
        try:
            self._pages.read_signup({**details, "email": reader.email})
        except ConfigError as error:
            return self._preferences(reader, form=form, problems=problems_of(error, details))
        self._pages.parts.store.subscribers.set_details(reader.id, details)
        return self._preferences(
            self._pages.find(reader.id) or reader, message="Saved. It counts from your next digest on."
        )

    def _undo(self, reader: Subscriber, change: str) -> Response:
        changes = self._pages.parts.store.changes
        kept = next((kept for kept in changes.recent(reader.id, limit=CHANGES_SHOWN) if str(kept.id) == change), None)
        try:
            undone = kept and changes.undo(reader.id, kept.id)
        except ConfigError as error:
            return self._pages.notice("That can’t be undone", *map(str, error.mistakes), status=409)
        return self._preferences(self._pages.find(reader.id) or reader, message="Undone." if undone else "")

    def _recent_changes(self, reader: Subscriber) -> list[tuple[KeptChange, str]]:
        """The latest changes by links in mails, each with its paper's title."""
        store = self._pages.parts.store
        recent = store.changes.recent(reader.id, limit=CHANGES_SHOWN)
        papers = store.papers.named({kept.paper_id for kept in recent})
        titles = {name: paper.title for paper in papers for name in (paper.id, *paper.aliases)}
        return [(kept, titles.get(kept.paper_id, "")) for kept in recent]

    def _is_editable(self, reader: Subscriber) -> bool:
        """Whether the form can hold all that a reader's profile says: the operator's files may say more."""
        if reader.origin != "signup":
            return False
        try:
            held = self._pages.read_signup({**to_details(to_form(reader)), "email": reader.email})
        except ConfigError:
            return True  # rules have become stricter since; the form says which
        return held.profile == reader.profile

    def _preferences(
        self,
        reader: Subscriber,
        *,
        message: str = "",
        form: Form | None = None,
        problems: dict[str, list[str]] | None = None,
    ) -> Response:
        return self._pages.show(
            "preferences.html",
            status=422 if problems else 200,
            reader=reader,
            language=self._pages.language_of(reader),
            message=message,
            form=fill_in(form or {}, to_form(reader)),
            problems=problems or {},
            is_editable=self._is_editable(reader),
            changes=self._recent_changes(reader),
            unsubscribe=self._pages.link(Purpose.UNSUBSCRIBE, reader.id),
            **choices(self._pages.parts.composer.languages),
        )

    def _refuse(self) -> Response:
        return self._pages.notice(
            "This link doesn’t work any more",
            "It may have expired, or been cut off by a mail program. Your newest digest has a fresh one at its end.",
            status=404,
        )
