"""Makes hostile text fit to show: control characters out, lengths bounded, unsafe links dropped. Escapes nothing."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import quote, urlsplit, urlunsplit

import idna

ELLIPSIS = "…"
LONGEST_LINK_OCTETS = 700
"""A link is one word in both parts: in HTML it has to fit into a line, each `&` of it written as five octets."""

# C0 and C1 controls, bidi controls, line separators, byte order mark, surrogates, private use, noncharacters and tags
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2060-\u206f\ufdd0-\ufdef\ufeff\ufff0-\uffff"
    "\ud800-\udfff\ue000-\uf8ff\U0001fffe\U0001ffff\U000e0000-\U0010ffff]"
)
# what an address may hold as it is (RFC 3986 §2.2), the sign of what is quoted already included
_RESERVED = "%:/?#[]@!$&()*+,;=~"
_SPACES = re.compile(r"\s+")


def clean(text: str) -> str:
    """The text with a space for each character that could break or disguise a line; offsets into it stay valid."""
    return _UNSAFE.sub(" ", text)


@lru_cache(maxsize=2048)  # a day's mails repeat its titles and their readers' words
def one_line(text: str, limit: int) -> str:
    """The text cleaned, its white space collapsed, and shortened to `limit` characters."""
    return shorten(_SPACES.sub(" ", clean(text)).strip(), limit)


def shorten(text: str, limit: int) -> str:
    """The text, or its beginning up to a word's end and an ellipsis; never over `limit` characters."""
    return text if len(text) <= limit else text[: word_end(text, limit - 1)] + ELLIPSIS


def word_end(text: str, limit: int) -> int:
    """Where the last word ends that fits into `limit` characters; within the word if it began before half of them."""
    space = text[: limit + 1].rfind(" ", limit // 2)
    return len(text[: space if space > 0 else limit].rstrip(" ,;:.")) or limit


def safe_link(url: str) -> str:
    """The address in ASCII (RFC 3987 §3.1) if it is a plain http or https one, else an empty string."""
    url = url.strip()
    if len(url) > LONGEST_LINK_OCTETS or clean(url) != url or _SPACES.search(url):
        return ""
    try:
        parts = urlsplit(url)
        host = parts.netloc if parts.netloc.isascii() else idna.encode(parts.netloc, uts46=True).decode("ascii")
    except (ValueError, idna.IDNAError):
        return ""
    plain = quote(urlunsplit(parts._replace(netloc=host)), safe=_RESERVED)
    is_short = len(plain.replace("&", "&amp;")) <= LONGEST_LINK_OCTETS
    return plain if is_short and parts.scheme in {"http", "https"} and parts.hostname else ""
