"""docs/clients.md names every piece of CSS that a mail uses, and says what happens without it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from lxml import html as lxml_html

from digest.composing import Composer, compose_confirmation
from digest.domain import Digest, Email, Match, SourceAccount

ATTRIBUTES = {
    "*": {"aria-label", "class", "dir", "lang", "role", "style"},
    "a": {"href", "target"},
    "html": {"xmlns"},
    "meta": {"content", "http-equiv", "name"},
    "style": {"media", "type"},
}
"""What HTML lets elements have, of that what mails use: https://html.spec.whatwg.org/multipage/indices.html."""
DAY = date(2026, 6, 30)
PAGE = (Path(__file__).resolve().parents[2] / "docs" / "clients.md").read_text(encoding="utf-8")
OF_ONE_PROGRAM = ("mso-", "-ms-", "-webkit-")


@pytest.fixture
def pages(
    compose: Callable[..., Email], read: Callable[[Email], Any], digest_of: Callable[..., Digest],
    many_matches: Callable[[int, int], list[Match]], composer: Composer,
) -> list[str]:  # fmt: skip
    account = (SourceAccount("arxiv", DAY, announced=412),)
    digest = digest_of(*many_matches(18, 2), account=account, trending=many_matches(18, 2)[15:])
    moment = datetime(2026, 6, 30, 6, tzinfo=UTC)
    asked = compose_confirmation("ada@readers.example", "s", composer, issued=DAY, sent_at=moment)
    return [read(compose(digest)).html, read(asked).html]


def foreign_to_html(html: str) -> Iterator[str]:
    """What a checker complains of: attributes that HTML doesn't have or has given up, and properties no browser has."""
    for element in lxml_html.document_fromstring(html).iter(etree.Element):
        of_its_own = ATTRIBUTES.get(str(element.tag), set())
        yield from (str(name) for name in element.attrib if name not in of_its_own and name not in ATTRIBUTES["*"])
    yield from re.findall(r"\bmso-[\w-]+", re.sub(r"<!--.*?-->", "", html, flags=re.DOTALL))


def rows() -> dict[str, list[str]]:
    """What the table says, by property or rule."""
    found = re.findall(r"^\| `([^`]+)` \|(.+)\|$", PAGE, re.MULTILINE)
    return {name: [cell.strip() for cell in cells.split("|")] for name, cells in found}


def properties_of(html: str) -> Iterator[str]:
    styles = "".join(re.findall(r"<style[^>]*>(.*?)</style>", html, re.DOTALL))
    for declarations in [*re.findall(r'style="([^"]*)"', html), *re.findall(r"\{([^{}]*)\}", styles)]:
        for declaration in filter(str.strip, declarations.split(";")):
            name = declaration.partition(":")[0].strip()
            if not name.startswith(OF_ONE_PROGRAM):
                yield name
    yield from (f"@media ({name})" for name in re.findall(r"@media[^{]*\((\w[\w-]*)", styles))


def test_the_table_names_what_mails_use_and_nothing_else(pages: list[str]) -> None:
    assert set(rows()) == {name for html in pages for name in properties_of(html)}


def test_a_checker_of_html_finds_what_email_needs_and_the_page_lists_and_nothing_else(pages: list[str]) -> None:
    listed = PAGE.partition("## What an HTML checker finds")[2].partition("\n## ")[0]
    allowed = {
        name for entry in re.findall("^- (.+?): ", listed, re.MULTILINE) for name in re.findall("`(.+?)`", entry)
    }
    assert allowed == {name for html in pages for name in foreign_to_html(html)}


def test_what_does_not_work_everywhere_has_a_word_on_what_happens_then() -> None:
    for name, (*programs, without) in rows().items():
        assert len(programs) == 4, name
        assert set(programs) <= {"●", "◐", "○", "?"}, name
        assert bool(without) is (set(programs) != {"●"}), name
