"""What protects every page: headers, a bound on forms, and who counts as the operator. Knows no page."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Awaitable, Callable, Mapping
from ipaddress import ip_address, ip_network
from types import MappingProxyType
from urllib.parse import parse_qsl, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from digest.hosts import is_loopback

LARGEST_FORM_BYTES = 128 * 1024
MOST_FIELDS = 60

SAFE_HEADERS: Mapping[str, str] = MappingProxyType(
    {
        # no script anywhere; mails bring their styles along, and so do these pages
        "Content-Security-Policy": (
            "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-src 'self'; form-action 'self'; "
            "base-uri 'none'; frame-ancestors 'none'"
        ),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",  # addresses hold tokens
        "Cache-Control": "no-store",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
)
FOR_SEARCH_ENGINES = frozenset({"/", "/signup"})
"""The only pages that a search engine may list; others hold tokens or people."""

_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")

Form = Mapping[str, str]


class SafeHeaders:
    """Adds the headers to every answer that hasn't stricter ones of its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and complete its answer's headers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SAFE_HEADERS.items():
                    headers.setdefault(name, value)
                if scope["path"] not in FOR_SEARCH_ENGINES:
                    headers.setdefault("X-Robots-Tag", "noindex, nofollow")
            await send(message)

        await self._app(scope, receive, send_safely)


def with_form(handle: Callable[[Request, Form], Response]) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint that reads a form of bounded size, then handles it on a worker thread, where stores may be asked."""

    async def answer(request: Request) -> Response:
        form = await read_form(request)
        return await run_in_threadpool(handle, request, form)

    return answer


async def read_form(request: Request) -> Form:
    """The fields of an urlencoded form, of each name the last. Refuses the too big with 413, the malformed with 400."""
    declared = request.headers.get("content-length", "0")
    if declared.isdecimal() and int(declared[:20]) > LARGEST_FORM_BYTES:
        raise HTTPException(413)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_FORM_BYTES:
            raise HTTPException(413)
    try:
        return dict(
            parse_qsl(
                body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MOST_FIELDS, separator="&"
            )
        )
    except ValueError as error:
        raise HTTPException(400) from error


def address_of(request: Request) -> str:
    """Whom to count a request for: the IPv4 address, or the IPv6 network that one household has."""
    host = request.client.host if request.client else ""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return host
    return str(address) if address.version == 4 else str(ip_network(f"{address}/64", strict=False))  # noqa: PLR2004 - IP's version


def is_operator(request: Request, admin_token: str) -> bool:
    """Whether the request carries the admin token or, where there is none, comes from this machine itself."""
    return _is_token(request, admin_token) if admin_token else is_from_here(request)


def is_from_here(request: Request) -> bool:
    """Whether somebody on this machine asks, and no proxy for somebody else.

    The name asked for counts too, so that no web page can have its own name point here (DNS rebinding).
    """
    client = request.client.host if request.client else ""
    name = _name_in(request.headers.get("host", ""))
    is_forwarded = any(header in request.headers for header in _FORWARDED)
    return is_loopback(client) and is_loopback(name) and not is_forwarded


def _name_in(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _is_token(request: Request, admin_token: str) -> bool:
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    given = credentials if scheme.lower() == "bearer" else _password(credentials) if scheme.lower() == "basic" else ""
    return hmac.compare_digest(given.strip().encode(), admin_token.encode())


def _password(credentials: str) -> str:
    """The password of HTTP Basic authentication (RFC 7617), with which a browser can give the token."""
    try:
        return base64.b64decode(credentials, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""
