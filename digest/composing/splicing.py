"""Sets encoded pieces into an encoded part, so that each mail has only its frame to encode. Escapes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from markupsafe import Markup

from digest.composing.message import folded, in_references, quoted_printable, seven_bit

# a control character: cleaning takes them out of every text, so this can only be ours; and it needs no reference
_EDGE = "\x10"
_IN_HTML, _IN_TEXT = seven_bit(_EDGE), quoted_printable(_EDGE)


@lru_cache(maxsize=1024)
def hole(number: int) -> Markup:
    """What a template shows in place of a piece; in text it stands on a line of its own."""
    return Markup(f"{_EDGE}{number}{_EDGE}")  # noqa: S704 - a number


def fill_html(page: str, pieces: Sequence[bytes]) -> bytes:
    """The HTML part of a page with holes, into which pieces of ASCII HTML are set."""
    return folded(_fill(in_references(page), _IN_HTML, pieces))


def fill_text(page: str, pieces: Sequence[bytes]) -> bytes:
    """The text part of a page with holes, into which quoted-printable pieces are set."""
    return _fill(quoted_printable(page), _IN_TEXT, pieces)


def _fill(page: bytes, edge: bytes, pieces: Sequence[bytes]) -> bytes:
    parts = page.split(edge)
    parts[1::2] = [pieces[int(number)] for number in parts[1::2]]
    return b"".join(parts)
