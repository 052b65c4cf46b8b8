"""Previews: what a profile would bring, without an address, and the operator's look at any reader's digest."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import httpx
import pytest

from digest.domain import Status
from digest.errors import LinkError
from digest.links import Purpose, read_token
from tests.web.conftest import ADA, DAY, SECRETS, World, add_active

TOKEN_IN_MAIL = re.compile(r"/(preferences|unsubscribe)/([\w.=-]+)")


def frame_of(page: str) -> str:
    """What the frame in a page shows; empty if there is no frame."""
    found = re.search(r'srcdoc="([^"]*)"', page)
    return html.unescape(found[1]) if found else ""


def test_a_preview_shows_the_digest_that_the_form_would_bring(world: World, client: httpx.Client) -> None:
    world.add_papers("Structured pruning of models", "On something else")
    page = client.post("/preview", data={"keywords": "pruning", "email": ADA}).text
    assert "1 of 2 papers matched" in page
    assert "pruning" in frame_of(page)
    assert "something else" not in frame_of(page)
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page


def test_links_in_a_strangers_preview_are_worth_nothing(world: World, client: httpx.Client) -> None:
    identity = add_active(world, ADA)
    world.add_papers("Pruning")
    mail = frame_of(client.post("/preview", data={"keywords": "pruning", "email": ADA}).text)
    tokens = TOKEN_IN_MAIL.findall(mail)
    assert {purpose for purpose, _ in tokens} == {"preferences", "unsubscribe"}
    for purpose, token in tokens:
        assert read_id(token, Purpose(purpose)) != identity
        client.post(f"/{purpose}/{token}", data={"action": "pause"})
    assert world.store.subscribers.status_of(identity) is Status.ACTIVE


def test_a_preview_before_the_first_edition_or_of_nothing_says_so(world: World, client: httpx.Client) -> None:
    assert "Nothing to preview yet" in client.post("/preview", data={"keywords": "pruning"}).text
    world.add_papers("On something else")
    assert "no mail would come" in client.post("/preview", data={"keywords": "pruning"}).text


def test_a_preview_with_a_mistake_shows_the_form_again(client: httpx.Client) -> None:
    answer = client.post("/preview", data={"keywords": "pruning", "query": "(a OR"})
    assert answer.status_code == 422
    assert "query-problem" in answer.text


def test_a_visitor_may_preview_thirty_times_in_ten_minutes(client: httpx.Client) -> None:
    codes = [client.post("/preview", data={"keywords": "pruning"}).status_code for _ in range(31)]
    assert codes == [200] * 30 + [429]


def test_hostile_papers_stay_inside_the_frame(world: World, client: httpx.Client) -> None:
    world.add_papers('Pruning"></iframe><script>alert(1)</script>')
    page = client.post("/preview", data={"keywords": "pruning"}).text
    assert page.count("</iframe>") == 1
    assert "<script" not in frame_of(page)


def test_the_operator_sees_any_readers_next_digest_and_nothing_is_recorded(world: World, client: httpx.Client) -> None:
    add_active(world, ADA)
    world.add_papers("Pruning")
    assert ADA in client.get(f"/preview/{ADA}").text
    assert client.get("/preview/nobody@example.org").status_code == 404
    assert world.store.history.find() == ()
    assert not world.store.ledger.is_closed(DAY)


@pytest.mark.parametrize("typed", ["Ada@Example.org", "ada@example.ORG", "ADA@EXAMPLE.ORG"])
def test_the_operator_may_write_an_address_in_any_case(world: World, client: httpx.Client, typed: str) -> None:
    add_active(world, ADA)
    add_active(world, "Eve@example.org")
    world.add_papers("Pruning")
    assert ADA in client.get(f"/preview/{typed}").text
    assert "Eve@example.org" in client.get("/preview/eve@example.org").text


def test_a_mails_link_shows_all_that_matched_beyond_the_readers_limit(world: World, client: httpx.Client) -> None:
    reader = add_active(world, ADA, cursor=DAY - timedelta(days=1), max_papers=1)
    world.add_papers("Pruning of trees", "Pruning of hedges")
    path = world.link(Purpose.READ, reader)
    page = client.get(path)
    assert page.status_code == 200
    frame = frame_of(page.text)
    assert "of trees" in frame
    assert "of hedges" in frame
    assert reader not in [read_id(token, Purpose(purpose)) for purpose, token in TOKEN_IN_MAIL.findall(frame)]
    assert world.store.history.find() == ()


def test_a_mails_link_that_is_forged_expired_or_of_a_day_that_never_was_shows_nothing(
    world: World, client: httpx.Client
) -> None:
    reader = add_active(world, ADA)
    world.add_papers("Pruning of trees")
    for path in (
        world.link(Purpose.READ, reader)[:-1],
        world.link(Purpose.PREFERENCES, reader).replace("preferences", "read"),
        world.link(Purpose.READ, reader, issued=DAY - timedelta(days=3)),
        world.link(Purpose.READ, reader, issued=DAY - timedelta(days=120)),
        world.link(Purpose.READ, "nobody"),
    ):
        assert client.get(path).status_code == 404


def read_id(token: str, purpose: Purpose) -> str:
    try:
        return read_token(token, purpose, today=DAY, secrets=SECRETS)
    except LinkError:
        return ""
