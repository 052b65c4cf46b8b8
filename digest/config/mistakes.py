"""Says in our words what pydantic found wrong: file, key, problem, repair."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError

from digest.config.environment import SECRETS
from digest.errors import Mistake

_SECRET_KEYS = frozenset(secret.rpartition(".")[2] for secret in SECRETS)

_WORDS = {  # pydantic's kinds of mistakes, their problem and its repair
    "greater_than": ("must be above {gt}", "choose a larger one"),
    "greater_than_equal": ("must be at least {ge}", "choose a larger one"),
    "less_than": ("must be below {lt}", "choose a smaller one"),
    "less_than_equal": ("must be at most {le}", "choose a smaller one"),
    "int_type": ("is no whole number", "write one"),
    "int_parsing": ("is no whole number", "write one"),
    "int_from_float": ("is no whole number", "write one"),
    "float_type": ("is no number", "write one"),
    "float_parsing": ("is no number", "write one"),
    "finite_number": ("is no number", "write one"),
    "string_type": ("is no text", "put it in quotes"),
    "string_too_short": ("must have at least {min_length} characters", "write it"),
    "string_too_long": ("must have at most {max_length} characters", "shorten it"),
    "too_long": ("must have at most {max_length} entries", "shorten the list"),
    "list_type": ("is no list", 'write one: ["…", "…"]'),
    "tuple_type": ("is no list", 'write one: ["…", "…"]'),
    "dict_type": ("is no table", "write it below a [table] of its own"),
    "model_type": ("is no table", "write it below a [table] of its own"),
    "bool_type": ("is neither true nor false", "write one of them"),
    "bool_parsing": ("is neither true nor false", "write one of them"),
    "literal_error": ("must be {expected}", "choose one"),
    "enum": ("must be {expected}", "choose one"),
}


def read_mistakes(
    error: ValidationError, *, file: str, key: str = "", model: type[BaseModel] | None = None, known: Iterable[str] = ()
) -> list[Mistake]:
    """One Mistake for each thing pydantic found. `model` or `known` tell the options there are, for suggestions.

    A validator's own ValueError may hold a repair after a dash: `is no address — write name@example.org`.
    """
    return [_read_mistake(dict(found), file, key, model, list(known)) for found in error.errors(include_url=False)]


def suggest(name: str, known: Iterable[str]) -> str:
    """A repair for a misspelt name: the nearest known one, or all of them."""
    known = sorted(known)
    near = get_close_matches(name, known, n=1)
    return f"did you mean {near[0]!r}?" if near else "known are " + ", ".join(known)


def _read_mistake(
    found: dict[str, Any], file: str, key: str, model: type[BaseModel] | None, known: list[str]
) -> Mistake:
    location = [str(part) for part in found["loc"]]
    place = ".".join(part if part.isprintable() else repr(part) for part in (key, *location) if part)
    kind = found["type"]
    if kind in ("extra_forbidden", "unexpected_keyword_argument"):
        options = known or _options_at(model, location[:-1])
        return Mistake(file, place, "is no known option", suggest(location[-1], options))
    if kind in ("missing", "missing_argument"):
        return Mistake(file, place, "is missing", "write it")
    cause = found.get("ctx", {}).get("error")
    if isinstance(cause, ValueError):
        problem, _, repair = str(cause).partition(" — ")
        return Mistake(file, place, problem, repair)
    value = "" if _SECRET_KEYS.intersection(location) else f", found {found['input']!r:.60}"
    if kind not in _WORDS:
        return Mistake(file, place, f"{found['msg'][0].lower()}{found['msg'][1:]}{value}", "")
    problem, repair = _WORDS[kind]
    return Mistake(file, place, problem.format(**found.get("ctx", {})) + value, repair)


def _options_at(model: type[BaseModel] | None, path: list[str]) -> list[str]:
    for part in path:
        field = model.model_fields.get(part) if model else None
        if field is not None:
            inner = [field.annotation, *getattr(field.annotation, "__args__", ())]
            model = next((t for t in inner if isinstance(t, type) and issubclass(t, BaseModel)), None)
    return list(model.model_fields) if model else []
