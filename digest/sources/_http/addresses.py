"""Judges addresses: which are this machine's, which are private, and where a redirect may lead. Asks no web server."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable

import httpx

from digest.hosts import is_loopback

Resolve = Callable[[str], tuple[str, ...]]


def resolve(host: str) -> tuple[str, ...]:
    """The addresses of a host; none if they can't be had, as behind a proxy that resolves names itself."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return ()
    return tuple(str(address[0]).partition("%")[0] for *_, address in found)


def fault_of_redirect(start: httpx.URL, asked: httpx.URL, target: httpx.URL, *, resolve: Resolve) -> str:
    """Why a redirect from `asked` to `target` isn't followed; nothing if it may be.

    https is never left but for this machine, and no public server leads us to a private address: what `start`, the
    operator's own address, doesn't name must not be reached from outside (OWASP, server-side request forgery).
    """
    if asked.scheme == "https" and target.scheme != "https" and not is_loopback(target.host):
        return "which is not https"
    if _is_private(target.host, resolve) and not _is_private(start.host, resolve):
        return "which is no public address"
    return ""


def _is_private(host: str, resolve: Resolve) -> bool:
    return any(not _is_public(address) for address in resolve(host))


def _is_public(address: str) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return found.is_global and not found.is_multicast
