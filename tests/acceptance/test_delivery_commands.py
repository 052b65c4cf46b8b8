"""The delivery side by hand, through the installed program: send, retry, resolve, pause, resume, history."""

from __future__ import annotations

import csv
import io
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime

import pytest

from digest.cli.output import print_csv
from tests.acceptance.conftest import Installation
from tests.delivery.hostile import CUT, FaultServer, running

DAY = "2026-06-30"


@pytest.fixture
def relay() -> Iterator[FaultServer]:
    """Says what a spreadsheet would run to bob, and loses cleo's mail."""
    script = {
        "RCPT bob@example.org": ["450 4.2.0 later"],
        "BODY cleo@example.org": [CUT],
        "BODY ada@example.org": ["250 =1+1"],
    }
    with running(FaultServer(script)) as server:
        yield server


@pytest.fixture
def prepared(installation: Installation, relay: FaultServer) -> Installation:
    installation.write_paper(DAY)
    smtp = f'[smtp]\nhost = "127.0.0.1"\nport = {relay.port}\nmax_connections = 1\n'
    (installation.folder / "config.toml").write_text(f'[sources.files]\npaths = ["papers/*"]\n{smtp}', encoding="utf-8")
    names = ("ada", "bob", "cleo")
    installation.write_readers({name: f'email = "{name}@example.org"\nkeywords = ["hedge"]\n' for name in names})
    return installation


def test_the_operator_pauses_sends_retries_and_settles(prepared: Installation, relay: FaultServer) -> None:
    call = prepared.call
    assert call("collect", "--date", DAY).code == 0

    assert call("pause", "--reason", "the relay moves").code == 0
    held = call("send", "--date", DAY)
    assert (held.code, relay.connections) == (1, 0)
    assert "the relay moves — digest resume" in held.err
    assert "the relay moves — digest resume" in call("history").out
    assert '"sending"' in call("check", "--live", "--json").out
    assert "no longer paused" in call("resume").out

    sent = call("send", "--date", DAY, "--json")
    assert (sent.code, sent.document["sent"], sent.document["deferred"], sent.document["unknown"]) == (1, 1, 1, 1)
    again = call("retry", "--date", DAY, "--email", "BOB@example.org")
    assert "1 mail tried again" in again.err
    assert "the counts add up: 3 planned" in again.out
    (doubtful,) = call("history", "--state", "unknown", "--json").document
    assert doubtful["message_id"] in call("history", "--state", "unknown").out
    assert call("resolve", "sent").code == 2
    assert "1 mail settled as failed" in call("resolve", "failed", doubtful["message_id"].strip("<>")).out
    assert call("resolve", "failed", "--all").code == 1
    assert call("retry", "--date", DAY).code == 0
    assert {row["state"] for row in call("history", "--json").document} == {"sent"}


def test_a_mistake_in_a_reader_s_file_keeps_nobody_from_pausing(prepared: Installation) -> None:
    call = prepared.call
    prepared.write_readers({"ada": 'email = "ada@example.org"\nkeywords = ["(hedge"]\n'})
    assert "ada.toml: keywords[0]" in call("send", "--date", DAY).err
    assert call("pause").code == 0
    assert "0 mails settled" in call("resolve", "failed", "--all").out
    assert "no longer paused" in call("resume").out


def test_the_history_tells_every_attempt_and_is_safe_in_a_spreadsheet(prepared: Installation) -> None:
    call = prepared.call
    call("run", "--date", DAY)
    call("retry", "--date", DAY)

    lines = call("history", "--attempts", "--json").document
    bobs = [(line["state"], line["attempt"], line["reply"]) for line in lines if line["email"] == "bob@example.org"]
    table = list(csv.DictReader(io.StringIO(call("history", "--csv").out)))
    shown = call("history", "--attempts", "--email", "ada@example.org")

    assert bobs == [
        ("deferred", 1, "450 4.2.0 later"),
        ("pending", 1, "the operator tries again"),
        ("sent", 2, "250 2.0.0 queued"),
    ]
    assert all(line["relay"].startswith("smtp 127.0.0.1:") for line in lines if line["seconds"] is not None)
    assert {row["email"]: row["reply"] for row in table}["ada@example.org"] == "250 =1+1"
    assert {row["papers"] for row in table} == {"arxiv:2606.00001"}
    assert list(table[0]) == list(call("history", "--json").document[0])
    assert call("history", "--attempts", "--csv").out.splitlines()[0].split(",") == list(lines[0])
    assert "250 =1+1" in shown.out
    assert "1 line" in shown.out


def test_old_history_goes_with_the_next_run(prepared: Installation) -> None:
    prepared.call("run", "--date", DAY)
    with closing(sqlite3.connect(prepared.folder / "data" / "digest.db")) as connection:
        connection.execute("UPDATE deliveries SET edition = '2025-01-01' WHERE email = 'ada@example.org'")
        connection.commit()
    prepared.call("run", "--date", DAY)
    assert {row["email"] for row in prepared.call("history", "--json").document} == {
        "bob@example.org",
        "cleo@example.org",
    }


@pytest.mark.parametrize("words", ["=HYPERLINK(0)", "+1", "-1", "@x"])
def test_words_that_begin_like_a_formula_are_written_as_words(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    print_csv(("reply", "papers"), [{"reply": words, "papers": ["a", "b"]}])
    assert list(csv.reader(io.StringIO(capsys.readouterr().out))) == [["reply", "papers"], [f"'{words}", "a b"]]


def test_a_worker_sends_what_another_process_has_planned_until_it_is_told_to_end(prepared: Installation) -> None:
    papers = prepared.folder / "papers"
    (papers / f"{DAY}.jsonl").rename(papers / f"{datetime.now(UTC).date()}.jsonl")
    assert prepared.call("pause", "--reason", "others are to send").code == 0
    assert prepared.call("run").code == 1
    assert states_of(prepared) == {"pending"}
    assert prepared.call("resume").code == 0

    working = prepared.start("worker")
    try:
        deadline = time.monotonic() + 60
        while states_of(prepared) != {"sent", "deferred", "unknown"}:
            assert time.monotonic() < deadline, "the worker doesn't send"
    finally:
        working.terminate()
        _, told = working.communicate(timeout=60)
    assert working.returncode == 0
    assert "bob@example.org: deferred: 450 4.2.0 later" in told


def states_of(installation: Installation) -> set[str]:
    return {row["state"] for row in installation.call("history", "--json").document}
