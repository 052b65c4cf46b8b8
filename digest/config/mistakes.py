"""Says in our words what pydantic found wrong: file, key, problem, repair."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError

from digest.config.environment import SECRETS
from digest.errors import Mistake

_SECRET_KEYS = frozenset(secret.rpartition(".")[2] for secret in SECRETS)

_REPAIRS = {
    "greater_than": "choose a larger one",
    "greater_than_equal": "choose a larger one",
    "less_than": "choose a smaller one",
    "less_than_equal": "choose a smaller one",
    "missing": "write it",
    "int_type": "write a whole number",
    "int_parsing": "write a whole number",
    "float_type": "write a number",
    "float_parsing": "write a number",
    "string_type": "put it in quotes",
    "list_type": 'write a list: ["…", "…"]',
    "tuple_type": 'write a list: ["…", "…"]',
    "bool_type": "write true or false",
    "bool_parsing": "write true or false",
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
    value = "" if location[-1:] and location[-1] in _SECRET_KEYS else f", found {found['input']!r:.60}"
    problem = f"{found['msg'][0].lower()}{found['msg'][1:]}{value}"
    return Mistake(file, place, problem, _REPAIRS.get(kind, ""))


def _options_at(model: type[BaseModel] | None, path: list[str]) -> list[str]:
    for part in path:
        field = model.model_fields.get(part) if model else None
        if field is not None:
            inner = [field.annotation, *getattr(field.annotation, "__args__", ())]
            model = next((t for t in inner if isinstance(t, type) and issubclass(t, BaseModel)), None)
    return list(model.model_fields) if model else []
