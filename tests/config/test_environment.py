"""Options from the environment: what is a secret, and what may stand in a file of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from digest.config.environment import is_secret, overlay


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    """A file that holds a key, as an editor leaves it."""
    path = tmp_path / "key"
    path.write_text("hunter2\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("table", ["openalex", "pubmed", "our_openalex", "open_file"])
def test_the_key_of_any_source_may_stand_in_a_file_of_its_own(key_file: Path, table: str) -> None:
    configured = {"sources": {table: {"search": "snails", "api_key": "another"}}}

    merged = overlay(configured, {f"DIGEST_SOURCES__{table.upper()}__API_KEY_FILE": str(key_file)})

    assert merged == {"sources": {table: {"search": "snails", "api_key": "hunter2"}}}


def test_an_option_that_is_no_secret_is_never_read_from_a_file(key_file: Path) -> None:
    environ = {"DIGEST_SOURCES__ARXIV__HOLIDAYS_FILE": str(key_file), "DIGEST_API_KEY_FILE": str(key_file)}

    assert overlay({}, environ) == {"sources": {"arxiv": {"holidays_file": str(key_file)}}}


def test_a_secret_is_a_text_whatever_it_looks_like(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("[1]", encoding="utf-8")

    merged = overlay(
        {},
        {
            "DIGEST_SOURCES__OPENALEX__API_KEY": "[2]",
            "DIGEST_SMTP__PASSWORD_FILE": str(file),
            "DIGEST_SMTP__FALLBACK__PASSWORD_FILE": str(file),
        },
    )

    assert merged == {
        "sources": {"openalex": {"api_key": "[2]"}},
        "smtp": {"password": "[1]", "fallback": {"password": "[1]"}},
    }


@pytest.mark.parametrize(
    ("key", "secret"),
    [
        ("site.secret", True),
        ("sources.pubmed.api_key", True),
        ("sources.pubmed.query", False),
        ("sources.api_key", False),
        ("web.api_key", False),
        ("site.secret_file", False),
    ],
)
def test_only_what_is_on_the_list_is_a_secret(key: str, secret: bool) -> None:  # noqa: FBT001 - a parameter of the case
    assert is_secret(key) is secret
