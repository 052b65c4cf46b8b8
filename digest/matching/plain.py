r"""Turns a title or abstract into plain letters, keeping for each letter where it came from; never cuts words.

Maths glues (`I$^{2}$VC` is `I2VC`), compatibility forms and Latin accents go, Greek letters are spelt out, so that
`$\alpha$`, `α` and `alpha` are one. Case stays: capitals tell an acronym.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

_GREEK = (
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu", "xi",
    "omicron", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega",
)  # fmt: skip
_SPELT = dict(zip("αβγδεζηθικλμνξοπρστυφχψω", _GREEK, strict=True)) | {
    "ς": "sigma", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h", "ŧ": "t",
}  # fmt: skip
_SPELT |= {letter.upper(): name.capitalize() for letter, name in _SPELT.items() if letter not in "ςı"}
_SPELT |= {"ё": "е", "Ё": "Е"}  # in Cyrillic the dots are mostly left out
_ARABIC = str.maketrans("یىکہة", "ييكهه")
"""Letters that Arabic, Persian and Urdu keyboards have for one another (Lucene's ArabicNormalizer and
PersianNormalizer fold the same ones)."""

_COMMANDS = {f"var{name}": name for name in _GREEK} | {name: name for name in _GREEK}
_COMMANDS |= {name.capitalize(): name.capitalize() for name in _GREEK}
_FUNCTIONS = (
    "log", "exp", "max", "min", "sup", "inf", "arg", "dim", "ker", "det", "mod", "gcd", "sin", "cos", "tan", "lim",
)  # fmt: skip
_COMMANDS |= {name: name for name in _FUNCTIONS} | {"ell": "l"}
_LETTERS = {name: name for name in ("o", "l", "i", "j", "O", "L", "ss", "ae", "oe", "aa", "th", "AE", "OE", "AA", "TH")}
_LETTERS |= {"dh": "d", "dj": "d", "DH": "D", "DJ": "D"}
_ACCENTS = dict.fromkeys("cvuHdbrkt", "")
_PRINTED = _COMMANDS | _LETTERS | _ACCENTS
"""What commands print, or near enough."""
_STYLES = re.compile(
    r"(?:text|math)\w*|emph|underline|overline|operatorname|boldsymbol|bm|rm|bf|it|tt|sc|em|sf|cal|hat|tilde|bar|vec|url"
)
_ESCAPED = {"%": "%", "&": "&", "_": "_", "#": "#"} | dict.fromkeys("\"'`^~=.-!()[]", "")

_SIGNS = re.compile(r"[\\$^{}~]")
_SPECIAL = re.compile(
    rf"\\(?:{'|'.join(_LETTERS | _ACCENTS)})(?![A-Za-z])\ ?"  # TeX swallows the space: \L ojasiewicz is one word
    r"|\\[A-Za-z]+|\\[\x00-\x7f]|[$^{}~]|[\x00-\x7f]?[^\x00-\x7f]+"
)
_MOST_MARKS = 8
"""No letter of any script has more; further ones are left out."""
_DIRECTIONS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_TATWEEL = "\u0640"  # stretches an Arabic word and means nothing
_INVISIBLE = "\u00ad\u200c\u200d\u2060\ufeff™" + _DIRECTIONS + _TATWEEL
_JOINED_BACKWARDS = _INVISIBLE + "\uff9e\uff9f"  # half-width kana voicing marks compose with the kana before them


@dataclass(frozen=True, slots=True)
class Plain:
    """Plain text; its character i came from `original[starts[i]:ends[i]]`."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]


def read_plain(original: str) -> Plain:
    """The plain form of a text, with the way back to its own offsets.

    Offsets never fall inside a base character with its combining marks, nor inside a LaTeX command.
    """
    if original.isascii() and not _SIGNS.search(original):
        return Plain(original, range(len(original)), range(1, len(original) + 1))
    texts: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for start, end, text in _pieces(original):
        is_copied = end - start == len(text) and text.isascii()
        texts.append(text)
        starts.extend(range(start, end) if is_copied else [start] * len(text))
        ends.extend(range(start + 1, end + 1) if is_copied else [end] * len(text))
    return Plain("".join(texts), starts, ends)


def _pieces(original: str) -> Iterator[tuple[int, int, str]]:
    """Each stretch of the original with its plain text: ordinary runs as they are, all else one by one."""
    done = 0
    for found in _SPECIAL.finditer(original):
        start, end = found.span()
        if done < start:
            yield done, start, original[done:start]
        special = found.group()
        if special.isascii():
            yield start, end, _plain_latex(special)
        else:
            for offset, cluster in _clusters(special):
                yield start + offset, start + offset + len(cluster), _plain_cluster(cluster[: 1 + _MOST_MARKS])
        done = end
    if done < len(original):
        yield done, len(original), original[done:]


def _plain_latex(special: str) -> str:
    if special == "~":
        return " "
    if not special.startswith("\\"):
        return ""
    name = special[1:].removesuffix(" ")
    if not name.isalpha():
        return _ESCAPED.get(name, " ")
    return _PRINTED.get(name, "" if _STYLES.fullmatch(name) else " ")


def _clusters(run: str) -> Iterator[tuple[int, str]]:
    """Base characters, each with the marks that belong to it."""
    start = 0
    for position in range(1, len(run) + 1):
        if position == len(run) or not _extends(run[position]):
            yield start, run[start:position]
            start = position


@lru_cache(maxsize=4096)
def _extends(character: str) -> bool:
    return (
        unicodedata.category(character).startswith("M")
        or character in _JOINED_BACKWARDS
        or "\u1160" <= character <= "\u11ff"  # the vowels and finals of a decomposed Hangul syllable
    )


@lru_cache(maxsize=16384)
def _plain_cluster(cluster: str) -> str:
    composed = unicodedata.normalize("NFKC", "".join(c for c in cluster if c not in _INVISIBLE))
    letters = unicodedata.normalize("NFKD", composed)
    base = letters[:1]
    if not base or unicodedata.category(base).startswith("M"):
        return ""
    if base.isascii() or base in _SPELT:
        return "".join(_SPELT.get(c, c) for c in letters if not unicodedata.category(c).startswith("M"))
    if "\u0590" <= base <= "\u08ff":  # Hebrew, Arabic and Syriac: points and vowel signs are mostly left out
        return "".join(map(_without_points, letters)).translate(_ARABIC)
    # a mark of another script is part of the word: its code stands for it, since a regex takes it for punctuation
    return "".join(f"{ord(c):x}" if unicodedata.category(c).startswith("M") else _SPELT.get(c, c) for c in composed)


def _without_points(character: str) -> str:
    """A letter as it is, a digit as 0 to 9, and a mark left out."""
    if unicodedata.category(character).startswith("M"):
        return ""
    return str(unicodedata.digit(character, character))
