"""The site as a whole: headers, bounds, who counts as the operator, the front page and the history."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from digest.config import subscriber_id
from digest.domain import DeliveryState, Digest, Email, Outcome
from digest.errors import Mistake
from digest.links import Purpose, Verb, address_lesson
from tests.web.conftest import ADA, DAY, World, add_active, read_signup, serving

TOKEN = "a-long-admin-token"


def own_links(world: World) -> list[str]:
    """All links that Ada's mails hold, each to a page that is there once there are papers."""
    identity = subscriber_id(ADA)
    lessons = [world.link(Purpose.LEARN, identity) + address_lesson(verb, "arxiv:2606.30001") for verb in Verb]
    pages = [world.link(purpose, identity) for purpose in Purpose if purpose is not Purpose.LEARN]
    return [*pages, *lessons]


def all_links(world: World) -> list[str]:
    return ["/", "/signup", "/health", "/history", "/nothing", "/preview/nobody@example.org", *own_links(world)]


def test_every_answer_carries_the_headers_that_protect_it(world: World, client: httpx.Client) -> None:
    add_active(world, ADA)
    for link in all_links(world):
        headers = client.get(link).headers
        assert "script-src" not in headers["content-security-policy"]
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-store"
        assert "set-cookie" not in headers
        assert ("x-robots-tag" in headers) is (link not in ("/", "/signup"))


def test_no_page_holds_a_script_or_loads_anything(world: World, client: httpx.Client) -> None:
    add_active(world, ADA)
    world.add_papers("Pruning at scale")
    for link in all_links(world):
        text = client.get(link).text
        assert "<script" not in text
        assert ' src="' not in text
        assert "onload" not in text


def test_following_every_link_changes_nothing(world: World, client: httpx.Client) -> None:
    identity, waiting = add_active(world, ADA), subscriber_id("wait@example.org")
    world.store.subscribers.add_signup(waiting, "wait@example.org", {"keywords": ["pruning"]})
    world.add_papers("Structured pruning of vision transformers")
    before = world.parts.readers()
    for method in ("GET", "HEAD"):
        links = [*all_links(world), world.link(Purpose.CONFIRM, waiting)]
        missing = [link for link in links if client.request(method, link).status_code != 200]
        assert missing == ["/nothing", "/preview/nobody@example.org"]
    assert world.parts.readers() == before
    assert world.store.changes.recent(identity, limit=1) == ()
    assert world.store.history.find() == ()
    assert not world.store.ledger.is_closed(DAY)
    assert not world.confirmations()


@pytest.mark.parametrize("path", ["/signup", "/preview", "/preferences/x"])
def test_a_form_beyond_the_bound_is_refused(client: httpx.Client, path: str) -> None:
    assert client.post(path, data={"keywords": "a" * 200_000}).status_code == 413
    in_chunks = (b"keywords=" + b"a" * 1000 for _ in range(200))
    assert client.post(path, content=in_chunks).status_code == 413
    assert client.post(path, data={f"field{number}": "x" for number in range(100)}).status_code == 400


def test_bytes_that_are_no_form_do_no_harm(client: httpx.Client) -> None:
    assert client.post("/signup", content=b"\xff\x00%zz=%ff&&&=;=").status_code == 422


def test_the_site_says_that_it_is_up(client: httpx.Client) -> None:
    answer = client.get("/health")
    assert (answer.status_code, answer.text) == (200, "ok")


def test_the_front_page_tells_of_the_latest_editions(world: World, client: httpx.Client) -> None:
    assert "still to come" in client.get("/").text
    world.add_papers("Old pruning", day=DAY - timedelta(days=1))
    world.add_papers("<script>alert(1)</script> & more", "Second")
    text = client.get("/").text
    assert "&lt;script&gt;" in text
    assert "2 papers" in text
    assert "1 paper<" in text
    assert "Tuesday, 30 June 2026" in text


def test_a_sample_papers_link_that_is_none_is_not_shown(world: World, client: httpx.Client) -> None:
    world.add_papers("Trap", url="javascript:alert(1)")
    assert "javascript:" not in client.get("/").text


def test_the_history_shows_what_became_of_each_mail(world: World, client: httpx.Client) -> None:
    world.add_papers("Pruning")
    deliver(world, ADA, DeliveryState.SENT, "250 2.0.0 <b>kept</b>")
    deliver(world, "bob@example.org", DeliveryState.REJECTED, "550 5.1.1 no such user")
    text = client.get("/history").text
    assert "2.0.0 &lt;b&gt;kept" in text
    assert "no such user" in text
    assert "no such user" not in client.get("/history", params={"email": ADA}).text
    assert "kept" not in client.get("/history", params={"state": "rejected"}).text
    assert "kept" not in client.get("/history", params={"date": "2026-06-29"}).text
    assert client.get("/history", params={"date": "yesterday"}).status_code == 400


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "digest.example.org"},
        {"X-Forwarded-For": "203.0.113.9"},
        {"Forwarded": "for=203.0.113.9"},
        {"Host": "localhost.evil.example"},
        {"Host": "[::"},
    ],
)
def test_without_a_token_the_operators_pages_are_for_this_machine_alone(
    client: httpx.Client, headers: dict[str, str]
) -> None:
    assert client.get("/history").status_code == 200
    assert client.get("/history", headers=headers).status_code == 404
    assert client.get("/preview/ada@example.org", headers=headers).status_code == 404
    assert "For the operator" not in client.get("/", headers=headers).text


def test_a_broken_subscriber_file_is_explained_to_the_operator_and_to_nobody_else(
    world: World, open_client: Callable[[str], httpx.Client]
) -> None:
    mistakes = [
        Mistake("ada.toml", "keyword<s>", "is unknown", "write keywords"),
        Mistake("bob.toml", "", "is no TOML"),
    ]
    parts = replace(world.parts, read_files=tuple, file_mistakes=lambda: tuple(mistakes))
    broken = replace(world, parts=parts)
    with serving(broken.app()) as address:
        client = open_client(address)
        answer = client.get(f"/preview/{ADA}")
        assert answer.status_code == 503
        assert "ada.toml: keyword&lt;s&gt;: is unknown — write keywords" in answer.text
        assert "bob.toml: is no TOML" in answer.text
        assert client.get("/history").status_code == 200
        strangers = client.get(f"/preview/{ADA}", headers={"Host": "digest.example.org"})
        assert (strangers.status_code, "ada.toml" in strangers.text) == (404, False)


def test_with_a_token_nobody_sees_them_without_it(world: World, open_client: Callable[[str], httpx.Client]) -> None:
    with serving(world.app(admin_token=TOKEN)) as address:
        client = open_client(address)
        for wrong in (
            {},
            {"Authorization": "Bearer wrong"},
            {"Authorization": "Bearer"},
            {"Authorization": "Basic !"},
        ):
            answer = client.get("/history", headers=wrong)
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"].startswith("Basic")
        assert client.get("/history", params={"token": TOKEN}).status_code == 401
        assert client.get("/history", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200
        basic = base64.b64encode(f"me:{TOKEN}".encode()).decode()
        assert client.get("/history", headers={"Authorization": f"Basic {basic}"}).status_code == 200


def deliver(world: World, email: str, state: DeliveryState, reply: str) -> None:
    reader = read_signup({"email": email})
    deliveries = world.store.deliveries
    world.store.subscribers.enroll([reader], edition=DAY)
    deliveries.plan(DAY, [reader])
    (enrolled,) = world.store.subscribers.each([reader])
    digest = Digest(enrolled, DAY, (DAY,), sections=(), considered=0, matched=0)
    mail = Email(email, "digest@example.org", "<id@example.org>", "Subject", b"", reader.id, DAY, digest)
    with deliveries.open_ownership() as owner:
        deliveries.claim([mail], owner=owner)
        deliveries.record([Outcome(mail, state, reply, relay="smtp 127.0.0.1:25")], owner=owner)
