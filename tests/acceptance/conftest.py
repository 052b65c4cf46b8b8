"""The installed program, a folder to run it in, and a real SMTP inbox on a free port."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from digest.delivery.inbox import Inbox, open_inbox
from tests.acceptance.calling import Call, run_to_its_end

READERS = {
    "ada": 'email = "ada@example.org"\nname = "Ada"\nkeywords = ["language model", "reason*", "diffusion"]\n',
    "bob": 'email = "bob@example.org"\nname = "Bob"\nkeywords = ["paleoclimatology of basalt"]\ntrending = 0\n',
    "maya": 'email = "maya@example.org"\nname = "Maya"\n',
}


@dataclass(frozen=True)
class Result:
    """How a call of the program ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on stdout."""
        return json.loads(self.out)


@dataclass(frozen=True)
class Installation:
    """A folder with a configuration, in which the program is called."""

    folder: Path
    inbox: Inbox

    def call(self, *arguments: str, environ: dict[str, str] | None = None) -> Result:
        """Run the program to its end."""
        out, err = self.folder.with_name("out.txt"), self.folder.with_name("err.txt")
        call = Call(arguments, self.folder, clean_environ(environ), out, err)
        code = run_to_its_end(call, timeout_seconds=120)
        return Result(code, out.read_text(encoding="utf-8"), err.read_text(encoding="utf-8"))

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start the installed program and go on."""
        return subprocess.Popen(
            program(*arguments),
            cwd=self.folder,
            env=clean_environ(None),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def configure(self, sources: str, *, more: str = "") -> None:
        """Write the configuration: these sources, and the inbox as relay."""
        smtp = f'[smtp]\nhost = "127.0.0.1"\nport = {self.inbox.port}\nmax_connections = 2\n'
        (self.folder / "config.toml").write_text(f"{sources}\n{smtp}\n{more}", encoding="utf-8")

    def write_paper(self, day: str) -> None:
        """Write a day's one paper, about hedges, to `papers/`."""
        papers = self.folder / "papers"
        papers.mkdir()
        paper = {
            "id": "2606.00001", "title": "A study of hedges", "authors": ["Ada Example"], "categories": ["cs.LG"],
            "summary": "We look at hedges.", "comment": None, "pdf": "", "abs": "",
        }  # fmt: skip
        (papers / f"{day}.jsonl").write_text(json.dumps(paper), encoding="utf-8")

    def write_readers(self, readers: dict[str, str] | None = None) -> None:
        """Write subscriber files; by default Ada, who matches, Bob, who doesn't, and Maya, who has no profile."""
        folder = self.folder / "subscribers"
        folder.mkdir(exist_ok=True)
        for name, text in (READERS if readers is None else readers).items():
            (folder / f"{name}.toml").write_text(text, encoding="utf-8")

    def mails(self) -> list[tuple[str, EmailMessage]]:
        """Every received mail with its envelope recipient, oldest first."""
        found = []
        for key in reversed(self.inbox.newest_first()):
            mail = self.inbox.read(key)
            assert mail is not None
            found.append((mail.recipients[0], message_from_bytes(mail.content, policy=policy.default)))
        return found


def program(*arguments: str) -> Sequence[str]:
    """The command line of the program of this environment."""
    return [str(Path(sys.executable).with_name("digest")), *arguments]


def clean_environ(more: dict[str, str] | None) -> dict[str, str]:
    """This process's environment without any option of digest."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DIGEST_")}
    return {**kept, **(more or {})}


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[Inbox]:
    """A local SMTP inbox."""
    with open_inbox(tmp_path / "inbox") as opened:
        yield opened


@pytest.fixture
def installation(tmp_path: Path, inbox: Inbox) -> Installation:
    """A folder in which the program is called, its mail going to the inbox."""
    folder = tmp_path / "installation"
    folder.mkdir()
    return Installation(folder, inbox)
