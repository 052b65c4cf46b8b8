"""The operator's history: editions with their counts, deliveries with the mail server's words. Changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from digest.after_sending import words_of
from digest.domain import DeliveryState, EditionTotals
from digest.errors import ConfigError
from digest.web.pages import Pages
from digest.web.security import is_operator

EDITIONS_SHOWN = 14
DELIVERIES_SHOWN = 300


@dataclass(frozen=True, slots=True)
class Filter:
    """What narrows the deliveries shown."""

    email: str
    edition: date | None
    state: DeliveryState | None


def for_operator(pages: Pages, show: Callable[[Request], Response]) -> Callable[[Request], Response]:
    """The page, for the operator alone; where there is no admin token, others don't learn that it exists.

    If a subscriber file is broken, the page says what is wrong in it.
    """

    def answer(request: Request) -> Response:
        if is_operator(request, pages.admin_token):
            try:
                return show(request)
            except ConfigError as error:
                return pages.notice("The subscriber files need a repair", *map(str, error.mistakes), status=503)
        if pages.admin_token:
            raise HTTPException(401, headers={"WWW-Authenticate": 'Basic realm="operator", charset="UTF-8"'})
        raise HTTPException(404)

    return answer


def history_routes(pages: Pages) -> list[Route]:
    """The operator's history."""

    def show_history(request: Request) -> Response:
        wanted = _read_filter(request)
        editions = [_totals(pages, day) for day in pages.parts.store.ledger.newest_editions(EDITIONS_SHOWN)]
        found = pages.parts.store.history.find(
            email=wanted.email, edition=wanted.edition, state=wanted.state, limit=DELIVERIES_SHOWN + 1
        )
        return pages.show(
            "history.html",
            wanted=wanted,
            pause=words_of(pause) if (pause := pages.parts.store.pause.current()) else "",
            states=tuple(DeliveryState),
            editions=editions,
            columns=[state for state in DeliveryState if any(totals.states[state] for totals in editions)],
            deliveries=found[:DELIVERIES_SHOWN],
            is_cut=len(found) > DELIVERIES_SHOWN,
        )

    return [Route("/history", for_operator(pages, show_history), methods=["GET"])]


def _totals(pages: Pages, day: date) -> EditionTotals:
    states, empty = pages.parts.store.history.totals(day)
    papers = pages.parts.store.papers.count(day)
    return EditionTotals(day, papers, subscribers=sum(states.values()) + empty, states=states, empty=empty)


def _read_filter(request: Request) -> Filter:
    asked = request.query_params
    try:
        edition = date.fromisoformat(asked["date"]) if asked.get("date") else None
        state = DeliveryState(asked["state"]) if asked.get("state") else None
    except ValueError as error:
        raise HTTPException(400) from error
    return Filter(asked.get("email", "").strip(), edition, state)
