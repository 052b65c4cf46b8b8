"""Loads the email templates and compiles their MJML once; renders them and never sees where their values come from."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

from jinja2 import (
    Environment,
    FileSystemLoader,
    StrictUndefined,
    Template,
    TemplateError,
    TemplateSyntaxError,
    select_autoescape,
)
from markupsafe import Markup
from mjml import mjml2html

from digest.composing.cleaning import one_line
from digest.domain import Letterhead
from digest.errors import ConfigError, Mistake

TEXT_COLUMNS = 72

_MJML_TAGS = frozenset(
    {
        *("mjml", "mj-head", "mj-title", "mj-preview", "mj-include", "mj-attributes", "mj-all", "mj-class", "mj-font"),
        *("mj-body", "mj-wrapper", "mj-section", "mj-group", "mj-column", "mj-raw", "mj-text", "mj-button", "mj-image"),
        *("mj-style", "mj-table", "mj-divider", "mj-spacer", "mj-hero", "mj-social", "mj-social-element"),
    }
)
_TAGS_WITHOUT_END = frozenset({"br", "hr", "img", "meta", "link", "wbr"})

# shows nothing, and keeps an inbox from filling its preview with what follows the preheader
_PADDING = Markup("&#847;&zwnj;&nbsp;") * 40

_EXPRESSION = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_TAG = re.compile(r"<!--.*?-->|<(?P<end>/?)(?P<name>[a-z][\w-]*)[^>]*?(?P<alone>/?)>", re.DOTALL)
_INCLUDE = re.compile(r"""<mj-include\s+path=["']([^"']+)["']""")
_OFFSET = re.compile(r"\d+")
_NAME = re.compile(r"'(\w+)'")


@dataclass(frozen=True, slots=True)
class Page:
    """One compiled template, and its source for saying where a mistake stands."""

    path: Path
    source: str
    template: Template

    def render(self, **values: object) -> str:
        """The page with these values. Raises ConfigError if it asks for something that isn't there."""
        try:
            return self.template.render(values)
        except (TemplateError, TypeError, ValueError) as error:
            names = _NAME.findall(str(error))
            line = _line_of(self.source, names[-1]) if names else 1
            raise broken_template(self.path, line, str(error)) from error


@dataclass(frozen=True, slots=True)
class Composer:
    """Everything emails are made of but their content: the letterhead and the compiled templates."""

    letterhead: Letterhead
    digest_html: Page
    digest_text: Page
    card_html: Page
    card_text: Page
    confirmation_html: Page
    confirmation_text: Page


def load_templates(letterhead: Letterhead, templates: Path | None = None) -> Composer:
    """Read and compile the templates in `email/` of a folder, by default the ones that come with digest.

    Raises ConfigError, which names the file and the line, for a template that is missing or broken.
    """
    folder = (templates or default_templates()) / "email"
    environment = _open_environment(folder)

    def load(name: str) -> Page:
        return _load_page(environment, folder / name)

    return Composer(
        letterhead=letterhead,
        digest_html=load("digest.mjml"),
        digest_text=load("digest.txt"),
        card_html=load("card.html"),
        card_text=load("card.txt"),
        confirmation_html=load("confirmation.mjml"),
        confirmation_text=load("confirmation.txt"),
    )


def shared_values(letterhead: Letterhead) -> dict[str, object]:
    """What every email of this installation shows."""
    return {
        "site_name": one_line(letterhead.site_name, 100),
        "postal_address": one_line(letterhead.postal_address, 300),
        "padding": _PADDING,
    }


def default_templates() -> Path:
    """The templates inside the installed package, else those of the checkout."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "templates"
    return installed if installed.is_dir() else package.parent / "templates"


def broken_template(path: Path, line: int, problem: str) -> ConfigError:
    """The error for a mistake in a template."""
    return ConfigError([Mistake(str(path), f"line {line}", problem, "correct the template")])


def wrap(text: str, indent: int = 0) -> str:
    """Text in lines of at most TEXT_COLUMNS, long words apart, each line indented."""
    plain, margin = " ".join(text.split()), " " * indent
    if len(plain) + indent <= TEXT_COLUMNS:
        return margin + plain
    return textwrap.fill(
        plain,
        TEXT_COLUMNS,
        initial_indent=margin,
        subsequent_indent=margin,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _open_environment(folder: Path) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=select_autoescape(disabled_extensions=("txt",), default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"wrap": wrap, "underlined": _underlined}
    return environment


def _load_page(environment: Environment, path: Path) -> Page:
    source = _read(path)
    try:
        # MJML too, before it is compiled: only here are lines those of the file
        template = environment.get_template(path.name)
    except TemplateSyntaxError as error:
        raise broken_template(path, error.lineno, str(error.message)) from error
    if path.suffix == ".mjml":
        template = environment.from_string(_compile_mjml(path, source))
    return Page(path, source, template)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise broken_template(path, 1, f"can't be read: {error}") from error


def _compile_mjml(path: Path, source: str) -> str:
    _check_tags(path, source)
    fragments = {name: _read(path.parent / name) for name in _INCLUDE.findall(source)}
    try:
        # without `fonts` the compiler would have every reader's program fetch web fonts from Google
        html: str = mjml2html(source, fonts={}, include_loader=lambda path: fragments[path])
    except ValueError as error:
        offset = _OFFSET.search(str(error))
        line = source.encode()[: int(offset[0])].count(b"\n") + 1 if offset else 1
        raise broken_template(path, line, f"not valid MJML: {error}") from error
    for expression in _EXPRESSION.finditer(source):
        # MJML drops what it doesn't know without a word, and its content with it
        if expression[0] not in html:
            line = source.count("\n", 0, expression.start()) + 1
            raise broken_template(path, line, f"MJML dropped {expression[0]}: it stands in an unknown or misplaced tag")
    return html


def _check_tags(path: Path, source: str) -> None:
    """Raise ConfigError for a tag that MJML doesn't know or that isn't closed: the compiler often passes over both."""
    still_open: list[str] = []
    for tag in _TAG.finditer(source):
        name, line = tag["name"] or "", source.count("\n", 0, tag.start()) + 1
        if name.startswith("mj") and name not in _MJML_TAGS:
            raise broken_template(path, line, f"<{name}> is no MJML tag that emails use")
        if tag["end"] and (not still_open or still_open.pop() != name):
            raise broken_template(path, line, f"</{name}> closes another tag")
        if name and not (tag["end"] or tag["alone"] or name in _TAGS_WITHOUT_END):
            still_open.append(name)


def _line_of(source: str, word: str) -> int:
    found = re.search(rf"\b{re.escape(word)}\b", source)
    return source.count("\n", 0, found.start()) + 1 if found else 1


def _underlined(title: str) -> str:
    text = wrap(title)
    return f"{text}\n{'=' * max(map(len, text.splitlines()), default=0)}"
