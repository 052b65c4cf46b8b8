"""The pages of the local inbox: a list of the mails it took, and each mail in four views; runs nothing a mail brings.

Every text of a mail is hostile. Its HTML is served as a document of its own, whose headers take away scripts, forms,
remote content and this site's origin (https://www.w3.org/TR/CSP3/#directive-sandbox), and shown in a sandboxed frame.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parseaddr
from math import ceil
from pathlib import Path

from jinja2 import Environment
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from digest.delivery.inbox import Inbox, ReceivedMail
from digest.web.frames import with_links_in_tabs
from digest.web.pages import open_templates
from digest.web.security import is_from_here

MAILS_PER_PAGE = 50
SHOWN_CHARACTERS = 400_000
"""A longer text is cut on the page; the download always has all of it."""
SNIPPET_CHARACTERS = 160

_SAFE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff"}
_PAGE_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_LETTER_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; "
    "img-src data:; font-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
_TURNS_TEXT_AROUND = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Bidirectional controls, with which a subject can show something else than it says (UAX #9)."""
_VIEWS = {"": "Message", "text": "Text", "headers": "Headers", "source": "Source"}


@dataclass(frozen=True, slots=True)
class Letter:
    """What a person can read of a received mail; every part may be hostile."""

    mail: ReceivedMail
    subject: str
    sender: str
    sender_address: str
    recipients: str
    headers: tuple[tuple[str, str], ...]
    text: str
    html: str

    @property
    def snippet(self) -> str:
        """How the text begins, on one line."""
        return " ".join(self.text[: 4 * SNIPPET_CHARACTERS].split())[:SNIPPET_CHARACTERS]


def inbox_routes(inbox: Inbox, *, site_name: str = "Paper digest", templates: Path | None = None) -> list[Route]:
    """The inbox's pages under `/inbox`, to be mounted beside others; only this machine itself is shown them.

    Where no other page is the site's first one, the list is: `/` leads there.
    `templates` is a folder like the checkout's `templates/`; by default the ones that come with digest are taken.
    """
    pages = _Pages(inbox, open_templates(site_name, templates))
    return [
        Route(path, pages.only_from_here(show))
        for path, show in {
            "/": pages.lead_to_list,
            "/inbox": pages.show_list,
            "/inbox/{key}/message.eml": pages.download,
            "/inbox/{key}/body.html": pages.show_body,
            "/inbox/{key}": pages.show_mail,
            "/inbox/{key}/{view}": pages.show_mail,
        }.items()
    ]


def read_letter(mail: ReceivedMail) -> Letter:
    """Take a mail apart for reading; whatever is broken in it stays readable as far as it goes."""
    message = message_from_bytes(mail.content, policy=policy.compat32)
    # taken apart before it is decoded: an encoded name may hold what separates addresses (RFC 2047 §6.1)
    name, address = parseaddr(_on_one_line(message["From"] or ""))
    return Letter(
        mail=mail,
        subject=_decoded(message["Subject"]) or "(no subject)",
        sender=_decoded(name) or address or mail.sender or "(no sender)",
        sender_address=address or mail.sender,
        recipients=", ".join(mail.recipients) or _decoded(message["To"]),
        headers=tuple((name, _on_one_line(value)) for name, value in message.items()),
        text=_body(message, "text/plain"),
        html=_body(message, "text/html"),
    )


class _Pages:
    """One handler a page; Starlette runs them on worker threads, where reading files is fine."""

    def __init__(self, inbox: Inbox, templates: Environment) -> None:
        self._inbox = inbox
        self._templates = templates

    def only_from_here(self, show: Callable[[Request], Response]) -> Callable[[Request], Response]:
        """The page, for this machine alone: mails hold tokens, and a web page could point its own name here."""

        def answer(request: Request) -> Response:
            return show(request) if is_from_here(request) else self._page("elsewhere.html", status=403)

        return answer

    def lead_to_list(self, _request: Request) -> Response:
        return RedirectResponse("/inbox", headers=_SAFE)

    def show_list(self, request: Request) -> Response:
        keys = self._inbox.newest_first()
        last = max(1, ceil(len(keys) / MAILS_PER_PAGE))
        asked = request.query_params.get("page", "1")
        page = min(max(int(asked), 1), last) if asked.isdecimal() and len(asked) < len("1000000") else 1
        shown = keys[(page - 1) * MAILS_PER_PAGE : page * MAILS_PER_PAGE]
        letters = [read_letter(mail) for key in shown if (mail := self._inbox.read(key))]
        address = f"{self._inbox.host}:{self._inbox.port}"
        return self._page("list.html", letters=letters, count=len(keys), page=page, last=last, address=address)

    def show_mail(self, request: Request) -> Response:
        view = request.path_params.get("view", "")
        mail = self._inbox.read(request.path_params["key"])
        if mail is None or view not in _VIEWS:
            return self._page("missing.html", status=404)
        self._inbox.mark_seen(mail.key)  # on GET, as in any mail program: it only changes how the list shows the mail
        letter = read_letter(mail)
        source = mail.content.decode("utf-8", "replace") if view == "source" else ""
        return self._page("mail.html", letter=letter, view=view, views=_VIEWS, source=source, limit=SHOWN_CHARACTERS)

    def show_body(self, request: Request) -> Response:
        mail = self._inbox.read(request.path_params["key"])
        if mail is None:
            return self._page("missing.html", status=404)
        document = with_links_in_tabs(read_letter(mail).html)
        return HTMLResponse(document, headers={**_SAFE, "Content-Security-Policy": _LETTER_POLICY})

    def download(self, request: Request) -> Response:
        mail = self._inbox.read(request.path_params["key"])
        if mail is None:
            return self._page("missing.html", status=404)
        headers = {**_SAFE, "Content-Disposition": 'attachment; filename="message.eml"'}
        return Response(mail.content, media_type="message/rfc822", headers=headers)

    def _page(self, name: str, *, status: int = 200, **values: object) -> Response:
        html = self._templates.get_template(f"inbox/{name}").render(values)
        return HTMLResponse(html, status_code=status, headers={**_SAFE, "Content-Security-Policy": _PAGE_POLICY})


def _body(message: Message, kind: str) -> str:
    """The first part of that kind that isn't an attachment, as text; empty if there is none."""
    for part in _readable_parts(message):
        if part.get_content_type() == kind:
            raw = part.get_payload(decode=True)
            return _decode_bytes(raw if isinstance(raw, bytes) else b"", part.get_content_charset() or "utf-8")
    return ""


def _readable_parts(message: Message) -> Iterator[Message]:
    return (part for part in message.walk() if not part.is_multipart() and not _is_attachment(part))


def _is_attachment(part: Message) -> bool:
    return str(part.get("Content-Disposition", "")).strip().lower().startswith("attachment")


def _decode_bytes(raw: bytes, charset: str) -> str:
    try:
        return raw.decode(charset, "replace")
    except (LookupError, ValueError):  # an unknown charset, or one that isn't for text
        return raw.decode("utf-8", "replace")


def _decoded(header: object) -> str:
    """A header as it is meant to be read."""
    text = "" if header is None else str(header)
    try:
        return _on_one_line(make_header(decode_header(text)))
    except (LookupError, ValueError, MessageError):
        return _on_one_line(text)


def _on_one_line(value: object) -> str:
    return " ".join(_TURNS_TEXT_AROUND.sub("", str(value)).split())
