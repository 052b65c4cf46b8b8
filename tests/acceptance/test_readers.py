"""The operator's hand on the readers: paused, removed, exported, imported, edited; by the installed program."""

from __future__ import annotations

import json

import pytest

from tests.acceptance.conftest import Installation

DAY = "2026-06-30"
ADA, BOB, CLEO = (f"{name}@example.org" for name in ("ada", "bob", "cleo"))


@pytest.fixture
def ready(installation: Installation) -> Installation:
    """An installation with one paper, which Ada, Bob and Cleo want."""
    papers = installation.folder / "papers"
    papers.mkdir()
    paper = {
        "id": "2606.00001", "title": "A study of hedges", "authors": ["Ada Example"], "categories": ["cs.LG"],
        "summary": "We look at hedges.", "comment": None, "pdf": "", "abs": "",
    }  # fmt: skip
    (papers / f"{DAY}.jsonl").write_text(json.dumps(paper), encoding="utf-8")
    installation.configure('[sources.files]\npaths = ["papers/*"]')
    readers = {"ada": ADA, "bob": BOB, "cleo": CLEO}
    installation.write_readers({name: f'email = "{email}"\nkeywords = ["hedge"]\n' for name, email in readers.items()})
    return installation


def test_who_is_paused_or_removed_gets_nothing_not_even_what_is_planned(ready: Installation) -> None:
    call = ready.call
    call("pause")
    assert call("run", "--date", DAY).code == 1, "planned, and held"
    assert call("subscribers", "pause", "BOB@example.org").code == 0
    removed = call("subscribers", "remove", CLEO)
    assert "cleo.toml can be deleted" in removed.out
    call("resume")

    call("send", "--date", DAY)
    assert [to for to, _ in ready.mails()] == [ADA]
    told = {row["email"]: (row["state"], row["reply"]) for row in call("history", "--json").document}
    assert told[BOB] == ("suppressed", "the reader is paused")
    assert told[CLEO] == ("suppressed", "the reader is unsubscribed")

    back, gone = call("subscribers", "resume", BOB), call("subscribers", "resume", CLEO)
    assert (back.code, gone.code) == (0, 2)
    assert "only they can come back" in gone.err
    statuses = {reader["email"]: reader["status"] for reader in call("subscribers", "list", "--json").document}
    assert statuses == {ADA: "active", BOB: "active", CLEO: "unsubscribed"}


def test_pausing_somebody_who_left_does_not_bring_them_back(ready: Installation) -> None:
    call = ready.call
    call("subscribers", "remove", ADA)
    assert call("subscribers", "pause", ADA).code == 2
    assert call("subscribers", "show", ADA, "--json").document["status"] == "unsubscribed"
    assert "nobody's address" in call("subscribers", "remove", "nobody@example.org").err
