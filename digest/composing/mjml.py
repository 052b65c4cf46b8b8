"""Compiles an MJML template, and finds the mistakes in it that the compiler passes over in silence. Renders nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from mjml import mjml2html

from digest.errors import ConfigError, Mistake

_SIDES = ("top", "right", "bottom", "left")


def _sided(*names: str) -> tuple[str, ...]:
    return tuple(f"{name}{side}" for name in names for side in ("", *(f"-{side}" for side in _SIDES)))


_PADDING = _sided("padding")
_BORDER = (*_sided("border"), "border-radius")
_FONT = ("color", "font-family", "font-size", "font-style", "font-weight", "letter-spacing", "line-height",
         "text-decoration", "text-transform")  # fmt: skip
_BACKGROUND = ("background-color", "background-position", "background-position-x", "background-position-y",
               "background-repeat", "background-size", "background-url")  # fmt: skip
_CELL = ("align", "container-background-color", *_PADDING)
_LINK = ("href", "name", "rel", "target", "title")
_SECTION = (*_BACKGROUND, *_BORDER, *_PADDING, "direction", "full-width", "text-align")

# https://documentation.mjml.io: what each tag may carry, beside css-class and mj-class
_ATTRIBUTES = {
    "mjml": ("lang", "dir", "owa"),
    "mj-head": (),
    "mj-title": (),
    "mj-preview": (),
    "mj-breakpoint": ("width",),
    "mj-font": ("name", "href"),
    "mj-include": ("path", "type", "css-inline"),
    "mj-attributes": (),
    "mj-style": ("inline",),
    "mj-raw": ("position",),
    "mj-body": ("background-color", "width"),
    "mj-wrapper": (*_SECTION, "gap"),
    "mj-section": _SECTION,
    "mj-group": ("background-color", "direction", "vertical-align", "width"),
    "mj-column": (*_BORDER, *_sided("inner-border"), *_PADDING, "inner-border-radius", "inner-background-color",
                  "background-color", "direction", "vertical-align", "width"),
    "mj-text": (*_CELL, *_FONT, "height"),
    "mj-button": (*_CELL, *_FONT, *_BORDER, *_LINK, "background-color", "height", "inner-padding", "text-align",
                  "vertical-align", "width"),
    "mj-image": (*_CELL, *_BORDER, *_LINK, "alt", "fluid-on-mobile", "font-size", "height", "max-height", "sizes",
                 "src", "srcset", "usemap", "width"),
    "mj-divider": (*_CELL, "border-color", "border-style", "border-width", "width"),
    "mj-spacer": (*_CELL, "height"),
    "mj-table": (*_CELL, *_FONT, "border", "cellpadding", "cellspacing", "role", "table-layout", "width"),
    "mj-hero": (*_CELL, *_BACKGROUND, *_sided("inner-padding"), "background-height", "background-width",
                "border-radius", "height", "inner-background-color", "mode", "vertical-align", "width"),
    "mj-social": (*_CELL, *_FONT, "border-radius", "icon-height", "icon-padding", "icon-size", "inner-padding", "mode",
                  "table-layout", "text-padding"),
    "mj-social-element": (*_PADDING, *_FONT, *_LINK, "align", "alt", "background-color", "border-radius", "icon-height",
                          "icon-padding", "icon-position", "icon-size", "sizes", "src", "srcset", "text-padding",
                          "vertical-align"),
}  # fmt: skip
_FOR_ANY_ATTRIBUTE = frozenset({"mj-all", "mj-class"})
_EVERYWHERE = frozenset({"css-class", "mj-class"})
_HOLD_TEXT = frozenset({"mj-title", "mj-preview", "mj-style", "mj-raw", "mj-text", "mj-button", "mj-table",
                        "mj-social-element"})  # fmt: skip
_TAGS_WITHOUT_END = frozenset({"br", "hr", "img", "meta", "link", "wbr"})

_EXPRESSION = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_TAG = re.compile(
    r"""<!--.*?-->|<(?P<end>/?)(?P<name>[a-z][\w-]*)(?P<attributes>(?:"[^"]*"|'[^']*'|[^>"'])*?)(?P<alone>/?)>""",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(r"""([\w:-]+)\s*=\s*(?:"[^"]*"|'[^']*')""")
_NO_ATTRIBUTE = re.compile(r' vertical-align="\w+"')
_INCLUDE = re.compile(r"""<mj-include\s+path=["']([^"']+)["']""")
_OFFSET = re.compile(r"\d+")


def includes_of(source: str) -> list[str]:
    """The files that a template includes."""
    return _INCLUDE.findall(source)


def compile_mjml(path: Path, source: str, fragments: dict[str, tuple[Path, str]]) -> str:
    """The template's HTML, with its Jinja expressions as they were; `fragments` are the files it includes.

    Raises ConfigError, which names file and line: also for tags, attributes and loose text that MJML would drop.
    """
    for file, text in ((path, source), *fragments.values()):
        for line, problem in _find_mistakes(text):
            raise broken_template(file, line, problem)
    try:
        # without `fonts` the compiler would have every reader's program fetch web fonts from Google
        html: str = mjml2html(source, fonts={}, include_loader=lambda name: fragments[name][1])
    except ValueError as error:
        offset = _OFFSET.search(str(error))
        line = source.encode()[: int(offset[0])].count(b"\n") + 1 if offset else 1
        raise broken_template(path, line, f"not valid MJML: {error}") from error
    # a preheader in tiny white letters looks like a spammer's; Outlook, for which they are, knows a word of its own
    html = html.replace("display:none;font-size:1px;color:#ffffff;line-height:1px;", "display:none;mso-hide:all;")
    # a mail read on its own is a page, whose contents want a landmark; the compiler calls it an article
    html = html.replace('aria-roledescription="email"', "").replace('role="article"', 'role="main"')
    # no attribute of HTML, and a namespace that the elements in it declare themselves
    html = _NO_ATTRIBUTE.sub("", html).replace(' xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o=', " xmlns:o=")
    for file, text in ((path, source), *fragments.values()):
        for expression in _EXPRESSION.finditer(text):
            if expression[0] not in html:
                problem = f"MJML dropped {expression[0]}: it stands in an unknown or misplaced tag"
                raise broken_template(file, _line_at(text, expression.start()), problem)
    return html


def broken_template(path: Path, line: int, problem: str) -> ConfigError:
    """The error for a mistake in a template."""
    return ConfigError([Mistake(str(path), f"line {line}", problem, "correct the template")])


def _find_mistakes(source: str) -> Iterator[tuple[int, str]]:
    """The line and the words of each mistake of which the compiler says nothing."""
    still_open: list[str] = []
    end = 0
    for tag in _TAG.finditer(source):
        name, line = tag["name"] or "", _line_at(source, tag.start())
        if still_open and (loose := _loose_text(source[end : tag.start()], still_open[-1])):
            yield _line_at(source, source.index(loose, end)), f"MJML drops text outside <mj-text>: {loose!r:.60}"
        end = tag.end()
        if tag["end"] and (not still_open or still_open.pop() != name):
            yield line, f"</{name}> closes another tag"
        if name and not tag["end"]:
            yield from ((line, problem) for problem in _unknown(name, tag["attributes"]))
            if not (tag["alone"] or name in _TAGS_WITHOUT_END):
                still_open.append(name)
    if still_open:
        yield _line_at(source, end), f"<{still_open[-1]}> is never closed"


def _unknown(name: str, attributes: str) -> Iterator[str]:
    """What MJML doesn't know of a tag: itself, or what it carries."""
    if not name.startswith("mj") or name in _FOR_ANY_ATTRIBUTE:
        return
    if name not in _ATTRIBUTES:
        yield f"<{name}> is no MJML tag that emails use"
        return
    for attribute in _ATTRIBUTE.findall(attributes):
        if attribute not in _ATTRIBUTES[name] and attribute not in _EVERYWHERE:
            yield f"<{name}> has no attribute {attribute}"


def _loose_text(between: str, parent: str) -> str:
    if not parent.startswith("mj") or parent in _HOLD_TEXT:
        return ""
    return _EXPRESSION.sub("", between).strip()


def _line_at(source: str, offset: int) -> int:
    return source.count("\n", 0, offset) + 1
