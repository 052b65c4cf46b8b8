"""Turns the fields of the profile form into the shape of a subscriber file, and back. Judges nothing itself."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Any
from zoneinfo import available_timezones

from digest.composing import Language
from digest.domain import WEEKDAYS, Frequency, Interest, Subscriber
from digest.errors import ConfigError
from digest.web.security import Form

LISTS = ("keywords", "exclude", "authors", "categories")
NUMBERS = ("max_papers", "trending")
TEXTS = ("name", "query", "frequency", "weekday", "timezone", "send_at", "language")
FIELDS = ("email", *TEXTS, *LISTS, *NUMBERS)

ZONES = tuple(sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "posix"))))
_NUMBER = re.compile(r"\d{1,6}", re.ASCII)
_PLACE = re.compile(r"(?P<field>\w+)[.\[](?P<number>\d+)")


def choices(languages: Mapping[str, Language]) -> dict[str, Any]:
    """What the form offers to choose from; of languages those that the mails have."""
    return {
        "frequencies": tuple(Frequency),
        "weekdays": WEEKDAYS,
        "zones": ("UTC", *ZONES),
        "languages": {code: language.own_name for code, language in languages.items()},
    }


def to_details(form: Form) -> dict[str, Any]:
    """What a form says, as a subscriber file without its address would; what is left empty is left out."""
    lists: dict[str, Any] = {name: _lines(form.get(name, ""), name) for name in LISTS}
    texts = {name: form.get(name, "").strip() for name in (*TEXTS, *NUMBERS)}
    details = {name: int(text) if name in NUMBERS and _NUMBER.fullmatch(text) else text for name, text in texts.items()}
    return {name: value for name, value in {**details, **lists}.items() if value not in ("", [])}


def to_form(subscriber: Subscriber) -> dict[str, str]:
    """The fields that would say what a subscriber wants; of several interests only the first fits into them."""
    interest, *_ = (*subscriber.profile.interests, Interest())
    return {
        "email": subscriber.email,
        "name": subscriber.name,
        "query": interest.query,
        "frequency": subscriber.frequency.value,
        "weekday": subscriber.weekday,
        "timezone": subscriber.timezone,
        "send_at": f"{subscriber.send_at:%H:%M}",
        "language": subscriber.language,
        "max_papers": str(subscriber.profile.max_papers),
        "trending": str(subscriber.profile.trending),
        **{name: "\n".join(getattr(interest, name)) for name in LISTS},
    }


def fill_in(form: Form, defaults: Form) -> dict[str, str]:
    """Every field of the form as it was typed, else as it is by default."""
    return {name: form.get(name, defaults[name]) for name in FIELDS}


def problems_of(error: ConfigError, details: Mapping[str, Any]) -> dict[str, list[str]]:
    """The mistakes in words, by the field where they are shown; those of no field under an empty name."""
    problems: dict[str, list[str]] = defaultdict(list)
    for mistake in error.mistakes:
        place = _PLACE.match(mistake.key)
        field = place["field"] if place else mistake.key
        line = _line_of(details.get(field), int(place["number"])) if place else ""
        words = f"{mistake.problem[:1].upper()}{mistake.problem[1:]}" + (
            f" — {mistake.repair}" if mistake.repair else ""
        )
        problems[field if field in FIELDS else ""].append(f"“{line}”: {words}" if line else words)
    return dict(problems)


def _lines(text: str, name: str) -> list[str]:
    """The lines that hold something; categories, which never hold a space, may also share one."""
    parts = re.split(r"[\s,;]+", text) if name == "categories" else text.splitlines()
    return [part.strip() for part in parts if part.strip()]


def _line_of(values: object, number: int) -> str:
    return str(values[number]) if isinstance(values, list) and number < len(values) else ""
