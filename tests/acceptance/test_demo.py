"""The README's first command and the built wheel, as a newcomer meets them."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import urllib.request
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from tests.acceptance.conftest import clean_environ, program
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as it is published, unpacked; its dependencies come from this environment."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    target = folder / "installed"
    install = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(target), str(built)]
    subprocess.run(install, check=True, capture_output=True)
    return target


def test_the_demo_of_the_built_wheel_delivers_three_personal_digests(wheel: Path, tmp_path: Path) -> None:
    environ = clean_environ({"PYTHONPATH": str(wheel)})
    command = [sys.executable, "-P", "-c", "import digest.cli; print(digest.cli.__file__); digest.cli.main()"]
    done = subprocess.run(
        [*command, "demo", "--once"], cwd=tmp_path, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert str(wheel) in done.stdout

    mails = {line.split()[0]: Path(line.split()[1]) for line in done.stdout.splitlines() if "@example.org" in line}
    assert set(mails) == {"ada@example.org", "chen@example.org", "maya@example.org"}
    subjects = set()
    for path in mails.values():
        mail = message_from_bytes(path.read_bytes(), policy=policy.default)
        html = mail.get_body(("html",))
        assert html is not None
        assert "unsubscribe" in html.get_content()
        subjects.add(mail["subject"])
    assert len(subjects) == 3
    assert not list(tmp_path.iterdir())


def test_the_demo_shows_its_inbox_in_the_browser_and_stops_cleanly() -> None:
    process = subprocess.Popen(
        program("demo", "--port", "0"),
        env=clean_environ(None),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        said = ""
        while "Ctrl-C" not in said:
            line = process.stdout.readline()
            assert line, process.communicate()[1]
            said += line
        address = re.search(r"http://127\.0\.0\.1:\d+", said)
        assert address is not None
        assert "Ada" in _get(address[0] + "/inbox") or "ada@example.org" in _get(address[0] + "/inbox")
        assert "sign" in _get(address[0] + "/").lower()
        mail = Path(next(line.split()[-1] for line in said.splitlines() if "ada@example.org" in line))
        text = message_from_bytes(mail.read_bytes(), policy=policy.default).get_body(("html",))
        assert text is not None
        for page in ("preferences", "learn"):  # though the sample's day is long past
            link = re.search(rf'href="({address[0]}/{page}/[^"#]*)', text.get_content())
            assert link is not None
            assert "doesn’t work" not in _get(link[1])
    finally:
        os.kill(process.pid, signal.SIGTERM)
        process.communicate(timeout=30)
    assert process.returncode in (0, 143)
    assert not mail.exists()


def _get(url: str) -> str:
    with urllib.request.urlopen(url) as answer:  # noqa: S310 - our own server
        return str(answer.read().decode())
