import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.errors import SourceError
from digest.sources.formats.esearch_json import Found, parse_found


def _parse(**result: Any) -> Found:
    return parse_found(json.dumps({"header": {"type": "esearch"}, "esearchresult": result}).encode())


def test_the_ids_found_are_read_with_their_count() -> None:
    assert _parse(count="65", idlist=["90000002", "90000001"]) == Found(ids=("90000002", "90000001"), total=65)


def test_what_is_no_id_leaves_the_list_shorter_than_its_count() -> None:
    found = _parse(count="4", idlist=["90000001", "x", 7, None])
    assert (found.ids, found.total) == (("90000001",), 4)


def test_what_the_server_says_of_the_query_is_told() -> None:
    found = _parse(
        count="1",
        idlist=["90000001"],
        errorlist={"phrasesnotfound": [], "fieldsnotfound": ["snale"]},
        warninglist={"quotedphrasesnotfound": ["slow\nmoss"], "outputmessages": ["No items found."]},
    )
    assert found.warnings == (
        "the server says of the query: fieldsnotfound: snale",
        "the server says of the query: quotedphrasesnotfound: slow moss",
        "the server says of the query: outputmessages: No items found.",
    )


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (b'{"esearchresult": {"ERROR": "Search Backend failed"}}', "the search failed: Search Backend failed"),
        (b'{"error": "API rate limit exceeded", "count": "11"}', "the search failed: API rate limit exceeded"),
        (b'{"esearchresult": {"ERROR": ["x"]}}', "no reason given"),
        (b'{"esearchresult": {"count": "3"}}', "its list of ids or its count is missing"),
        (b'{"esearchresult": {"idlist": []}}', "its list of ids or its count is missing"),
        (b'{"header": {"type": "esearch"}}', "its list of ids or its count is missing"),
        (b"[]", "its list of ids or its count is missing"),
        (b"<html>Sorry</html>", "not valid JSON"),
        (b"", "not valid JSON"),
    ],
)
def test_an_answer_of_another_kind_is_refused_with_its_cause(content: bytes, cause: str) -> None:
    with pytest.raises(SourceError, match=cause):
        parse_found(content)


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)
KEYS = st.sampled_from(["count", "idlist", "errorlist", "warninglist"])


@given(st.binary(max_size=300) | st.dictionaries(KEYS, ANY_JSON).map(lambda found: json.dumps(found).encode()))
def test_any_content_is_an_answer_or_a_source_error(content: bytes) -> None:
    try:
        parse_found(content)
    except SourceError:
        return


@given(st.dictionaries(KEYS, ANY_JSON))
def test_any_json_in_the_right_places_is_an_answer_or_a_source_error(result: dict[str, Any]) -> None:
    try:
        found = _parse(**result)
    except SourceError:
        return
    assert all(number.isdecimal() for number in found.ids)
