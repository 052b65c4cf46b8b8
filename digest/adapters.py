"""Finds an adapter by its file's name and makes it of the operator's options; knows no single adapter."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from types import ModuleType
from typing import Any, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from digest.config import read_mistakes, suggest
from digest.errors import ConfigError, Mistake


def make_adapter(
    package: ModuleType, name: str, options: Mapping[str, Any], *, file: str, key: str, folder: Path
) -> Any:
    """The adapter in `package` that is called `name`, made of `options`.

    An adapter with a field `folder` gets the folder of the configuration, to which its paths are relative. Raises
    ConfigError with every mistake: an unknown name, a misspelt option, a value of the wrong type, and then options that
    don't go together, of which the adapter itself tells by a ValueError: `has no words — write some`.
    """
    factory = find_adapter(package, name, file=file, key=key)
    options_model = _model_of(factory)
    if "folder" in options_model.model_fields:
        options = {"folder": str(folder), **options}
    try:
        checked = options_model(**options)
    except ValidationError as error:
        raise ConfigError(read_mistakes(error, file=file, key=key, model=options_model)) from error
    try:
        return factory(**{option: getattr(checked, option) for option in options})
    except ValueError as error:
        problem, _, repair = str(error).partition(" — ")
        raise ConfigError([Mistake(file, key, problem, repair)]) from error


def find_adapter(package: ModuleType, name: str, *, file: str, key: str) -> type[Any]:
    """The `adapter` of the module called `name` in `package`. Raises ConfigError that lists what there is."""
    names = adapter_names(package)
    if name not in names:
        raise ConfigError([Mistake(file, key, f"there is no adapter {name!r}", suggest(name, names))])
    factory: type[Any] = importlib.import_module(f"{package.__name__}.{name}").adapter
    return factory


def adapter_names(package: ModuleType) -> list[str]:
    """Every module of the package that offers an adapter, by name."""
    modules = [found.name for found in pkgutil.iter_modules(package.__path__) if not found.name.startswith("_")]
    return [name for name in modules if hasattr(importlib.import_module(f"{package.__name__}.{name}"), "adapter")]


def _model_of(factory: type[Any]) -> type[BaseModel]:
    """The adapter's options as a model: its fields with their types and defaults, and nothing else."""
    hints = get_type_hints(factory, include_extras=True)
    options: dict[str, Any] = {
        field.name: (hints[field.name], ... if _is_required(field) else Field(default=None))
        for field in fields(factory)
        if field.init
    }
    return create_model(factory.__name__, __config__=ConfigDict(extra="forbid"), **options)


def _is_required(field: Any) -> bool:
    return field.default is MISSING and field.default_factory is MISSING
