"""The operator's word on whether a reader gets mail: subscribers pause, resume and remove. Touches no file."""

from __future__ import annotations

from typing import Annotated

import typer

from digest.cli.edge import ExitCode, context_of, find_reader, open_only_store
from digest.cli.output import say
from digest.cli.reader_files import read_sound_files
from digest.config import Config
from digest.domain import Status, Subscriber
from digest.errors import ConfigError, Mistake
from digest.storage import Store

Email = Annotated[str, typer.Argument(help="The reader's address.")]

_NOT_SERVED = {
    Status.PENDING: ("hasn't confirmed, so gets nothing yet", "the link in their confirmation mail does that"),
    Status.UNSUBSCRIBED: ("has unsubscribed, so gets nothing", "only they can come back, by the sign-up form"),
}


def pause(context: typer.Context, email: Email) -> int:
    """Send a reader nothing until subscribers resume; what is planned already doesn't leave either.

    Readers in files and those who signed up alike. They may resume by the link in their mails, too.
    """
    settings = context_of(context).settings
    with open_only_store(settings) as store:
        reader = _change(email, Status.ACTIVE, Status.PAUSED, store, settings)
    say(f"{reader.email} is paused: nothing is sent to them before digest subscribers resume {reader.email}")
    return ExitCode.DONE


def resume(context: typer.Context, email: Email) -> int:
    """Send to a paused reader again, whoever paused them; the next digest covers what they missed."""
    settings = context_of(context).settings
    with open_only_store(settings) as store:
        reader = _change(email, Status.PAUSED, Status.ACTIVE, store, settings)
        is_barred = bool(store.suppressions.barred([reader.id]))
    say(
        f"{reader.email} is active again"
        + (", but on the do-not-send list: see digest subscribers suppressed" if is_barred else "")
    )
    return ExitCode.DONE


def remove(context: typer.Context, email: Email) -> int:
    """Unsubscribe a reader for good: only they can come back, by the sign-up form.

    What is planned already doesn't leave either, and the history stays.

    A reader's file stays for you to delete: whatever it says, nothing is sent.
    """
    settings = context_of(context).settings
    with open_only_store(settings) as store:
        reader = find_reader(email, store.subscribers.each(read_sound_files(settings)))
        store.subscribers.set_status(reader.id, Status.UNSUBSCRIBED, email=reader.email)
    say(f"{reader.email} is unsubscribed: nothing is sent to them any more")
    if reader.origin == "file":
        say(f"{reader.file} can be deleted")
    return ExitCode.DONE


def _change(email: str, before: Status, after: Status, store: Store, settings: Config) -> Subscriber:
    """The reader, whose status is `after` from now on. Raises ConfigError for one who isn't served at all."""
    reader = find_reader(email, store.subscribers.each(read_sound_files(settings)))
    if reader.status in _NOT_SERVED:
        raise ConfigError([Mistake(reader.email, "", *_NOT_SERVED[reader.status])])
    if reader.status is before:
        store.subscribers.set_status(reader.id, after, email=reader.email)
    return reader
