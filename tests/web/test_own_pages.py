"""A reader's own pages: preferences, pause, and unsubscribing by button or by one click."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from digest.config import subscriber_id
from digest.domain import Status
from digest.links import Purpose
from tests.web.conftest import ADA, DAY, World, add_active, read_signup

ONE_CLICK = "List-Unsubscribe=One-Click"


def status(world: World) -> Status | None:
    reader = world.store.subscribers.find(subscriber_id(ADA), world.files)
    return reader.status if reader is not None else None


def test_one_click_unsubscribes_however_often_it_comes(world: World, client: httpx.Client) -> None:
    link = world.link(Purpose.UNSUBSCRIBE, add_active(world, ADA))
    for _ in range(3):
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = client.post(link, content=ONE_CLICK, headers=form)
        assert answer.status_code == 200
        assert "set-cookie" not in answer.headers
        assert status(world) is Status.UNSUBSCRIBED


def test_one_click_as_multipart_form_counts_too(world: World, client: httpx.Client) -> None:
    link = world.link(Purpose.UNSUBSCRIBE, add_active(world, ADA))
    assert client.post(link, files={"List-Unsubscribe": (None, "One-Click")}).status_code == 200
    assert status(world) is Status.UNSUBSCRIBED


def test_an_unsubscribe_link_is_good_for_ever_and_after_the_reader_is_gone(world: World, client: httpx.Client) -> None:
    link = world.link(Purpose.UNSUBSCRIBE, add_active(world, ADA))
    world.clock.advance(timedelta(days=4000))
    assert client.get(link).status_code == 200
    assert client.post(link).status_code == 200
    assert status(world) is Status.UNSUBSCRIBED
    assert client.post(world.link(Purpose.UNSUBSCRIBE, "0" * 20)).status_code == 200


def test_looking_at_the_unsubscribe_page_unsubscribes_nobody(world: World, client: httpx.Client) -> None:
    link = world.link(Purpose.UNSUBSCRIBE, add_active(world, ADA))
    for method in ("GET", "HEAD", "OPTIONS", "PUT", "DELETE"):
        client.request(method, link)
    assert status(world) is Status.ACTIVE


@pytest.mark.parametrize("purpose", [Purpose.CONFIRM, Purpose.PREFERENCES])
def test_a_link_for_another_purpose_unsubscribes_nobody(world: World, client: httpx.Client, purpose: Purpose) -> None:
    token = world.link(purpose, add_active(world, ADA)).rpartition("/")[2]
    assert client.post(f"/unsubscribe/{token}").status_code == 404
    assert client.post(f"/unsubscribe/{token}x").status_code == 404
    assert status(world) is Status.ACTIVE


def test_a_file_reader_without_a_row_can_unsubscribe_and_stays_unsubscribed(world: World, client: httpx.Client) -> None:
    reader = replace(read_signup({"email": ADA}), file="ada.toml")
    world.files.append(reader)
    assert client.post(world.link(Purpose.UNSUBSCRIBE, reader.id)).status_code == 200
    assert [someone.status for someone in world.parts.readers()] == [Status.UNSUBSCRIBED]


def test_a_reader_changes_what_they_read(world: World, client: httpx.Client) -> None:
    link = world.link(Purpose.PREFERENCES, add_active(world, ADA))
    shown = client.get(link).text
    assert ">\npruning</textarea>" in shown
    form = {
        "action": "save",
        "keywords": "distill*\nMoE",
        "max_papers": "3",
        "frequency": "weekly",
        "weekday": "friday",
    }
    answer = client.post(link, data={**form, "email": "thief@example.org"})
    assert "Saved" in answer.text
    reader = world.store.subscribers.find(subscriber_id(ADA))
    assert reader is not None
    assert (reader.email, reader.weekday, reader.profile.max_papers) == (ADA, "friday", 3)
    assert reader.profile.interests[0].keywords == ("distill*", "MoE")
    assert reader.cursor == DAY


def test_preferences_with_a_mistake_are_not_saved_and_kept_on_the_page(world: World, client: httpx.Client) -> None:
    link = world.link(Purpose.PREFERENCES, add_active(world, ADA))
    answer = client.post(link, data={"action": "save", "keywords": "(", "max_papers": "900"})
    assert answer.status_code == 422
    assert 'value="900"' in answer.text
    reader = world.store.subscribers.find(subscriber_id(ADA))
    assert reader is not None
    assert reader.profile.interests[0].keywords == ("pruning",)


def test_a_reader_pauses_and_resumes(world: World, client: httpx.Client) -> None:
    link = world.link(Purpose.PREFERENCES, add_active(world, ADA))
    assert "Paused" in client.post(link, data={"action": "pause"}).text
    assert status(world) is Status.PAUSED
    client.get(link)
    assert status(world) is Status.PAUSED
    client.post(link, data={"action": "resume"})
    assert status(world) is Status.ACTIVE


def test_only_a_new_confirmation_brings_an_unsubscribed_reader_back(world: World, client: httpx.Client) -> None:
    link = world.link(Purpose.PREFERENCES, add_active(world, ADA))
    world.store.subscribers.set_status(subscriber_id(ADA), Status.UNSUBSCRIBED)
    for action in ("resume", "pause", "save", "nonsense"):
        client.post(link, data={"action": action})
    assert status(world) is Status.UNSUBSCRIBED


def test_a_file_readers_profile_is_read_only_but_can_be_paused(world: World, client: httpx.Client) -> None:
    interests = [{"name": "Pruning <b>", "keywords": ["N:M sparsity"]}, {"name": "Else", "authors": ["Song Han"]}]
    reader = read_signup({"email": ADA, "interests": interests})
    world.files.append(replace(reader, file="ada.toml"))
    link = world.link(Purpose.PREFERENCES, reader.id)
    shown = client.get(link).text
    assert "N:M sparsity" in shown
    assert "Song Han" in shown
    assert "<textarea" not in shown
    assert "<b>" not in shown
    client.post(link, data={"action": "save", "keywords": "other"})
    assert world.parts.readers()[0].profile == reader.profile
    client.post(link, data={"action": "pause"})
    assert world.parts.readers()[0].status is Status.PAUSED
    client.post(link, data={"action": "resume"})
    assert world.parts.readers()[0].status is Status.ACTIVE


def test_a_signup_that_the_form_cannot_hold_is_not_cut_down_by_it(world: World, client: httpx.Client) -> None:
    interests = [{"name": "A", "keywords": ["pruning"]}, {"name": "B", "keywords": ["mamba"]}]
    identity = add_active(world, ADA, keywords=[], interests=interests)
    link = world.link(Purpose.PREFERENCES, identity)
    assert "<textarea" not in client.get(link).text
    client.post(link, data={"action": "save", "keywords": "pruning"})
    reader = world.store.subscribers.find(identity)
    assert reader is not None
    assert len(reader.profile.interests) == 2


def test_a_preferences_link_is_good_for_ninety_days_and_for_nothing_else(world: World, client: httpx.Client) -> None:
    identity = add_active(world, ADA)
    link, other = world.link(Purpose.PREFERENCES, identity), world.link(Purpose.UNSUBSCRIBE, identity)
    world.clock.advance(timedelta(days=90))
    assert client.get(link).status_code == 200
    world.clock.advance(timedelta(days=1))
    for bad in (link, "/preferences/" + other.rpartition("/")[2], "/preferences/x"):
        assert client.get(bad).status_code == 404
        assert client.post(bad, data={"action": "pause"}).status_code == 404
    assert status(world) is Status.ACTIVE


def test_a_name_in_the_files_that_is_markup_is_shown_as_text(world: World, client: httpx.Client) -> None:
    link = world.link(Purpose.PREFERENCES, add_active(world, ADA, name="<script>x</script>"))
    assert "<script" not in client.get(link).text
    assert "<script" not in client.post(world.link(Purpose.CONFIRM, subscriber_id(ADA))).text
