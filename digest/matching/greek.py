"""Names of biology whose Greek letter many type as the Latin one that looks like it: NF-kB is NF-κB; matches nothing.

By a list of names, since elsewhere the two differ: a kB is a kilobyte, and hepatitis A no hepatitis alpha.
"""

from __future__ import annotations

import re

_GREEK = {"a": "α", "b": "β", "g": "γ"}
_LATIN = {greek: latin for latin, greek in _GREEK.items()} | {"alpha": "a", "beta": "b", "gamma": "g"}
_HYPHEN = "[-‐‑–]"  # texts that are copied from have several
_NAMES = rf"TNF|TGF|IFN|IL{_HYPHEN}?1|HIF{_HYPHEN}?1|PGC{_HYPHEN}?1|PPAR|GSK{_HYPHEN}?3"
_BEGIN, _END = r"(?<![^\W_])", r"(?![^\W_]|\*)"  # TNF-α* is open: TNFa* would take TNFAIP3
_LATIN_LETTER = re.compile(rf"{_BEGIN}(?:({_NAMES}){_HYPHEN}?([abg]){_END}|NF{_HYPHEN}?kB{_END})", re.IGNORECASE)
_GREEK_LETTER = re.compile(
    rf"{_BEGIN}(?:({_NAMES})(?:{_HYPHEN}| )?(α|β|γ|alpha|beta|gamma){_END}"
    rf"|NF(?:{_HYPHEN}| )?(?:κ|kappa)(?:{_HYPHEN}| )?B{_END})",
    re.IGNORECASE,
)


def other_writings(text: str) -> tuple[str, ...]:
    """The text with all such names written the Greek way, and the Latin way, where that changes it."""
    ways = _LATIN_LETTER.sub(_in_greek, text), _GREEK_LETTER.sub(_in_latin, text)
    return tuple(way for way in ways if way != text)


def join_letters(text: str) -> str:
    """The text with the Latin letter of such names joined to them: where it may stand apart it is an article."""
    return _LATIN_LETTER.sub(lambda name: f"{name[1]}{name[2]}" if name[1] else name[0], text)


def _in_greek(name: re.Match[str]) -> str:
    return f"{name[1]}-{_GREEK[name[2].casefold()]}" if name[1] else "NF-κB"


def _in_latin(name: re.Match[str]) -> str:
    """Without a hyphen, which would let the letter stand apart, as the article does."""
    return f"{name[1]}{_LATIN[name[2].casefold()]}" if name[1] else "NF-kB"
