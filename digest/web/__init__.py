"""The pages: sign-up, a reader's own pages, the operator's history. They hold no rules and change nothing on GET."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from digest.config import Site
from digest.errors import StoreError
from digest.parts import Parts
from digest.web.failures import show_crash, show_refusal, show_store_trouble
from digest.web.front import front_routes
from digest.web.history import history_routes
from digest.web.learning import learning_routes
from digest.web.own_pages import own_routes
from digest.web.pages import Pages, ReadSignup, open_templates
from digest.web.previewing import preview_routes
from digest.web.security import SafeHeaders
from digest.web.signup import signup_routes
from digest.web.workbench import Theme, build_workbench

__all__ = ["Theme", "build_site", "build_workbench"]


def build_site(
    parts: Parts,
    *,
    site: Site,
    read_signup: ReadSignup,
    today: Callable[[], date],
    secrets: tuple[str, ...],
    admin_token: str = "",
    extra_routes: Sequence[BaseRoute] = (),
) -> Starlette:
    """The web application over opened parts.

    `read_signup` makes a Subscriber of a form's details and raises ConfigError; `today` is the edition's day in the
    site's zone; `secrets` sign links, newest first. Without `admin_token` the operator's pages answer on loopback only.
    """
    pages = Pages(
        parts=parts,
        site=site,
        read_signup=read_signup,
        today=today,
        secrets=secrets,
        admin_token=admin_token,
        templates=open_templates(site.name),
        has_inbox=any(getattr(route, "path", "") == "/inbox" for route in extra_routes),
    )
    return Starlette(
        routes=[
            *front_routes(pages),
            *signup_routes(pages),
            *own_routes(pages),
            *learning_routes(pages),
            *preview_routes(pages),
            *history_routes(pages),
            *extra_routes,
        ],
        middleware=[Middleware(SafeHeaders)],
        exception_handlers={
            HTTPException: show_refusal(pages),
            StoreError: show_store_trouble(pages),
            Exception: show_crash(pages),
        },
    )
