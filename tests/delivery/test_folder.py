from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from digest.delivery.folder import Folder, file_name
from digest.domain import Email
from digest.errors import RelayDown

EmailTo = Callable[..., Email]


def send(options: Folder, *emails: Email) -> list[str]:
    async def send_all() -> list[str]:
        async with options as transport:
            return [await transport.send(email) for email in emails]

    return asyncio.run(send_all())


def test_each_email_lies_in_the_folder_byte_for_byte(tmp_path: Path, email_to: EmailTo) -> None:
    ada, bob = email_to("ada@example.org"), email_to("bob@example.org")
    send(Folder(path="out/mails", folder=str(tmp_path)), ada, bob)
    written = sorted((tmp_path / "out/mails").iterdir())
    assert [file.read_bytes() for file in written] == [ada.content, bob.content]
    assert [file.name.rsplit("-", 1)[0] for file in written] == [
        "2026-06-30-ada-example-org",
        "2026-06-30-bob-example-org",
    ]


def test_an_email_that_lies_there_is_never_written_twice(tmp_path: Path, email_to: EmailTo) -> None:
    ada = email_to("ada@example.org")
    options = Folder(path=str(tmp_path))
    first, second = send(options, ada, replace(ada, content=b"changed"))
    assert (first[:10], second[:10]) == ("written to", "already in")
    (file,) = tmp_path.iterdir()
    assert file.read_bytes() == ada.content


def test_two_readers_with_like_addresses_get_two_files(email_to: EmailTo) -> None:
    assert file_name(email_to("a.b@example.org")) != file_name(email_to("a-b@example.org"))


@pytest.mark.parametrize("recipient", ["../../etc/passwd", "a\x00b@c", "x" * 5000, "ÄÖ@ß", ""])
def test_a_hostile_address_makes_a_harmless_name(recipient: str, email_to: EmailTo) -> None:
    name = file_name(email_to(recipient))
    assert len(name) < 100
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-.")
    assert ".." not in name


def test_a_folder_that_cant_be_written_is_trouble_that_charges_nobody(tmp_path: Path, email_to: EmailTo) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(RelayDown, match="can't write"):
        send(Folder(path="file/mails", folder=str(tmp_path)), email_to("ada@example.org"))
