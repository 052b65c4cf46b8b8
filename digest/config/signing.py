"""The secret that signs links: the configured one, else one that is made on the first run and kept."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from digest.config.settings import Config
from digest.errors import ConfigError, Mistake


def signing_secrets(config: Config) -> tuple[str, ...]:
    """The keys that sign links and hash addresses, the one in use first, then those from before.

    Where none is configured one is made on the first run and kept beside the database.
    """
    return (config.site.secret or _kept_secret(config), *config.site.former_secrets)


def _kept_secret(config: Config) -> str:
    path = secret_path(config)
    try:
        kept = path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        kept = _make_secret(path)
    except (OSError, UnicodeDecodeError) as error:
        repair = "let this user read it; a new one would be another secret than the database knows"
        raise ConfigError([Mistake(str(path), "", f"can't be read: {error}", repair)]) from error
    if not kept:  # anybody could sign with an empty key
        raise ConfigError([Mistake(str(path), "", "holds no secret", "delete the file, and a new one is made")])
    return kept


def secret_path(config: Config) -> Path:
    """Where a made secret is kept: beside the SQLite file, else in data/ beside the configuration."""
    database = config.store_url.removeprefix("sqlite:///")
    folder = Path(database).parent if config.store_url.startswith("sqlite:") else config.folder / "data"
    return folder / "secret.key"


def _make_secret(path: Path) -> str:
    made = secrets.token_urlsafe(32)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:  # another process was first
        return path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        os.write(descriptor, f"{made}\n".encode("ascii"))
    except OSError as error:  # an empty file would stop every later run
        path.unlink()
        raise _unwritable(path, error) from error
    finally:
        os.close(descriptor)
    return made


def _unwritable(path: Path, error: OSError) -> ConfigError:
    return ConfigError([Mistake(str(path), "", f"can't be written: {error.strerror}", "make room for it there")])
