r"""Takes the tags of HTML, JATS and MathML out of a text and keeps what they say; decodes no entities outside of them.

A formula that comes twice, as MathML and as TeX, stays as TeX between dollars: that reads better than MathML's letters
in a row.
"""

from __future__ import annotations

import html
import re

from digest.sources.formats.latex.scripts import lowered, raised

_BLOCK_NAMES = "article|blockquote|br|dd|div|dl|dt|h[1-6]|hr|li|ol|p|pre|section|table|td|th|title|tr|ul"
_OTHER_NAMES = (
    "a|abbr|b|base|big|body|button|center|cite|code|del|em|embed|figure|font|footer|form|frame|head|header|html|i|iframe"
    "|img|input|ins|kbd|label|link|mark|marquee|meta|nav|object|option|q|script|select|small|span|strike|strong|style"
    "|sub|sup|svg|tbody|textarea|tfoot|thead|tt|u|var"
    "|alternatives|bold|disp-formula|ext-link|inline-formula|italic|monospace|tex-math|underline|xref"
    "|annotation(?:-xml)?|math|semantics|m(?:frac|fenced|i|n|o|over|padded|root|row|space|sqrt|style|sub|subsup|sup"
    "|table|td|text|tr|under|underover)|(?:jats|mml):[a-z-]+"
)
_END = r"(?:\s[^<>=]*=[^<>]*|\s*/?)>"
# only names of HTML, JATS and MathML: papers write <think>, <eos> or <x> and mean it
_BLOCK = re.compile(rf"</?(?:jats:)?(?:{_BLOCK_NAMES}){_END}", re.IGNORECASE)
_TAG = re.compile(rf"</?(?:{_OTHER_NAMES}){_END}|<!--[^<>]*-->", re.IGNORECASE)


def _element(names: str) -> re.Pattern[str]:
    """A pattern for an element with what is inside; it gives up at a second one, so it never reads anything twice."""
    inside = r"(?P<inside>(?:[^<]++|<(?!/?(?P=name)\b))*+)"
    return re.compile(rf"<(?P<name>{names})\b(?P<attributes>[^<>]*)>{inside}</(?P=name)>", re.IGNORECASE)


_ALTERNATIVES = _element("(?:jats:)?alternatives")
_TEX_MATH = _element("(?:jats:)?tex-math")
_MATHML = _element("(?:mml:)?math")
_ANNOTATION = _element("(?:mml:)?annotation(?:-xml)?")

_SLANT = r"</?(?:jats:)?(?:i|b|em|strong|italic|bold)>"
_SCRIPT = re.compile(
    rf"<(?P<name>(?:jats:)?(?P<kind>sup|sub))>(?P<inside>(?:[^<>]|{_SLANT}){{1,80}}+)</(?P=name)>", re.IGNORECASE
)
_LEAF = r"\s*+<(?:mml:)?m(?:i|n|o|text)\b[^<>]*>[^<>]*</(?:mml:)?m(?:i|n|o|text)>"
_OPERAND = rf"(?:{_LEAF}|\s*+<(?:mml:)?mrow>(?:{_LEAF}){{1,8}}\s*+</(?:mml:)?mrow>)"
_PAIR = re.compile(
    rf"<(?P<name>(?:mml:)?m(?P<kind>sup|sub|frac))>(?P<first>{_OPERAND})(?P<second>{_OPERAND})\s*+</(?P=name)>",
    re.IGNORECASE,
)
_ROOT = re.compile(r"<(?:mml:)?msqrt>")


def without_markup(text: str) -> str:
    """The text without tags; short superscripts and subscripts in Unicode's own (`H<sub>2</sub>O` is `H₂O`)."""
    if "math" in text:
        text = _MATHML.sub(_formula, _TEX_MATH.sub(_tex_formula, _ALTERNATIVES.sub(_best_alternative, text)))
    return _without_tags(_SCRIPT.sub(_small, text))


def _without_tags(text: str) -> str:
    return _TAG.sub("", _BLOCK.sub(" ", text))


def _best_alternative(alternatives: re.Match[str]) -> str:
    tex = _TEX_MATH.search(alternatives["inside"])
    return tex[0] if tex else alternatives["inside"]


def _tex_formula(element: re.Match[str]) -> str:
    """The element's TeX between dollars; publishers wrap it in a whole document."""
    tex = element["inside"].replace("<![CDATA[", "").replace("]]>", "")
    body, ended, _ = tex.partition(r"\begin{document}")[2].rpartition(r"\end{document}")
    formula = (body if ended else tex).strip()
    return formula if "$" in formula or not formula else f"${formula}$"


def _formula(mathml: re.Match[str]) -> str:
    for annotation in _ANNOTATION.finditer(mathml["inside"]):
        if "tex" in annotation["attributes"].lower():
            return _tex_formula(annotation)
    return _ROOT.sub("√", _PAIR.sub(_pair, _ANNOTATION.sub("", mathml["inside"])))


def _pair(pair: re.Match[str]) -> str:
    first, second, kind = _without_tags(pair["first"]).strip(), _without_tags(pair["second"]).strip(), pair["kind"]
    return f"{first}/{second}" if kind == "frac" else f"{first}<{kind}>{second}</{kind}>"


def _small(script: re.Match[str]) -> str:
    plain = html.unescape(_without_tags(script["inside"])).strip()
    return (raised(plain) if script["kind"].lower() == "sup" else lowered(plain)) or script["inside"]
