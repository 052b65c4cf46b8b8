"""Previews: what a profile would bring, without an address, and the operator's look at any reader's digest."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import httpx
import pytest

from digest.links import Purpose
from digest.web.pages import STRANGER
from digest.web.previewing import MOST_PAPERS
from tests.web.conftest import ADA, DAY, World, add_active


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


def test_a_strangers_preview_leads_to_the_papers_and_nowhere_else(world: World, client: httpx.Client) -> None:
    world.add_papers("Pruning of trees", "Pruning of hedges")
    mail = frame_of(client.post("/preview", data={"keywords": "pruning", "email": ADA, "max_papers": "1"}).text)
    assert "1 more paper matched" in mail
    assert set(re.findall(r'href="([^"]*)"', mail)) == {"https://example.org/paper"}
    assert ADA not in mail


def test_a_link_that_is_signed_for_a_preview_does_nothing_and_says_so(world: World, client: httpx.Client) -> None:
    for purpose in (Purpose.PREFERENCES, Purpose.UNSUBSCRIBE, Purpose.CONFIRM):
        link = world.link(purpose, STRANGER)
        for answer in (client.get(link), client.post(link)):
            assert (answer.status_code, "doesn’t work any more" in answer.text) == (404, True)


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
    assert '<a href="https://example.org/paper" rel="noopener noreferrer"><bdi>Pruning of trees</bdi></a>' in page.text
    assert "<bdi>Pruning of hedges</bdi>" in page.text
    assert "<bdi>“pruning” in title</bdi>" in page.text
    assert "are shown" not in page.text
    assert world.store.history.find() == ()


def test_whoever_is_shown_all_of_a_mail_learns_nothing_of_its_reader(world: World, client: httpx.Client) -> None:
    reader = add_active(world, ADA, cursor=DAY - timedelta(days=1), name="Ada L.")
    world.add_papers("Pruning of trees")
    page = client.get(world.link(Purpose.READ, reader)).text
    assert set(re.findall(r'href="(/[^"]*)"', page)) == {"/", "/signup"}
    assert ADA not in page
    assert "Ada L." not in page


def test_all_of_a_mail_is_hundreds_of_papers_and_beyond_a_thousand_the_page_says_so(
    world: World, client: httpx.Client
) -> None:
    reader = add_active(world, ADA, cursor=DAY - timedelta(days=1), max_papers=1)
    world.add_papers(*(f"Pruning of <b>trees, part {number}" for number in range(MOST_PAPERS + 1)))
    page = client.get(world.link(Purpose.READ, reader)).text
    assert "1,001 of 1,001 papers matched" in page
    assert "The best 1,000 are shown." in page
    assert page.count("Pruning of &lt;b&gt;trees, part ") == MOST_PAPERS


def test_a_visitor_may_look_at_all_of_a_mail_as_often_as_at_a_preview(world: World, client: httpx.Client) -> None:
    reader = add_active(world, ADA)
    world.add_papers("On something else")
    codes = [client.get(world.link(Purpose.READ, reader)).status_code for _ in range(31)]
    assert codes == [200] * 30 + [429]


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
