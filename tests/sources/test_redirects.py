"""Redirects lead a few steps on, never from https to http, and never from the public into a private network."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from digest.errors import SourceError
from digest.hosts import is_loopback
from digest.sources._http import HttpClient, open_http
from digest.sources._http.addresses import fault_of_redirect, resolve
from tests.sources.plain_server import plain_server, reply

NAMES = {
    "public.example": ("93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"),
    "other.example": ("1.1.1.1",),
    "inside.example": ("10.1.2.3",),
    "sly.example": ("93.184.215.14", "192.168.0.1"),
}


def _fault(start: str, target: str, asked: str = "") -> str:
    urls = (httpx.URL(start), httpx.URL(asked or start), httpx.URL(target))
    return fault_of_redirect(*urls, resolve=lambda host: NAMES.get(host, (host.strip("[]"),)))


def test_a_redirect_never_leaves_https_but_for_this_machine() -> None:
    assert _fault("https://public.example/", "http://other.example/b") == "which is not https"
    assert not _fault("https://public.example/", "https://other.example/")
    assert not _fault("http://public.example/", "http://other.example/")
    assert not _fault("https://inside.example/", "http://127.0.0.1/")


@pytest.mark.parametrize(
    "target",
    [
        "inside.example",
        "sly.example",
        "127.0.0.1",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104 - asked, not served
        "224.0.0.1",
        "240.0.0.1",
        "[::1]",
        "[fe80::1]",
        "[fc00::1]",
        "[::ffff:127.0.0.1]",
    ],
)
def test_a_public_server_leads_to_no_private_address(target: str) -> None:
    assert _fault("http://public.example/", f"http://{target}/") == "which is no public address"
    assert not _fault("http://inside.example/", f"http://{target}/")


def test_it_is_the_operators_own_address_that_counts_not_the_last_step() -> None:
    assert not _fault("http://inside.example/", "http://10.0.0.9/", asked="http://public.example/")
    assert _fault("http://public.example/", "http://10.0.0.9/", asked="http://other.example/")


def test_a_redirect_to_this_machine_is_refused_before_it_is_asked(upstream: Any) -> None:
    upstream.says("/page", status=302, headers={"Location": f"http://127.0.0.1:{upstream.server_port}/inside"})
    names = {"localhost": ("93.184.215.14",), "127.0.0.1": ("127.0.0.1",)}
    url = f"http://localhost:{upstream.server_port}/page"
    with (
        open_http("me@example.org", resolve=names.__getitem__) as http,
        pytest.raises(SourceError, match=r"localhost.*/page: redirected to http://127.*no public address"),
    ):
        http.get(url)
    assert upstream.asked == ["/page"]


def test_redirects_are_followed_a_few_times(upstream: Any, http: HttpClient) -> None:
    for hop in range(5):
        upstream.says(f"/{hop}", status=302, headers={"Location": f"/{hop + 1}"})
    upstream.says("/5", "words")
    assert http.get(f"{upstream.url}/0").url == f"{upstream.url}/5"
    upstream.says("/loop", status=302, headers={"Location": "/loop"})
    with pytest.raises(SourceError, match="more than 5 redirects"):
        http.get(f"{upstream.url}/loop")


def test_a_redirect_to_nowhere_is_an_error(http: HttpClient) -> None:
    nowhere = reply(b"", status=301, Location="http://nowhere.example:port/")
    with plain_server(nowhere) as server, pytest.raises(SourceError, match=f"{server.url}: .*location"):
        http.get(server.url)


def test_names_are_resolved_and_unknown_ones_have_no_address() -> None:
    assert "127.0.0.1" in resolve("127.0.0.1")
    assert "127.0.0.1" in resolve("0x7f.1")
    assert resolve("nobody.invalid") == ()
    assert resolve("x" * 300) == ()


def test_this_machine_is_known_by_its_usual_names() -> None:
    assert all(is_loopback(host) for host in ("localhost", "127.0.0.1", "127.8.8.8", "::1"))
    assert not is_loopback("localhost.example.org")
