"""Loads the email templates and compiles their MJML once; renders them and never sees where their values come from."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
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

from digest.composing.cleaning import one_line
from digest.composing.language import Language, nearest_language, open_languages
from digest.composing.message import short_lines
from digest.composing.mjml import broken_template, compile_mjml, includes_of
from digest.composing.signing import Sign
from digest.composing.wrapping import underlined, wrap
from digest.domain import Letterhead

START = {"ltr": "left", "rtl": "right"}
"""On which side lines begin, for templates' `{{ start }}`."""

# shows nothing, and keeps an inbox from filling its preview with what follows the preheader
_PADDING = (Markup("\n") + Markup("&#847;&zwnj;&nbsp;") * 20) * 2

_NAME = re.compile(r"'(\w+)'")


@dataclass(frozen=True, slots=True)
class Page:
    """One compiled template, and its source for saying where a mistake stands."""

    path: Path
    source: str
    templates: Mapping[str, Template]
    """By the direction in which a text runs."""

    def render(self, **values: object) -> str:
        """The page with these values. Raises ConfigError if it asks for something that isn't there."""
        try:
            return self.templates[str(values.get("dir", "ltr"))].render(values)
        except (TemplateError, TypeError, ValueError, LookupError) as error:
            names = _NAME.findall(str(error))
            line = _line_of(self.source, names[-1]) if names else 1
            raise broken_template(self.path, line, str(error)) from error


@dataclass(frozen=True, slots=True)
class Feedback:
    """Three addresses with which a reader says what they think of a paper."""

    more: str
    less: str
    mute: str


@dataclass(frozen=True, slots=True)
class Composer:
    """Everything emails are made of but their content: the letterhead, the compiled templates, the languages."""

    letterhead: Letterhead
    languages: Mapping[str, Language]
    digest_html: Page
    digest_text: Page
    card_html: Page
    card_text: Page
    line_html: Page
    line_text: Page
    confirmation_html: Page
    confirmation_text: Page
    has_own_links: bool = True
    """Whether mails hold the links to their reader's own pages; not where they are shown to a stranger."""
    sign: Sign | None = None
    """None leaves signing to the relay."""

    def language_of(self, code: str) -> Language:
        """The language for a reader's tag, English where there is no nearer one."""
        return nearest_language(code, self.languages)


def load_templates(letterhead: Letterhead, templates: Path | None = None) -> Composer:
    """Read and compile the templates and catalogues in `email/` of a folder; what it lacks comes with digest.

    Raises ConfigError, which names the file and the line, for a template or catalogue that is broken.
    """
    folders = [folder / "email" for folder in (templates, default_templates()) if folder]
    environment = _open_environment(folders)

    def load(name: str) -> Page:
        return _load_page(environment, folders, name)

    return Composer(
        letterhead=letterhead,
        languages=open_languages(folder / "languages" for folder in folders),
        digest_html=load("digest.mjml"),
        digest_text=load("digest.txt"),
        card_html=load("card.html"),
        card_text=load("card.txt"),
        line_html=load("line.html"),
        line_text=load("line.txt"),
        confirmation_html=load("confirmation.mjml"),
        confirmation_text=load("confirmation.txt"),
    )


@lru_cache(maxsize=64)
def shared_values(letterhead: Letterhead, language: Language) -> Mapping[str, object]:
    """What every email of this installation shows."""
    return {
        "_": language.say,
        "lang": language.code,
        "dir": language.direction,
        "start": START[language.direction],
        "site_name": one_line(letterhead.site_name, 100),
        "postal_address": one_line(letterhead.postal_address, 300),
        "padding": _PADDING,
    }


def default_templates() -> Path:
    """The templates inside the installed package, else those of the checkout."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "templates"
    return installed if installed.is_dir() else package.parent / "templates"


def _open_environment(folders: Sequence[Path]) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(folders),
        autoescape=select_autoescape(disabled_extensions=("txt",), default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"wrap": wrap, "underlined": underlined}
    return environment


def _load_page(environment: Environment, folders: Sequence[Path], name: str) -> Page:
    path, source = _read(folders, name)
    try:
        # MJML too, before it is compiled: only here are lines those of the file
        template = environment.get_template(name)
    except TemplateSyntaxError as error:
        raise broken_template(path, error.lineno, str(error.message)) from error
    if path.suffix == ".mjml":
        fragments = {included: _read(folders, included) for included in includes_of(source)}
        html = short_lines(compile_mjml(path, source, fragments))
        # these stand at every paragraph: written in once, not in each mail
        written = {dir_: html.replace("{{ start }}", start) for dir_, start in START.items()}
        return Page(path, source, {dir_: _ready(environment.from_string(text)) for dir_, text in written.items()})
    return Page(path, source, dict.fromkeys(START, _ready(template)))


def _ready(template: Template) -> Template:
    template.globals = dict(template.globals)  # of a chain of mappings, as it is, each render makes one anew
    return template


def _read(folders: Sequence[Path], name: str) -> tuple[Path, str]:
    """The first of the files of that name, and what stands in it."""
    path = next((folder / name for folder in folders if (folder / name).is_file()), folders[0] / name)
    try:
        return path, path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise broken_template(path, 1, f"can't be read: {error}") from error


def _line_of(source: str, word: str) -> int:
    found = re.search(rf"\b{re.escape(word)}\b", source)
    return source.count("\n", 0, found.start()) + 1 if found else 1
