"""A reader's whole way with the running service: subscribe, confirm, get the next digest at its hour, unsubscribe."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import time
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import httpx
import pytest
from playwright.sync_api import Page

from tests.acceptance.conftest import Installation
from tests.conftest import ROOT

PATIENCE_SECONDS = 150


def test_a_visitor_subscribes_confirms_gets_the_next_digest_at_its_hour_and_unsubscribes_by_its_header(
    installation: Installation, page: Page
) -> None:
    hour = (datetime.now(UTC) + timedelta(seconds=100)).replace(second=0, microsecond=0)
    site = _prepare(installation, hour)
    server = installation.start("-v", "serve")
    try:
        _wait_for_page(site, server)
        page.goto(site)
        page.get_by_role("link", name="Subscribe").first.click()
        page.fill("[name=email]", "neo@example.org")
        page.fill("[name=keywords]", "diffusion\nvideo")
        page.get_by_role("button", name="Subscribe").click()

        confirmation = _wait_for_mail(installation, "neo@example.org", 1)
        assert installation.call("subscribers", "list", "--json").document[-1]["status"] == "pending"
        page.goto(_find_link(confirmation, f"{site}/confirm/"))
        page.get_by_role("button", name="Confirm").click()
        assert "You are subscribed" in page.inner_text("main")
        assert datetime.now(UTC) < hour, "the machine was too slow to confirm before the hour"

        digest = _wait_for_mail(installation, "neo@example.org", 2)
        assert datetime.now(UTC) >= hour
        assert "video" in _text(digest).lower()

        link = str(digest["list-unsubscribe"]).strip("<>").split(">")[0]
        assert httpx.get(link).status_code == 200
        assert _status(installation) == "active"
        posted = httpx.post(link, data={"List-Unsubscribe": "One-Click"})
        assert (posted.status_code, posted.history) == (200, [])
        assert _status(installation) == "unsubscribed"
    finally:
        server.send_signal(signal.SIGTERM)
        _, errors = server.communicate(timeout=30)
    assert server.returncode == 0, errors
    assert "Traceback" not in errors


def _prepare(installation: Installation, hour: datetime) -> str:
    papers = installation.folder / "papers"
    papers.mkdir()
    for name in ("arxiv-2026-06-30.jsonl", "trending-2026-06-30.json"):
        text = (ROOT / "digest" / "demo" / "papers" / name).read_text(encoding="utf-8")
        today = f"{hour:%Y-%m-%d}"
        (papers / name.replace("2026-06-30", today)).write_text(text.replace("2026-06-30T", f"{today}T"))
    port = _free_port()
    site = f"http://127.0.0.1:{port}"
    installation.configure(
        '[sources.files]\npaths = ["papers/*"]',
        more=f'[schedule]\nsend_at = "{hour:%H:%M}"\n[web]\nport = {port}\n[site]\nbase_url = "{site}"\n',
    )
    return site


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for_page(site: str, server: subprocess.Popen[str]) -> None:
    for _ in range(300):
        assert server.poll() is None, server.communicate()[1]
        try:
            if httpx.get(site + "/health").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    pytest.fail("the pages never came up")


def _wait_for_mail(installation: Installation, recipient: str, count: int) -> EmailMessage:
    """The reader's mail of that number."""
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        found = [mail for to, mail in installation.mails() if to == recipient]
        if len(found) >= count:
            return found[count - 1]
        time.sleep(0.2)
    pytest.fail(f"mail {count} for {recipient} never came")


def _find_link(mail: EmailMessage, start: str) -> str:
    found = re.search(re.escape(start) + r"[\w.\-]+", _text(mail))
    assert found is not None
    return found[0]


def _text(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def _status(installation: Installation) -> str:
    return str(installation.call("subscribers", "show", "neo@example.org", "--json").document["status"])
