"""Names of biology whose Greek letter many type as the Latin one that looks like it: NF-kB is NF-κB; matches nothing.

By a list of names, since elsewhere the two differ: a kB is a kilobyte, and hepatitis A no hepatitis alpha.
"""

from __future__ import annotations

import re

_GREEK = {"a": "α", "b": "β", "g": "γ"}
_LATIN = {greek: latin for latin, greek in _GREEK.items()} | {"alpha": "a", "beta": "b", "gamma": "g"}
_NAMES = r"TNF|TGF|IFN|IL-?1|HIF-?1|PGC-?1|PPAR|GSK-?3"
_BEGIN, _END = r"(?<![^\W_])", r"(?![^\W_])"
_LATIN_LETTER = re.compile(rf"{_BEGIN}(?:({_NAMES})-?([abg]){_END}|NF-?kB{_END})", re.IGNORECASE)
_GREEK_LETTER = re.compile(
    rf"{_BEGIN}(?:({_NAMES})[- ]?(α|β|γ|alpha|beta|gamma){_END}|NF[- ]?(?:κ|kappa)[- ]?B{_END})", re.IGNORECASE
)


def other_writing(text: str) -> str:
    """The text with such a name written in the other way; empty if there is none in it."""
    other = _LATIN_LETTER.sub(_in_greek, text)
    other = _GREEK_LETTER.sub(_in_latin, text) if other == text else other
    return other if other != text else ""


def _in_greek(name: re.Match[str]) -> str:
    return f"{name[1]}-{_GREEK[name[2].lower()]}" if name[1] else "NF-κB"


def _in_latin(name: re.Match[str]) -> str:
    """Without a hyphen, which would let the letter stand apart, as the article does."""
    return f"{name[1]}{_LATIN[name[2].lower()]}" if name[1] else "NF-kB"
