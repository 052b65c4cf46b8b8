"""Text is UTF-8 before anybody parses it, whatever it came in; what is none is refused by its first such byte."""

from __future__ import annotations

import codecs
import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.errors import SourceError
from digest.sources._http.charset import to_utf8
from digest.sources.formats.decoding import read_xml

UMLAUT = "<t>Gödel, Шемякин</t>"
LATIN = "<t>Gödel</t>"


def _declaring(charset: str, text: str = LATIN) -> str:
    return f'<?xml version="1.0" encoding="{charset}"?>\n{text}'


@pytest.mark.parametrize("claim", ["", "text/xml", "text/xml; charset=iso-8859-1", "text/xml; charset=nonsense", ";;"])
def test_what_is_valid_utf_8_is_that_whatever_the_header_claims(claim: str) -> None:
    assert to_utf8(UMLAUT.encode(), claim) == UMLAUT.encode()


def test_a_header_names_the_charset_of_what_is_no_utf_8() -> None:
    assert to_utf8(UMLAUT.encode("cp1251", "replace"), 'text/html; charset="windows-1251"').decode().startswith("<t>G")
    assert to_utf8("Шемякин".encode("koi8-r"), "text/plain;charset=KOI8-R").decode() == "Шемякин"


def test_the_header_goes_before_the_declaration_and_the_declaration_follows() -> None:
    body = _declaring("iso-8859-1", "<t>Шемякин</t>").encode("cp1251")
    assert read_xml(to_utf8(body, "text/xml; charset=windows-1251")).text == "Шемякин"
    assert b'encoding="UTF-8"' in to_utf8(body, "text/xml; charset=windows-1251")


@pytest.mark.parametrize("claim", ["", "text/xml", "application/rss+xml; charset=utf-8", "text/xml; charset=ascii"])
def test_the_declaration_counts_where_the_header_says_nothing_that_fits(claim: str) -> None:
    assert read_xml(to_utf8(_declaring("ISO-8859-1").encode("latin-1"), claim)).text == "Gödel"


def test_a_declaration_that_contradicts_valid_utf_8_is_set_right() -> None:
    assert read_xml(to_utf8(_declaring("iso-8859-1", UMLAUT).encode(), "")).text == "Gödel, Шемякин"


def test_a_declaration_that_agrees_is_left_alone() -> None:
    body = _declaring("utf-8", UMLAUT).encode()
    assert to_utf8(body, "") == body


@pytest.mark.parametrize("charset", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_decides(charset: str) -> None:
    body = _declaring(charset.removesuffix("-sig"), UMLAUT).encode(charset)
    assert read_xml(to_utf8(body, "text/xml; charset=iso-8859-1")).text == "Gödel, Шемякин"


def test_utf_16_works_in_either_order() -> None:
    for mark, order in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        assert to_utf8(mark + UMLAUT.encode(order), "") == UMLAUT.encode()


@pytest.mark.parametrize(
    ("body", "claim", "place"),
    [
        (b"abc\xff", "", "byte 3 is invalid"),
        (b"abc\xe4\xb8", "application/json", "byte 3 is invalid"),
        (b"abc\xff", "text/xml; charset=utf-8", "byte 3 is invalid"),
        (b"a\x81", "text/xml; charset=cp1252", "byte 1 is invalid .*cp1252"),
        (codecs.BOM_UTF16_LE + b"a", "", "is invalid"),
        (b"abc\xff", "text/plain; charset=punycode", "byte 3 is invalid"),
        (b"abc\xff", "text/plain; charset=unicode_escape", "byte 3 is invalid"),
    ],
)
def test_what_fits_no_charset_is_refused_by_its_first_such_byte(body: bytes, claim: str, place: str) -> None:
    with pytest.raises(SourceError, match=place):
        to_utf8(body, claim)


def test_what_is_no_text_is_left_as_it_is() -> None:
    packed = gzip.compress(b"words")
    assert to_utf8(packed, "text/plain; charset=utf-16") == packed
    assert to_utf8(b"\x89PNG\xff", "image/png") == b"\x89PNG\xff"


@given(st.binary(max_size=60), st.text(max_size=30))
def test_any_bytes_under_any_claim_become_utf_8_or_a_source_error(body: bytes, claim: str) -> None:
    try:
        to_utf8(body, f"text/xml; charset={claim}").decode()
    except SourceError:
        pass
    except UnicodeDecodeError:
        assert body.startswith(b"\x1f\x8b")


@given(
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=60),
    st.sampled_from(["utf-8", "utf-16", "utf-32"]),
)
def test_any_text_survives_with_a_byte_order_mark(text: str, charset: str) -> None:
    marked = text.encode(charset) if charset != "utf-8" else codecs.BOM_UTF8 + text.encode()
    assert to_utf8(marked, "").decode() == text
