"""Reads one TOML file, turning whatever is wrong with it into a mistake with a place."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from digest.errors import ConfigError, Mistake


def read_toml(path: Path, *, if_missing: str = "") -> dict[str, Any]:
    """The tables of a file. Raises ConfigError if it isn't there, isn't readable or isn't TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError([Mistake(str(path), "", "there is no such file", if_missing)]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([Mistake(str(path), "", f"can't be read: {error}", "save it as UTF-8 text")]) from error
    except (ValueError, RecursionError) as error:  # the former also for a number of thousands of digits
        raise ConfigError([Mistake(str(path), "", f"is no TOML: {error}", "mend that line")]) from error
