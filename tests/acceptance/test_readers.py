"""The operator's hand on the readers: paused, removed, exported, imported, edited; by the installed program."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from datetime import UTC, datetime, time
from functools import partial

import pytest

from digest.config import read_subscriber, subscriber_id
from digest.domain import ReportKind, Suppression
from digest.links import Purpose, read_token
from digest.matching import check_profile
from digest.storage import Store, open_store
from tests.acceptance.conftest import Installation, Result

DAY = "2026-06-30"
NOW = datetime(2026, 6, 30, 8, tzinfo=UTC)
ADA, BOB, CLEO, EVE, GIA = (f"{name}@example.org" for name in ("ada", "bob", "cleo", "eve", "gia"))


@pytest.fixture
def ready(installation: Installation) -> Installation:
    """An installation with one paper, which Ada, Bob and Cleo want."""
    installation.write_paper(DAY)
    installation.configure('[sources.files]\npaths = ["papers/*"]')
    readers = {"ada": ADA, "bob": BOB, "cleo": CLEO}
    installation.write_readers({name: f'email = "{email}"\nkeywords = ["hedge"]\n' for name, email in readers.items()})
    return installation


def opened(installation: Installation) -> AbstractContextManager[Store]:
    """The store of an installation in which a command has been called, which made database and secret."""
    secret = (installation.folder / "data" / "secret.key").read_text().strip()
    read_signup = partial(read_subscriber, file="", timezone="UTC", send_at=time(7, 30), check=check_profile)
    url = f"sqlite:///{installation.folder}/data/digest.db"
    return open_store(url, now=lambda: NOW, read_signup=read_signup, secrets=[secret])


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


def test_a_mistake_in_one_reader_s_file_costs_that_reader_alone_until_it_is_mended(ready: Installation) -> None:
    call, mistake = ready.call, "bob.toml: keywords[0] '(hedge': a bracket is never closed"
    call("pause")
    call("run", "--date", DAY)
    call("resume")
    bob = ready.folder / "subscribers" / "bob.toml"
    sound = bob.read_text()
    bob.write_text(sound.replace('"hedge"', '"(hedge"'))

    removed, ran = call("subscribers", "remove", CLEO), call("run", "--date", DAY)

    assert (removed.code, "is unsubscribed" in removed.out, mistake in removed.err) == (0, True, True)
    assert (ran.code, ran.err.count(mistake)) == (1, 1)
    assert [to for to, _ in ready.mails()] == [ADA]
    assert call("subscribers", "export").code == call("check").code == 2, "what must be whole is not begun"
    bob.write_text(sound)
    assert call("send", "--date", DAY).code == 0
    assert [to for to, _ in ready.mails()] == [ADA, BOB], "what was planned has waited"


def test_with_another_secret_nothing_runs_until_the_known_one_is_named_or_given_up(ready: Installation) -> None:
    call, other = ready.call, {"DIGEST_SITE__SECRET": "another-secret-of-16"}
    call("subscribers", "list")
    kept = (ready.folder / "data" / "secret.key").read_text().strip()

    refused = call("run", "--date", DAY, environ=other)
    assert (refused.code, ready.mails()) == (2, [])
    assert "site.secret: is another secret than the database knows" in refused.err
    assert call("subscribers", "list", environ={**other, "DIGEST_SITE__FORMER_SECRETS": kept}).code == 0
    assert call("subscribers", "list", environ=other).code == 0
    assert call("subscribers", "list").code == 2
    assert "knows the secret in use" in call("db", "adopt-secret").out
    assert call("subscribers", "list").code == 0


def test_what_is_exported_can_be_imported_elsewhere_and_means_the_same(ready: Installation) -> None:
    call = ready.call
    full = {
        "email": "+eve@example.org", "name": "=Eve, 'the' \"1st\"", "frequency": "weekly",
        "send_at": "09:15", "max_papers": 7,
        "interests": [{"name": "A; b", "keywords": ["KV cache", "graph*"], "query": "graph AND hedge"},
                      {"authors": ["Ada"], "weight": 1.5}],
    }  # fmt: skip
    (ready.folder / "list.json").write_text(json.dumps([full]), encoding="utf-8")
    assert call("subscribers", "import", "list.json").code == 0
    call("subscribers", "remove", BOB)
    as_csv, as_json = call("subscribers", "export"), call("subscribers", "export", "--json")
    (ready.folder / "readers.csv").write_text(as_csv.out, encoding="utf-8")
    elsewhere = {"DIGEST_STORE__URL": "sqlite:///other/digest.db", "DIGEST_SUBSCRIBERS__PATH": "other/readers"}

    imported = call("subscribers", "import", "readers.csv", environ=elsewhere)

    assert (imported.code, f"{BOB}: is 'unsubscribed' where the list comes from" in imported.err) == (0, True)
    there = call("subscribers", "export", "--json", environ=elsewhere).document
    assert there == [reader for reader in as_json.document if reader["email"] != BOB]
    assert call("subscribers", "export", "--json", "--csv").code == 2


def test_an_import_writes_files_names_each_bad_line_and_leaves_who_is_here(ready: Installation) -> None:
    call = ready.call
    call("subscribers", "remove", CLEO)
    (ready.folder / "subscribers" / "cleo.toml").unlink()
    with opened(ready) as store, store.suppressions.engine.begin() as connection:
        barred = Suppression(subscriber_id(GIA), ReportKind.HARD, "5.1.1", NOW, None)
        store.suppressions.put(connection, barred)
    lines = ("email,name,keywords", f"{ADA},Another,cache", "dan@example.org,Dan,KV cache; hedge*", "no address,,",
             f"{CLEO},,", "fay@example.org,,(open", "Dan@example.org,,", f"{GIA},,")  # fmt: skip
    (ready.folder / "list.csv").write_text("\n".join(lines), encoding="utf-8")
    files = sorted((ready.folder / "subscribers").iterdir())

    tried = call("subscribers", "import", "list.csv", "--dry-run", "--json")
    assert sorted((ready.folder / "subscribers").iterdir()) == files
    done = call("subscribers", "import", "list.csv", "--json")

    assert (tried.code, done.code) == (1, 1)
    assert {**done.document, "written": False} == tried.document
    assert done.document["imported"] == ["dan@example.org"]
    assert {(one["file"], one["key"]) for one in done.document["left"]} == {
        ("list.csv: line 2", ADA), ("list.csv: line 5", CLEO), ("list.csv: line 7", "Dan@example.org"),
        ("list.csv: line 8", GIA),
    }  # fmt: skip
    assert {(one["file"], one["key"]) for one in done.document["refused"]} == {
        ("list.csv: line 4", "email"), ("list.csv: line 6", "keywords[0]"),
    }  # fmt: skip
    written = (ready.folder / "subscribers" / "dan-example-org.toml").read_text()
    assert written == 'email = "dan@example.org"\nname = "Dan"\nkeywords = ["KV cache", "hedge*"]\n'
    assert call("subscribers", "import", "no such file").code == 2
    assert "has unsubscribed" in call("subscribers", "add", CLEO).err


def test_who_has_unsubscribed_in_any_line_of_a_list_is_not_imported_by_another(ready: Installation) -> None:
    lines = ("email,status", "dan@example.org,active", "Dan@example.org,unsubscribed", "eve@example.org,unsubscribed",
             "eve@example.org,active")  # fmt: skip
    (ready.folder / "list.csv").write_text("\n".join(lines), encoding="utf-8")

    done = ready.call("subscribers", "import", "list.csv", "--json")

    assert (done.code, done.document["imported"], len(done.document["left"])) == (0, [], 4)


def test_an_edit_takes_what_is_valid_and_keeps_what_is_not_for_the_next(ready: Installation) -> None:
    path = ready.folder / "subscribers" / "ada.toml"
    before = path.read_text()

    def edit(change: str) -> Result:
        return ready.call("subscribers", "edit", ADA, environ={"VISUAL": f"sed -i {change}"})

    assert edit("s/none/such/").out.endswith("is as it was\n")
    broken = edit('s/"hedge"/"(hedge"/')
    assert (broken.code, path.read_text()) == (2, before)
    assert ".draft: keywords[0] '(hedge': a bracket is never closed" in broken.err
    mended = edit("s/(hedge/hedges*/")
    assert (mended.code, path.read_text()) == (0, before.replace("hedge", "hedges*"))
    assert "going on with" in mended.err

    other = edit("s/ada@/eve@/")
    (draft,) = path.parent.glob("*.draft")
    assert (other.code, "must stay ada@example.org" in other.err) == (2, True)
    path.write_text(path.read_text() + "max_papers = 7\n")
    meanwhile = edit("s/eve@/ada@/")
    assert (meanwhile.code, path.read_text().endswith("max_papers = 7\n")) == (2, True)
    assert f"ada.toml: was changed after {draft} was begun" in meanwhile.err
    draft.unlink()
    assert ready.call("subscribers", "edit", ADA, environ={"VISUAL": "false"}).code == 2
    assert not list(path.parent.glob("*.draft"))


def test_who_signed_up_edits_their_own_profile_by_a_link(ready: Installation) -> None:
    ready.call("subscribers", "list")
    with opened(ready) as store:
        store.subscribers.add_signup(subscriber_id(EVE), EVE, {"keywords": ["snails"]})

    told = ready.call("subscribers", "edit", EVE)

    secret = (ready.folder / "data" / "secret.key").read_text().strip()
    token = told.out.split("http://localhost:8000/preferences/")[1].strip()
    assert read_token(token, Purpose.PREFERENCES, today=datetime.now(UTC).date(), secrets=[secret]) == subscriber_id(
        EVE
    )
    assert told.code == 1
