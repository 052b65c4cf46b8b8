"""What an operator may write about the way out, and what is refused before anything is sent."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from digest import delivery
from digest.adapters import make_adapter
from digest.errors import ConfigError


def make(name: str, **options: Any) -> Any:
    return make_adapter(delivery, name, options, file="config.toml", key=name, folder=Path("/srv/digest"))


def mistake_in(name: str, **options: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        make(name, **options)
    (mistake,) = caught.value.mistakes
    return str(mistake)


@pytest.mark.parametrize(
    ("option", "smallest", "largest"),
    [("port", 1, 65_535), ("max_connections", 1, 100), ("mails_per_connection", 1, 10_000)],
)
def test_a_number_beyond_its_range_is_refused_and_its_ends_are_not(option: str, smallest: int, largest: int) -> None:
    for number in (smallest, largest):
        assert getattr(make("smtp", **{option: number}), option) == number
    for number in (smallest - 1, largest + 1, -smallest):
        assert mistake_in("smtp", **{option: number}).startswith(f"config.toml: smtp.{option}: ")


@pytest.mark.parametrize("option", ["connect_timeout_seconds", "reply_timeout_seconds", "final_reply_timeout_seconds"])
@pytest.mark.parametrize("seconds", [0, -1.0, math.inf, math.nan, "inf"])
def test_a_time_limit_is_a_finite_time(option: str, seconds: Any) -> None:
    assert f"smtp.{option}: " in mistake_in("smtp", **{option: seconds})
    assert getattr(make("smtp", **{option: 0.5}), option) == 0.5


@pytest.mark.parametrize(
    "host", ["", " ", "relay example.org", "relay.example.org\r\n", "relay\0", "smtp://relay", "a@b"]
)
def test_what_is_no_host_is_refused_with_an_example(host: str) -> None:
    mistake = mistake_in("smtp", host=host)
    assert mistake.startswith("config.toml: smtp.host: ")
    assert mistake.endswith("is no host — write smtp.example.org")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1", "relay", "smtp.example.org", "smtp.bücher.example"])
def test_names_and_addresses_of_hosts_are_taken(host: str) -> None:
    assert make("smtp", host=host).host == host


@pytest.mark.parametrize("path", ["", "  ", "mails\0"])
def test_mails_are_not_written_to_a_folder_without_a_name(path: str) -> None:
    assert mistake_in("folder", path=path).endswith("folder.path: names no folder — write mails")
    assert make("folder", path="out/mails").path == "out/mails"
