"""The way of a reader in a real browser: sign up, get the mail, open its link, press the button."""

from __future__ import annotations

from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from justhtml import JustHTML
from playwright.sync_api import Page

from digest.config import subscriber_id
from digest.domain import Status
from digest.links import Purpose, Verb, address_lesson
from tests.web.conftest import ADA, LINK, World, add_active, serving


def test_a_reader_subscribes_in_a_browser(world: World, page: Page) -> None:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    world.add_papers("Structured pruning of models", "On something else")
    with serving(world.app()) as address:
        page.goto(address)
        page.get_by_role("main").get_by_role("link", name="Subscribe").click()
        page.get_by_label("Your mail address").fill(ADA)
        page.get_by_label("Keywords").fill("pruning\nquantiz*")
        with page.context.expect_page() as opened:
            page.get_by_role("button", name="Preview").click()
        mail = opened.value.frame_locator("iframe")
        assert mail.get_by_role("link", name="Structured pruning of models").first.is_visible()
        page.get_by_role("button", name="Subscribe").click()
        page.get_by_role("heading", name="Check your inbox").wait_for()
        link = LINK.findall(world.confirmations(wait_for=1)[0])[0].decode()
        page.goto(address + link)
        waiting = world.store.subscribers.find(subscriber_id(ADA))
        assert waiting is not None
        assert waiting.status is Status.PENDING
        page.get_by_role("button", name="Confirm").click()
        page.get_by_role("heading", name="You are subscribed").wait_for()
    reader = world.store.subscribers.find(subscriber_id(ADA))
    assert reader is not None
    assert reader.status is Status.ACTIVE
    assert reader.profile.interests[0].keywords == ("pruning", "quantiz*")
    assert complaints == []


def test_a_reader_takes_some_of_what_a_paper_teaches_and_takes_it_back(world: World, page: Page) -> None:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    world.add_papers("Structured pruning of vision transformers")
    identity = add_active(world, ADA, keywords=["pruning", "protein"])
    link = world.link(Purpose.LEARN, identity)
    with serving(world.app()) as address:
        page.goto(address + link + address_lesson(Verb.MORE, "arxiv:2606.30001"))
        page.get_by_label("structured pruning").uncheck()
        page.get_by_role("button", name="Change my profile").click()
        page.get_by_role("heading", name="Your profile has changed").wait_for()
        assert keywords_of(world, identity) == ("pruning^1.2", "protein", "vision transformers")
        page.goto(address + world.link(Purpose.PREFERENCES, identity))
        page.get_by_role("button", name="Undo").click()
        page.get_by_text("Undone.").first.wait_for()
        assert keywords_of(world, identity) == ("pruning", "protein")
        page.goto(address + link + address_lesson(Verb.MUTE, "arxiv:2606.30001"))
        page.get_by_label("Or another term").fill("survey")
        page.get_by_role("button", name="Mute").click()
        page.get_by_text("Leave out survey").wait_for()
    assert complaints == []


def keywords_of(world: World, identity: str) -> tuple[str, ...]:
    reader = world.store.subscribers.find(identity)
    assert reader is not None
    return reader.profile.interests[0].keywords


def test_no_page_is_wider_than_a_phone(world: World, page: Page) -> None:
    identity = add_active(world, ADA, name="A" * 150)
    world.add_papers("An" + "x" * 200)
    with serving(world.app()) as address:
        for path in every_page(world, identity):
            page.goto(address + path)
            assert page.evaluate("document.documentElement.scrollWidth") <= 375, path


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_accessible_and_without_an_error_of_syntax(
    world: World, page: Page, scheme: Literal["light", "dark"]
) -> None:
    identity = add_active(world, ADA, name="Ada")
    world.add_papers("Structured pruning of models")
    page.emulate_media(color_scheme=scheme)
    with serving(world.app()) as address:
        for path in every_page(world, identity):
            answer = page.goto(address + path)
            assert answer is not None
            assert JustHTML(answer.text(), collect_errors=True).errors == [], path
            found = Axe().run(page)
            assert found.violations_count == 0, f"{path}: {found.generate_report()}"


def every_page(world: World, identity: str) -> list[str]:
    lessons = [world.link(Purpose.LEARN, identity) + address_lesson(verb, "arxiv:2606.30001") for verb in Verb]
    return ["/", "/signup", "/history", *(world.link(purpose, identity) for purpose in Purpose), *lessons]
