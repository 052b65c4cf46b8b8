r"""Knows the sign behind one LaTeX command (`\alpha`, `\'e`, `\mathbb{R}`), by pylatexenc's tables; parses nothing.

Only single commands go to pylatexenc, and are kept: its parser takes a tenth of a millisecond for the smallest text,
and a thousand braces exhaust it.
"""

from __future__ import annotations

from functools import lru_cache

from pylatexenc.latex2text import LatexNodes2Text, get_default_latex_context_db

_TABLES = get_default_latex_context_db().filter_context(keep_categories=["latex-base", "advanced-symbols"])
_LIBRARY = LatexNodes2Text(_TABLES)
_SIGN_CHARACTERS = 2
"""What is longer is no sign: `\\today` is a date."""

_OTHER_SIGNS = {
    "epsilon": "ε", "phi": "φ", "sim": "~", "mid": " | ", "ast": "*", "prime": "′", "textasciicircum": "^",
    "ne": "≠", "implies": "⇒", "iff": "⇔", "gets": "←", "leadsto": "⇝", "xrightarrow": "→", "neg": "¬", "land": "∧",
    "lor": "∨", "bot": "⊥", "ddagger": "‡", "models": "⊨", "coloneqq": "≔", "colon": ":", "slash": "/", "lll": "⋘",
    "bigstar": "★", "triangle": "△", "Box": "□", "checkmark": "✓", "cmark": "✓", "xmark": "✗", "degree": "°",
    "textless": "<", "textgreater": ">", "textbar": "|", "lt": "<", "gt": ">", "copyright": "©", "pounds": "£",
    "euro": "€", "quad": " ", "qquad": " ", "enspace": " ", "thinspace": " ", "space": " ",
}  # fmt: skip
"""What pylatexenc lacks, and a few signs that mail programs show better than its own."""

_MARKS = {
    "bar": "=", "overline": "=", "widehat": "hat", "widetilde": "tilde", "mathring": "r", "hat": "hat", "vec": "vec",
    "tilde": "tilde", "dot": "dot", "ddot": "ddot", "check": "check", "breve": "breve", "acute": "acute",
    "grave": "grave", "not": "not",
}  # fmt: skip
"""Accents of formulas, with the command whose mark is drawn."""


@lru_cache(maxsize=4096)
def sign(name: str) -> str:
    r"""The sign of a command without arguments, or nothing; the name comes without backslash: `alpha` is `α`."""
    if name in _OTHER_SIGNS:
        return _OTHER_SIGNS[name]
    entry = _TABLES.get_macro_spec(name)
    text = entry.simplify_repl if entry else ""
    # \gemini, \leo and \libra are somebody's models, not the zodiac
    is_sign = isinstance(text, str) and len(text) <= _SIGN_CHARACTERS and not "☽" <= text <= "♓"
    return text if is_sign else ""


@lru_cache(maxsize=4096)
def accented(accent: str, letter: str) -> str:
    r"""The letter, perhaps `\i` or `\j`, under its accent (`'`, `c`, `H`) if that is one character, else nothing."""
    text = str(_LIBRARY.latex_to_text(rf"\{accent}{{{letter}}}"))
    return text if len(text) == 1 else ""


def is_mark(name: str) -> bool:
    r"""Whether the command is an accent of formulas, such as `\hat`."""
    return name in _MARKS


@lru_cache(maxsize=4096)
def marked(name: str, base: str) -> str:
    r"""The single character under the accent of a formula; what is longer stays without it."""
    is_safe = len(base) == 1 and base not in "\\{}%$#&~^_"
    return str(_LIBRARY.latex_to_text(rf"\{_MARKS[name]}{{{base}}}")) if is_safe else base


@lru_cache(maxsize=4096)
def double_struck(text: str) -> str:
    """A single letter as on a blackboard (`R` is `ℝ`); all else stays."""
    return str(_LIBRARY.latex_to_text(rf"\mathbb{{{text}}}")) if len(text) == 1 and text.isalpha() else text
