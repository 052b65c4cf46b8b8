"""What judges of others say of the mails: an HTML parser that forgives nothing, and axe-core in a real browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from justhtml import JustHTML
from playwright.sync_api import Browser

SAVED = sorted((Path(__file__).parent / "saved").glob("*.html"))


@pytest.mark.parametrize("path", SAVED, ids=lambda path: path.stem)
def test_a_mail_is_html_without_an_error_of_syntax(path: Path) -> None:
    assert JustHTML(path.read_text(encoding="utf-8"), collect_errors=True).errors == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", SAVED, ids=lambda path: path.stem)
def test_a_mail_is_accessible_at_every_width(browser: Browser, path: Path, scheme: str) -> None:
    page = browser.new_page(color_scheme="dark" if scheme == "dark" else "light")
    page.set_content(path.read_text(encoding="utf-8"))
    for width in (320, 600, 1200):
        page.set_viewport_size({"width": width, "height": 900})
        found = Axe().run(page)
        assert found.violations_count == 0, f"{width} pixels: {found.generate_report()}"
    page.close()
