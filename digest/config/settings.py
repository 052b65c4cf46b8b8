"""The installation's configuration: one TOML file, read once, with every default. Reads no subscriber."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, Field, ValidationError

from digest.config.environment import overlay
from digest.config.mistakes import read_mistakes
from digest.config.tables import Bounces, Dkim, Schedule, Site, StoreTable, SubscriberFolder, Table, Web
from digest.config.toml import read_toml
from digest.config.transports import TransportTable, read_transports
from digest.errors import ConfigError, Mistake


class _File(Table):
    """The whole file. Tables it doesn't know are transports, such as [smtp], which check their own options."""

    model_config = ConfigDict(extra="allow", frozen=True)

    site: Site = Site()
    subscribers: SubscriberFolder = SubscriberFolder()
    store: StoreTable = StoreTable()
    sources: dict[str, dict[str, Any]] = Field(default={})
    schedule: Schedule = Schedule()
    dkim: Dkim = Dkim()
    bounces: Bounces = Bounces()
    web: Web = Web()


@dataclass(frozen=True, slots=True)
class Config:
    """The configuration of one installation. Paths in it are absolute."""

    file: str
    """The file's name for messages; empty if there is none."""
    folder: Path
    """What relative paths in the file are relative to."""
    site: Site
    subscribers: Path
    store_url: str = field(repr=False)
    sources: Mapping[str, Mapping[str, Any]] = field(repr=False)
    """Their options by table; keys to their services among them."""
    schedule: Schedule
    templates: Path | None
    """The operator's own templates; None where those of digest are taken."""
    dkim: Dkim
    transport: TransportTable
    bounces: Bounces
    web: Web
    fallback: TransportTable | None = None
    """Where mail goes that hasn't reached DATA when the first relay is down."""
    resends: bool = False
    """Whether mail in doubt is sent again; else it is held and shown."""


def load_config(path: Path | None, environ: Mapping[str, str]) -> Config:
    """Read the configuration file, or the defaults where `path` is None, with the environment laid over it.

    Raises ConfigError with every mistake in it.
    """
    folder = (path.parent if path else Path()).resolve()
    name = str(path) if path else "(no configuration file)"
    table = overlay(read_toml(path, if_missing="copy config.example.toml") if path else {}, environ)
    try:
        file = _File.model_validate(table)
    except ValidationError as error:
        raise ConfigError(read_mistakes(error, file=name, model=_File)) from error
    transports = {key: value for key, value in (file.model_extra or {}).items() if isinstance(value, dict)}
    mistakes = [*_find_misplaced(name, file, transports), *_find_incomplete(name, file.dkim)]
    if mistakes:
        raise ConfigError(mistakes)
    transport_name, options = next(iter(transports.items()), ("smtp", {}))
    ways = read_transports(transport_name, options, file=name)
    return Config(
        file=str(path) if path else "",
        folder=folder,
        site=file.site,
        subscribers=folder / file.subscribers.path,
        store_url=_resolve_sqlite(file.store.url, folder),
        sources=file.sources,
        schedule=file.schedule,
        templates=folder / file.site.templates if file.site.templates else None,
        dkim=file.dkim.model_copy(update={"key_file": str(folder / file.dkim.key_file)}),
        bounces=file.bounces,
        transport=ways.first,
        web=file.web,
        fallback=ways.fallback,
        resends=ways.resends,
    )


def _find_misplaced(name: str, file: _File, transports: Mapping[str, Mapping[str, Any]]) -> list[Mistake]:
    stray = [key for key, value in (file.model_extra or {}).items() if not isinstance(value, dict)]
    misspelt = {key: near for key in transports for near in get_close_matches(key, _File.model_fields, cutoff=0.75)}
    mistakes = [Mistake(name, key, "stands outside any table", "put it below its [table]") for key in stray]
    mistakes += [Mistake(name, key, "is no known table", f"did you mean [{near}]?") for key, near in misspelt.items()]
    if len(transports) - len(misspelt) > 1:
        listed = " and ".join(f"[{key}]" for key in transports)
        mistakes.append(Mistake(name, "", f"has more than one transport: {listed}", "keep one of them"))
    return mistakes


def _find_incomplete(name: str, dkim: Dkim) -> list[Mistake]:
    missing = [key for key, value in dkim.model_dump().items() if not value]
    problem, repair = "is missing: signing needs domain, selector and key_file", "write it, or empty the table"
    return [Mistake(name, f"dkim.{key}", problem, repair) for key in missing] if dkim.is_wanted else []


def _resolve_sqlite(url: str, folder: Path) -> str:
    prefix = "sqlite:///"
    if not url.startswith(prefix) or url == prefix:
        return url
    return prefix + str(folder / url.removeprefix(prefix))
