"""Reads subscriber files and signups: both have the same shape and become the same Subscriber. Sends nothing."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import time
from pathlib import Path
from typing import Annotated, Any, Literal

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, Field, ValidationError, field_serializer

from digest.config.mistakes import read_mistakes
from digest.config.tables import Table
from digest.config.toml import read_toml
from digest.config.values import LanguageTag, OneLine, TimeOfDay, Timezone
from digest.domain import Frequency, Interest, Profile, Subscriber
from digest.errors import ConfigError, Mistake

Checker = Callable[[Profile], Iterable[tuple[str, str, str]]]
"""Finds mistakes in a profile's language, as (key, problem, repair); the matching stage has it."""

_KEY = re.compile(r"interests\[(?P<number>\d+)\]\.?(?P<rest>(?P<list>\w+)\[(?P<entry>\d+)\]|.*)")


def _check_address(value: str) -> str:
    try:
        return validate_email(value.strip(), check_deliverability=False).normalized
    except EmailNotValidError as error:
        raise ValueError(f"{value!r:.120} is no address: {error} — write name@example.org") from None


Address = Annotated[str, AfterValidator(_check_address)]
Line = Annotated[OneLine, Field(max_length=200)]
Query = Annotated[OneLine, Field(max_length=4000)]
Terms = Annotated[tuple[Line, ...], Field(max_length=500)]
Share = Annotated[float, Field(ge=0, le=1000)]


class InterestTable(Table):
    """One [[interests]] table."""

    name: Line = ""
    keywords: Terms = ()
    exclude: Terms = ()
    authors: Terms = ()
    categories: Terms = ()
    query: Query = ""
    weight: Annotated[float, Field(gt=0, le=100)] = 1.0

    def to_interest(self) -> Interest:
        """The same as the domain's value."""
        return Interest(**self.model_dump())


_OWN_INTEREST = ("keywords", "exclude", "authors", "categories", "query")


class SubscriberTable(Table):
    """A subscriber file. Top-level keywords, exclude, authors, categories and query make one unnamed interest."""

    email: Address
    name: Line = ""
    timezone: Timezone | None = None
    send_at: TimeOfDay | None = None
    frequency: Frequency = Frequency.DAILY
    weekday: Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] = "monday"
    max_papers: Annotated[int, Field(ge=1, le=200)] = 15
    min_score: Share = 0.0
    trending: Annotated[int, Field(ge=0, le=50)] = 3
    language: LanguageTag = "en"
    keywords: Terms = ()
    exclude: Terms = ()
    authors: Terms = ()
    categories: Terms = ()
    query: Query = ""
    interests: Annotated[tuple[InterestTable, ...], Field(max_length=100)] = ()

    @field_serializer("send_at")
    def _in_hours_and_minutes(self, value: time | None) -> str | None:
        return f"{value:%H:%M}" if value else None

    def all_interests(self) -> tuple[tuple[str, Interest], ...]:
        """Every interest with the key under which it stands in the file."""
        short = InterestTable(
            keywords=self.keywords,
            exclude=self.exclude,
            authors=self.authors,
            categories=self.categories,
            query=self.query,
        ).to_interest()
        named = ((f"interests.{place}", table.to_interest()) for place, table in enumerate(self.interests))
        return ((("", short),) if short != Interest() else ()) + tuple(named)


def subscriber_id(email: str) -> str:
    """The stable id of an address: 20 hexadecimal digits. Its case doesn't matter, `+tags` do.

    RFC 5321 §2.4 lets a local part depend on case, but tells hosts not to: two spellings are one reader, one limit.
    """
    return hashlib.sha256(email.lower().encode()).hexdigest()[:20]


def read_subscriber(
    values: Mapping[str, Any], *, file: str, timezone: str, send_at: time, check: Checker
) -> Subscriber:
    """A Subscriber of the values of a file or a signup; `timezone` and `send_at` are the site's, for what is left out.

    Raises ConfigError with every mistake, those in the language of keywords and queries included.
    """
    try:
        table = SubscriberTable.model_validate(values)
    except ValidationError as error:
        mistakes = read_mistakes(error, file=file, model=SubscriberTable)
        raise ConfigError([*mistakes, *_find_language_mistakes([*_readable_interests(values)], file, check)]) from error
    interests = table.all_interests()
    if mistakes := _find_language_mistakes(interests, file, check):
        raise ConfigError(mistakes)
    profile = Profile(
        interests=tuple(interest for _, interest in interests),
        max_papers=table.max_papers,
        min_score=table.min_score,
        trending=table.trending,
    )
    return Subscriber(
        id=subscriber_id(table.email),
        email=table.email,
        profile=profile,
        name=table.name,
        timezone=table.timezone or timezone,
        send_at=table.send_at or send_at,
        frequency=table.frequency,
        weekday=table.weekday,
        language=table.language,
        file=file,
    )


def _find_language_mistakes(interests: Sequence[tuple[str, Interest]], file: str, check: Checker) -> list[Mistake]:
    profile = Profile(tuple(interest for _, interest in interests))
    return [_in_file(Mistake(file, *found), interests) for found in check(profile)]


def _in_file(mistake: Mistake, interests: Sequence[tuple[str, Interest]]) -> Mistake:
    """A mistake at a profile's `interests[1].query` as the file has it: `interests.0.query`, or `query` of its own."""
    found = _KEY.fullmatch(mistake.key)
    if not found:
        return mistake
    place, interest = interests[int(found["number"])]
    entry = getattr(interest, found["list"])[int(found["entry"])] if found["list"] else ""
    return replace(mistake, key=".".join(filter(None, (place, found["rest"]))), entry=entry)


def _readable_interests(values: Mapping[str, Any]) -> Iterator[tuple[str, Interest]]:
    """The interests of a file that has mistakes elsewhere, so that theirs are told together with those."""
    own = {key: values[key] for key in _OWN_INTEREST if key in values}
    listed = values["interests"] if isinstance(values.get("interests"), list) else []
    named = ((f"interests.{place}", table) for place, table in enumerate(listed))
    for place, table in (*([("", own)] if own else []), *named):
        with suppress(ValidationError):
            yield place, InterestTable.model_validate(table).to_interest()


def as_in_a_new_file(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values that `read_subscriber` takes, as short as a file can say the same: without defaults and what is empty."""
    return SubscriberTable.model_validate(values).model_dump(mode="json", exclude_defaults=True, exclude_none=True)


def load_subscribers(
    folder: Path, *, timezone: str, send_at: time, check: Checker
) -> tuple[tuple[Subscriber, ...], tuple[Mistake, ...]]:
    """The readers of a folder's sound files, by the files' names, and the mistakes of all others.

    Of two files with one address the second is a mistake. A folder that isn't there holds none.
    """
    found: list[Subscriber] = []
    mistakes: list[Mistake] = []
    for path in sorted(folder.glob("*.toml")):
        try:
            values = read_toml(path)
            found.append(read_subscriber(values, file=str(path), timezone=timezone, send_at=send_at, check=check))
        except ConfigError as error:
            mistakes.extend(error.mistakes)
    firsts = {subscriber.id: subscriber for subscriber in reversed(found)}
    for subscriber in found:
        if (first := firsts[subscriber.id]) is not subscriber:
            problem = f"{subscriber.email} stands in {first.file} too"
            mistakes.append(Mistake(subscriber.file, "email", problem, "keep one of the two files"))
    return tuple(subscriber for subscriber in found if firsts[subscriber.id] is subscriber), tuple(mistakes)
