"""Adapters found by their file's name and made of the operator's options, with every mistake explained."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from digest import delivery, sources
from digest.adapters import adapter_names, make_adapter
from digest.errors import ConfigError

FOUND_MANY = "is no whole number, found 'many' — write one"
WRITE_A_LIST = 'write one: ["…", "…"]'
FEED = """
from __future__ import annotations
from dataclasses import dataclass, field

@dataclass(frozen=True)
class Feed:
    url: str
    limit: int = 100
    categories: tuple[str, ...] = ()
    folder: str = ""
    seen: set[str] = field(default_factory=set, init=False)

adapter = Feed
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """A package of adapters: one good, one module without any, and a private one."""
    folder = tmp_path / "invented_adapters"
    folder.mkdir()
    for name, text in {"__init__": "", "feed": FEED, "batching": "", "_http": "adapter = int"}.items():
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    import invented_adapters  # type: ignore[import-not-found]  # noqa: PLC0415 - it is there from here on

    yield invented_adapters
    for name in [name for name in sys.modules if name.startswith("invented_adapters")]:
        del sys.modules[name]


def make(package: ModuleType, name: str, options: Mapping[str, Any]) -> Any:
    return make_adapter(package, name, options, file="config.toml", key=f"sources.{name}", folder=Path("/srv/digest"))


def mistakes_in(package: ModuleType, name: str, options: Mapping[str, Any]) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        make(package, name, options)
    return [str(mistake) for mistake in caught.value.mistakes]


def test_an_adapter_is_a_module_that_offers_one(package: ModuleType) -> None:
    assert adapter_names(package) == ["feed"]


def test_the_product_s_own_adapters_are_found_by_their_files_names() -> None:
    assert {"arxiv", "files", "huggingface"} <= set(adapter_names(sources))
    assert {"folder", "smtp"} <= set(adapter_names(delivery))


def test_an_adapter_is_made_of_its_options_and_keeps_its_defaults(package: ModuleType) -> None:
    feed = make(package, "feed", {"url": "https://feed.example", "categories": ["cs.LG"]})

    assert (feed.url, feed.categories, feed.limit) == ("https://feed.example", ("cs.LG",), 100)


def test_the_configuration_s_folder_is_filled_in(package: ModuleType) -> None:
    assert make(package, "feed", {"url": "x"}).folder == "/srv/digest"


def test_two_tables_may_use_one_adapter(package: ModuleType) -> None:
    one, other = (make(package, "feed", {"url": url}) for url in ("https://one.example", "https://other.example"))

    assert (one.url, other.url) == ("https://one.example", "https://other.example")
    assert one != other


def test_an_unknown_adapter_is_a_mistake_that_names_the_nearest(package: ModuleType) -> None:
    assert mistakes_in(package, "fede", {}) == [
        "config.toml: sources.fede: there is no adapter 'fede' — did you mean 'feed'?"
    ]
    (listed,) = mistakes_in(sources, "smoke-signals", {})
    assert "known are arxiv, biorxiv, " in listed


@pytest.mark.parametrize("name", ["_http", "batching", "", "..feed", "feed.Feed"])
def test_what_is_no_adapter_can_not_be_named(package: ModuleType, name: str) -> None:
    (mistake,) = mistakes_in(package, name, {})
    assert "there is no adapter" in mistake


def test_every_mistake_in_the_options_comes_at_once(package: ModuleType) -> None:
    found = mistakes_in(package, "feed", {"limt": 3, "limit": "many", "categories": "cs.LG"})

    assert found == [
        "config.toml: sources.feed.url: is missing — write it",
        "config.toml: sources.feed.limit: " + FOUND_MANY,
        "config.toml: sources.feed.categories: is no list, found 'cs.LG' — " + WRITE_A_LIST,
        "config.toml: sources.feed.limt: is no known option — did you mean 'limit'?",
    ]


def test_what_an_adapter_keeps_for_itself_is_no_option(package: ModuleType) -> None:
    (mistake,) = mistakes_in(package, "feed", {"url": "x", "seen": []})
    assert "sources.feed.seen: is no known option" in mistake


def test_numbers_may_come_as_words_from_the_environment(package: ModuleType) -> None:
    assert make(package, "feed", {"url": "x", "limit": "7"}).limit == 7
