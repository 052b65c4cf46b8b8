"""Makes upstream's text harmless: plain, on one line, bounded. Judges no content and keeps no markup."""

from __future__ import annotations

import html
import re

from digest.sources.formats.latex import read_latex
from digest.sources.formats.markup import without_markup

RAW_CHARACTERS_READ = 100_000
"""Nothing beyond this many characters of one field is looked at, whatever it claims to be."""
LINK_CHARACTERS = 2_000

_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,31});", re.IGNORECASE)
# controls but no white space, soft hyphen, zero-width space, direction overrides, lone surrogates, non-characters
_UNWANTED = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufeff\ufff9-\uffff\U000e0000-\U000e007f]"
)
# a host without user and password, then anything printable that can't end an attribute or a tag
_WEB_LINK = re.compile(
    r"https?://[a-z0-9.-]+(?::\d{1,5})?(?:[/?#][^\s\"'<>`\\\x00-\x20\x7f-\U0010ffff]*)?", re.IGNORECASE | re.ASCII
)


def clean(text: str, *, most_characters: int) -> str:
    """The text without tags, LaTeX and control characters, entities decoded once, white space folded to single blanks.

    A longer text is cut and ends with an ellipsis.
    """
    if not text:
        return ""
    plain = text[:RAW_CHARACTERS_READ]
    if "<" in plain:
        plain = without_markup(plain)
    if "&" in plain:
        plain = _ENTITY.sub(lambda entity: html.unescape(entity[0]), plain)
    folded = read_latex(plain).replace("\n", " ").strip()
    if not _is_tidy(folded):
        folded = " ".join(_UNWANTED.sub("", folded).split())
    return folded if len(folded) <= most_characters else folded[: most_characters - 1].rstrip() + "…"


def _is_tidy(text: str) -> bool:
    """Whether nothing is unwanted, which is true of most texts and quicker to see than to mend."""
    # of the unwanted only these two, which stand for what is lost, count as printable
    return text.isprintable() and "  " not in text and "\ufffd" not in text and "\ufffc" not in text


def web_link(text: str) -> str:
    """The text if it is a plain http or https address of bearable length, else nothing."""
    link = text.strip()
    return link if link and len(link) <= LINK_CHARACTERS and _WEB_LINK.fullmatch(link) else ""
