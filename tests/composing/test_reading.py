"""What a reader's program and a reader's eyes need of the HTML."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from digest.domain import Digest, Email, Match, SourceAccount

Read = Any


@pytest.fixture(scope="session")
def mail(
    compose: Callable[..., Email], read: Callable[[Email], Read], digest_of: Callable[..., Digest], match: Match
) -> Read:
    return read(compose(digest_of(match, account=(SourceAccount("arxiv", match.paper.announced, announced=412),))))


def test_the_page_has_a_language_a_direction_a_title_and_one_heading(mail: Read) -> None:
    root = mail.tree
    assert (root.get("lang"), root.get("dir")) == ("en", "ltr")
    assert root.findtext("head/title") == mail.message["Subject"]
    assert [heading.text for heading in root.iter("h1")] == ["Tuesday, 30 June 2026"]
    assert [heading.text for heading in root.iter("h2")] == ["Pruning"]


def test_layout_tables_are_called_presentation(mail: Read) -> None:
    tables = list(mail.tree.iter("table"))
    assert tables
    assert {table.get("role") for table in tables} == {"presentation"}


def test_a_hidden_padded_preheader_names_the_papers(mail: Read) -> None:
    first = mail.tree.find("body")[0]
    assert "display:none" in first.get("style")
    assert first.text.startswith("Gentle Pruning of Very Large Gardens")
    assert first.text.count("\u034f") >= 40


def test_every_paper_link_says_to_which_paper_it_leads(mail: Read) -> None:
    labelled = [a.get("aria-label") for a in mail.tree.iter("a") if a.text in {"Abstract", "PDF", "Code"}]
    assert labelled == [f"{label}: Gentle Pruning of Very Large Gardens" for label in ("Abstract", "PDF", "Code")]


def test_no_visible_text_is_smaller_than_fourteen_pixels(mail: Read) -> None:
    visible = re.sub(r'<div\s+style="display:none.*?</div>', "", mail.html, flags=re.DOTALL)
    sizes = {int(size) for size in re.findall(r"font(?:-size)?:[^;\"]*?(\d+)px", visible)}
    assert min(sizes - {0}) >= 14


def test_nothing_is_loaded_from_anywhere(mail: Read) -> None:
    assert not list(mail.tree.iter("img", "script", "link", "iframe", "form"))
    assert "@import" not in mail.html
    assert "url(" not in mail.html


def test_dark_mode_is_declared_and_every_coloured_class_has_a_dark_colour(mail: Read) -> None:
    assert mail.tree.xpath("//meta[@name='color-scheme']/@content") == ["light dark"]
    dark = mail.html.partition("prefers-color-scheme: dark")[2].partition("</style>")[0]
    used = {name for names in mail.tree.xpath("//body//*/@class") for name in names.split()}
    layout = {name for name in used if name.startswith("mj-")} | {"pad"}
    assert {name for name in used - layout if f".{name}" not in dark} == set()


LIGHT = ("#ffffff", ("#1f2328", "#57606a", "#0b57a4", "#7a4b00"))
DARK = ("#1b1e23", ("#e9e7e2", "#aab1b9", "#8fbcff", "#f2cc7c"))
LIGHT_MARK = ("#fff0b3", ("#1f2328", "#0b57a4"))
DARK_MARK = ("#5a4510", ("#fff3cf",))


@pytest.mark.parametrize(("ground", "inks"), [LIGHT, DARK, LIGHT_MARK, DARK_MARK])
def test_every_text_colour_stands_out_from_its_ground(ground: str, inks: tuple[str, ...], mail: Read) -> None:
    for ink in inks:
        assert ink in mail.html
        assert ground in mail.html
        assert _contrast(ink, ground) >= 4.5


def test_every_light_text_colour_is_among_those_checked(mail: Read) -> None:
    body = re.sub(r'<div\s+style="display:none.*?</div>', "", mail.html.partition("<body")[2], flags=re.DOTALL)
    assert set(re.findall(r"[\";]color:(#[0-9a-f]{6})", body)) == set(LIGHT[1])


def _contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours (WCAG 2.2, 1.4.3)."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
