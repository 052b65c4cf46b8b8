"""Sets encoded pieces into an encoded part, so that each mail has only its frame to encode. Escapes nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from markupsafe import Markup

from digest.composing.message import folded, quoted_printable, seven_bit

# private-use characters: cleaning takes them out of every text, so these can only be ours
_BEGIN, _END = "\ue010", "\ue011"


def _pattern(begin: bytes, end: bytes) -> re.Pattern[bytes]:
    return re.compile(re.escape(begin) + rb"(\d+)" + re.escape(end))


_IN_HTML = _pattern(seven_bit(_BEGIN), seven_bit(_END))
_IN_TEXT = _pattern(quoted_printable(_BEGIN), quoted_printable(_END))


@lru_cache(maxsize=1024)
def hole(number: int) -> Markup:
    """What a template shows in place of a piece; in text it stands on a line of its own."""
    return Markup(f"{_BEGIN}{number}{_END}")  # noqa: S704 - a number


def fill_html(page: str, pieces: Sequence[str]) -> bytes:
    """The HTML part of a page with holes, into which pieces of ASCII HTML are set."""
    return folded(_IN_HTML.sub(lambda found: pieces[int(found[1])].encode("ascii"), seven_bit(page)))


def fill_text(page: str, pieces: Sequence[str]) -> bytes:
    """The text part of a page with holes, into which quoted-printable pieces are set."""
    return _IN_TEXT.sub(lambda found: pieces[int(found[1])].encode("ascii"), quoted_printable(page))
