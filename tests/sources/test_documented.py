"""Every source and each of its options is told in the documentation and shown in the example configuration."""

from __future__ import annotations

import re
import tomllib
from dataclasses import MISSING, fields
from typing import Any

import pytest

from digest import sources
from digest.adapters import adapter_names, find_adapter
from tests.conftest import ROOT

NAMES = adapter_names(sources)


def _options(name: str) -> dict[str, Any]:
    adapter = find_adapter(sources, name, file="", key="")
    return {field.name: field for field in fields(adapter) if field.name != "folder"}


@pytest.mark.parametrize("name", NAMES)
def test_the_documentation_has_a_section_with_every_option(name: str) -> None:
    text = (ROOT / "docs" / "sources.md").read_text(encoding="utf-8")
    section = re.search(rf"^## {name}$(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert section, f"docs/sources.md has no section {name!r}"
    assert [option for option in _options(name) if f"`{option}`" not in section[1]] == []


@pytest.mark.parametrize("name", NAMES)
def test_the_example_configuration_shows_every_option_with_its_default(name: str) -> None:
    lines = (ROOT / "config.example.toml").read_text(encoding="utf-8").splitlines()
    shown = [line[1:] if line.startswith("#") and not line.startswith("# ") else line for line in lines]
    table = tomllib.loads("\n".join(shown))["sources"].get(name, {})
    options = _options(name)
    assert set(table) == set(options)
    for option, field in options.items():
        default = field.default_factory() if field.default_factory is not MISSING else field.default
        if default not in (MISSING, ""):  # where nothing is the default, an example may stand
            assert table[option] == default, option
