"""What scripts may rely on: exit codes, JSON documents, messages; by the installed program."""

from __future__ import annotations

import json
from datetime import UTC, datetime, time
from email import message_from_string, policy
from functools import partial
from pathlib import Path

import pytest

from digest.config import read_subscriber, subscriber_id
from digest.matching import check_profile
from digest.storage import open_store
from tests.acceptance.conftest import Installation
from tests.conftest import ROOT

DAY = "2026-06-30"
NOW = datetime(2026, 6, 30, 8, tzinfo=UTC)
SOURCES = f'[sources.files]\npaths = ["{ROOT}/digest/demo/papers/*"]'


@pytest.fixture
def ready(installation: Installation) -> Installation:
    """An installation with the sample edition as its source and three readers."""
    installation.configure(SOURCES)
    installation.write_readers()
    return installation


def test_a_run_without_a_configuration_explains_in_three_lines_how_to_go_live(installation: Installation) -> None:
    result = installation.call("run")
    assert result.code == 0
    assert len(result.out.strip().splitlines()) == 3
    assert "config.toml" in result.out
    as_json = installation.call("run", "--json")
    assert (as_json.code, as_json.document["planned"]) == (0, 0)
    assert not list(installation.folder.iterdir())


def test_every_mistake_of_configuration_and_readers_is_told_at_once_with_its_repair(installation: Installation) -> None:
    (installation.folder / "config.toml").write_text(
        '[sources.arxivv]\ncategories = ["cs.LG"]\n[sources.arxiv]\ncategorys = ["cs.LG"]\n[smtp]\nhots = "x"\n'
    )
    installation.write_readers(
        {
            "ada": 'email = "ada"\nkeywords = "pruning"\n',
            "bob": 'email = "bob@example.org"\n[[interests]]\nkeywords = ["\\"open"]\n',
        }
    )
    result = installation.call("run")
    assert result.code == 2
    assert "Traceback" not in result.err
    for mistake in ("did you mean 'arxiv'?", "sources.arxiv.categorys", "did you mean 'host'?", "ada.toml: email"):
        assert mistake in result.err
    assert "ada.toml: keywords" in result.err
    assert "bob.toml: interests.0.keywords" in result.err


def test_run_reports_the_editions_totals_and_a_second_run_sends_nothing_twice(ready: Installation) -> None:
    first = ready.call("run", "--date", DAY, "--json").document
    second = ready.call("run", "--date", DAY, "--json")
    assert (first["papers"], first["subscribers"], first["planned"], first["sent"], first["empty"]) == (86, 3, 2, 2, 1)
    assert {key: second.document[key] for key in first if key != "seconds"} == {
        key: first[key] for key in first if key != "seconds"
    }
    assert "already" in second.err
    assert sorted(recipient for recipient, _ in ready.mails()) == ["ada@example.org", "maya@example.org"]


def test_no_send_composes_and_changes_nothing(ready: Installation) -> None:
    result = ready.call("run", "--date", DAY, "--no-send")
    assert "2 digests composed" in result.out
    assert not ready.mails()
    assert ready.call("history", "--json").document == []
    assert ready.call("run", "--date", DAY, "--json").document["sent"] == 2


def test_to_sends_everything_to_one_address_and_records_nothing(ready: Installation) -> None:
    assert ready.call("run", "--date", DAY, "--to", "me@example.org").code == 0
    assert [recipient for recipient, _ in ready.mails()] == ["me@example.org"] * 2
    assert ready.call("history", "--json").document == []


def test_only_one_reader_is_served_and_an_unknown_one_is_an_error(ready: Installation) -> None:
    assert ready.call("run", "--date", DAY, "--only", "maya@example.org", "--json").document["sent"] == 1
    assert ready.call("run", "--date", DAY, "--only", "ADA@example.org", "--json").document["sent"] == 2
    assert len(ready.call("history", "--email", "ADA@example.org", "--json").document) == 1
    wrong = ready.call("run", "--date", DAY, "--only", "nobody@example.org")
    assert (wrong.code, "nobody@example.org" in wrong.err) == (2, True)


def test_a_relay_that_is_down_loses_nothing_and_is_exit_code_3(ready: Installation) -> None:
    down = ready.call("run", "--date", DAY, "--json", environ={"DIGEST_SMTP__PORT": "1"})
    assert down.code == 3
    assert (down.document["pending"], down.document["sent"]) == (2, 0)
    assert ready.call("run", "--date", DAY, "--json").document["sent"] == 2


def test_a_preview_is_the_mail_that_is_sent_byte_for_byte_but_for_its_date(ready: Installation) -> None:
    shown = ready.call("preview", "ada@example.org", "--date", DAY, "--format", "eml").out
    assert not (ready.folder / "data" / "digest.db").exists() or ready.call("history", "--json").document == []
    ready.call("run", "--date", DAY)
    after = ready.call("preview", "ada@example.org", "--date", DAY, "--format", "eml").out
    sent = next(mail for recipient, mail in ready.mails() if recipient == "ada@example.org").as_string(
        policy=policy.SMTP
    )
    received = next(
        mail.content.decode()
        for mail in map(ready.inbox.read, ready.inbox.newest_first())
        if mail is not None and mail.recipients == ("ada@example.org",)
    )
    assert sent
    assert _without_date(shown) == _without_date(received) == _without_date(after)


def test_a_preview_has_four_formats(ready: Installation) -> None:
    arguments = ("preview", "ada@example.org", "--date", DAY)
    document = ready.call(*arguments, "--format", "json").document
    assert set(document) == {"edition", "email", "subject", "sections", "considered", "matched", "shown"}
    assert document["considered"] == 86
    assert set(document["sections"][0]["matches"][0]) == {"id", "title", "score", "reasons"}
    assert [section["kind"] for section in document["sections"]][-1] == "trending"
    title = document["sections"][0]["matches"][0]["title"]
    assert title in " ".join(ready.call(*arguments, "--format", "text").out.split())
    assert ready.call(*arguments, "--format", "html").out.lstrip().lower().startswith("<!doctype html")
    mail = message_from_string(ready.call(*arguments, "--format", "eml").out, policy=policy.default)
    assert mail["subject"] == document["subject"]
    unwritable = ready.call(*arguments, "--output", "nowhere/preview.html")
    assert (unwritable.code, "Traceback" in unwritable.err) == (2, False)
    assert "nowhere/preview.html: can't be written" in unwritable.err


def test_a_preview_of_a_profile_file_needs_no_subscriber(ready: Installation) -> None:
    profile = ready.folder / "profile.toml"
    profile.write_text('keywords = ["mixture of experts"]\n')
    result = ready.call("preview", "--profile", str(profile), "--date", DAY, "--format", "json")
    assert result.document["matched"] >= 1
    empty = ready.folder / "empty.toml"
    empty.write_text('keywords = ["basalt paleoclimate"]\ntrending = 0\n')
    nothing = ready.call("preview", "--profile", str(empty), "--date", DAY, "--output", "nothing.html")
    assert not (ready.folder / "nothing.html").exists()
    assert (nothing.code, nothing.out) == (0, "")
    assert "none of the 86 papers" in nothing.err


def test_papers_and_history_and_subscribers_have_the_promised_fields(ready: Installation) -> None:
    ready.call("run", "--date", DAY)
    paper = ready.call("papers", "--date", DAY, "--json").document[0]
    assert set(paper) == {
        "id", "edition", "title", "authors", "abstract", "categories", "published", "announced", "url", "pdf_url",
        "code_url", "upvotes", "picked_by", "sources",
    }  # fmt: skip
    row = ready.call("history", "--json").document[0]
    assert set(row) == {
        "edition", "email", "state", "attempts", "message_id", "code", "enhanced_code", "reply", "relay", "updated_at",
        "papers",
    }  # fmt: skip
    assert ready.call("history", "--paper", row["papers"][0], "--email", row["email"], "--json").document == [row]
    reader = ready.call("subscribers", "list", "--json").document[0]
    assert {"email", "interests", "origin", "status", "cursor"} <= set(reader)
    assert reader["cursor"] == DAY


def test_an_added_reader_is_a_file_and_the_same_address_twice_is_refused(ready: Installation) -> None:
    added = ready.call("subscribers", "add", "new@example.org", "--name", 'New "N"', "--keyword", "graph*")
    assert added.code == 0, added.err
    shown = ready.call("subscribers", "show", "new@example.org", "--json").document
    assert (shown["name"], shown["interests"][0]["keywords"]) == ('New "N"', ["graph*"])
    assert ready.call("subscribers", "add", "New@EXAMPLE.org").code == 2


def test_a_file_is_not_put_over_what_a_reader_asked_for_on_the_web(ready: Installation) -> None:
    ready.call("history")  # makes the database
    read_signup = partial(read_subscriber, file="", timezone="UTC", send_at=time(7, 30), check=check_profile)
    with open_store(f"sqlite:///{ready.folder}/data/digest.db", now=lambda: NOW, read_signup=read_signup) as store:
        store.subscribers.add_signup(subscriber_id("eve@example.org"), "eve@example.org", {"keywords": ["snails"]})
        store.subscribers.confirm(subscriber_id("eve@example.org"), cursor=NOW.date())

    refused = ready.call("subscribers", "add", "eve@example.org", "--keyword", "zebras")

    assert (refused.code, list((ready.folder / "subscribers").glob("eve*"))) == (2, [])
    assert "eve@example.org: has signed up" in refused.err


def test_a_broken_file_is_named_and_the_others_go_on(ready: Installation) -> None:
    papers = ready.folder / "papers"
    papers.mkdir()
    good = {"id": "2606.00001", "title": "A sound record about reasoning", "authors": [], "categories": ["cs.LG"],
            "summary": "Reasoning.", "comment": None, "pdf": "", "abs": ""}  # fmt: skip
    (papers / f"{DAY}-good.jsonl").write_text(json.dumps(good) + "\n" + '{"id": "no id"}\n' * 1)
    (papers / f"{DAY}-empty.jsonl").write_text("")
    (papers / f"{DAY}-cut.jsonl.gz").write_bytes(b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x4b")
    (papers / f"{DAY}-odd.bin").write_bytes(bytes(range(256)))
    (papers / f"{DAY}-page.txt").write_text(
        "new\n\nGet trending papers in your email inbox!\n\nSubscribe\n\nbyAK\n\nJun 30\n\nOdd"
    )
    ready.configure('[sources.files]\npaths = ["papers/*"]')
    result = ready.call("run", "--date", DAY, "--json")
    assert result.code == 1
    assert result.document["papers"] == 1
    for name in ("empty.jsonl", "cut.jsonl.gz", "odd.bin", "page.txt"):
        assert name in result.err
    assert "1 record refused" in result.err


def test_wrong_usage_is_exit_code_2_without_a_traceback(ready: Installation) -> None:
    for arguments in (
        ("run", "--date", "2062-06-29"),
        ("collect", "--date", "9999-12-31"),
        ("preview", "ada@example.org", "--date", "0001-01-01"),
        ("run", "--date", DAY, "--to", "not an address"),
        ("run", "--date", "30 June"),
        ("preview",),
        ("nonsense",),
        ("collect", "arxiv"),
        ("--config", "no.toml", "run"),
    ):
        result = ready.call(*arguments)
        assert (result.code, "Traceback" in result.err) == (2, False), arguments


def test_check_tells_what_is_sound_and_what_is_not(ready: Installation) -> None:
    findings = ready.call("check", "--json")
    assert findings.code == 0
    assert {"what", "ok", "level", "message", "repair"} == set(findings.document[0])
    live = ready.call("check", "--live", "--json")
    assert {"store", "relay"} <= {finding["what"] for finding in live.document}
    broken = ready.call("check", "--json", environ={"DIGEST_SMTP__SECURITY": "none at all"})
    assert broken.code == 2
    assert [finding["what"] for finding in broken.document if finding["level"] == "error"] == ["transport"]


def test_check_opens_and_writes_nothing(installation: Installation) -> None:
    assert installation.call("check").code == 0
    assert not list(installation.folder.iterdir())


def test_the_example_configuration_is_sound_and_shows_every_default(installation: Installation) -> None:
    text = (ROOT / "config.example.toml").read_text(encoding="utf-8")
    path = installation.folder / "config.toml"
    path.write_text(text)
    assert installation.call("check").code == 0
    uncommented = [
        line[1:] if line.startswith("#") and not line.startswith("# ") else line for line in text.splitlines()
    ]
    path.write_text("\n".join(uncommented))
    assert installation.call("check").code == 0


def _without_date(mail: str) -> str:
    return "\n".join(line for line in mail.splitlines() if not line.startswith("Date: "))


def test_logs_as_json_go_to_stderr_one_object_a_line(ready: Installation, tmp_path: Path) -> None:
    result = ready.call(
        "--log-format", "json", "-v", "run", "--date", DAY, "--json", environ={"DIGEST_SMTP__PORT": "1"}
    )
    logged = [json.loads(line) for line in result.err.splitlines() if line.startswith("{")]
    assert logged
    assert {"time", "level", "logger", "message"} <= set(logged[0])
    assert result.document["pending"] == 2
    assert tmp_path.exists()
