"""The front page, and whether the site is up. Changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from digest.domain import Paper
from digest.matching import rank_trending
from digest.web.pages import Pages
from digest.web.security import is_operator

EDITIONS_SHOWN = 5
PAPERS_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Sample:
    """A few papers of an edition, and whether a community chose them."""

    papers: tuple[Paper, ...]
    is_trending: bool


def front_routes(pages: Pages) -> list[Route]:
    """The front page and the health check."""

    def show_front(request: Request) -> Response:
        papers = pages.parts.store.papers
        days = papers.days_between(date.min, pages.today())[-EDITIONS_SHOWN:]
        return pages.show(
            "front.html",
            editions=[(day, papers.count(day)) for day in reversed(days)],
            sample=_sample(pages, days[-1]) if days else None,
            is_operator=is_operator(request, pages.admin_token),
            has_inbox=pages.has_inbox,
        )

    def tell_health(_request: Request) -> Response:
        return PlainTextResponse("ok")

    return [Route("/", show_front), Route("/health", tell_health)]


def _sample(pages: Pages, day: date) -> Sample:
    papers = pages.parts.store.papers
    trending = rank_trending(papers.listed_in(day, as_of=day), limit=PAPERS_SHOWN)
    if trending:
        return Sample(tuple(match.paper for match in trending), is_trending=True)
    return Sample(papers.of_edition(day, as_of=day)[:PAPERS_SHOWN], is_trending=False)
