"""More, less, mute: a link shows what would change, a button changes it, and another one takes it back."""

from __future__ import annotations

import html
import re
import shlex
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from digest.config import subscriber_id
from digest.domain import Batch, BatchState, Edition, Interest, Paper, Status, Subscriber
from digest.links import Purpose, Verb, address_lesson, make_link
from tests.web.conftest import ADA, DAY, SECRETS, World, add_active, read_signup

PAPER = Paper(
    "arxiv:2606.00001",
    "State space models for endoscopic video & <b>",
    DAY,
    abstract="State space models read endoscopic video in linear time. We need no attention for endoscopic video.",
)
BOX = re.compile(r'name="(take-[^"]+)" value="([^"]*)"( checked)?')
ANOTHER = re.compile(r'href="([^"]+)">Mute another')
CHANGE = re.compile(r'name="change" value="(\d+)"')


def add_paper(world: World, paper: Paper = PAPER) -> None:
    batch = Batch("cs.LG", DAY, BatchState.OK, source="files", papers=(paper,), records=1)
    world.store.ledger.add_batches(Edition(DAY, DAY), [batch])


@pytest.fixture
def reader_id(world: World) -> str:
    add_paper(world)
    return add_active(world, ADA, keywords=["attention", "protein"])


def link(identity: str, verb: Verb, paper_id: str = PAPER.id) -> str:
    return make_link("", Purpose.LEARN, identity, issued=DAY, secrets=SECRETS) + address_lesson(verb, paper_id)


def boxes(page: httpx.Response) -> dict[str, str]:
    return {name: html.unescape(value) for name, value, _ in BOX.findall(page.text)}


def interest_of(world: World, identity: str) -> Interest:
    reader = world.store.subscribers.find(identity)
    assert reader is not None
    return reader.profile.interests[0]


def test_the_page_shows_the_paper_and_what_would_change_and_changes_nothing(
    world: World, client: httpx.Client, reader_id: str
) -> None:
    page = client.get(link(reader_id, Verb.MORE))

    assert page.status_code == 200
    assert "State space models for endoscopic video &amp; &lt;b&gt;" in page.text
    assert list(boxes(page).values()) == ["+ endoscopic video", "+ state space models", "~ attention: 1 → 1.2"]
    assert all(checked for *_, checked in BOX.findall(page.text))
    assert interest_of(world, reader_id) == Interest(keywords=("attention", "protein"))
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["x-robots-tag"] == "noindex, nofollow"


def test_each_page_leads_to_the_other_two_things_to_say_also_once_it_changed_something(
    client: httpx.Client, reader_id: str
) -> None:
    address = link(reader_id, Verb.MORE)
    asked = client.get(address)
    made = client.post(address, data={**boxes(asked), "action": "take"})
    for page in (asked, made):
        tabs = re.findall(r'<a href="(\w+)(\?paper=[^"]+)"( aria-current="page")?>', page.text)
        assert [(verb, is_here) for verb, _, is_here in tabs] == [
            ("more", ' aria-current="page"'), ("less", ""), ("mute", ""),
        ]  # fmt: skip
        others = [client.get(page.url.join(verb + paper)).text for verb, paper, _ in tabs[1:]]
        headings = [re.findall("<h1>(.*)</h1>", other)[0] for other in others]
        assert headings == ["Less like this paper", "Mute a term of this paper"]


def test_only_what_stays_ticked_is_changed(world: World, client: httpx.Client, reader_id: str) -> None:
    offered = boxes(client.get(link(reader_id, Verb.MORE)))
    ticked = {name: value for name, value in offered.items() if "state space" not in value}

    page = client.post(link(reader_id, Verb.MORE), data={**ticked, "action": "take"})

    assert "Your profile has changed" in page.text
    assert interest_of(world, reader_id).keywords == ("attention^1.2", "protein", "endoscopic video")
    (kept,) = world.store.changes.recent(reader_id, limit=5)
    assert (kept.verb, kept.paper_id) == ("more", PAPER.id)


def test_undo_gives_the_former_profile_back(world: World, client: httpx.Client, reader_id: str) -> None:
    address = link(reader_id, Verb.LESS)
    page = client.post(address, data={**boxes(client.get(address)), "action": "take"})
    assert interest_of(world, reader_id).keywords == ("attention^0.5", "protein")

    undone = client.post(address, data={"action": "undo", "change": CHANGE.findall(page.text)[0]})

    assert "as it was before" in undone.text
    assert interest_of(world, reader_id).keywords == ("attention", "protein")


def test_who_comes_back_sees_what_was_changed_and_can_not_change_it_twice(
    world: World, client: httpx.Client, reader_id: str
) -> None:
    address = link(reader_id, Verb.LESS)
    form = {**boxes(client.get(address)), "action": "take"}
    client.post(address, data=form)

    again = [client.get(address), client.post(address, data=form)]

    assert all("Your profile has changed" in page.text for page in again)
    assert interest_of(world, reader_id).keywords == ("attention^0.5", "protein")


def test_a_term_is_muted_only_if_the_reader_ticks_or_writes_it(
    world: World, client: httpx.Client, reader_id: str
) -> None:
    address = link(reader_id, Verb.MUTE)
    page = client.get(address)
    assert not any(checked for *_, checked in BOX.findall(page.text))
    nothing = client.post(address, data={"action": "take", "term": " "})
    assert nothing.status_code == 422

    ticked = {name: value for name, value in boxes(page).items() if "endoscopic" in value}
    client.post(address, data={**ticked, "term": "Colonoscop*", "action": "take"})

    assert interest_of(world, reader_id) == Interest(
        keywords=("attention", "protein"), exclude=("endoscopic video", "Colonoscop*")
    )


def test_more_than_one_term_of_a_paper_can_be_muted(world: World, client: httpx.Client, reader_id: str) -> None:
    address = link(reader_id, Verb.MUTE)
    made = client.post(address, data={"term": "survey", "action": "take"})
    again = made.url.join(html.unescape(ANOTHER.findall(made.text)[0]))
    assert "Mute a term" in client.get(again).text
    for _ in range(2):  # a second click changes nothing more
        assert "Your profile has changed" in client.post(again, data={"term": "poll", "action": "take"}).text
    assert interest_of(world, reader_id).exclude == ("survey", "poll")


def test_a_term_that_is_muted_already_is_told_to_be(world: World, client: httpx.Client, reader_id: str) -> None:
    world.store.subscribers.set_details(reader_id, {"keywords": ["attention"], "exclude": ["survey"]})
    page = client.post(link(reader_id, Verb.MUTE), data={"term": " survey ", "action": "take"})
    assert page.status_code == 422
    assert "“survey” is muted already" in page.text


def test_a_term_that_can_not_be_read_is_told_with_its_place_and_kept_in_the_field(
    world: World, client: httpx.Client, reader_id: str
) -> None:
    page = client.post(link(reader_id, Verb.MUTE), data={"term": '<i>" AND', "action": "take"})

    assert page.status_code == 422
    assert "never closed" in page.text
    assert "<i>" not in page.text
    assert 'value="&lt;i&gt;&#34; AND"' in page.text
    assert interest_of(world, reader_id).exclude == ()


def test_what_the_page_did_not_offer_is_not_taken(world: World, client: httpx.Client, reader_id: str) -> None:
    page = client.post(link(reader_id, Verb.MORE), data={"take-0-1": "+ casino", "action": "take"})

    assert page.status_code == 422
    assert "nothing has changed" in page.text
    assert interest_of(world, reader_id).keywords == ("attention", "protein")


def test_a_link_for_one_thing_does_no_other(world: World, client: httpx.Client, reader_id: str) -> None:
    """Neither another verb's change is undone, nor is a token good for another page, nor another's for this one."""
    more, less = link(reader_id, Verb.MORE), link(reader_id, Verb.LESS)
    done = client.post(less, data={**boxes(client.get(less)), "action": "take"})
    client.post(more, data={"action": "undo", "change": CHANGE.findall(done.text)[0]})
    assert interest_of(world, reader_id).keywords == ("attention^0.5", "protein")

    token = more.split("/")[2]
    others = [client.get(f"/{purpose}/{token}") for purpose in Purpose if purpose is not Purpose.LEARN]
    theirs = world.link(Purpose.PREFERENCES, reader_id).rpartition("/")[2]
    broken = f"/learn/{token[:-2]}/more"
    damaged = [client.get(f"/learn/{theirs}/more"), client.get(broken), client.post(broken, data={"action": "take"})]
    damaged.append(client.get(f"/learn/{token}/burn"))
    assert [page.status_code for page in (*others, *damaged)] == [404] * 8


def test_links_expire_and_those_to_what_is_gone_say_so(world: World, client: httpx.Client, reader_id: str) -> None:
    gone = client.get(link(reader_id, Verb.MORE, "arxiv:2606.99999"))
    stranger = client.get(link(subscriber_id("eve@example.org"), Verb.MORE))
    world.store.subscribers.set_status(reader_id, Status.UNSUBSCRIBED)
    left = client.get(link(reader_id, Verb.MORE))
    world.store.subscribers.set_status(reader_id, Status.ACTIVE)
    world.clock.advance(timedelta(days=91))
    expired = client.get(link(reader_id, Verb.MORE))

    assert [page.status_code for page in (gone, stranger, left, expired)] == [404] * 4
    assert "This paper isn’t here any more" in gone.text


def file_reader(**details: object) -> Subscriber:
    return replace(
        read_signup({"email": "bob@example.org", **details}), origin="file", file="/etc/digest/subscribers/bob.toml"
    )


def test_a_reader_from_a_file_sees_the_lines_to_write_and_nothing_changes(
    world: World, client: httpx.Client, reader_id: str
) -> None:
    interests = [{"name": "Video", "keywords": ['"attention"', "protein"]}]
    bob = file_reader(interests=interests)
    world.files.append(bob)

    page = client.get(link(bob.id, Verb.MORE))
    posted = client.post(link(bob.id, Verb.MORE), data={"take-0-1": "+ endoscopic video", "action": "take"})

    for shown in (page, posted):
        text = html.unescape(shown.text)
        assert '<code>"endoscopic video"</code>' in text
        assert r'<code>"\"attention\""</code> by <code>"\"attention\"^1.2"</code>' in text
        assert "digest subscribers learn bob@example.org --more arxiv:2606.00001 --apply" in text
        assert "/etc/digest" not in text
        assert "<form" not in text
    assert world.store.changes.recent(bob.id, limit=5) == ()
    assert interest_of(world, reader_id).keywords == ("attention", "protein")


def test_a_reader_from_a_file_is_told_that_no_keyword_brought_a_paper(world: World, client: httpx.Client) -> None:
    add_paper(world)
    bob = file_reader(keywords=["protein"])
    world.files.append(bob)
    assert "No keyword in it brought this paper" in client.get(link(bob.id, Verb.LESS)).text


def test_a_shown_command_can_be_pasted_into_a_shell(world: World, client: httpx.Client) -> None:
    add_paper(world, replace(PAPER, id="title:it's $(touch x)"))
    bob = replace(file_reader(keywords=["protein"]), email="bob;o'x@example.org")
    world.files.append(bob)
    for verb, rest in (
        (Verb.MORE, ["--more", "title:it's $(touch x)"]),
        (Verb.MUTE, ["--mute", "endoscopic video"]),
    ):
        page = client.get(link(bob.id, verb, "title:it's $(touch x)")).text
        (command,) = re.findall("on the machine: <code>(.*?)</code>", page)
        assert shlex.split(html.unescape(command)) == ["digest", "subscribers", "learn", bob.email, *rest, "--apply"]


def test_a_reader_of_the_most_upvoted_is_told_what_keywords_change(
    world: World, client: httpx.Client, reader_id: str
) -> None:
    maya = add_active(world, "maya@example.org", keywords=[])
    assert reader_id != maya
    address = link(maya, Verb.MORE)

    page = client.get(address)
    assert "So far you get the day’s most upvoted papers" in page.text
    client.post(address, data={**boxes(page), "action": "take"})

    assert interest_of(world, maya).keywords[0] == "endoscopic video"


def test_a_reader_of_the_most_upvoted_has_nothing_in_which_to_mute_a_term(
    world: World, client: httpx.Client, reader_id: str
) -> None:
    maya = add_active(world, "maya@example.org", keywords=[])
    assert reader_id != maya

    page = client.get(link(maya, Verb.MUTE))
    client.post(link(maya, Verb.MUTE), data={"term": "survey", "action": "take"})

    assert "You have no keywords" in page.text
    assert "<form" not in page.text
    assert world.store.changes.recent(maya, limit=5) == ()


def test_the_preferences_list_the_changes_and_undo_them(world: World, client: httpx.Client, reader_id: str) -> None:
    address = link(reader_id, Verb.MORE)
    done = client.post(address, data={**boxes(client.get(address)), "action": "take"})
    preferences = world.link(Purpose.PREFERENCES, reader_id)

    page = client.get(preferences)
    assert "Latest changes" in page.text
    assert "State space models for endoscopic video &amp; &lt;b&gt;" in page.text
    undone = client.post(preferences, data={"action": "undo", "change": CHANGE.findall(done.text)[0]})

    assert "Undone." in undone.text
    assert CHANGE.findall(undone.text) == []
    assert interest_of(world, reader_id).keywords == ("attention", "protein")


def test_a_changed_profile_can_still_be_edited_in_the_form(world: World, client: httpx.Client, reader_id: str) -> None:
    for verb in (Verb.MORE, Verb.MUTE):
        address = link(reader_id, verb)
        client.post(address, data={**boxes(client.get(address)), "term": "survey", "action": "take"})

    page = client.get(world.link(Purpose.PREFERENCES, reader_id))

    assert 'value="save"' in page.text
    assert "endoscopic video\n" in page.text
