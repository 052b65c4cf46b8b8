"""Makes the body of a reply UTF-8, whatever it came in, or refuses it. Pure; parses nothing further."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from digest.errors import SourceError
from digest.sources.formats.decoding import GZIP_MAGIC

_TEXT_TYPES = re.compile(r"\s*($|;|text/|[^;]*\b(xml|json|html|javascript)\b)", re.IGNORECASE)
_CHARSET = re.compile(r";\s*charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
_DECLARED = re.compile(rb"^(\s*<\?xml\b[^>]*?\bencoding\s*=\s*[\"'])([\w.:-]+)")
_DECODERS = re.compile(
    r"ascii|utf-(8|16|32).*|iso8859-\d+|cp\d+|koi8-[rtu]|mac-.+|shift_jis.*|euc_.+|big5.*|gb.+|johab|tis-620"
)
"""What is taken for a charset; Python's registry also holds what is none, such as punycode."""
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins like that of UTF-16
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def to_utf8(body: bytes, content_type: str) -> bytes:
    """The body as UTF-8 without byte order mark; gzip, and what `content_type` says is no text, as it is.

    What is valid UTF-8 is that, whatever anybody claims; else a byte order mark, the charset of `content_type` and the
    XML declaration are tried in this order (RFC 7303, 3.2), and an XML declaration is made to agree. Raises SourceError
    that names the first byte that fits none of them.
    """
    if body.startswith(GZIP_MAGIC) or not _TEXT_TYPES.match(content_type):
        return body
    try:
        return _agreeing(_decoded(body, content_type))
    except UnicodeDecodeError as error:
        tried = ", ".join(_claims(body, content_type)) or "no other charset is named"
        raise SourceError(f"not {error.encoding.upper()} text: byte {error.start} is invalid ({tried})") from None


def _decoded(body: bytes, content_type: str) -> bytes:
    """Raises UnicodeDecodeError, that of UTF-8 where there is no byte order mark."""
    for mark, charset in _MARKS:
        if body.startswith(mark):
            return body.decode(charset).encode()
    try:
        body.decode()
    except UnicodeDecodeError as error:
        return _decoded_as_claimed(body, content_type, error)
    return body


def _decoded_as_claimed(body: bytes, content_type: str, otherwise: UnicodeDecodeError) -> bytes:
    for charset in _claims(body, content_type):
        try:
            return body.decode(charset).encode()
        except UnicodeDecodeError:
            continue
    raise otherwise


def _claims(body: bytes, content_type: str) -> Iterator[str]:
    """The charsets that header and XML declaration name, if they are any."""
    header, declaration = _CHARSET.search(content_type), _DECLARED.match(body)
    named = [header[1]] if header else []
    named += [declaration[2].decode("ascii", "replace")] if declaration else []
    for name in dict.fromkeys(named):
        try:
            charset = codecs.lookup(name).name
        except LookupError:
            continue
        if _DECODERS.fullmatch(charset):
            yield charset


def _agreeing(text: bytes) -> bytes:
    declaration = _DECLARED.match(text)
    if declaration is None or declaration[2].upper() == b"UTF-8":
        return text
    return declaration[1] + b"UTF-8" + text[declaration.end() :]
