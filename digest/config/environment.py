"""Reads options from the environment: DIGEST_SECTION__KEY, and secrets from a file that DIGEST_…_FILE names."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from digest.errors import ConfigError, Mistake

PREFIX = "DIGEST_"
SECRETS = frozenset({"site.secret", "smtp.password", "web.admin_token"})
"""Options that may also stand in a file of their own."""


def overlay(table: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    """The table with what the environment says laid over it. Raises ConfigError if a secret's file can't be read."""
    merged: dict[str, Any] = _copy(table)
    for name, value in sorted(environ.items()):
        path = name.removeprefix(PREFIX).lower().split("__")
        if not name.startswith(PREFIX) or len(path) < 2:  # noqa: PLR2004 - a section and a key
            continue
        if ".".join(path).removesuffix("_file") in SECRETS and path[-1].endswith("_file"):
            path[-1] = path[-1].removesuffix("_file")
            value = _read_secret(name, value)  # noqa: PLW2901 - the secret takes its file's place
        _put(merged, path, _to_value(value))
    return merged


def _copy(table: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _copy(value) if isinstance(value, Mapping) else value for key, value in table.items()}


def _put(table: dict[str, Any], path: list[str], value: Any) -> None:
    for part in path[:-1]:
        inner = table.setdefault(part, {})
        if not isinstance(inner, dict):
            inner = table[part] = {}
        table = inner
    table[path[-1]] = value


def _to_value(text: str) -> Any:
    if not text.startswith("["):
        return text
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _read_secret(name: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            [Mistake(name, "", f"can't read the file {path!r}: {error}", "name a readable file")]
        ) from error
