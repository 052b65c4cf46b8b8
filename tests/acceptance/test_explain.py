"""Why a paper came, and what a change would do: explain and backtest by the installed program."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.acceptance.conftest import Installation
from tests.conftest import ROOT

DAY = "2026-06-30"
SOURCES = f'[sources.files]\npaths = ["{ROOT}/digest/demo/papers/*"]'
TERM = {"interest", "keyword", "field", "count", "impact"}
PROFILE = """
max_papers = 2
trending = 0
[[interests]]
name = "Models"
keywords = ["language model", "diffusion", "basalt"]
exclude = ["survey", "agent*"]
"""


@pytest.fixture
def ready(installation: Installation) -> Installation:
    """An installation that has collected the sample edition."""
    installation.configure(SOURCES)
    installation.write_readers()
    assert installation.call("collect", "--date", DAY).code == 0
    return installation


@pytest.fixture
def profile(ready: Installation) -> str:
    path = ready.folder / "profile.toml"
    path.write_text(PROFILE)
    return str(path)


def preview(ready: Installation, *whom: str) -> dict[str, float]:
    """The papers that a preview shows, with their scores."""
    document = ready.call("preview", *whom, "--date", DAY, "--format", "json").document
    return {match["id"]: match["score"] for section in document["sections"] for match in section["matches"]}


def in_units(numbers: Any) -> int:
    return sum(round(number * 10_000) for number in numbers)


def test_a_sent_paper_is_explained_with_terms_that_sum_up_to_the_score_in_its_mail(ready: Installation) -> None:
    ready.call("run", "--date", DAY)
    shown = preview(ready, "ada@example.org")
    (first, score), *_, (last, upvotes) = shown.items()
    number = first.removeprefix("arxiv:")
    document = ready.call("explain", f"https://arxiv.org/pdf/{number}v3", "--for", "ADA@example.org", "--json").document
    assert set(document) == {
        "id", "email", "chosen", "rank", "score", "cut_by", "sent_before", "terms", "excluded_by", "filtered_by",
    }  # fmt: skip
    assert (document["id"], document["email"], document["score"]) == (first, "ada@example.org", score)
    assert (document["chosen"], document["rank"], document["cut_by"]) == (True, 1, None)
    assert document["sent_before"] == DAY
    assert all(set(term) == TERM for term in document["terms"])
    assert in_units(term["impact"] for term in document["terms"]) == in_units([score])
    trending = ready.call("explain", last, "--for", "ada@example.org", "--json").document
    assert (trending["chosen"], trending["rank"], trending["score"]) == (True, 3, upvotes)
    words = ready.call("explain", first, "--for", "ada@example.org")
    assert words.code == 0
    assert "Chosen: number 1 of" in words.out
    assert f"Mail of {DAY} to ada@example.org: sent" in words.out
    by_file = ready.call("explain", first, "--profile", "subscribers/ada.toml", "--json").document
    assert (by_file["chosen"], by_file["sent_before"]) == (True, None)


def test_papers_that_were_cut_off_say_by_what(ready: Installation, profile: str) -> None:
    papers = ready.call("papers", "--date", DAY, "--json").document
    texts = {paper["id"]: f"{paper['title']} {paper['abstract']}".lower() for paper in papers}
    shown = preview(ready, "--profile", profile)
    excluded = next(key for key, text in texts.items() if "language model" in text and "agent" in text)
    crowded = next(key for key, text in texts.items() if "diffusion" in text and "agent" not in text
                   and "survey" not in text and key not in shown)  # fmt: skip
    silent = next(key for key, text in texts.items() if "language model" not in text and "diffusion" not in text)
    found = {
        key: ready.call("explain", key, "--profile", profile, "--json").document for key in (excluded, crowded, silent)
    }
    assert (found[excluded]["cut_by"], found[excluded]["excluded_by"]) == ("excluded", ["agent*"])
    assert (found[crowded]["cut_by"], found[crowded]["rank"] > 2) == ("max_papers", True)
    assert (found[silent]["cut_by"], found[silent]["rank"], found[silent]["score"]) == ("no hit", None, 0)
    assert not any(document["chosen"] for document in found.values())
    words = ready.call("explain", excluded, "--profile", profile).out
    assert "Not chosen: the exclusion “agent*” hits its" in words
    assert "basalt" in words.partition("Not found: ")[2]


def test_what_the_terms_add_is_told_for_the_interest_alone_under_which_the_paper_counts(ready: Installation) -> None:
    interests = (
        '[[interests]]\nname = "A"\nkeywords = ["language model"]\n[[interests]]\nkeywords = ["model"]\nweight = 0.1\n'
    )
    (ready.folder / "two.toml").write_text(interests)
    paper = next(iter(preview(ready, "--profile", "two.toml")))
    document = ready.call("explain", paper, "--profile", "two.toml", "--json").document
    assert {term["interest"] for term in document["terms"]} == {"A", "Your papers"}
    assert {term["interest"] for term in document["terms"] if term["impact"]} == {"A"}
    assert {term["keyword"] for term in document["terms"] if term["count"]} >= {"language model", "model"}
    assert in_units(term["impact"] for term in document["terms"]) == in_units([document["score"]]) > 0


def test_a_paper_that_no_edition_has_is_said_to_be_missing(ready: Installation) -> None:
    missing = ready.call("explain", "arxiv:2606.99999", "--for", "ada@example.org", "--json")
    assert (missing.code, missing.document["chosen"], missing.document["cut_by"]) == (1, False, "not held")
    assert "No edition has arxiv:2606.99999" in missing.err


def test_wrong_usage_of_both_commands_is_exit_code_2(installation: Installation) -> None:
    (installation.folder / "broken.toml").write_text('keywords = ["titel:mamba"]\n')
    installation.write_readers()
    for arguments, problem in (
        (("explain", "2606.28729"), "either a reader's address or --profile"),
        (("explain", "no paper at all", "--for", "ada@example.org"), "no paper's id"),
        (("explain", "2606.28729", "--for", "nobody@example.org"), "nobody's address"),
        (("backtest", "ada@example.org", "--profile", "broken.toml"), "either a reader's address or --profile"),
        (("backtest", "ada@example.org", "--against", "broken.toml"), "titel: is no field"),
        (("backtest", "ada@example.org", "--days", "0"), "--days"),
    ):
        result = installation.call(*arguments)
        assert (result.code, result.out, "Traceback" in result.err) == (2, "", False), arguments
        assert problem in result.err


def test_a_backtest_counts_what_a_preview_would_show_and_compares_a_change(ready: Installation, profile: str) -> None:
    changed = ready.folder / "changed.toml"
    changed.write_text(PROFILE.replace("[[interests]]", "min_score = 2.0\n[[interests]]"))
    previewed = ready.call("preview", "--profile", profile, "--date", DAY, "--format", "json").document
    document = ready.call("backtest", "--profile", profile, "--against", str(changed), "--json").document
    assert set(document) == {"days", "terms", "dead", "added", "removed"}
    (day,) = (day for day in document["days"] if day["edition"] == DAY)
    assert day == {"edition": DAY, **{key: previewed[key] for key in ("considered", "matched", "shown")}}
    assert {term["keyword"] for term in document["terms"]} == {"language model", "diffusion"}
    assert document["terms"][0]["papers"] >= document["terms"][0]["alone"] > 0
    assert (document["dead"], document["added"]) == (["basalt"], [])
    cut = [match["id"] for section in previewed["sections"] for match in section["matches"] if match["score"] < 2]
    assert [paper["id"] for paper in document["removed"]] == cut != []
    words = ready.call("backtest", "--profile", profile, "--against", str(changed))
    assert words.code == 0
    assert "Never found: “basalt”" in words.out
    assert "More matched than a mail shows, 2 (max_papers)" in words.out
    assert f"{changed} would remove {len(cut)} paper" in words.out
    assert document["removed"][0]["title"] in words.out


def test_a_backtest_of_an_empty_store_says_so(installation: Installation) -> None:
    installation.write_readers()
    result = installation.call("backtest", "ada@example.org", "--json")
    assert (result.code, result.document["days"]) == (1, [])
    assert "No edition is stored yet" in result.err


def test_a_backtest_of_a_profile_over_the_limits_says_what_is_wrong_in_it(installation: Installation) -> None:
    keywords = [f"word {number}" for number in range(301)]
    installation.write_readers({"ada": f'email = "ada@example.org"\nkeywords = {json.dumps(keywords)}\n'})
    result = installation.call("backtest", "ada@example.org")
    assert result.code == 2
    assert "301 terms; a profile has at most 300" in result.err
