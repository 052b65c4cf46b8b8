import gzip

import pytest

from digest.errors import SourceError
from digest.sources.formats.decoding import read_json, read_text, read_xml, unpack


def test_gzip_is_recognised_by_its_first_bytes_and_may_have_several_members() -> None:
    assert unpack(gzip.compress(b"one ") + gzip.compress(b"two")) == b"one two"
    assert unpack(b"plain") == b"plain"


def test_a_truncated_gzip_file_is_refused() -> None:
    with pytest.raises(SourceError, match="cut short"):
        unpack(gzip.compress(b"many words " * 100)[:-9])


def test_a_wrong_checksum_is_refused() -> None:
    packed = bytearray(gzip.compress(b"many words " * 100))
    packed[-6] ^= 1
    with pytest.raises(SourceError, match="damaged"):
        unpack(bytes(packed))


def test_garbage_after_the_gzip_data_is_refused_but_padding_is_not() -> None:
    with pytest.raises(SourceError, match="something else"):
        unpack(gzip.compress(b"words") + b"garbage")
    assert unpack(gzip.compress(b"words") + b"\0\0\0") == b"words"


def test_a_decompression_bomb_is_stopped_at_the_limit() -> None:
    bomb = gzip.compress(b"\0" * 10_000_000)
    with pytest.raises(SourceError, match="larger than 1000 bytes"):
        unpack(bomb, most_bytes=1_000)
    with pytest.raises(SourceError, match="larger than 1000 bytes"):
        unpack(b"x" * 1_001, most_bytes=1_000)


def test_a_file_in_countless_pieces_is_refused() -> None:
    with pytest.raises(SourceError, match="too many pieces"):
        unpack(gzip.compress(b"") * 1_000)


def test_binary_data_is_named_as_such() -> None:
    with pytest.raises(SourceError, match="byte 1 is invalid"):
        read_text(b"a\xff\xfe")
    with pytest.raises(SourceError, match="NUL"):
        read_text(b"a\0b")


def test_python_literals_are_told_from_json() -> None:
    with pytest.raises(SourceError, match="Python literal"):
        read_json("{'id': None}")


@pytest.mark.parametrize("text", ["[" * 100_000, "[1, 2", "9" * 5_000, '{"a": }'])
def test_bad_json_is_a_source_error_however_bad(text: str) -> None:
    with pytest.raises(SourceError, match="not valid JSON"):
        read_json(text)


def test_a_document_that_declares_entities_is_refused() -> None:
    lolz = '<!DOCTYPE rss [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]><rss>&b;</rss>'
    with pytest.raises(SourceError, match="entit"):
        read_xml(lolz.encode())


def test_entities_in_attributes_are_not_expanded_either() -> None:
    levels = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 10}">' for n in range(12))
    bomb = f'<!DOCTYPE rss [<!ENTITY e0 "ha">{levels}]><rss version="&e12;"/>'
    with pytest.raises(SourceError):
        read_xml(bomb.encode())


def test_a_file_of_this_machine_is_never_read_through_an_entity() -> None:
    with pytest.raises(SourceError, match="entities"):
        read_xml(b'<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss>&x;</rss>')


def test_broken_xml_is_refused_with_its_line() -> None:
    with pytest.raises(SourceError, match="line 2"):
        read_xml(b"<rss>\n<channel></rss>")
