r"""Says what one LaTeX command stands for in prose (`\emph{x}` is x, `\eg` is e.g.); finds no commands itself."""

from __future__ import annotations

import re
from collections.abc import Callable

from digest.sources.formats.latex.maths import GAPS, HIDDEN_ARGUMENTS, STYLES, builds_formula
from digest.sources.formats.latex.scripts import lowered, raised
from digest.sources.formats.latex.signs import sign

Reader = Callable[[str], str]

_SPELT = {
    "eg": "e.g.", "ie": "i.e.", "etc": "etc.", "etal": "et al.", "wrt": "w.r.t.", "cf": "cf.", "vs": "vs.",
    "aka": "a.k.a.", "deg": "°", "item": "•", "newline": " ", "linebreak": " ", "par": " ",
}  # fmt: skip
"""Commands without arguments; in prose arXiv writes a degree sign as `{\\deg}`."""
_NOTES = ("footnote", "footnotetext", "thanks")
_REFERENCES = (
    "cite", "citet", "citep", "citealp", "citealt", "citeauthor", "citeyear", "parencite", "textcite", "autocite",
    "ref", "eqref", "autoref", "cref", "Cref", "pageref",
)  # fmt: skip
_QUANTITIES = ("num", "SI", "si", "qty", "unit", "ang", "qtyproduct")
_ESCAPED = re.compile(r"\\([%#&_~{}$])(?:\{\})?")
_WORD = re.compile(r"[^\W\d_]{2}")
_REPETITION = re.compile(r"[\d,]*")
_LAST_CHARACTER = 0x10FFFF


def read_command(name: str, arguments: list[str], read: Reader) -> str | None:
    r"""What the command says, given its name and its arguments as they are; `read` turns an argument into text.

    A command nobody knows says its own name, or what it is applied to if that has a word. None if it is no command but
    a piece of a regular expression, such as `\d`.
    """
    if name in STYLES or name in HIDDEN_ARGUMENTS:
        return "".join(map(read, arguments[HIDDEN_ARGUMENTS.get(name, 0) :])) or (" " if name in GAPS else "")
    if not arguments:
        return _SPELT.get(name) or sign(name) or (name if name[1:] else None)
    if name in _APPLIED:
        return _APPLIED[name](arguments, read)
    known = _SPELT.get(name) or sign(name)
    return known + "".join(map(read, arguments)) if known else _read_unknown(name, arguments, read)


def read_opening(name: str) -> str | None:
    """What a command says whose brace is never closed, as in a field that was cut; its argument follows as prose."""
    if name in _NOTES:
        return " ("
    if is_known_command(name):
        return sign(name)
    return f"{name} " if name[1:] else None


def is_known_command(name: str) -> bool:
    """Whether the name alone tells that it is LaTeX."""
    is_prose = name in STYLES or name in HIDDEN_ARGUMENTS or name in _SPELT or name in _APPLIED
    return is_prose or builds_formula(name) or bool(sign(name))


def _read_unknown(name: str, arguments: list[str], read: Reader) -> str | None:
    if not name[1:]:
        if sign(name + arguments[0]):  # arXiv takes the k of \kappa for an accent and writes \k{appa}
            return sign(name + arguments[0])
        if _REPETITION.fullmatch(arguments[0]):
            return None
    text = " ".join(filter(None, map(read, arguments)))
    if not _WORD.search(text):
        return name + text
    return text if name[1:].islower() else f"{name} {text}"


def _address(arguments: list[str], _: Reader) -> str:
    return _ESCAPED.sub(r"\1", arguments[0]).strip()


def _link(arguments: list[str], read: Reader) -> str:
    """The text, with the address behind it unless it shows already: in a mail `here` alone leads nowhere."""
    address, text = _address(arguments, read), "".join(map(read, arguments[1:])).strip()
    return text if "://" in text or address.endswith(text or "-") else f"{text} ({address})"


def _note(arguments: list[str], read: Reader) -> str:
    return f" ({read(arguments[0]).strip()})"


def _reference(arguments: list[str], _: Reader) -> str:
    return f"[{', '.join(key.strip() for key in arguments[0].split(','))}]"


def _quantity(arguments: list[str], read: Reader) -> str:
    return " ".join(map(read, arguments))


def _superscript(arguments: list[str], read: Reader) -> str:
    return raised(read(arguments[0])) or read(arguments[0])


def _subscript(arguments: list[str], read: Reader) -> str:
    return lowered(read(arguments[0])) or read(arguments[0])


def _character(arguments: list[str], _: Reader) -> str:
    r"""A character by its number, as MathJax writes it: `\unicode{x2013}`."""
    try:
        number = int(arguments[0].strip().replace("x", "0x", 1), 0)
    except ValueError:
        return arguments[0]
    return chr(number) if 0 < number <= _LAST_CHARACTER else arguments[0]


_APPLIED: dict[str, Callable[[list[str], Reader], str]] = {
    **dict.fromkeys(("url", "nolinkurl"), _address),
    **dict.fromkeys(("href", "hyperlink"), _link),
    **dict.fromkeys(_NOTES, _note),
    **dict.fromkeys(_REFERENCES, _reference),
    **dict.fromkeys(_QUANTITIES, _quantity),
    "textsuperscript": _superscript,
    "textsubscript": _subscript,
    "unicode": _character,
}
