"""Reads options from the environment: DIGEST_SECTION__KEY, and secrets from a file that DIGEST_…_FILE names."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from digest.errors import ConfigError, Mistake

PREFIX = "DIGEST_"
SECRETS = (
    "site.secret",
    "site.former_secrets",
    "bounces.imap.password",
    "smtp.password",
    "smtp.fallback.password",
    "web.admin_token",
    "sources.*.api_key",
)
"""Options that may also stand in a file of their own; `*` is any name."""
_FILE = "_file"


def overlay(table: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    """The table with what the environment says laid over it. Raises ConfigError if a secret's file can't be read."""
    merged: dict[str, Any] = _copy(table)
    for name, text in sorted(environ.items()):
        path = name.removeprefix(PREFIX).lower().split("__")
        if not name.startswith(PREFIX) or len(path) < 2:  # noqa: PLR2004 - a section and a key
            continue
        key = ".".join(path)
        if key.endswith(_FILE) and is_secret(key.removesuffix(_FILE)):
            _put(merged, key.removesuffix(_FILE).split("."), _read_secret(name, text))
        else:
            _put(merged, path, text if is_secret(key) else _to_value(text))
    return merged


def is_secret(key: str) -> bool:
    """Whether the option with that dotted name must not be shown."""
    return any(fnmatchcase(key, secret) for secret in SECRETS)


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
