"""The workbench for templates: any mail at hand, and following every change."""

from __future__ import annotations

import html
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import httpx
import pytest

from digest.composing import open_composer
from digest.composing.templates import default_templates
from digest.web import Theme, build_workbench
from tests.web.conftest import ADA, DAY, World, add_active, serving


@pytest.fixture
def templates(tmp_path: Path) -> Path:
    shutil.copytree(default_templates() / "email", tmp_path / "mine" / "email")
    return tmp_path / "mine"


@pytest.fixture
def bench(world: World, templates: Path, open_client: Callable[[str], httpx.Client]) -> Iterator[httpx.Client]:
    add_active(world, ADA, cursor=DAY - timedelta(days=1))
    world.add_papers("Pruning of trees")
    letterhead = world.parts.composer.letterhead
    themes = {
        "mine": Theme(partial(open_composer, letterhead, templates), (templates / "email",)),
        "digest": Theme(partial(open_composer, letterhead), (default_templates() / "email",)),
    }
    app = build_workbench(world.parts, themes=themes, today=world.clock.today, site_name="Paper digest")
    with serving(app) as address:
        yield open_client(address)


def shown(page: str) -> str:
    found = re.search(r'srcdoc="([^"]*)"', page)
    return html.unescape(found[1]) if found else ""


def test_the_first_readers_mail_of_the_newest_day_is_shown_as_it_would_go_out(
    world: World, bench: httpx.Client
) -> None:
    page = bench.get("/").text
    assert "of trees" in shown(page)
    assert f"<option selected>{ADA}</option>" in page
    assert f'value="{DAY}"' in page
    assert world.store.history.find() == ()


def test_text_phone_and_theme_are_at_hand(bench: httpx.Client) -> None:
    assert "Why: “pruning” in title" in bench.get("/", params={"view": "text"}).text
    assert '<iframe class="phone"' in bench.get("/", params={"view": "phone"}).text
    assert "of trees" in shown(bench.get("/", params={"theme": "digest"}).text)


def test_a_changed_template_is_followed_and_a_mistake_in_it_is_told_in_place_of_the_mail(
    bench: httpx.Client, templates: Path
) -> None:
    version = bench.get("/version").text
    path = templates / "email" / "digest.mjml"
    source = path.read_text(encoding="utf-8")

    path.write_text(source.replace("{{ headline }}", "Look: {{ headline }}"), encoding="utf-8")
    assert bench.get("/version").text != version
    assert "Look: " in shown(bench.get("/").text)
    assert "Look: " not in shown(bench.get("/", params={"theme": "digest"}).text)

    path.write_text(source.replace("<mj-column>", '<mj-column colour="red">'), encoding="utf-8")
    assert "has no attribute colour" in bench.get("/").text


@pytest.mark.parametrize("asked", [{"reader": "x@y.example"}, {"day": "yesterday"}, {"theme": "none"}, {"view": "?"}])
def test_what_is_not_there_is_told_and_breaks_nothing(bench: httpx.Client, asked: dict[str, str]) -> None:
    assert bench.get("/", params=asked).status_code == 200


@pytest.mark.parametrize("path", ["/", "/version"])
def test_a_web_page_that_points_its_own_name_here_sees_nothing(bench: httpx.Client, path: str) -> None:
    answer = bench.get(path, headers={"host": "papers.example"})
    assert (answer.status_code, ADA in answer.text) == (403, False)


def test_without_a_reader_the_page_says_what_to_do(world: World, open_client: Callable[[str], httpx.Client]) -> None:
    themes = {"digest": Theme(lambda: replace(world.parts.composer), (default_templates() / "email",))}
    app = build_workbench(world.parts, themes=themes, today=world.clock.today, site_name="Paper digest")
    with serving(app) as address:
        assert "There is no such reader" in open_client(address).get("/").text
