r"""Writes a LaTeX formula on one line (`\frac{1}{2}x_{i}^2` is `1/2 xᵢ²`); knows no prose and never draws."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from digest.sources.formats.latex.scripts import lowered, raised
from digest.sources.formats.latex.signs import double_struck, is_mark, marked, sign

FORMULA_CHARACTERS_READ = 1_000
_DEEPEST_NESTING = 20

STYLES = frozenset((
    "text", "textbf", "textit", "textsc", "texttt", "textsf", "textrm", "textsl", "textup", "textmd", "textnormal",
    "emph", "em", "bf", "it", "tt", "sc", "sf", "rm", "sl", "bfseries", "itshape", "ttfamily", "scshape", "sffamily",
    "rmfamily", "underline", "uline", "mbox", "hbox", "fbox", "boldmath", "mathrm", "mathbf", "mathit", "mathsf",
    "mathtt", "mathcal", "mathscr", "mathfrak", "mathbin", "mathrel", "mathop", "mathopen", "mathclose", "mathnormal",
    "boldsymbol", "bm", "pmb", "cal", "ensuremath", "protect", "xspace", "displaystyle", "textstyle", "scriptstyle",
    "left", "right", "middle", "big", "Big", "bigg", "Bigg", "bigl", "bigr", "Bigl", "Bigr", "biggl", "biggr",
    "Biggl", "Biggr", "limits", "nolimits", "nonumber", "tiny", "scriptsize", "footnotesize", "small", "normalsize",
    "large", "Large", "centering", "noindent", "overbrace", "underbrace", "smallskip", "medskip", "bigskip",
))  # fmt: skip
"""Commands of looks: the name goes, what they are applied to stays."""
HIDDEN_ARGUMENTS = {
    "begin": 1, "end": 1, "label": 1, "tag": 1, "color": 1, "textcolor": 1, "colorbox": 1, "vspace": 1, "hspace": 1,
    "phantom": 1, "hphantom": 1, "vphantom": 1, "hypersetup": 1, "rule": 2, "texorpdfstring": 1,
}  # fmt: skip
"""Commands whose first arguments are no text, and how many of them; what comes after stays."""
GAPS = frozenset({"hspace", "vspace", "phantom", "hphantom", "rule"})
"""Those of them that keep words apart."""
_FUNCTIONS = frozenset((
    "log", "ln", "lg", "exp", "max", "min", "sup", "inf", "arg", "argmax", "argmin", "dim", "ker", "det", "gcd",
    "lcm", "sin", "cos", "tan", "cot", "sec", "sinh", "cosh", "tanh", "arcsin", "arccos", "arctan", "lim", "limsup",
    "liminf", "deg", "hom", "Pr", "mod", "bmod", "tr", "rank", "sgn", "poly", "polylog",
))  # fmt: skip
_PREFIXES = frozenset("∇∂∀∃¬")
_ESCAPES = {"|": "‖", "\\": " ", "\n": " "} | dict.fromkeys("!/-()[]", "") | dict.fromkeys(",:;> ", " ")

_TOKEN = re.compile(
    r"\\\\(?:\[[^][{}]*\])?|\\(?:(?:operatorname|[hv]space)\*?|[A-Za-z]+|.)|[{}^_~&]|[^\\{}^_~&]+|\\", re.DOTALL
)
_SIZE = re.compile(r"left|right|middle|[bB]ig|limits|nolimits")
_ATOM = re.compile(r"[^\W\d_][⁰-ₜ²³¹′]*|[\d.]+|\w*\([^()]*\)")
_PRODUCT = re.compile(r"[\w.′]+|\w*\([^()]*\)")
_WORD_START = "\u2061"  # a blank, if a letter or a number stands before; Unicode's invisible "function application"
_GLUED_WORD = re.compile(rf"(?<=[\w)\]|′])\s*{_WORD_START}")
_RELATION = re.compile(r"(\s*)([~≤≥≠≈≃≅≡∝≪≫≲≳∈∉⊂⊆⊃⊇→←⇒⇔↔↦×±∓·÷⊕⊗∪∩∧∨≺≻])\s*")
_BRACKET_BLANK = re.compile(r"(?<=[⟨⌊⌈])\s+|\s+(?=[⟩⌋⌉])")


class _TooDeepError(Exception):
    """Braces within braces, beyond anything a paper needs."""


@lru_cache(maxsize=4096)
def read_formula(formula: str) -> str | None:
    """The formula, given without its dollars, in letters and signs on one line.

    What Unicode can't raise or lower keeps its `^` or `_`; a command nobody knows keeps its name. None if the formula
    is too long or too deep to be one.
    """
    if len(formula) > FORMULA_CHARACTERS_READ:
        return None
    tokens = _TOKEN.findall(formula)[::-1]
    parts = []
    try:
        while tokens:  # a closing brace too many ends a group early
            parts.append(_group(tokens, 0))
    except _TooDeepError:
        return None
    return _spaced("".join(parts))


def builds_formula(name: str) -> bool:
    r"""Whether the command makes a formula of its arguments, as `\frac` and `\hat` do."""
    return name in _BUILDERS or is_mark(name)


def _group(tokens: list[str], depth: int) -> str:
    """What the tokens say up to the closing brace; `tokens` is a stack, the next one on top."""
    parts = []
    while tokens and (token := tokens.pop()) != "}":
        parts.append(_piece(token, tokens, depth + 1))
    return "".join(parts)


def _piece(start: str, tokens: list[str], depth: int) -> str:
    """What the token says, with those after it that belong to it."""
    if depth > _DEEPEST_NESTING:
        raise _TooDeepError
    if start == "{":
        return _group(tokens, depth)
    if start in {"^", "_"}:
        return _script(start, tokens, depth)
    if start[0] != "\\":
        return " " if start in {"~", "&"} else start
    name = start[1:].rstrip("*")
    return _command(name, tokens, depth) if name.isalpha() else _ESCAPES.get(name[:1], name)


def _argument(tokens: list[str], depth: int) -> str:
    """The next group, command or single character, as TeX takes it."""
    while tokens and (tokens[-1].isspace() or _is_style(tokens[-1])):
        tokens.pop()
    if not tokens or tokens[-1] == "}":
        return ""
    following = tokens.pop().lstrip()
    if following[0] in "\\{^_~&":
        return _piece(following, tokens, depth + 1).strip()
    if following[1:]:
        tokens.append(following[1:])
    return following[0]


def _option(tokens: list[str]) -> str:
    """What stands in the brackets of an optional argument."""
    if not (tokens and tokens[-1].startswith("[") and "]" in tokens[-1]):
        return ""
    option, _, rest = tokens.pop()[1:].partition("]")
    tokens.extend([rest] if rest else [])
    return option


def _is_style(token: str) -> bool:
    return token[0] == "\\" and token[1:] in STYLES


def _script(kind: str, tokens: list[str], depth: int) -> str:
    text = _argument(tokens, depth).removeprefix(_WORD_START)
    small = raised(text) if kind == "^" else lowered(text)
    if small or not text:
        return small or ""
    return f"{kind}{_bracketed(text, unless=_PRODUCT)}{' ' if text[-1].isalnum() and _word_follows(tokens) else ''}"


def _bracketed(text: str, *, unless: re.Pattern[str]) -> str:
    return text if len(text) == 1 or unless.fullmatch(text) else f"({text})"


def _word_follows(tokens: list[str]) -> bool:
    following = tokens[-1] if tokens else ""
    is_command = following[:1] == "\\" and following[1:].isalpha()
    return following[:1].isalnum() or (is_command and not _SIZE.match(following, 1))


def _command(name: str, tokens: list[str], depth: int) -> str:
    if name in _BUILDERS:
        return _BUILDERS[name](tokens, depth)
    if is_mark(name):
        return marked(name, _argument(tokens, depth))
    if name in _FUNCTIONS:
        return _function(name, tokens)
    if name in STYLES:
        _drop_blank(tokens)
        return ""
    if name in HIDDEN_ARGUMENTS:
        _option(tokens)
        for _ in range(HIDDEN_ARGUMENTS[name]):
            _argument(tokens, depth)
        return " " if name in GAPS else ""
    return _sign(name, tokens)


def _sign(name: str, tokens: list[str]) -> str:
    """The command's sign, else its name; a blank that only ends the name of a letter or of an operator goes."""
    found = sign(name)
    if (found.isalpha() or found in _PREFIXES) and tokens and tokens[-1].lstrip()[:1].isalpha():
        _drop_blank(tokens)
    return found or name


def _drop_blank(tokens: list[str]) -> None:
    if tokens and tokens[-1].isspace():
        tokens.pop()
    elif tokens and tokens[-1][0].isspace():
        tokens[-1] = tokens[-1].lstrip()


def _function(name: str, tokens: list[str]) -> str:
    return f"{_WORD_START}{name}{' ' if _word_follows(tokens) else ''}"


def _fraction(tokens: list[str], depth: int) -> str:
    above, below = _argument(tokens, depth), _argument(tokens, depth)
    said = f"{_bracketed(above, unless=_PRODUCT)}/{_bracketed(below, unless=_ATOM)}"
    return f"{_WORD_START}{said}{' ' if _word_follows(tokens) else ''}"


def _binomial(tokens: list[str], depth: int) -> str:
    return f"({_argument(tokens, depth)} choose {_argument(tokens, depth)})"


def _root(tokens: list[str], depth: int) -> str:
    index = _option(tokens)
    return f"{raised(index) or index}√{_bracketed(_argument(tokens, depth), unless=_ATOM)}"


_BUILDERS: dict[str, Callable[[list[str], int], str]] = {
    **dict.fromkeys(("frac", "dfrac", "tfrac", "cfrac", "nicefrac", "sfrac"), _fraction),
    **dict.fromkeys(("binom", "dbinom", "tbinom"), _binomial),
    **dict.fromkeys(
        ("mathbb", "mathbbm", "mathds", "Bbb"), lambda tokens, depth: double_struck(_argument(tokens, depth))
    ),
    "sqrt": _root,
    "pmod": lambda tokens, depth: f" (mod {_argument(tokens, depth)})",
    "operatorname": lambda tokens, depth: _function(_argument(tokens, depth), tokens),
}


def _spaced(text: str) -> str:
    """The text with a blank after a relation if there is one before it, and functions apart from what they follow."""
    apart = _GLUED_WORD.sub(" ", text).replace(_WORD_START, "")
    even = _RELATION.sub(lambda relation: f" {relation[2]} " if relation[1] else relation[2], apart)
    return " ".join(_BRACKET_BLANK.sub("", even).split())
