"""The languages emails are written in: texts from gettext catalogues, dates and numbers by locale. Knows no markup."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import lru_cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from string import Formatter

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton
from babel.lists import format_list
from babel.messages import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po
from babel.numbers import format_decimal

from digest.domain import WEEKDAYS
from digest.errors import ConfigError, Mistake

SOURCE_LANGUAGE = "en"
_REGIONS = {"en": "en_GB"}
"""How a language's days are written where the reader names no country."""
_A_MONDAY = date(2024, 1, 1)
_FIRST_STRONG_ISOLATE, _POP_ISOLATE = "\u2068", "\u2069"


def message(text: str) -> str:
    """Mark a text for the catalogues that is translated elsewhere."""
    return text


@dataclass(frozen=True, slots=True, eq=False)  # one is only ever equal to itself, which makes it a cheap key
class Language:
    """One language as an email speaks it."""

    code: str
    """A tag such as `de` or `zh-Hant` (BCP 47), that of the texts."""
    locale: Locale
    texts: NullTranslations = field(default_factory=NullTranslations)

    @property
    def own_name(self) -> str:
        """Its name in itself: `Deutsch`."""
        name = self.locale.get_language_name() or self.code
        return name[:1].upper() + name[1:]

    @property
    def direction(self) -> str:
        """`ltr` or `rtl`."""
        return str(self.locale.text_direction)

    def say(self, text: str, **values: object) -> str:
        """A text in this language with its values filled in."""
        return self.texts.gettext(text).format(**values)

    def count(self, one: str, many: str, number: int, **values: object) -> str:
        """A text for so many, by the language's own plural rules; `{count}` is the number."""
        return self.texts.ngettext(one, many, number).format(count=self.number(number), **values)

    def number(self, number: int) -> str:
        """A number with the language's grouping: `1,204`, `1.204`."""
        return str(number) if 0 <= number < 1000 else _decimal(number, self.locale)  # noqa: PLR2004 - ungrouped

    def short_day(self, day: date) -> str:
        """A day without its year: `30 June`, `6月30日`."""
        return _by_skeleton(day, "MMMMd", self.locale)

    def day_of_week(self, day: date) -> str:
        """A day of these weeks: `Tuesday, 30 June`."""
        return self.say("{weekday}, {day}", weekday=_in_pattern(day, "EEEE", self.locale), day=self.short_day(day))

    def weekday(self, name: str) -> str:
        """A day of the week by its English name."""
        return _in_pattern(_A_MONDAY + timedelta(days=WEEKDAYS.index(name)), "EEEE", self.locale)

    def date_of(self, day: date) -> str:
        """A day with its year: `30 June 2026`."""
        return _in_pattern(day, "long", self.locale)

    def long_day(self, day: date) -> str:
        """A day with everything: `Tuesday, 30 June 2026`."""
        return _in_pattern(day, "full", self.locale)

    def isolated(self, texts: Sequence[str]) -> list[str]:
        """Texts for one line: where the language runs from right to left, each keeps its own direction (UAX #9)."""
        is_needed = self.direction == "rtl"
        return [f"{_FIRST_STRONG_ISOLATE}{text}{_POP_ISOLATE}" for text in texts] if is_needed else list(texts)

    def listed(self, names: Sequence[str]) -> str:
        """Names in a row: `one, two and three`."""
        return format_list(list(names), locale=self.locale) if names else ""


ENGLISH = Language(SOURCE_LANGUAGE, Locale.parse(_REGIONS[SOURCE_LANGUAGE]))


def open_languages(folders: Iterable[Path]) -> Mapping[str, Language]:
    """English and every language that has a catalogue, such as `de.po`, in one of the folders; the first one counts.

    Raises ConfigError, which names file and line, for a catalogue that can't be read or whose placeholders differ.
    """
    found = {SOURCE_LANGUAGE: ENGLISH}
    for folder in folders:
        for path in sorted(folder.glob("*.po")):
            if path.stem not in found:
                found[path.stem] = _read_language(path)
    return found


def nearest_language(code: str, languages: Mapping[str, Language]) -> Language:
    """The language of a tag such as `de-CH`: the texts of its own catalogue or of its main language's, else English.

    Days and numbers are written as in the tag's country wherever its main language has a catalogue.
    """
    if code in languages:
        return languages[code]
    main = languages.get(code.split("-", maxsplit=1)[0])
    return _in_country(main, code) if main else languages[SOURCE_LANGUAGE]


def _read_language(path: Path) -> Language:
    try:
        locale = _locale_of(path.stem)
    except (ValueError, UnknownLocaleError):
        raise _broken(path, 1, "is named after no language", "name it like de.po or zh-Hant.po") from None
    try:
        with path.open("rb") as file:
            catalogue = read_po(file, locale=locale, abort_invalid=True)
    except PoFileError as error:
        raise _broken(path, (error.lineno or 0) + 1, f"is no gettext catalogue: {error}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise _broken(path, 1, f"can't be read: {error}") from error
    _check_placeholders(path, catalogue)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Language(path.stem, locale, GNUTranslations(compiled))


def _locale_of(code: str) -> Locale:
    return Locale.parse(_REGIONS.get(code, code), sep="-" if "-" in code else "_")


def _check_placeholders(path: Path, catalogue: Catalog) -> None:
    for entry in catalogue:
        wanted = frozenset[str]().union(*map(_placeholders, _forms(entry.id)))
        for translation in filter(None, _forms(entry.string)):
            try:
                strange = _placeholders(translation) ^ wanted
            except ValueError as error:
                raise _broken(path, entry.lineno or 1, f"{translation!r} is no format: {error}") from error
            if entry.id and strange and not (isinstance(entry.string, tuple) and strange == {"count"}):
                named = ", ".join(f"{{{name}}}" for name in sorted(strange))
                raise _broken(path, entry.lineno or 1, f"{translation!r} has other placeholders than the text: {named}")


def _forms(text: Message | str | Sequence[str] | None) -> Iterator[str]:
    yield from (text,) if isinstance(text, str) else (text or ())  # type: ignore[misc]  # babel's ids are strings


def _placeholders(text: str) -> frozenset[str]:
    return frozenset(name for _, name, _, _ in Formatter().parse(text) if name is not None)


def _broken(path: Path, line: int, problem: str, repair: str = "correct the catalogue") -> ConfigError:
    return ConfigError([Mistake(str(path), f"line {line}", problem, repair)])


@lru_cache(maxsize=256)
def _in_country(main: Language, code: str) -> Language:
    try:
        return replace(main, code=code, locale=_locale_of(code))
    except (ValueError, UnknownLocaleError):
        return main


# formatting takes tens of microseconds, and a day's mails name few days and numbers
@lru_cache(maxsize=4096)
def _decimal(number: int, locale: Locale) -> str:
    return str(format_decimal(number, locale=locale))


@lru_cache(maxsize=4096)
def _by_skeleton(day: date, skeleton: str, locale: Locale) -> str:
    return format_skeleton(skeleton, day, locale=locale)


@lru_cache(maxsize=4096)
def _in_pattern(day: date, pattern: str, locale: Locale) -> str:
    return format_date(day, pattern, locale)
