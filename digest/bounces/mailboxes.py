"""Reads mail that lies in files: one mail, an mbox, a maildir, a folder of mails. Marks, and never deletes."""

from __future__ import annotations

import mailbox
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from hashlib import sha256
from pathlib import Path

from digest.bounces.incoming import MOST_OCTETS, Incoming
from digest.errors import MailboxError

MOST_KEPT = 1000
"""Mails kept from a pipe: whoever floods the address must not fill the disk."""

_SEEN, _FLAGGED = "S", "F"


def read_path(path: Path) -> Iterator[Incoming]:
    """Every mail at a path. Raises MailboxError if there is nothing that can be read."""
    try:
        if not path.is_dir():
            yield from _read_file(path)
        elif all((path / name).is_dir() for name in ("cur", "new", "tmp")):
            yield from _read_maildir(path)
        else:
            for file in sorted(path.iterdir()):
                if file.is_file():
                    yield from _read_file(file)
    except OSError as error:
        raise MailboxError(f"{path}: can't be read: {error.strerror or error}") from error


def read_pipe(content: bytes, kept: Path) -> Iterator[Incoming]:
    """The one mail that a mail server hands over; if no report is in it, it is kept in a maildir of ours."""

    def keep(is_read: bool) -> None:  # noqa: FBT001 - as Incoming.mark is called
        if not is_read:
            _keep(content, kept)

    yield Incoming("standard input", content, keep)


def _read_file(path: Path) -> Iterator[Incoming]:
    with path.open("rb") as file:
        content = file.read(MOST_OCTETS)
    if not content.startswith(b"From "):
        yield Incoming(str(path), content, _leave)
        return
    with closing(mailbox.mbox(path, create=False)) as box:
        for number, key in enumerate(box.iterkeys(), start=1):
            with closing(box.get_file(key)) as mail:
                yield Incoming(f"{path}, mail {number}", mail.read(MOST_OCTETS), _leave)


def _leave(_is_read: bool) -> None:  # noqa: FBT001 - as Incoming.mark is called
    """A file isn't ours to write; taking its mails once more changes nothing."""


def _read_maildir(folder: Path) -> Iterator[Incoming]:
    """The mails that bear no mark yet (https://cr.yp.to/proto/maildir.html): `S` is seen, `F` is flagged."""
    waiting = [path for name in ("new", "cur") for path in sorted((folder / name).iterdir()) if path.is_file()]
    for path in waiting:
        unique, _, flags = path.name.partition(":2,")
        if _SEEN in flags or path.name.startswith("."):
            continue
        try:
            with path.open("rb") as file:
                content = file.read(MOST_OCTETS)
        except FileNotFoundError:  # another program has moved it meanwhile
            continue
        yield Incoming(str(path), content, partial(_mark, path, folder / "cur" / f"{unique}:2,", flags))


def _mark(path: Path, unmarked: Path, flags: str, is_read: bool) -> None:  # noqa: FBT001 - as Incoming.mark is called
    marks = {*flags, _SEEN} if is_read else {*flags, _SEEN, _FLAGGED}
    try:
        path.rename(f"{unmarked}{''.join(sorted(marks))}")
    except OSError as error:
        raise MailboxError(f"{path}: can't be marked as seen: {error.strerror or error}") from error


def _keep(content: bytes, folder: Path) -> None:
    for name in ("cur", "new", "tmp"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    name = f"{sha256(content).hexdigest()[:32]}.digest"
    if (folder / "new" / name).exists() or sum(1 for _ in (folder / "new").iterdir()) >= MOST_KEPT:
        return
    half_written = folder / "tmp" / name
    half_written.write_bytes(content)
    half_written.rename(folder / "new" / name)
