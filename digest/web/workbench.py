"""A page for whoever works on templates: any reader's mail of any day, as it would go out now. Keeps nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from jinja2 import Environment
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from digest.composing import Composer
from digest.domain import Email, Subscriber
from digest.errors import DigestError
from digest.parts import Parts
from digest.preview import part_of, preview_email
from digest.web.frames import with_links_in_tabs
from digest.web.pages import open_templates
from digest.web.security import is_from_here

VIEWS = {"wide": "HTML", "phone": "Phone", "text": "Text"}

_HEADERS = {
    # its own script alone; a mail in its frame runs none
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; script-src 'self'; connect-src 'self'; "
    "frame-src 'self'; form-action 'self'; base-uri 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
}
_SCRIPT = """
const version = document.documentElement.dataset.version;
setInterval(async () => {
  try { if (await (await fetch("/version" + location.search)).text() !== version) location.reload(); } catch {}
}, 1000);
for (const field of document.querySelectorAll("select, input")) field.onchange = () => field.form.submit();
"""


@dataclass(frozen=True, slots=True)
class Theme:
    """A set of templates: how it is opened, and the folders whose files make it."""

    open: Callable[[], Composer]
    folders: tuple[Path, ...]

    def version(self) -> str:
        """What is different once a file has been changed, added or taken away."""
        files = sorted(path for folder in self.folders for path in folder.rglob("*") if path.is_file())
        return str(hash(tuple((str(path), path.stat().st_mtime_ns) for path in files)))


@dataclass(slots=True)
class _Bench:
    """What the page needs; remembers each theme's composer for as long as its files stay as they are."""

    parts: Parts
    themes: Mapping[str, Theme]
    today: Callable[[], date]
    templates: Environment
    opened: dict[str, tuple[str, Composer]] = field(default_factory=dict)

    def show(self, request: Request) -> Response:
        """The page with the mail that its form asks for."""
        readers = self.parts.readers()
        asked = {**self._defaults(readers), **request.query_params}
        html = text = problem = ""
        try:
            content = self._compose(asked, readers).content
            html, text = with_links_in_tabs(part_of(content, "html")), part_of(content, "plain")
        except (DigestError, ValueError) as error:
            problem = str(error)
        page = self.templates.get_template("workbench.html").render(
            asked=asked,
            readers=[reader.email for reader in readers],
            themes=list(self.themes),
            views=VIEWS,
            version=self._theme(asked).version(),
            html=html,
            text=text,
            problem=problem,
        )
        return HTMLResponse(page, headers=_HEADERS)

    def version(self, request: Request) -> Response:
        """What the page compares with its own."""
        return PlainTextResponse(self._theme(request.query_params).version(), headers=_HEADERS)

    def _defaults(self, readers: Iterable[Subscriber]) -> dict[str, str]:
        first = next(iter(readers), None)
        days = self.parts.store.papers.days_between(date.min, self.today())
        return {
            "reader": first.email if first else "",
            "day": (days[-1] if days else self.today()).isoformat(),
            "theme": next(iter(self.themes)),
            "view": "wide",
        }

    def _theme(self, asked: Mapping[str, Any]) -> Theme:
        return self.themes.get(str(asked.get("theme")), next(iter(self.themes.values())))

    def _compose(self, asked: Mapping[str, str], readers: Iterable[Subscriber]) -> Email:
        reader = next((reader for reader in readers if reader.email == asked["reader"]), None)
        if reader is None:
            raise ValueError("There is no such reader: add a file to the subscribers' folder.")
        parts = replace(self.parts, composer=self._composer(asked))
        return preview_email(reader, date.fromisoformat(asked["day"]), parts)

    def _composer(self, asked: Mapping[str, str]) -> Composer:
        theme, name = self._theme(asked), asked["theme"]
        version = theme.version()
        if self.opened.get(name, ("",))[0] != version:
            self.opened[name] = (version, theme.open())
        return self.opened[name][1]


def build_workbench(
    parts: Parts, *, themes: Mapping[str, Theme], today: Callable[[], date], site_name: str
) -> Starlette:
    """The application over opened parts, for this machine alone; the first theme is shown first."""
    bench = _Bench(parts, themes, today, open_templates(site_name))
    return Starlette(
        routes=[
            Route("/", _only_from_here(bench.show)),
            Route("/version", _only_from_here(bench.version)),
            Route("/reload.js", _show_script),
        ]
    )


def _only_from_here(show: Callable[[Request], Response]) -> Callable[[Request], Response]:
    """The page, unless another machine asks, or a web page that has its own name point here: mails hold tokens."""

    def answer(request: Request) -> Response:
        return show(request) if is_from_here(request) else PlainTextResponse("for this machine alone", status_code=403)

    return answer


def _show_script(_request: Request) -> Response:
    return Response(_SCRIPT, media_type="text/javascript", headers=_HEADERS)
