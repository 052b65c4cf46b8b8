"""The command `preview`: exactly what would be sent."""

from __future__ import annotations

import sys
import tempfile
import webbrowser
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes, policy
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from digest.cli import documents
from digest.cli.edge import (
    ExitCode,
    choose_reader,
    context_of,
    make_composer,
    open_parts,
    parse_day,
    require_one,
    today,
)
from digest.cli.options import Day, ProfileFile
from digest.cli.output import print_json, say_error
from digest.cli.servers import address_of, bind, serve_pages
from digest.composing.templates import default_templates
from digest.config import Config
from digest.domain import Digest
from digest.errors import ConfigError, Mistake
from digest.making import compose_with_cards
from digest.preview import part_of, preview_digest
from digest.web import Theme, build_workbench


class Format(StrEnum):
    """How a preview is shown."""

    HTML = "html"
    TEXT = "text"
    EML = "eml"
    JSON = "json"


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command()(preview)


def preview(
    context: typer.Context,
    email: Annotated[str, typer.Argument(help="The reader whose mail to show.")] = "",
    profile: ProfileFile = None,
    day: Day = None,
    fmt: Annotated[Format | None, typer.Option("--format", help="Text on a terminal, else HTML.")] = None,
    output: Annotated[Path | None, typer.Option(metavar="FILE", help="Write it there instead of to stdout.")] = None,
    open_it: Annotated[bool, typer.Option("--open", help="Show it in the browser.")] = False,
    browse: Annotated[
        bool, typer.Option("--browse", help="Look at all mails in the browser, following changes of templates.")
    ] = False,
    port: Annotated[int, typer.Option(help="Where --browse serves its page; 0 takes any.", min=0, max=65535)] = 0,
) -> int:
    """Show exactly what would be sent; send and record nothing."""
    settings = context_of(context).settings
    if browse:
        return _browse(settings, port)
    edition = parse_day(day, settings)
    require_one(email, profile)
    if open_it and fmt is Format.JSON:
        raise typer.BadParameter("a JSON document isn't for the browser: leave out --open")
    with open_parts(settings) as parts:
        reader = choose_reader(email, profile, parts, settings)
        shown = preview_digest(reader, edition, parts)
        is_sent = not shown.is_empty or parts.composer.letterhead.mails_when_empty
        content = compose_with_cards(shown, {}, parts).content if is_sent else b""
    fmt = fmt or (Format.TEXT if sys.stdout.isatty() and not (output or open_it) else Format.HTML)
    if not is_sent:
        say_error(f"Nothing would be sent: none of the {shown.considered} papers matched {reader.email}.")
        if fmt is not Format.JSON:
            return ExitCode.DONE
    _show_preview(shown, content, fmt, output, open_it=open_it)
    return ExitCode.DONE


def _browse(config: Config, port: int) -> int:
    with open_parts(config) as parts:
        themes = dict(_themes(config, parts.composer.letterhead.secrets))
        app = build_workbench(parts, themes=themes, today=partial(today, config), site_name=config.site.name)
        listener = bind("127.0.0.1", port)
        say_error(f"Mails are at {address_of(listener)} until Ctrl-C; nothing is sent.")
        webbrowser.open(address_of(listener))
        serve_pages(app, listener)
    return ExitCode.DONE


def _themes(config: Config, secrets: tuple[str, ...]) -> Iterator[tuple[str, Theme]]:
    """The operator's own theme, if there is one, and the one that comes with digest."""
    own = default_templates() / "email"
    if config.templates:
        folders = (config.templates / "email", own)
        yield config.templates.name, Theme(partial(make_composer, config, secrets=secrets), folders)
    bundled = replace(config, templates=None)
    yield "digest", Theme(partial(make_composer, bundled, secrets=secrets), (own,))


def _show_preview(shown: Digest, content: bytes, fmt: Format, output: Path | None, *, open_it: bool) -> None:
    if fmt is Format.JSON:
        subject = message_from_bytes(content, policy=policy.default)["subject"]
        document = documents.preview_document(shown, str(subject or ""))
        _write_json(document, output)
        return
    data = content if fmt is Format.EML else part_of(content, "html" if fmt is Format.HTML else "plain").encode()
    if open_it:
        output = output or Path(tempfile.mkdtemp(prefix="digest-")) / f"preview.{fmt.value}"
    if output is None:
        sys.stdout.buffer.write(data)
        return
    _write(output, data)
    if open_it:
        webbrowser.open(output.resolve().as_uri())


def _write_json(document: object, output: Path | None) -> None:
    if output is None:
        print_json(document)
    else:
        _write(output, documents.to_json(document).encode())


def _write(output: Path, data: bytes) -> None:
    try:
        output.write_bytes(data)
    except OSError as error:
        mistake = Mistake(
            str(output), "", f"can't be written: {error.strerror}", "name a file in a folder that is there"
        )
        raise ConfigError([mistake]) from error
    say_error(f"written to {output}")
