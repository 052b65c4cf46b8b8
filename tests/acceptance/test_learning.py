"""What a reader's profile learns on the command line: shown first, and changed only with --apply."""

from __future__ import annotations

import shutil
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime, time
from functools import partial
from pathlib import Path

import pytest

from digest.config import read_subscriber, subscriber_id
from digest.delivery.inbox import Inbox
from digest.matching import check_profile
from digest.storage import Store, open_store
from tests.acceptance.conftest import Installation
from tests.conftest import ROOT

DAY = "2026-06-30"
PAPER = "arxiv:2606.30562"  # Morphing into Hybrid Attention Models
ADA = """\
# Ada's own words
email = "ada@example.org"

[[interests]]
name = "Small models"
keywords = [
    "linear attention",  # the first
    "distill*^0.1",
]

[[interests]]
name = "Cells"
keywords = ["protein"]
"""


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """An installation that holds the sample edition, to be copied: collecting takes a while. It can send nothing."""
    folder = tmp_path_factory.mktemp("template")
    installation = Installation(folder, Inbox(folder, "127.0.0.1", 1))
    installation.configure(f'[sources.files]\npaths = ["{ROOT}/digest/demo/papers/*"]')
    installation.write_readers({"ada": ADA, "maya": 'email = "maya@example.org"\n'})
    assert installation.call("collect", "--date", DAY).code == 0
    return installation


@pytest.fixture
def ready(collected: Installation, tmp_path: Path) -> Installation:
    """A copy of it."""
    return replace(collected, folder=shutil.copytree(collected.folder, tmp_path / "installation"))


def file_of(installation: Installation, name: str = "ada") -> str:
    return (installation.folder / "subscribers" / f"{name}.toml").read_text()


def test_more_is_shown_first_and_changes_the_file_only_when_applied(ready: Installation) -> None:
    call = ("subscribers", "learn", "ada@example.org", "--more", PAPER)

    shown = ready.call(*call)
    assert (shown.code, file_of(ready)) == (0, ADA)
    assert shown.out.splitlines()[:-1] == [
        "Morphing into Hybrid Attention Models",
        "Small models:",
        "  + hybrid attention models",
    ]
    assert "--apply" in shown.out.splitlines()[-1]

    applied = ready.call(*call, "--apply")
    assert "changed." in applied.out
    assert file_of(ready) == ADA.replace(
        '    "distill*^0.1",\n', '    "distill*^0.1",\n    "hybrid attention models",\n'
    )


def test_less_and_mute_change_entries_of_the_interests_they_concern(ready: Installation) -> None:
    less = ready.call("subscribers", "learn", "ada@example.org", "--less", PAPER, "--apply", "--json")
    everywhere = ready.call("subscribers", "learn", "ada@example.org", "--mute", "x-ray", "--apply", "--json")
    here = ready.call("subscribers", "learn", "ada@example.org", "--mute", "mouse", "--interest", "Cells", "--apply")

    assert less.document == {
        "email": "ada@example.org",
        "applied": True,
        "changes": [
            {
                "interest": "Small models",
                "list": "keywords",
                "before": "linear attention",
                "after": "linear attention^0.5",
            },
            {"interest": "Small models", "list": "keywords", "before": "distill*^0.1", "after": ""},
        ],
        "papers": [PAPER],
        "refused": [],
    }
    assert [change["interest"] for change in everywhere.document["changes"]] == ["Small models", "Cells"]
    assert here.out.splitlines()[:2] == ["Cells:", "  + exclude mouse"]
    assert (
        file_of(ready)
        == ADA.replace(
            '    "linear attention",  # the first\n    "distill*^0.1",\n]\n',
            '    "linear attention^0.5",  # the first\n]\nexclude = ["x-ray"]\n',
        )
        + 'exclude = ["x-ray", "mouse"]\n'
    )


def test_a_library_makes_an_interest_and_tells_what_it_could_not_use(ready: Installation) -> None:
    library = ready.folder / "references"
    library.write_text(
        "@article{a, title={{S}tate space models for sleep}}\n@article{b, title={More state space models}}\n"
        "@misc{c, author={Nobody}}\n"
    )

    shown = ready.call("subscribers", "learn", "--profile", "subscribers/ada.toml", "--from", "references")
    simple = ready.call("subscribers", "learn", "maya@example.org", "--from", "references", "--apply")

    assert shown.code == simple.code == 1
    assert "line 3, c: the record has no title" in shown.err
    assert shown.out.splitlines()[:3] == ["2 papers read", "From your library:", "  + state space models"]
    assert file_of(ready) == ADA
    assert file_of(ready, "maya") == 'email = "maya@example.org"\nkeywords = ["state space models"]\n'
    again = ready.call("subscribers", "learn", "maya@example.org", "--from", "references")
    assert "Nothing to change: the profile says it already, or" in again.out

    (ready.folder / "references").write_text("@misc{c, author={Nobody}}\n")
    unread = ready.call("subscribers", "learn", "maya@example.org", "--from", "references")
    assert unread.out == "Nothing to change: none of its records could be used.\n"


def test_a_signup_s_profile_changes_in_the_store_and_the_change_is_kept(ready: Installation) -> None:
    eve = subscriber_id("eve@example.org")
    with store_of(ready) as store:
        store.subscribers.add_signup(eve, "eve@example.org", {"keywords": ["attention", "protein"]})

    assert ready.call("subscribers", "learn", "eve@example.org", "--more", PAPER, "--apply").code == 0

    with store_of(ready) as store:
        reader = store.subscribers.find(eve)
        assert reader is not None
        assert reader.profile.interests[0].keywords == ("attention^1.2", "protein", "hybrid attention models")
        assert [(kept.verb, kept.paper_id) for kept in store.changes.recent(eve, limit=5)] == [("more", PAPER)]


def test_wrong_usage_is_told_in_a_line(ready: Installation) -> None:
    for arguments, problem in (
        (
            ["ada@example.org", "--more", PAPER, "--mute", "x-ray"],
            "give one of --more PAPER, --less PAPER, --mute TERM",
        ),
        (["--mute", "x-ray"], "name either a reader's address or --profile FILE"),
        (["ada@example.org", "--more", "arxiv:2606.99999"], "is no paper that is held here"),
        (["ada@example.org", "--mute", 'a "survey"'], "put AND or OR between the two"),
        (["ada@example.org", "--mute", "x-ray", "--interest", "Stars"], "there are: Small models, Cells"),
        (["ada@example.org", "--from", "none.bib"], "none.bib: can't be read"),
    ):
        result = ready.call("subscribers", "learn", *arguments)
        assert (result.code, result.out) == (2, "")
        assert problem in result.err
        assert "Traceback" not in result.err
    assert file_of(ready) == ADA


def store_of(ready: Installation) -> AbstractContextManager[Store]:
    read_signup = partial(read_subscriber, file="sign-up", timezone="UTC", send_at=time(7), check=check_profile)
    url = f"sqlite:///{ready.folder / 'data' / 'digest.db'}"
    return open_store(url, now=lambda: datetime(2026, 6, 30, tzinfo=UTC), read_signup=read_signup)
