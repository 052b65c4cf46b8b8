from __future__ import annotations

from html import unescape

from hypothesis import given
from hypothesis import strategies as st

from digest.composing.marking import CLOSE_MARK, OPEN_MARK, Markable

texts = st.text(alphabet=st.one_of(st.sampled_from("&<>'\"é漢🙂 "), st.characters(codec="utf-8")), max_size=60)
spans = st.lists(st.tuples(st.integers(0, 70), st.integers(0, 70)), max_size=6)


def test_marks_stand_around_the_hits() -> None:
    assert Markable.of("a KV cache").marked([(2, 10)], (0, 10)) == f"a {OPEN_MARK}KV cache{CLOSE_MARK}"


def test_a_mark_after_escaped_characters_stands_where_it_should() -> None:
    assert Markable.of("<b> & KV").marked([(6, 8)], (0, 8)) == f"&lt;b&gt; &amp; {OPEN_MARK}KV{CLOSE_MARK}"


def test_overlapping_hits_never_nest() -> None:
    shown = Markable.of("abcdef").marked([(0, 4), (2, 6), (1, 2)], (0, 6))
    assert shown == f"{OPEN_MARK}abcd{CLOSE_MARK}{OPEN_MARK}ef{CLOSE_MARK}"


def test_hits_outside_the_part_shown_are_left_out_or_cut() -> None:
    assert Markable.of("abcdef").marked([(0, 1), (3, 9)], (2, 4)) == f"c{OPEN_MARK}d{CLOSE_MARK}"


@given(texts, spans)
def test_marks_never_change_the_text(text: str, found: list[tuple[int, int]]) -> None:
    shown = Markable.of(text).marked(found, (0, len(text)))
    assert shown.count(OPEN_MARK) == shown.count(CLOSE_MARK)
    assert unescape(shown.replace(OPEN_MARK, "").replace(CLOSE_MARK, "")) == unescape(Markable.of(text).html)
    assert "<" not in shown.replace(OPEN_MARK, "").replace(CLOSE_MARK, "")


@given(texts, st.integers(0, 60), st.integers(0, 60))
def test_a_marked_hit_is_the_text_between_its_offsets(text: str, start: int, stop: int) -> None:
    marked = Markable.of(text).marked([(start, stop)], (0, len(text)))
    hit = text[start:stop]
    assert (OPEN_MARK in marked) is bool(hit)
    if hit:
        assert Markable.of(hit).html == marked.partition(OPEN_MARK)[2].partition(CLOSE_MARK)[0]
