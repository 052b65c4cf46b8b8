"""Reads a person's name and says whether two names may be one person; never compares parts of words.

`Song Han`, `Han, Song` and `Han S` are read alike. A full given name that agrees is certain; an initial is not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum

from digest.matching.plain import read_plain

_PARTICLES = re.compile("van|von|der|den|de|di|da|del|della|dos|du|la|le|el|al|bin|ibn|ter|ten|zu|af")
_SUFFIXES = frozenset(("jr", "sr", "ii", "iii", "iv", "phd", "md"))
_AFFILIATION = re.compile(r"\([^()]*\)")
_TRAILING_INITIALS = re.compile(r"(?P<family>.*\w{2,}.*?)\s+(?P<initials>[A-Z]{1,3}|(?:[A-Z]\.\s?-?){1,3})")
_NOT_LETTERS = re.compile(r"[\W\d_]+")


class Likeness(IntEnum):
    """How sure we are that two names mean one person."""

    NONE = 0
    INITIALS = 1
    """Nothing speaks against it, but one of them has only initials or no given name."""
    CERTAIN = 2


@dataclass(frozen=True, slots=True)
class Name:
    """A family name and the given names in their order, as lower-case letters; an initial is one letter."""

    family: str
    given: tuple[str, ...] = ()


def read_name(text: str) -> tuple[Name, ...]:
    """The ways in which a name may be read, the likeliest first; none if there is no letter in it.

    `Han S` is a family name with an initial, as some indexes write it, or a person whose family name is S.
    """
    plain = _AFFILIATION.sub(" ", read_plain(text).text)
    family, comma, given = plain.partition(",")
    if comma:
        return _names(f"{given.replace(',', ' ')} {family}")
    trailing = _TRAILING_INITIALS.fullmatch(plain.strip())
    turned = _names(f"{' '.join(_NOT_LETTERS.sub('', trailing['initials']))} {trailing['family']}") if trailing else ()
    return turned + _names(plain)


def likeness(asked: Name, found: Name) -> Likeness:
    """How sure it is that a name on a paper is the one a reader asked for."""
    if asked.family != found.family:
        return Likeness.NONE
    if not asked.given or not found.given:
        return Likeness.CERTAIN if asked.given == found.given else Likeness.INITIALS
    if "".join(asked.given) == "".join(found.given) and len(asked.given[0]) > 1:
        return Likeness.CERTAIN
    first = _given_likeness(asked.given[0], found.given[0])
    others = [_given_likeness(a, b) for a, b in zip(asked.given[1:], found.given[1:], strict=False)]
    return Likeness.NONE if Likeness.NONE in others else first


def _names(text: str) -> tuple[Name, ...]:
    words = text.split()
    while len(words) > 1 and _letters(words[-1]) in _SUFFIXES:
        words.pop()
    parts = [part for word in words[:-1] for part in _given_parts(word)]
    given = parts[:1] + [part for part in parts[1:] if not (_PARTICLES.fullmatch(part) or part in _SUFFIXES)]
    family = _letters(words[-1]) if words else ""
    return (Name(family, tuple(given)),) if family else ()


def _given_parts(word: str) -> list[str]:
    """A given name's parts: Jean-Baptiste, J.-B. and J.B. have two."""
    return [part.casefold() for part in _NOT_LETTERS.split(word) if part]


def _letters(word: str) -> str:
    return _NOT_LETTERS.sub("", word).casefold()


def _given_likeness(asked: str, found: str) -> Likeness:
    if asked == found and len(asked) > 1:
        return Likeness.CERTAIN
    is_initial = 1 in (len(asked), len(found)) and asked[0] == found[0]
    return Likeness.INITIALS if is_initial else Likeness.NONE
