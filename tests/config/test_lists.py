"""Lists of readers from elsewhere: whatever they hold, each line is a reader or has a reason, and costs no other."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import time

import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from digest.config import MOST_OCTETS, as_in_a_new_file, parse_list, read_subscriber
from digest.errors import ConfigError
from digest.matching import check_profile

HEADER = "email,name,keywords,interests\n"


def read(values: dict[str, object]) -> str | bytes:
    """The file for a reader, or the mistakes in words; both can be written down."""
    try:
        read_subscriber(values, file="list", timezone="UTC", send_at=time(7, 30), check=check_profile)
    except ConfigError as error:
        return str(error).encode()
    text = tomlkit.dumps(as_in_a_new_file(values))
    assert text.encode()
    return text


@pytest.mark.parametrize("content", [
    b"", b"[{}", b"[1, null]", b"[" * 100_000, b'{"a":' * 100_000, b"email\n" + b"9" * 200_000,
    b"email," + b"9" * 200_000,
    rb'{"email": "\ud800@example.org"}', rb'{"email": "ada@example.org", "name": "\ud800"}',
    rb'{"email": "ada@example.org", "\ud800": 1}', rb'{"email": "ada@example.org", "trending": NaN}',
])  # fmt: skip
def test_a_hostile_list_gives_reasons_alone(content: bytes) -> None:
    with suppress(ConfigError):
        for entry in parse_list(content, "list"):
            assert entry.problem.encode() or isinstance(read(dict(entry.values)), bytes)


@given(st.one_of(
    st.binary(max_size=200),
    st.text(max_size=200).map(lambda text: (HEADER + text).encode("utf-8", "replace")),
    st.text(max_size=100).map(lambda text: f'{{"email": "ada@example.org", "name": {json.dumps(text)}}}'.encode()),
))  # fmt: skip
def test_a_list_of_anything_gives_readers_or_reasons_and_nothing_else_is_raised(content: bytes) -> None:
    with suppress(ConfigError):
        for entry in parse_list(content, "list"):
            assert entry.place
            assert entry.problem.encode() or read(dict(entry.values))


def test_each_line_has_its_place_also_after_one_that_spans_several() -> None:
    text = (
        f'{HEADER}ada@example.org,"Ada\nof two lines",a;b c,\n\nbob@example.org,Bob,,no json\ncleo@example.org,,,,,\n'
    )
    entries = list(parse_list(text.encode(), "list"))
    assert [entry.place for entry in entries] == ["line 2", "line 5", "line 6"]
    assert entries[0].values["keywords"] == ["a", "b c"]
    assert "interests: is no JSON" in entries[1].problem
    assert entries[2].problem == "has 6 cells below 4 columns"


@pytest.mark.parametrize("text", [
    "Email;Name;Keywords\nada@example.org;Ada;KV cache",
    "email\tname\tkeywords\nada@example.org\tAda\tKV cache\n",
    '\ufeffemail,name,keywords\r\n"ada@example.org","Ada","KV cache"\r\n',
    '{"email": "ada@example.org", "name": "Ada", "keywords": ["KV cache"]}\n\n',
    '[{"email": "ada@example.org", "name": "Ada", "keywords": ["KV cache"], "status": "active", "cursor": null}]',
])  # fmt: skip
def test_csv_of_any_spreadsheet_and_json_of_any_kind_say_the_same(text: str) -> None:
    (entry,) = parse_list(text.encode(), "list")
    assert entry.values == {"email": "ada@example.org", "name": "Ada", "keywords": ["KV cache"]}


@pytest.mark.parametrize(("text", "problem"), [
    ("name\nAda\n", "has no column email"),
    ("e-mail,keyword\nada@example.org,cache\n", "did you mean 'email'"),
    ("", "has no column email"),
    ("[{]", "is no JSON"),
    ("email,status,Status\nada@example.org,unsubscribed,active\n", "status: is the name of two columns"),
])  # fmt: skip
def test_what_is_no_list_is_refused_as_a_whole_with_the_repair(text: str, problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        list(parse_list(text.encode(), "list"))


def test_a_list_that_is_too_long_is_not_called_no_text_for_where_it_was_cut() -> None:
    with pytest.raises(ConfigError, match="has more than 50,000,000 bytes"):
        parse_list(b"9" * MOST_OCTETS + "é".encode()[:1], "list")
