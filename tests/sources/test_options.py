"""What an operator may write about a source, and what is refused before anything is asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from digest import sources
from digest.adapters import make_adapter
from digest.errors import ConfigError


def make(name: str, **options: Any) -> Any:
    return make_adapter(sources, name, options, file="config.toml", key=f"sources.{name}", folder=Path("/srv/digest"))


def mistake_in(name: str, **options: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        make(name, **options)
    (mistake,) = caught.value.mistakes
    return str(mistake)


@pytest.mark.parametrize("limit", [0, -1, 101])
def test_a_page_of_hugging_face_has_one_to_a_hundred_rows(limit: int) -> None:
    assert "sources.huggingface.limit: " in mistake_in("huggingface", limit=limit)
    assert [make("huggingface", limit=number).limit for number in (1, 100)] == [1, 100]


NO_WEB_ADDRESSES = [
    "",
    "huggingface.co/api",
    "/api",
    "https://",
    "https:///api",
    "ftp://example.org",
    "file:///etc/passwd",
    "https://exam ple.org",
    "https://example.org/a b",
    "https://example.org\n",
    "https://example.org:port/",
    "http://[::",
    "javascript:alert(1)",
]


@pytest.mark.parametrize("address", NO_WEB_ADDRESSES)
def test_what_is_no_web_address_is_refused_with_an_example(address: str) -> None:
    for mistake in (
        mistake_in("huggingface", url=address),
        mistake_in("arxiv", categories=["cs.LG"], rss_url=address),
    ):
        assert mistake.endswith("is no web address — write https://…")


@pytest.mark.parametrize("address", ["https://mirror.example/rss", "http://127.0.0.1:8080", "http://[::1]:80/x"])
def test_a_mirror_or_a_server_of_one_s_own_is_taken(address: str) -> None:
    assert make("huggingface", url=address).url == address
    assert make("arxiv", categories=["cs.LG"], rss_url=address).rss_url == address


@pytest.mark.parametrize(
    "category", ["", "cs LG", "cs/LG", "../etc", "cs.", ".LG", "cs.LG?x=1", "cs.LG\n", "rss.cs.LG"]
)
def test_what_is_no_arxiv_category_is_refused_with_examples(category: str) -> None:
    mistake = mistake_in("arxiv", categories=["cs.LG", category])
    assert mistake.startswith("config.toml: sources.arxiv.categories.1: ")
    assert mistake.endswith("is no arXiv category — write one such as cs.LG, math or hep-th")


def test_categories_archives_and_several_in_one_feed_are_taken() -> None:
    categories = ["cs.LG", "math", "hep-th", "astro-ph.GA", "cond-mat.mes-hall", "physics.ao-ph", "q-bio", "cs.LG+math"]
    assert make("arxiv", categories=categories).categories == categories


def test_a_source_that_could_bring_nothing_is_refused() -> None:
    assert mistake_in("arxiv", categories=[]).endswith("sources.arxiv.categories: is empty — write at least one")
    assert mistake_in("files", paths=[]).endswith("sources.files.paths: is empty — write at least one")


@pytest.mark.parametrize("pattern", ["", " ", "papers\0"])
def test_a_pattern_that_names_no_file_is_refused(pattern: str) -> None:
    mistake = mistake_in("files", paths=["papers/*", pattern])
    assert mistake.endswith("sources.files.paths.1: names no file — write papers/*")
    assert make("files", paths=["more/**/*.gz"]).paths == ["more/**/*.gz"]
