"""Opens files, packed or not, and holds no more of them than it is asked for. Knows no format."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BufferedIOBase
from pathlib import Path

from digest.errors import SourceError
from digest.sources.formats.decoding import GZIP_MAGIC

_CHUNK_BYTES = 64 * 1024


@contextmanager
def open_plain(path: Path) -> Iterator[BufferedIOBase]:
    """The file's content, unpacked if it is gzip by its first bytes; its checksums are verified (RFC 1952).

    Raises SourceError, also out of the block, if it can't be read, is cut or damaged.
    """
    try:
        with path.open("rb") as file:
            is_packed = file.peek(len(GZIP_MAGIC)).startswith(GZIP_MAGIC)
            yield gzip.GzipFile(fileobj=file) if is_packed else file
    except EOFError as error:
        raise SourceError("the gzip data is cut short") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise SourceError(f"the gzip data is damaged: {error}") from error
    except OSError as error:
        raise SourceError(f"can't be read: {error.strerror or error}") from error


def read_head(path: Path, *, most_bytes: int) -> bytes:
    """The first bytes of the content; fewer where it ends before, or can't be read on."""
    head = bytearray()
    with suppress(SourceError), open_plain(path) as file:
        while chunk := file.read1(min(_CHUNK_BYTES, most_bytes - len(head))):
            head += chunk
    return bytes(head)


def read_lines(path: Path, *, most_bytes: int) -> Iterator[bytes]:
    """The content's lines without their ends; of one longer than `most_bytes` a little more than that.

    Raises SourceError as `open_plain` does, once it has given what came before the fault.
    """
    with open_plain(path) as file:
        while line := file.readline(most_bytes + 1):
            yield line.removesuffix(b"\n")
            while len(line) > most_bytes and not line.endswith(b"\n"):
                line = file.readline(most_bytes + 1)
