"""A run that is killed at any moment, and the run after it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest

from digest.planning import CLAIMS_A_GROUP
from tests.acceptance.conftest import Installation

READERS = 60
MOST_IN_DOUBT = 2 + CLAIMS_A_GROUP  # the connections of the test's configuration, and one group of claims
DAY = "2026-06-30"


def test_a_run_killed_before_during_and_after_delivery_gives_nobody_two_copies_and_skips_nobody_in_silence(
    installation: Installation,
) -> None:
    _prepare(installation)
    for delivered in (0, 1, 15, 40):
        _run_and_kill_when(installation, delivered)

    last = installation.call("run", "--date", DAY, "--json")

    copies = Counter(recipient for recipient, _ in installation.mails())
    states = Counter(row["state"] for row in installation.call("history", "--json").document)
    unknown = {row["email"] for row in installation.call("history", "--state", "unknown", "--json").document}
    assert max(copies.values()) == 1
    assert set(copies) | unknown == {f"reader{number}@example.org" for number in range(READERS)}
    assert states["sent"] + states["unknown"] == READERS == last.document["planned"]
    assert len(unknown) <= 4 * MOST_IN_DOUBT
    assert last.code == (1 if unknown else 0)


@pytest.mark.parametrize("at_start", [signal.SIG_DFL, signal.SIG_IGN])  # as a shell's script starts what ends in `&`
def test_an_interrupted_run_ends_in_good_order_and_the_next_one_goes_on(
    at_start: signal.Handlers, installation: Installation
) -> None:
    _prepare(installation)
    before = signal.signal(signal.SIGINT, at_start)
    try:
        process = installation.start("run", "--date", DAY, "--json")
    finally:
        signal.signal(signal.SIGINT, before)
    _wait_for_mails(installation, 5, process)
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=60)

    assert process.returncode == 143
    assert json.loads(out)["sending"] == json.loads(out)["unknown"] == 0
    assert installation.call("run", "--date", DAY, "--json").document["sent"] == READERS
    assert max(Counter(recipient for recipient, _ in installation.mails()).values()) == 1


@pytest.mark.parametrize("delay_seconds", [0.3, 0.9, 1.3, 1.7, 2.3])
def test_a_run_killed_at_any_time_can_be_repeated(installation: Installation, delay_seconds: float) -> None:
    _prepare(installation)
    process = installation.start("run", "--date", DAY)
    time.sleep(delay_seconds)
    _kill(process)

    installation.call("run", "--date", DAY)

    copies = Counter(recipient for recipient, _ in installation.mails())
    rows = {row["email"]: row["state"] for row in installation.call("history", "--json").document}
    assert max(copies.values()) == 1
    assert len(rows) == READERS
    assert all(state == "sent" or (state == "unknown" and copies[email] <= 1) for email, state in rows.items())


def _prepare(installation: Installation) -> None:
    papers = installation.folder / "papers"
    papers.mkdir()
    lines = [
        {"id": f"2606.{number:05}", "title": f"A study of sparse attention, part {number}", "authors": ["Ada Example"],
         "categories": ["cs.LG"], "summary": "We look at attention that skips most of its inputs.", "comment": None,
         "pdf": "", "abs": ""}
        for number in range(1, 30)
    ]  # fmt: skip
    (papers / f"{DAY}.jsonl").write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    installation.configure('[sources.files]\npaths = ["papers/*"]')
    installation.write_readers(
        {f"r{n}": f'email = "reader{n}@example.org"\nkeywords = ["sparse attention"]\n' for n in range(READERS)}
    )


def _run_and_kill_when(installation: Installation, delivered: int) -> None:
    process = installation.start("run", "--date", DAY)
    _wait_for_mails(installation, delivered, process)
    _kill(process)


def _wait_for_mails(installation: Installation, count: int, process: subprocess.Popen[str]) -> None:
    database = installation.folder / "data" / "digest.db"
    while process.poll() is None and (len(installation.inbox.newest_first()) < count or not database.exists()):
        time.sleep(0.005)


def _kill(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        os.kill(process.pid, signal.SIGKILL)
    process.communicate()


def test_nothing_is_left_behind_by_the_locks_of_killed_runs(installation: Installation, tmp_path: Path) -> None:
    _prepare(installation)
    _run_and_kill_when(installation, 3)
    installation.call("run", "--date", DAY)
    assert not list((tmp_path / "installation" / "data" / "digest.db.owners").glob("*.lock"))
