r"""Turns the LaTeX in titles, names and abstracts into readable text; never touches text that holds none.

Upstream's fields are prose with fragments of LaTeX: a formula between dollars, an accent, a command with its arguments.
Each fragment is found by a pattern and read alone; money, paths and regular expressions are none.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from digest.sources.formats.latex.commands import is_known_command, read_command, read_opening
from digest.sources.formats.latex.maths import STYLES, builds_formula, read_formula
from digest.sources.formats.latex.signs import accented, sign

CHARACTERS_READ = 8_000
"""LaTeX beyond this many characters of one field stays as it is."""


def _braces(depth: int) -> str:
    """A pattern for braces with braces inside; it never goes back, so it reads each character once a level."""
    inner = f"|{_braces(depth - 1)}" if depth else ""
    return rf"\{{(?:[^{{}}\\]++|\\.{inner})*+\}}"


_BRACES = _braces(4)
_ARGUMENT = re.compile(_BRACES, re.DOTALL)
_MARK = re.compile(r"[\\${^_]")
_FRAGMENT = re.compile(
    rf"""
    (?P<dollars>\$(?P<inline>(?:[^$\\]++|\\.)++)\$)
  | (?P<display>
        \$\$(?:[^$\\]++|\\.)++\$\$ | \\\((?:[^\\]++|\\[^()])++\\\) | \\\[(?:[^\\]++|\\[^][])++\\\]
      | \\begin\{{(?P<kind>equation|align|gather|multline|eqnarray|displaymath|math)(?P<star>\*?)\}}
        (?:[^\\]++|\\(?!(?:begin|end)\{{(?P=kind)).)++\\end\{{(?P=kind)(?P=star)\}}
    )
  | (?P<path>(?:(?<=\b[A-Za-z]:)\\|(?<!\S)\\\\[\w.-]+\\)[^\s{{}}$]{{1,300}}+(?![{{$]))
  | (?P<quotation>\\"[^\\"]{{1,300}}\\"(?![A-Za-z{{\\]))
  | (?P<apostrophe>(?<=[a-z])\\'(?=(?:s|t|d|m|re|ve|ll)\s+[a-z])|(?<=\b[OD])\\'(?=[A-Z][a-z]))
  | (?P<accent>
        \\(?P<above>["'`^~=.]|[cvuHkrdb](?:(?=\{{)|(?<=[^\W\d_]\\.)\s+(?=[A-Za-z])|\s+(?=[A-Z])))
        (?:\{{\s*(?P<base>\\[ij]|[A-Za-z])\s*\}}|(?P<letter>\\[ij](?![A-Za-z])(?:\{{\}}|\s*)|[A-Za-z]))
    )
  | (?P<escape>\\(?:[%&_#${{}}<>/]|["'](?![A-Za-z{{\\])|[~^]\{{\}}))
  | (?P<blank>\\(?:(?<=\S\\)\s|[,;:]|\\(?:\[\d[^][]*\])?(?![A-Za-z]+\{{)))
  | (?P<nothing>\\(?:!|@|(?<=\w\\)-(?=\w)|(?=\\[A-Za-z]+\{{)|r(?=\\n)))
  | (?P<command>
        \\(?P<name>[A-Za-z]+)(?:\*(?=[{{[]))?(?P<arguments>(?:\s?(?:\[[^][{{}}]*\]){{0,2}}{_BRACES}(?:{_BRACES})*+)?)
        (?P<unclosed>\{{(?!\}}))?(?P<scripts>(?:[_^](?:{_BRACES}|\w(?!\w)))*+)(?P<gap>\s*)
    )
  | (?P<script>(?<=[\w)\]])(?:\^|(?<![A-Za-z]{{2}})_|_(?=\{{[\w.]{{2}}))\{{[^{{}}]{{1,40}}\}})
  | (?P<braced>(?<=\d)\{{[,.]\}}(?=\d)|\{{[À-ɏ]\}})
  | (?P<group>{_BRACES})
    """,
    re.VERBOSE | re.DOTALL,
)
_COMMAND = re.compile(r"\\(?:[A-Za-z]+\s*(?:\{[^{}]*\})?|[|{])")
_SCRIPT_OR_BRACE = re.compile(r"[\^_{]")
_PROSE = re.compile(r"[a-z]{3,}\s+[a-z]{2,}")
_WORD_APART = re.compile(r"\s[a-z]{3}|[a-z]{3}\s")
_COMMAND_OR_ACCENT = re.compile(r"\\(?:[A-Za-z]{2}|[\"'`^~=.oOlLij])")
_LINE_END = re.compile(r"[\w.,;:!?)%\]]")
# each begins with its own character, which is quick to find, and then looks back past it
_TIE = re.compile(r"~(?:(?<=[A-Za-z]{2}~)|(?<=[.,:;)%\]}$]~))(?=[\w(\[{\\$])|~(?<=\d~)(?=[A-Za-z(\[{\\$])")
_OPENING_QUOTES = re.compile(r"``(?<![`\w]``)(?=[^\s`])|''(?<![^\s(]'')(?=\w)")
_CLOSING_QUOTES = re.compile(r"(?:``|'')(?<=[^\s`]..)(?![`'\w($])")


def read_latex(text: str) -> str:
    r"""The text with its LaTeX read: `Erd\H{o}s` is Erdős, `$10^{-3}$` is 10⁻³, `\ourmethod{}` is ourmethod.

    Dollars make a formula by Pandoc's rule (`tex_math_dollars`): no blank inside next to them, no digit after them.
    Where the inside is TeX beyond doubt both may be, and prose between dollars is money. What can't be read stays as
    it was, and nothing is raised.
    """
    if not ("\\" in text or "$" in text or "{" in text or "``" in text):
        return text
    head, rest = text[:CHARACTERS_READ], text[CHARACTERS_READ:]
    quoted = _CLOSING_QUOTES.sub("”", _OPENING_QUOTES.sub("“", head)) if "``" in head else head
    tied = _TIE.sub(" ", quoted)
    readable = _read(tied)
    # only a text that has LaTeX can have ties: Fig.~3
    return (quoted if readable == tied and quoted == head else readable) + rest


def _read(text: str, *, is_argument: bool = False) -> str:
    """The text with each fragment read."""
    pieces: list[str] = []
    done = position = 0
    while mark := _MARK.search(text, position):
        fragment = _FRAGMENT.match(text, mark.start())
        readable = _read_fragment(fragment, is_argument=is_argument) if fragment else None
        if fragment is None or readable is None:
            position = mark.end()
            continue
        pieces += (text[done : fragment.start()], readable)
        done = position = fragment.end()
    return "".join(pieces) + text[done:]


def _read_argument(argument: str) -> str:
    return _read(argument, is_argument=True)


def _read_fragment(fragment: re.Match[str], *, is_argument: bool) -> str | None:
    """What the fragment says, or None if it is none after all."""
    kind = fragment.lastgroup or ""
    if kind == "group":
        is_latex = is_argument or _COMMAND_OR_ACCENT.search(fragment[0])
        return _read_argument(fragment[0][1:-1]) if is_latex else None
    return _FIXED[kind] if kind in _FIXED else _READERS[kind](fragment)


def _dollars(fragment: re.Match[str]) -> str | None:
    following = fragment.string[fragment.end() : fragment.end() + 1]
    formula = read_formula(fragment["inline"]) if _is_formula(fragment["inline"], following) else None
    return " " if formula == "" else formula


def _is_formula(inside: str, following: str) -> bool:
    """Whether what stands between two dollars is a formula: neither money nor shell variables are."""
    is_tight = inside == inside.strip()
    if not inside.strip() or _PROSE.search(_COMMAND.sub(" ", inside)):
        return False
    if not any(map(str.isalnum, inside)):
        return is_tight
    if _COMMAND.search(inside):
        return not inside[0].isdigit() or (is_tight and not following.isdigit())
    has_scripts = _SCRIPT_OR_BRACE.search(inside)
    is_text = inside[0] in ",;:/)" or inside[-1] in "/:(" or (not has_scripts and _WORD_APART.search(inside))
    if is_text or following.isdigit() or following == "{":
        return False
    return is_tight or bool(has_scripts and not inside[0].isdigit())


def _display(fragment: re.Match[str]) -> str | None:
    formula = fragment[0][2:-2] if fragment["kind"] is None else fragment[0].partition("}")[2].rpartition("\\")[0]
    if fragment[0].startswith("\\[") and not re.search(r"[\\^_=]", formula):
        return f"[{formula}]"
    return read_formula(formula) if _is_formula(formula.strip(), "") else None


def _accent(fragment: re.Match[str]) -> str | None:
    return accented(fragment["above"].rstrip(), (fragment["base"] or fragment["letter"]).rstrip("{} ")) or None


def _command(fragment: re.Match[str]) -> str | None:
    name, text = fragment["name"], fragment.string
    before, after = text[fragment.start() - 1 : fragment.start()], text[fragment.end() : fragment.end() + 1]
    if name[0] == "n" and _LINE_END.match(before) and not is_known_command(name):
        return " " + _read(fragment[0][2:])
    if fragment["unclosed"]:
        return read_opening(name)
    if builds_formula(name) and fragment["arguments"]:
        formula = read_formula(fragment[0])
        return formula and formula + fragment["gap"]
    arguments = [argument[1:-1] for argument in _ARGUMENT.findall(fragment["arguments"])]
    said = read_command(name, arguments, _read_argument)
    if said is None:
        return None
    if said.endswith(".") and after == ".":
        said = said[:-1]
    # after \L ukasz and {\em so} a blank only ends the name, after \ourmethod is the author meant it
    is_delimiter = not arguments and (name in STYLES or sign(name) == "\\" or "À" <= sign(name) <= "ɏ")
    return f"{said}{read_formula(fragment['scripts']) or fragment['scripts']}{'' if is_delimiter else fragment['gap']}"


_FIXED = {"apostrophe": "'", "blank": " ", "nothing": ""}
_READERS: dict[str, Callable[[re.Match[str]], str | None]] = {
    "dollars": _dollars,
    "display": _display,
    "path": lambda fragment: fragment[0],
    "quotation": lambda fragment: f'"{fragment[0][2:-2]}"',
    "accent": _accent,
    "escape": lambda fragment: fragment[0][1],
    "command": _command,
    "script": lambda fragment: read_formula(fragment[0]),
    "braced": lambda fragment: fragment[0][1],
}
