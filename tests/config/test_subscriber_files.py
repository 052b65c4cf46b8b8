"""Subscriber files and signups: what they may say, and that every mistake is found."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.config import load_subscribers, read_subscriber, subscriber_id
from digest.domain import Frequency, Interest, Profile, Status, Subscriber
from digest.errors import ConfigError, Mistake
from digest.matching import check_profile
from digest.matching.interests import MOST_INTERESTS

ADA = """
email = "ada@example.org"
name = "Ada"
timezone = "Europe/London"
send_at = "07:45"
frequency = "weekly"
weekday = "tuesday"
max_papers = 12
min_score = 0.5
trending = 2
language = "en"

[[interests]]
name = "Pruning"
keywords = ["structured pruning", "N:M sparsity", "quantiz*", "title:distillation^2"]
exclude = ["medical imaging"]
authors = ["Song Han"]
categories = ["cs.LG"]
query = '("state space model" OR mamba) AND NOT survey'
weight = 1.5
"""


def read(values: Mapping[str, Any]) -> Subscriber:
    return read_subscriber(values, file="ada.toml", timezone="Europe/Zurich", send_at=time(6, 30), check=check_profile)


def load(folder: Path) -> tuple[tuple[Subscriber, ...], tuple[Mistake, ...]]:
    return load_subscribers(folder, timezone="Europe/Zurich", send_at=time(6, 30), check=check_profile)


def mistakes_in(values: Mapping[str, Any]) -> dict[str, str]:
    with pytest.raises(ConfigError) as caught:
        read(values)
    return {mistake.key: f"{mistake.problem} — {mistake.repair}" for mistake in caught.value.mistakes}


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    """Writes a file into the subscribers' folder and returns the folder."""

    def write_file(name: str, text: str) -> Path:
        (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path

    return write_file


def test_a_file_is_read_as_documented(write: Callable[[str, str], Path]) -> None:
    folder = write("ada.toml", ADA)

    (ada,), _ = load(folder)

    assert ada == Subscriber(
        id=subscriber_id("ada@example.org"),
        email="ada@example.org",
        name="Ada",
        timezone="Europe/London",
        send_at=time(7, 45),
        frequency=Frequency.WEEKLY,
        weekday="tuesday",
        language="en",
        origin="file",
        status=Status.ACTIVE,
        cursor=None,
        is_new=True,
        file=str(folder / "ada.toml"),
        profile=Profile(
            interests=(
                Interest(
                    name="Pruning",
                    keywords=("structured pruning", "N:M sparsity", "quantiz*", "title:distillation^2"),
                    exclude=("medical imaging",),
                    authors=("Song Han",),
                    categories=("cs.LG",),
                    query='("state space model" OR mamba) AND NOT survey',
                    weight=1.5,
                ),
            ),
            max_papers=12,
            min_score=0.5,
            trending=2,
        ),
    )


def test_an_address_alone_takes_the_site_s_time_and_the_trending_papers() -> None:
    bob = read({"email": "bob@example.org"})

    assert (bob.timezone, bob.send_at, bob.frequency) == ("Europe/Zurich", time(6, 30), Frequency.DAILY)
    assert bob.profile == Profile()


def test_keywords_at_the_top_make_one_unnamed_interest_before_the_named_ones() -> None:
    reader = read(
        {"email": "a@example.org", "keywords": ["pruning"], "interests": [{"name": "Birds", "keywords": ["birds"]}]}
    )

    assert [interest.name for interest in reader.profile.interests] == ["", "Birds"]


def test_every_mistake_of_a_file_is_reported_with_key_and_repair() -> None:
    found = mistakes_in(
        {
            "email": "nobody",
            "frequncy": "daily",
            "timezone": "Europe/Zürich",
            "weekday": "Monday",
            "max_papers": 0,
            "keywords": "pruning",
            "send_at": "07:30Z",
            "name": "Ada\r\nBcc: bob@example.org",
            "interests": [{"keywordz": ["x"], "weight": -1}],
        }
    )

    assert set(found) == {
        "email",
        "frequncy",
        "timezone",
        "weekday",
        "max_papers",
        "keywords",
        "send_at",
        "name",
        "interests.0.keywordz",
        "interests.0.weight",
    }
    assert "write name@example.org" in found["email"]
    assert "did you mean 'frequency'?" in found["frequncy"]
    assert "did you mean 'keywords'?" in found["interests.0.keywordz"]
    assert """is no list, found 'pruning' — write one""" in found["keywords"]
    assert "on one line" in found["name"]


def test_a_profile_over_the_limits_of_its_page_is_refused() -> None:
    found = mistakes_in({"email": "ada@example.org", "keywords": [f"word{n}" for n in range(301)]})

    assert found == {"interests": "301 terms; a profile has at most 300 — keep those that bring papers"}


def test_mistakes_in_the_language_of_keywords_are_reported_where_they_stand() -> None:
    found = mistakes_in(
        {
            "email": "ada@example.org",
            "query": "(mamba",
            "interests": [{"name": "x", "query": "AND"}, {"name": "y", "keywords": ["ok"]}],
        }
    )

    assert set(found) == {"query", "interests.0.query"}


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("key", ["min_score", "weight"])
def test_a_number_that_compares_with_nothing_is_a_mistake(key: str, number: float) -> None:
    interest = {"keywords": ["pruning"]} | ({key: number} if key == "weight" else {})
    top = {key: number} if key == "min_score" else {}

    (found,) = mistakes_in({"email": "ada@example.org", "interests": [interest], **top})

    assert found.endswith(key)


def test_the_mistakes_of_all_files_come_together_and_name_their_files(write: Callable[[str, str], Path]) -> None:
    write("ada.toml", ADA.replace("ada@example.org", "nobody"))
    write("bob.toml", "email = ")
    folder = write("cleo.toml", 'email = "cleo@example.org"')

    sound, mistakes = load(folder)

    assert [reader.email for reader in sound] == ["cleo@example.org"]
    assert [Path(mistake.file).name for mistake in mistakes] == ["ada.toml", "bob.toml"]


@pytest.mark.parametrize("value", ["[" * 9999, "9" * 9999])
def test_a_value_beyond_all_measure_costs_nobody_but_its_own_reader(
    write: Callable[[str, str], Path], value: str
) -> None:
    write("ada.toml", ADA)
    sound, (mistake,) = load(write("bob.toml", f"email = 'bob@example.org'\nmax_papers = {value}"))

    assert (len(sound), Path(mistake.file).name) == (1, "bob.toml")


@pytest.mark.parametrize("other", ["ada@EXAMPLE.org", "ada@example.org"])
def test_of_two_files_with_one_address_the_first_counts_and_the_mistake_names_both(
    write: Callable[[str, str], Path], other: str
) -> None:
    write("ada.toml", ADA)
    folder = write("zoe.toml", f'email = "{other}"')

    (ada,), (mistake,) = load(folder)

    assert Path(ada.file).name == "ada.toml"
    assert re.search(r"zoe\.toml: email: ada@example\.org stands in .*ada\.toml too", str(mistake))


def test_tags_keep_addresses_apart(write: Callable[[str, str], Path]) -> None:
    write("ada.toml", ADA)
    folder = write("tagged.toml", 'email = "ada+papers@example.org"')

    assert len({reader.id for reader in load(folder)[0]}) == 2


def test_both_spellings_of_an_international_domain_are_one_address(write: Callable[[str, str], Path]) -> None:
    write("one.toml", 'email = "ada@bücher.example"')
    folder = write("two.toml", 'email = "ada@xn--bcher-kva.example"')

    assert [mistake.repair for mistake in load(folder)[1]] == ["keep one of the two files"]


def test_other_files_in_the_folder_are_left_alone(write: Callable[[str, str], Path]) -> None:
    write("README.md", "# Readers")
    write("ada.toml.bak", "email = ")
    folder = write("ada.toml", ADA)

    assert len(load(folder)[0]) == 1


def test_a_folder_that_is_not_there_holds_no_subscriber(tmp_path: Path) -> None:
    assert load(tmp_path / "gone") == ((), ())


def test_an_id_is_stable_and_tells_nothing_of_the_address() -> None:
    assert (
        subscriber_id("ada@example.org") == subscriber_id("Ada@Example.ORG") != subscriber_id("ada+papers@example.org")
    )
    assert len(subscriber_id("ada@example.org")) == 20
    assert "ada" not in subscriber_id("ada@example.org")


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.times() | st.dates() | st.datetimes()
anything = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8)
keys = st.sampled_from(list(tomllib.loads(ADA)))
interests = st.lists(
    st.dictionaries(st.sampled_from([field.name for field in fields(Interest)]) | st.text(), anything), max_size=3
)
plausible = st.fixed_dictionaries(
    {"email": st.just("ada@example.org") | st.emails()},
    optional={
        "name": st.text(max_size=30),
        "keywords": st.lists(st.text(max_size=30), max_size=4),
        "query": st.text(max_size=40),
        "max_papers": st.integers(-1, 300),
        "min_score": st.floats(),
        "interests": interests,
    },
)


@given(st.dictionaries(keys | st.text(), anything) | plausible)
def test_whatever_a_file_says_becomes_a_subscriber_or_a_list_of_mistakes(values: dict[str, Any]) -> None:
    found = _read(values)

    if isinstance(found, Subscriber):
        assert found.id == subscriber_id(found.email)
        assert found.send_at.tzinfo is None
        assert math.isfinite(found.profile.min_score)
        assert not any(ord(character) < 32 for character in found.name)
    else:
        assert found
        assert all(mistake.problem for mistake in found)
        assert all(len(str(mistake).splitlines()) == 1 for mistake in found)


def _read(values: Mapping[str, Any]) -> Subscriber | tuple[Mistake, ...]:
    try:
        return read(values)
    except ConfigError as error:
        return error.mistakes


def test_mistakes_of_the_file_and_of_its_words_are_told_together() -> None:
    found = mistakes_in({"email": "nobody", "keywords": ["(mamba"], "interests": [{"query": "AND"}, "pruning"]})

    assert set(found) == {"email", "keywords[0]", "interests.0.query", "interests.1"}


def test_a_mistake_in_a_list_shows_the_entry_or_its_beginning() -> None:
    with pytest.raises(ConfigError) as raised:
        read({"email": "ada@example.org", "keywords": ["pruning", "deep, learning", "x, " * 60]})
    short, long = raised.value.mistakes
    assert short.place.endswith("keywords[1] 'deep, learning'")
    assert long.place.endswith("x, x…'")
    assert len(long.place) < 120


def test_a_file_may_hold_as_many_interests_as_a_profile_and_no_more() -> None:
    interests = [{"name": f"Interest {number}", "keywords": [f"word{number}"]} for number in range(MOST_INTERESTS)]
    assert len(read({"email": "eve@example.org", "interests": interests}).profile.interests) == MOST_INTERESTS
    (problem,) = mistakes_in({"email": "eve@example.org", "interests": [*interests, {"query": "mamba"}]}).values()
    assert f"at most {MOST_INTERESTS}" in problem


def test_a_tab_that_was_pasted_is_named() -> None:
    assert "tab" in mistakes_in({"email": "eve@example.org", "keywords": ["state\tspace"]})["keywords.0"]


@pytest.mark.parametrize("name", ["\x9b31mEve", "Eve\u202e", "Eve\u2028Bob"])
def test_a_name_that_would_steer_a_terminal_is_a_mistake(name: str) -> None:
    assert set(mistakes_in({"email": "eve@example.org", "name": name})) == {"name"}
