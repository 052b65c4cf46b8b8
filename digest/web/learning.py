"""The pages behind "more like this", "less like this" and "mute a term": they show a change, and POST makes it.

A link is good for one reader, and for what they say of papers; it leads to nothing else of theirs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import tomlkit
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from digest.changes import Change, KeptChange
from digest.domain import Paper, Status, Subscriber
from digest.errors import ConfigError, LinkError
from digest.learning import find_paper, interest_of, mute, offer_to_mute, propose
from digest.links import Lesson, Verb, read_lesson
from digest.web.pages import Pages
from digest.web.security import Form, with_form

CHANGES_LOOKED_AT = 50
TICKED = "take-"
"""What the names of checkboxes begin with; their values say what they stand for."""
_NUMBER = re.compile(r"[0-9]{1,15}")
_SERVED = (Status.ACTIVE, Status.PAUSED)


def learning_routes(pages: Pages) -> list[Route]:
    """The pages that the links beside a paper lead to."""
    desk = _Desk(pages)
    return [
        Route("/learn/{token}/{verb}", desk.show, methods=["GET"]),
        Route("/learn/{token}/{verb}", with_form(desk.change), methods=["POST"]),
    ]


@dataclass(frozen=True, slots=True)
class _Visit:
    """Who came with which link."""

    lesson: Lesson
    reader: Subscriber
    paper: Paper
    after: int
    """The last change that the visitor has seen and leaves as it is; 0 if none."""


class _Desk:
    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    def show(self, request: Request) -> Response:
        visit = self._receive(request)
        if isinstance(visit, Response):
            return visit
        made = self._made(visit)
        return self._show_made(visit, made) if made else self._show_proposal(visit)

    def change(self, request: Request, form: Form) -> Response:
        visit = self._receive(request)
        if isinstance(visit, Response):
            return visit
        made = self._made(visit)
        if form.get("action") == "undo" and made and form.get("change") == str(made.id):
            return self._undo(visit, made)
        if made or form.get("action") != "take" or visit.reader.origin != "signup":
            return self._show_made(visit, made) if made else self._show_proposal(visit)
        return self._take(visit, form)

    def _receive(self, request: Request) -> _Visit | Response:
        pages = self._pages
        try:
            token, verb = request.path_params["token"], request.path_params["verb"]
            paper_id = request.query_params.get("paper", "")
            lesson = read_lesson(token, verb, paper_id, today=pages.today(), secrets=pages.secrets)
        except LinkError:
            return self._refuse()
        reader = pages.find(lesson.subscriber_id)
        if reader is None or reader.status not in _SERVED:
            return self._refuse()
        paper = find_paper(lesson.paper_id, pages.parts.store.papers)
        if paper is None:
            return pages.notice(
                "This paper isn’t here any more", "It is too old to learn from. A newer one will do.", status=404
            )
        seen = request.query_params.get("after", "")
        return _Visit(lesson, reader, paper, after=int(seen) if _NUMBER.fullmatch(seen) else 0)

    def _made(self, visit: _Visit) -> KeptChange | None:
        """What came of this very link already, unless it was undone, or seen and left behind."""
        recent = self._pages.parts.store.changes.recent(visit.reader.id, limit=CHANGES_LOOKED_AT)
        own = (visit.lesson.verb, visit.lesson.paper_id)
        made = (kept for kept in recent if (kept.verb, kept.paper_id) == own and not kept.undone_at)
        return next((kept for kept in made if kept.id > visit.after), None)

    def _propose(self, visit: _Visit) -> Change:
        profile, papers = visit.reader.profile, self._pages.parts.store.papers
        number = interest_of(profile, visit.paper, papers)
        if visit.lesson.verb is not Verb.MUTE:
            return propose(profile, visit.lesson.verb, [visit.paper], papers, interest=number)
        return mute(profile, offer_to_mute(profile, visit.paper, papers), interests=[number])

    def _take(self, visit: _Visit, form: Form) -> Response:
        ticked = {value for name, value in form.items() if name.startswith(TICKED)}
        chosen = Change(tuple(edit for edit in self._propose(visit).edits if str(edit) in ticked))
        lesson = visit.lesson
        try:
            if lesson.verb is Verb.MUTE:
                chosen = self._mute(visit, [edit.after for edit in chosen.edits], form)
            changes = self._pages.parts.store.changes
            made = changes.make(visit.reader.id, chosen, verb=lesson.verb, paper_id=lesson.paper_id)
        except ConfigError as error:
            return self._show_proposal(visit, form, problems=[str(mistake) for mistake in error.mistakes])
        if made is None:
            return self._show_proposal(visit, form, problems=[self._why_nothing(visit, form)])
        return self._show_made(visit, made)

    def _mute(self, visit: _Visit, offered: list[str], form: Form) -> Change:
        profile = visit.reader.profile
        here = [interest_of(profile, visit.paper, self._pages.parts.store.papers)]
        places = range(len(profile.interests)) if form.get("everywhere") else here
        return mute(profile, [*offered, form.get("term", "")], interests=places)

    def _why_nothing(self, visit: _Visit, form: Form) -> str:
        term = form.get("term", "").strip()
        if term and any(term in interest.exclude for interest in visit.reader.profile.interests):
            return f"“{term}” is muted already, so nothing has changed."
        return "Nothing was chosen that makes a difference, so nothing has changed."

    def _undo(self, visit: _Visit, made: KeptChange) -> Response:
        try:
            self._pages.parts.store.changes.undo(visit.reader.id, made.id)
        except ConfigError as error:
            return self._pages.notice("That can’t be undone", *map(str, error.mistakes), status=409)
        return self._show_made(visit, made, is_undone=True)

    def _show_proposal(self, visit: _Visit, form: Form | None = None, *, problems: list[str] | None = None) -> Response:
        return self._pages.show(
            "learn.html",
            status=422 if problems else 200,
            visit=visit,
            change=self._propose(visit),
            ticked=TICKED,
            form=form,
            problems=problems or [],
            as_toml=lambda text: tomlkit.item(text).as_string(),
        )

    def _show_made(self, visit: _Visit, made: KeptChange, *, is_undone: bool = False) -> Response:
        return self._pages.show("learnt.html", visit=visit, made=made, is_undone=is_undone)

    def _refuse(self) -> Response:
        words = "It may have expired, or been cut off by a mail program. Your newest digest has fresh ones."
        return self._pages.notice("This link doesn’t work any more", words, status=404)
