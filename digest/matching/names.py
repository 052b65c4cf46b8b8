"""Reads a person's name and says whether two names may be one person; never compares parts of words.

`Song Han`, `Han, Song` and `Han S` are read alike. A full given name that agrees is certain; an initial is not, and
neither is Song Kyu Han for Song Han.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum
from itertools import takewhile
from unicodedata import normalize

from digest.matching.plain import read_plain

_PARTICLES = re.compile("van|von|der|den|de|di|da|del|della|dos|du|la|le|el|al|bin|ibn|ter|ten|zu|af")
_SUFFIXES = frozenset(("jr", "sr", "ii", "iii", "iv", "phd", "md"))
_AFFILIATION = re.compile(r"\([^()]*\)")
_INITIALS = re.compile(r"[A-Z]{1,3}|(?:[A-Z]\.-?){1,3}")
_UMLAUTS = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "Ø": "Oe"}
)
"""Spelt out, as who has no such key writes them: Mueller is Müller."""
_SMALL_INITIAL = re.compile(r"[^\W\d_]\.?")
_NO_SPACES = re.compile(r"[\u3005\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]+")
_NOT_LETTERS = re.compile(r"[\W\d_]+")


class Likeness(IntEnum):
    """How sure we are that two names mean one person."""

    NONE = 0
    INITIALS = 1
    """Nothing speaks against it, but one of them has only initials, no given name, or one more."""
    CERTAIN = 2


@dataclass(frozen=True, slots=True)
class Name:
    """A family name and the given names in their order, as lower-case letters; an initial is one letter."""

    family: str
    given: tuple[str, ...] = ()


def read_name(text: str) -> tuple[Name, ...]:
    """The ways in which a name may be read, the likeliest first; none if there is no letter in it.

    `Han S` is a family name with an initial, as some indexes write it, or a person whose family name is S.

    arXiv's search has underscores for spaces. Chinese, Japanese and Korean names are written with a space or without,
    and in either order. Müller is read as Muller and as Mueller.
    """
    ways = dict.fromkeys((text, normalize("NFC", text).translate(_UMLAUTS)))
    return tuple(dict.fromkeys(name for way in ways for name in _readings(way)))


def _readings(text: str) -> tuple[Name, ...]:
    plain = _AFFILIATION.sub(" ", read_plain(text).text).replace("_", " ")
    family, comma, given = plain.partition(",")
    words = f"{given.replace(',', ' ')} {family}".split() if comma else plain.split()
    if words and all(map(_NO_SPACES.fullmatch, words)):
        return tuple(dict.fromkeys(Name("".join(order)) for order in (words, words[::-1])))
    return _names(words) if comma else (*_turned(words), *_names(words))


def likeness(asked: Name, found: Name) -> Likeness:
    """How sure it is that a name on a paper is the one a reader asked for."""
    if asked.family != found.family:
        return Likeness.NONE
    if not asked.given or not found.given:
        return Likeness.CERTAIN if asked.given == found.given else Likeness.INITIALS
    if "".join(asked.given) == "".join(found.given) and len(asked.given[0]) > 1:
        return Likeness.CERTAIN
    alike = [_given_likeness(one, other) for one, other in zip(asked.given, found.given, strict=False)]
    further = asked.given[len(alike) :] + found.given[len(alike) :]
    if Likeness.NONE in alike:
        return Likeness.NONE
    return alike[0] if all(len(name) == 1 for name in further) else Likeness.INITIALS


def _turned(words: list[str]) -> tuple[Name, ...]:
    """`Han S`, `han s` and `Han S. J.` as a family name with initials behind it."""
    initials = list(takewhile(_is_initial, reversed(words)))[::-1]
    family = words[: len(words) - len(initials)]
    if not initials or all(len(_letters(word)) < 2 for word in family):  # noqa: PLR2004  # that would be initials too
        return ()
    return _names([*_letters("".join(initials)), *family])


def _names(words: list[str]) -> tuple[Name, ...]:
    """Given names and a family name, which may begin with the particles before it: Le Cun is LeCun too."""
    while len(words) > 1 and (_letters(words[-1]) in _SUFFIXES or words[-1][0].isdigit()):
        words = words[:-1]
    before, family = words[:-1], _letters("".join(words[-1:]))
    if not family:
        return ()
    particles = list(takewhile(_is_particle, reversed(before[1:])))[::-1]
    families = dict.fromkeys((family, _letters("".join(particles)) + family))
    spelt = [letter for word in before for letter in (word if _INITIALS.fullmatch(word) else [word])]
    names = [Name(name, _given(given)) for name in families for given in (before, spelt)]
    if before and all(map(_is_particle, before)):  # van Gogh, with no given name
        names.append(Name(_letters("".join(before)) + family))
    return tuple(dict.fromkeys(names))


def _given(words: list[str]) -> tuple[str, ...]:
    parts = [part for word in words for part in _parts(word)]
    return (*parts[:1], *(part for part in parts[1:] if not (_is_particle(part) or part in _SUFFIXES)))


def _parts(word: str) -> list[str]:
    """Jean-Baptiste is one given name, J.-B. and J.B. are two initials."""
    parts = [part.casefold() for part in _NOT_LETTERS.split(word) if part]
    return parts if all(len(part) == 1 for part in parts) else ["".join(parts)]


def _is_initial(word: str) -> bool:
    return _INITIALS.fullmatch(word) is not None or _SMALL_INITIAL.fullmatch(word) is not None


def _is_particle(word: str) -> bool:
    return _PARTICLES.fullmatch(word.casefold()) is not None


def _letters(word: str) -> str:
    return _NOT_LETTERS.sub("", word).casefold()


def _given_likeness(asked: str, found: str) -> Likeness:
    if asked == found and len(asked) > 1:
        return Likeness.CERTAIN
    is_initial = 1 in (len(asked), len(found)) and asked[0] == found[0]
    return Likeness.INITIALS if is_initial else Likeness.NONE
