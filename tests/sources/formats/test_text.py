from hypothesis import given
from hypothesis import strategies as st

from digest.sources.formats.text import clean, web_link


def test_line_breaks_and_blanks_are_folded() -> None:
    assert clean("  A title\n  in two\t lines\u2028", most_characters=100) == "A title in two lines"


def test_markup_goes_and_its_text_stays() -> None:
    assert (
        clean('<b>Bold</b> H<sub>2</sub>O<br/> <a href="x">link</a><!-- no -->', most_characters=100) == "Bold H₂O link"
    )


def test_latex_is_read_after_entities_and_before_the_text_is_cut() -> None:
    assert clean(r"$a &lt; b$ in <i>Andr\'e</i>'s R\&amp;D", most_characters=100) == "a < b in André's R&D"
    assert clean(r"$\alpha\beta\gamma$ and so on", most_characters=6) == "αβγ a…"


def test_latex_cannot_bring_control_characters_back() -> None:
    assert clean(r"a\unicode{x202e}b \unicode{x7}c\unicode{xd800}", most_characters=100) == "ab c"


def test_an_unfinished_tag_with_endless_blanks_is_read_in_one_pass() -> None:
    assert clean("<a x=" + " " * 90_000 + "end", most_characters=100) == "<a x= end"


def test_angle_brackets_that_are_no_markup_stay() -> None:
    text = "if a < b and c > d, the <think> token and <x> stay; k <i and j> 2"
    assert clean(text, most_characters=200) == text


def test_entities_are_decoded_once_only() -> None:
    assert clean("R&amp;D &amp;lt;b&amp;gt; caf&#233; AT&T", most_characters=100) == "R&D &lt;b&gt; café AT&T"


def test_control_characters_and_direction_overrides_are_removed_even_behind_entities() -> None:
    assert clean("a\x00b\x07c\u202ed\ud800e&#x202e;f&#0;", most_characters=100).replace("\ufffd", "") == "abcdef"


def test_a_line_break_cannot_enter_a_header() -> None:
    assert clean("Title\r\nBcc: everyone@example.org", most_characters=100) == "Title Bcc: everyone@example.org"


def test_a_title_of_five_thousand_characters_is_cut_and_says_so() -> None:
    cut = clean("word " * 1_000, most_characters=1_000)
    assert len(cut) <= 1_000
    assert cut.endswith("word…")


@given(st.text(), st.integers(min_value=1, max_value=50))
def test_any_text_becomes_one_bounded_line_that_can_be_encoded(text: str, most_characters: int) -> None:
    cleaned = clean(text, most_characters=most_characters)
    assert len(cleaned) <= most_characters
    assert len(cleaned.splitlines()) <= 1
    cleaned.encode()


def test_a_link_is_kept_only_if_it_is_a_plain_web_address() -> None:
    assert web_link(" https://github.com/example/kestrel ") == "https://github.com/example/kestrel"
    for bad in (
        "javascript:alert(1)",
        "https://",
        "https://a.example/\r\nBcc: x",
        'https://a.example/"onclick=',
        "https://github.com@evil.example/",
        "http://[::",
        "https://a.example/" + "x" * 3_000,
    ):
        assert web_link(bad) == ""
