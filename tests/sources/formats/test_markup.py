import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.sources.formats.markup import without_markup
from digest.sources.formats.text import clean

SECONDS_FOR_HOSTILE_TEXT = 2.0  # a tenth of a second on a free machine


@pytest.mark.parametrize(
    ("marked", "plain"),
    [
        ("H<sub>2</sub>O, CO<SUB>2</SUB>, IC<jats:sub>50</jats:sub>", "H₂O, CO₂, IC₅₀"),
        ("10<sup>-3</sup> km·h<sup>&#x2212;1</sup> and 10<sup>−2</sup>", "10⁻³ km·h⁻¹ and 10⁻²"),
        ("CD4<sup>+</sup> r<sup><i>n</i></sup> x<sub>i</sub><sup>2</sup>", "CD4⁺ rⁿ xᵢ²"),
        ("LE<sub>min</sub> and T<sub>reg</sub> of <sup>a,b</sup>", "LEmin and Treg of a,b"),
    ],
)
def test_short_scripts_are_raised_and_lowered_where_unicode_can(marked: str, plain: str) -> None:
    assert without_markup(marked) == plain


def test_inline_tags_vanish_and_blocks_keep_words_apart() -> None:
    assert without_markup("<i>E. coli</i> <jats:italic>in vitro</jats:italic><b>s</b>") == "E. coli in vitros"
    blocks = "<jats:title>Aim</jats:title><jats:p>One.</jats:p><p>Two<br/>lines</p>"
    assert clean(blocks, most_characters=100) == "Aim One. Two lines"


def test_mathml_leaves_its_readable_text() -> None:
    power = "<mml:msup><mml:mi>x</mml:mi> <mml:mrow><mml:mo>−</mml:mo><mml:mn>1</mml:mn></mml:mrow></mml:msup>"
    assert without_markup(f'a <mml:math xmlns:mml="m"><mml:mrow>{power}</mml:mrow></mml:math> b') == "a x⁻¹ b"
    fraction = (
        "<mfrac><mi>a</mi><mn>2</mn></mfrac><msqrt><mi>s</mi></msqrt><mo>≤</mo><msub><mi>v</mi><mi>max</mi></msub>"
    )
    assert without_markup(f"<math>{fraction}</math>") == "a/2√s≤vmax"


def test_a_formula_written_twice_is_shown_once_from_its_tex() -> None:
    annotated = (
        '<math><semantics><mrow><mi>x</mi><mo>≤</mo><mn>2</mn></mrow><annotation encoding="application/x-tex">'
        r"x \leq 2</annotation></semantics></math>"
    )
    assert clean(f"if {annotated}, then", most_characters=100) == "if x ≤ 2, then"
    alternatives = (
        r"<jats:alternatives><jats:tex-math>$$x^2$$</jats:tex-math><mml:math><mml:mi>x</mml:mi><mml:mn>2</mml:mn>"
        "</mml:math></jats:alternatives>"
    )
    assert clean(f"<jats:inline-formula>{alternatives}</jats:inline-formula>", most_characters=100) == "x²"


def test_an_annotation_that_is_not_tex_is_dropped() -> None:
    assert without_markup('<math><mi>a</mi><annotation encoding="other">secret</annotation></math>') == "a"


def test_tex_wrapped_in_a_document_is_read_without_its_preamble() -> None:
    wrapped = r"<tex-math>\documentclass{minimal}\usepackage{x}\begin{document}$$\mu$$\end{document}</tex-math>m"
    assert clean(wrapped, most_characters=100) == "μm"
    assert clean(r"<tex-math><![CDATA[\alpha]]></tex-math>", most_characters=100) == "α"


@pytest.mark.parametrize("ending", ["", r"\end{document}"])
def test_tex_that_begins_many_documents_is_read_once(ending: str) -> None:
    beginnings = r"\begin{document}" * 25_000
    rest = r"\begin{document}" * 24_999 if ending else beginnings
    assert without_markup(f"<tex-math>{beginnings}{ending}</tex-math><math></math>") == f"${rest}$"


def test_names_that_papers_mean_stay() -> None:
    text = "if a < b and c > d, the <think> token, <mask> and <x> stay"
    assert without_markup(text) == text


@pytest.mark.parametrize(
    "piece",
    [
        "<math>", "<annotation>", "<math><annotation>", "<sup>", "<sup>a", "<sub>1<i>", "<tex-math>", "<alternatives>",
        "<msup><mi>a</mi> ", "<msup> ", "<math><msup><mi>a</mi>", "<a ", "<p ", "<!--", "\\begin{document}",
        "<msup>" + " " * 500,
    ],
)  # fmt: skip
def test_hostile_markup_costs_little(piece: str) -> None:
    started = time.process_time()
    many = piece * (100_000 // len(piece))
    without_markup(many)
    without_markup(f"<math>{many}</math>")
    assert time.process_time() - started < SECONDS_FOR_HOSTILE_TEXT


_TAGS = st.sampled_from(
    ["<math>", "</math>", "<msup>", "</msup>", "<mi>x</mi>", "<sup>", "</sup>", "<p>", "2", " ", "<"]
)


@given(st.lists(_TAGS | st.text(max_size=3), max_size=20).map("".join))
def test_any_markup_can_be_read(text: str) -> None:
    assert len(without_markup(text)) <= len(text) + text.count("<")
