"""The command `subscribers edit`: a reader's file in the operator's editor; only what is valid takes its place."""

from __future__ import annotations

import hashlib
import shutil
from glob import escape
from pathlib import Path
from typing import Annotated

import click
import typer

from digest.cli.edge import (
    ExitCode,
    context_of,
    find_reader,
    open_only_store,
    subscriber_reader,
    today,
)
from digest.cli.output import say, say_error
from digest.cli.reader_files import read_sound_files
from digest.config import Config, read_toml, signing_secrets
from digest.domain import Subscriber
from digest.errors import ConfigError, Mistake
from digest.links import LIFETIMES, Purpose, make_link


def edit(context: typer.Context, email: Annotated[str, typer.Argument(help="The reader's address.")]) -> int:
    """Open a reader's file in $VISUAL or $EDITOR; only what is valid takes its place.

    What has a mistake is kept beside the file, and the next edit goes on with it.

    Who signed up on the web edits their own profile: you get the link.
    """
    settings = context_of(context).settings
    with open_only_store(settings) as store:
        reader = find_reader(email, store.subscribers.each(read_sound_files(settings)))
    if reader.origin != "file":
        _say_link(reader, settings)
        return ExitCode.ATTENTION
    path = Path(reader.file).resolve()
    try:
        is_changed = _edit_file(path, reader, settings)
    except OSError as error:
        problem = f"can't be edited: {error.strerror}"
        raise ConfigError([Mistake(str(path), "", problem, "check who may write to its folder")]) from error
    say(f"{reader.file} changed; see digest preview {reader.email}" if is_changed else f"{reader.file} is as it was")
    return ExitCode.DONE


def _say_link(reader: Subscriber, config: Config) -> None:
    secrets = signing_secrets(config)
    link = make_link(config.site.base_url, Purpose.PREFERENCES, reader.id, issued=today(config), secrets=secrets)
    lifetime = LIFETIMES[Purpose.PREFERENCES]
    valid = f"; the link is theirs alone and valid for {lifetime.days} days" if lifetime else ""
    say(f"{reader.email} has signed up, and edits their own profile{valid}:\n{link}")


def _edit_file(path: Path, reader: Subscriber, config: Config) -> bool:
    """Whether the file was changed. Raises ConfigError for what may not take its place, which is kept as a draft."""
    before = path.read_bytes()
    draft = _begin_draft(path, before)
    try:
        _open_editor(draft)
    finally:
        if draft.exists() and draft.read_bytes() == before:
            draft.unlink()
    if not draft.exists():
        return False
    _check(draft, reader, config)
    if path.read_bytes() != before:
        repair = f"take over into it what you want of {draft}, and remove the draft"
        raise ConfigError([Mistake(str(path), "", "was changed by somebody else meanwhile", repair)])
    draft.replace(path)
    return True


def _begin_draft(path: Path, content: bytes) -> Path:
    """The draft that the last edit of this content left, else a new one; its name tells of which content it is.

    Raises ConfigError where the file was changed after a draft was begun, which would undo the change.
    """
    draft = path.with_name(f"{path.name}.{hashlib.sha256(content).hexdigest()[:8]}.draft")
    for left in sorted(path.parent.glob(f"{escape(path.name)}.*.draft")):
        if left != draft:
            problem = f"was changed after {left} was begun, which the last edit left"
            repair = "take over into the file what you want of the draft, and remove the draft"
            raise ConfigError([Mistake(str(path), "", problem, repair)])
    if draft.exists():
        say_error(f"going on with {draft}, which the last edit left; remove it to begin anew")
    else:
        shutil.copy(path, draft)
    return draft


def _open_editor(path: Path) -> None:
    try:
        click.edit(filename=str(path))
    except (click.ClickException, ValueError) as error:  # the latter for a quote that is never closed
        raise ConfigError([Mistake("the editor", "", str(error), "set $VISUAL or $EDITOR")]) from error


def _check(draft: Path, reader: Subscriber, config: Config) -> None:
    edited = subscriber_reader(config, file=str(draft))(read_toml(draft))
    if edited.id != reader.id:
        repair = "digest subscribers add the new one, and remove the old one"
        raise ConfigError([Mistake(str(draft), "email", f"must stay {reader.email}: it is who the reader is", repair)])
