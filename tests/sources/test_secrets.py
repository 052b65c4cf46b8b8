"""What is secret is sent where it belongs, and seen nowhere else: not in messages, logs, replies or kept pages."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.errors import SourceError
from digest.sources._http import HttpClient, Retries, open_http
from digest.sources._http.archive import Archive
from digest.sources._http.question import make_question
from tests.sources.plain_server import plain_server, reply

SECRETS = {"api_key": "hush/hush"}
HEADERS = {"X-Api-Key": "do-not-tell"}
SIGHT = ("hush", "do-not-tell")


def _is_seen(text: str) -> bool:
    return any(secret in text.lower() for secret in SIGHT)


def test_secrets_are_sent_and_shown_nowhere(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    body = b'{"you": "hush/hush", "or": "hush%2Fhush"}'
    with (
        plain_server(reply(body, Link="</?api_key=hush%2fhush>", Set_Cookie="x=do-not-tell")) as server,
        open_http("me@example.org", folder=tmp_path) as http,
    ):
        found = http.get(f"{server.url}/?q=1", secrets=SECRETS, headers=HEADERS)
    assert server.told[0].startswith("GET /?q=1&api_key=hush%2Fhush HTTP/1.1")
    assert "X-Api-Key: do-not-tell\r\n" in server.told[0]
    assert found.url == f"{server.url}/?q=1"
    assert not _is_seen(f"{found.url} {found.headers} {found.troubles} {caplog.text}")
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(kept) == 2
    page = Archive(tmp_path / "pages", most_bytes=1_000).latest(found.url)
    assert page
    assert not _is_seen(f"{page}")
    assert not any(_is_seen(str(path) + path.read_bytes().decode("latin-1")) for path in kept)


def test_a_redirect_that_repeats_them_doesnt_show_them(tmp_path: Path) -> None:
    again = reply(b"", status=302, Location="/there?api_key=hush%2fhush&q=2")
    with (
        plain_server(again, reply(status=404)) as server,
        open_http("me@example.org", folder=tmp_path) as http,
        pytest.raises(SourceError, match=r"/there\?q=2: the server answered 404") as error,
    ):
        http.get(server.url, secrets=SECRETS)
    assert "api_key=hush" in server.told[1]
    assert not _is_seen(str(error.value))


@pytest.mark.parametrize(
    "answer",
    [
        reply(status=500),
        reply(status=403),
        reply(b"", status=302, Location="http://[hush/hush"),
        reply(b"", status=302, Location="ftp://hush/hush?api_key=hush%2Fhush"),
        reply(b"", status=302, Location="/?api_key=hush%2Fhush"),
        b"HTTP/1.1 200 OK\r\nhush/hush\r\n\r\n",
        b"hush/hush",
        b"",
        reply(b"caf\xe9"),
        reply(Content_Encoding="hush/hush"),
    ],
)
def test_no_failure_shows_them_not_even_in_a_traceback(answer: bytes) -> None:
    with (
        plain_server(answer) as server,
        open_http("me@example.org", retries=Retries(attempts=1)) as http,
        pytest.raises(SourceError) as error,
    ):
        http.get(f"{server.url}/page", secrets=SECRETS, headers=HEADERS)
    assert server.url in str(error.value)
    shown = str(error.getrepr(style="native", showlocals=False))
    assert not _is_seen("\n".join(line for line in shown.splitlines() if "Error" in line or "http" in line))


def test_a_user_name_and_password_in_an_address_are_never_shown(http: HttpClient) -> None:
    with plain_server(reply(status=404)) as server, pytest.raises(SourceError) as error:
        http.get(server.url.replace("//", "//ada:hush-hush@"))
    assert "Authorization: Basic" in server.told[0]
    assert not _is_seen(str(error.value))
    assert "ada" not in str(error.value)


def test_a_header_of_ours_is_not_sent_on_to_another_server(http: HttpClient) -> None:
    with plain_server(reply()) as other:
        to_other, to_itself = (reply(b"", status=302, Location=url) for url in (f"{other.url}/there", "/here"))
        with plain_server(to_itself, to_other) as server:
            http.get(server.url, headers=HEADERS)
    assert ["X-Api-Key" in told for told in (*server.told, *other.told)] == [True, True, False]


@pytest.mark.parametrize("value", ["hush\r\nX-Evil: 1", "hush\0", "hüsh"])
def test_a_header_that_cannot_be_sent_is_refused_without_showing_it(http: HttpClient, value: str) -> None:
    with pytest.raises(SourceError, match="the header X-Api-Key") as error:
        http.get("http://127.0.0.1:1/", headers={"X-Api-Key": value})
    assert "sh" not in str(error.value)


@given(st.text(st.characters(codec="utf-8"), min_size=4, max_size=20))
def test_any_secret_is_hidden_from_its_address(secret: str) -> None:
    question = make_question("https://one.example/a", params={"q": 1}, secrets={"key": secret}, headers={})
    assert question.asked == "https://one.example/a?q=1"
    assert question.url.params["key"] == secret
    assert secret not in question.conceal(f"<{secret}>")


def test_no_other_source_learns_them_from_a_refusal_that_repeats_them() -> None:
    with plain_server(reply(b"no such key: hush/hush", status=403)) as server, open_http("me@example.org") as http:
        url = server.url.replace("127.0.0.1", "127.1")  # this machine under a name that isn't known as such
        with pytest.raises(SourceError, match="no such key"):
            http.for_source().get(url, secrets=SECRETS, headers=HEADERS)
        with pytest.raises(SourceError, match=r"not asked after a refusal: .*no such key") as error:
            http.for_source().get(url)
    assert not _is_seen(str(error.value))
