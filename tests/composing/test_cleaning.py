from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.composing.cleaning import clean, one_line, safe_link, shorten
from digest.composing.passages import LONGEST_PASSAGE_CHARACTERS, opening_end, passage_of

anything = st.text(st.characters(), max_size=200)


@given(anything)
def test_cleaning_keeps_every_offset_and_leaves_no_control_character(text: str) -> None:
    assert len(clean(text)) == len(text)
    assert not {unicodedata.category(c) for c in clean(text)} & {"Cc", "Cs", "Co", "Zl", "Zp"}


@pytest.mark.parametrize("disguise", ["\u202e", "\u2066", "\u200f", "\ufeff", "\U000e0041"])
def test_characters_that_turn_or_hide_text_are_taken_out(disguise: str) -> None:
    assert clean(f"a{disguise}b") == "a b"


def test_joiners_that_scripts_need_stay() -> None:
    assert clean("👩\u200d🔬 नि\u200c") == "👩\u200d🔬 नि\u200c"


@given(anything, st.integers(2, 100))
def test_one_line_is_one_line_within_its_limit(text: str, limit: int) -> None:
    line = one_line(text, limit)
    assert len(line) <= limit
    assert len(line.splitlines()) <= 1


def test_a_long_text_is_cut_after_a_word() -> None:
    assert shorten("The gentle pruning of hedges", 20) == "The gentle pruning…"


def test_one_endless_word_is_cut_within() -> None:
    assert shorten("x" * 50, 10) == "x" * 9 + "…"


@pytest.mark.parametrize("url", ["https://arxiv.example/abs/1", "http://[2001:db8::1]/x?a=1&b=%20"])
def test_web_links_are_kept(url: str) -> None:
    assert safe_link(f" {url}\n") == url


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JAVASCRIPT:alert(1)",
        "data:text/html,<script>",
        "//evil.example",
        "https://",
        "https://a.example/x y",
        "https://a.example/\r\nBcc:",
        "https://[broken/",
        "https://a.example/" + "x" * 2000,
        "",
    ],
)
def test_other_links_are_dropped(url: str) -> None:
    assert safe_link(url) == ""


def test_an_opening_ends_with_a_sentence() -> None:
    text = "One hedge is cut. Two birds stay. Three gardeners wonder why they do."
    assert text[: opening_end(text, 40)] == "One hedge is cut. Two birds stay."


@pytest.mark.parametrize(
    "abbreviated",
    ["Shrubs (e.g. box)", "Ada et al. [3] cut", "Now see E. coli", "See Fig. 2", "In the U.S. Birds", "So pp. in all"],
)
def test_no_opening_ends_behind_an_abbreviation(abbreviated: str) -> None:
    text = f"Two hedges stay. {abbreviated} and so much else that is never shown to the end."
    assert {text[: opening_end(text, limit)] for limit in range(17, 32)} == {"Two hedges stay."}


def test_an_opening_without_a_sentence_ends_with_a_word() -> None:
    text = "one hedge after another is cut and the birds stay"
    assert text[: opening_end(text, 30)] == "one hedge after another is cut"


def test_the_sentence_of_a_hit_beyond_the_opening_is_the_passage() -> None:
    text = "First. Second. Third has a hit in it. Fourth."
    assert passage_of(text, [[(25, 28)]], 6) == (text.index(" Third"), text.index(" Fourth"))


def test_there_is_no_passage_where_the_opening_shows_every_reason() -> None:
    assert passage_of("A hit here. A hit there.", [[(2, 5), (14, 17)]], 11) is None


@given(st.text("ab. ", min_size=1, max_size=900), st.integers(0, 300), st.data())
def test_a_passage_always_holds_its_hit_and_is_bounded(text: str, opening: int, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    passage = passage_of(text, [[(start, start + 1)]], opening)
    if start < opening:
        assert passage is None
    else:
        assert passage is not None
        assert opening <= passage[0] <= start < passage[1] <= len(text) or text[start] in " ."
        assert passage[1] - passage[0] <= LONGEST_PASSAGE_CHARACTERS


LONG_WORDS = "overall systematic evaluation methods generally exhibit considerable robustness against adversarial noise"


def test_an_opening_stops_before_so_many_long_words_that_filters_take_them_for_noise() -> None:
    text = f"Hedges are cut. We find that {LONG_WORDS} and birds. They stay."
    shown = text[: opening_end(text, 420)]
    assert shown.endswith("We find that overall systematic evaluation methods generally exhibit considerable")


def test_a_passage_stops_before_so_many_long_words_or_begins_with_its_hit() -> None:
    text = f"Hedges. {LONG_WORDS} and birds."
    found = {
        hit: text[slice(*passage_of(text, [[(text.index(hit), text.index(hit) + len(hit))]], 8) or (0, 0))]
        for hit in ("methods", "birds")
    }
    assert found["methods"] == "overall systematic evaluation methods generally exhibit considerable robustness"
    assert found["birds"] == "birds."


words = st.sampled_from(
    ["evaluation", "robustness", "learning", "methods", "gently", "noise", "of", "Deep", "net,", "so."]
)


@given(st.lists(words, min_size=1, max_size=90), st.sampled_from([160, 420]), st.data())
def test_never_are_so_many_long_words_shown_in_a_row(texts: list[str], limit: int, data: st.DataObject) -> None:
    text, number = " ".join(texts), data.draw(st.integers(0, len(texts) - 1))
    hit = len(" ".join(texts[:number])) + bool(number)
    opening = opening_end(text, limit)
    shown, passage = text[:opening], passage_of(text, [[(hit, hit + len(texts[number]))]], opening)
    if passage:
        assert passage[0] <= hit < passage[1]
        shown += " … "[: 3 * (passage[0] > opening)] + text[slice(*passage)]
    assert _longest_run(shown, letters=8) < 6
    assert _longest_run(shown, letters=6) < 9


def _longest_run(text: str, *, letters: int) -> int:
    """How many lowercase words of at least so many letters follow one another, only spaces and stops between them."""
    kinds = ("x" if re.fullmatch(rf"[a-z]{{{letters},}}", word) else " " for word in re.split(r"[\s.]+", text) if word)
    return max(map(len, "".join(kinds).split()), default=0)
