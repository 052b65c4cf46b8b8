"""The pages for what goes wrong: they tell a visitor what to do, and nothing of the inside."""

from __future__ import annotations

import logging
from collections.abc import Callable

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from digest.web.pages import Pages

_REFUSALS = {
    400: ("That can’t be read", "Your browser sent something that this page doesn’t understand. Please try again."),
    401: ("Only for the operator", "Give the admin token as the password; any user name will do."),
    404: ("There is no such page", "The address may be mistyped, or the page has moved."),
    405: ("That isn’t possible here", "This page can’t be used in that way."),
    413: ("That is too much", "The form holds more than this page takes. Please shorten it and send it again."),
    429: ("Please wait a little", "There were many requests from your network. Nothing was done; try again later."),
}

Answer = Callable[[Request, Exception], Response]

log = logging.getLogger(__name__)


def show_refusal(pages: Pages) -> Answer:
    """The page for a request that can't be answered."""

    def answer(_request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 400
        headers = error.headers if isinstance(error, HTTPException) else None
        title, words = _REFUSALS.get(status, _REFUSALS[400])
        response = pages.notice(title, words, status=status)
        response.headers.update(headers or {})
        return response

    return answer


def show_store_trouble(pages: Pages) -> Answer:
    """The page for when the database can't be used."""

    def answer(_request: Request, error: Exception) -> Response:
        log.error("the store can't be used: %s", error)
        return pages.notice("Please try again in a moment", "The site can’t reach its records right now.", status=503)

    return answer


def show_crash(pages: Pages) -> Answer:
    """The page for our own faults; the server logs them."""

    def answer(_request: Request, _error: Exception) -> Response:
        words = "Something went wrong on our side. It is noted; please try again later."
        return pages.notice("That didn’t work", words, status=500)

    return answer
