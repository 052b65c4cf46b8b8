"""Writes each email into a folder as an `.eml` file, for trying out and for archives; sends nothing."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Annotated

from pydantic import AfterValidator

from digest.delivery import Transport
from digest.domain import Email
from digest.errors import RelayDown

_UNSAFE = re.compile(r"[^a-z0-9]+")
_ADDRESS_LETTERS_KEPT = 40


def check_path(path: str) -> str:
    """The path as it is. Raises ValueError if it can name no folder."""
    if not path.strip() or "\0" in path:
        raise ValueError("names no folder — write mails")
    return path


@dataclass(frozen=True)
class Folder:
    """A folder as the way out: its fields are its options; `path` is relative to `folder`, the configuration's own."""

    path: Annotated[str, AfterValidator(check_path)]
    folder: str = ""

    async def __aenter__(self) -> Transport:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    async def send(self, email: Email) -> str:
        """Write the email and return its file's name; one that lies there already is left as it is.

        Raises RelayDown if it can't be written.
        """
        target = Path(self.folder, self.path, file_name(email))
        try:
            return await asyncio.to_thread(_write_once, target, email.content)
        except OSError as error:
            raise RelayDown(f"can't write {target}: {error.strerror}") from error


adapter: Callable[..., AbstractAsyncContextManager[Transport]] = Folder


def file_name(email: Email) -> str:
    """The same name for the same email: its edition, its recipient in safe letters, and what tells twins apart."""
    day = email.edition.isoformat() if email.edition else "mail"
    reader = _UNSAFE.sub("-", email.recipient.lower())[:_ADDRESS_LETTERS_KEPT].strip("-")
    identity = hashlib.sha256(f"{email.message_id}\n{email.recipient}".encode()).hexdigest()[:12]
    return f"{day}-{reader}-{identity}.eml"


def _write_once(target: Path, content: bytes) -> str:
    if target.exists():
        return f"already in {target.name}"
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_suffix(".part")
    unfinished.write_bytes(content)
    unfinished.replace(target)
    return f"written to {target.name}"
