"""What all tests share: recorded data, if this machine has it, and a hypothesis profile for shared machines."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]

settings.register_profile("shared-machine", deadline=None)
settings.load_profile("shared-machine")


def skip_or_fail(reason: str) -> None:
    """Skip a test that lacks something; where everything must be there (CI), that is a failure."""
    if os.environ.get("DIGEST_TEST_STRICT"):
        pytest.fail(f"this must not be missing here: {reason}")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def recorded_data() -> Path:
    """The folder of recorded upstream pages, which lies outside the repository."""
    folder = Path(os.environ.get("DIGEST_TEST_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        skip_or_fail(f"there is no recorded data in {folder} (set DIGEST_TEST_DATA)")
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A real browser."""
    executable = shutil.which("chromium")
    if executable is None:
        skip_or_fail("there is no Chromium on this machine")
    arguments = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=executable, args=arguments)
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of it, as wide as a phone."""
    opened = browser.new_page(viewport={"width": 375, "height": 800})
    opened.set_default_timeout(60_000)
    yield opened
    opened.close()
