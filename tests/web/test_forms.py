"""The profile form and its way into the shape of a subscriber file and back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from digest.errors import ConfigError
from digest.web.forms import FIELDS, problems_of, to_details, to_form
from tests.web.conftest import ADA, read_signup

typed = st.dictionaries(st.sampled_from(FIELDS), st.text(max_size=40))


@given(typed)
def test_whatever_is_typed_is_read_or_refused_with_reasons(form: dict[str, str]) -> None:
    details = to_details(form)
    mistakes = ConfigError([])
    try:
        read_signup({**details, "email": ADA})
    except ConfigError as error:
        mistakes = error
    assert sum(map(len, problems_of(mistakes, details).values())) == len(mistakes.mistakes)


@given(typed)
def test_a_profile_that_was_read_comes_back_the_same_from_its_form(form: dict[str, str]) -> None:
    try:
        reader = read_signup({**to_details(form), "email": ADA})
    except ConfigError:
        return
    assert read_signup({**to_details(to_form(reader)), "email": ADA}).profile == reader.profile


def test_empty_fields_are_left_out_so_that_the_defaults_count() -> None:
    assert to_details({"keywords": " \n ", "name": "", "max_papers": " "}) == {}


def test_numbers_beyond_all_reason_are_left_for_the_reader_to_refuse() -> None:
    assert to_details({"max_papers": "9" * 5000, "trending": "٣"}) == {"max_papers": "9" * 5000, "trending": "٣"}
