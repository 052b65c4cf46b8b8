"""What a word of a paper is, and which writings of it are the same."""

import time
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from digest.matching.plain import read_plain
from digest.matching.words import Joint, read_words


def folded(text: str) -> list[str]:
    return list(read_words(text).folded)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("models", "model"),
        ("studies", "study"),
        ("losses", "loss"),
        ("biases", "bias"),
        ("caches", "cache"),
        ("analyses", "analysis"),
        ("matrices", "matrix"),
        ("diagnoses", "diagnosis"),
        ("crises", "crisis"),
        ("bases", "basis"),
        ("bases", "base"),
        ("axes", "axis"),
        ("stimuli", "stimulus"),
        ("loci", "locus"),
        ("automata", "automaton"),
        ("bacteria", "bacterium"),
        ("leaves", "leaf"),
        ("halves", "half"),
        ("cases", "case"),
        ("poses", "pose"),
        ("sizes", "size"),
        ("boxes", "box"),
        ("meshes", "mesh"),
        ("heroes", "hero"),
        ("viruses", "virus"),
        ("menus", "menu"),
        ("apis", "API"),
        ("gpus", "GPU"),
        ("APIs", "API"),
        ("ROIs", "ROI"),
        ("IMUs", "IMU"),
        ("ReLUs", "ReLU"),
        ("AIs", "AI"),
        ("ResNets", "ResNet"),
        ("LLMs", "LLM"),
        ("GANs", "gan"),
        ("GPs", "GP"),
        ("quantisation", "quantization"),
        ("Optimised", "optimized"),
        ("neighbourhood", "neighborhood"),
        ("analyse", "analyze"),
        ("noise", "NOISE"),
        ("modelling", "modeling"),
        ("labelled", "labeled"),
        ("signalling", "signaling"),
        ("travellers", "traveler"),
        ("fibres", "fiber"),
        ("centred", "centered"),
        ("defence", "defense"),
        ("odour", "odor"),
        ("catalogues", "catalog"),
        ("dialogue", "dialog"),
        ("practised", "practiced"),
        ("programme", "program"),
        ("anaemia", "anemia"),
        ("oestrogen", "estrogen"),
        ("oesophageal", "esophageal"),
        ("diarrhoea", "diarrhea"),
        ("apnoea", "apnea"),
        ("coeliac", "celiac"),
        ("aetiology", "etiology"),
        ("gynaecological", "gynecological"),
        ("caesium", "cesium"),
        ("faecal", "fecal"),
        ("palaeontology", "paleontology"),
        ("manoeuvres", "maneuver"),
        ("manoeuvring", "maneuvering"),
        ("titres", "titer"),
        ("Schrödinger", "Schrodinger"),
        ('Schr\\"odinger', "Schrodinger"),
        ("Søren", "Soren"),
        ("α", "alpha"),
        ("$\\alpha$", "alpha"),
        ("ﬁne", "fine"),
        ("ＢＥＲＴ", "bert"),
        ("I$^{2}$VC", "i2vc"),
        ("\\textbf{Mamba}", "mamba"),
        ("Erd\\H{o}s", "Erdős"),
        ("Erd\\H os", "Erdős"),
        ("\\L ojasiewicz", "Łojasiewicz"),
        ("T\\d{a}i", "Tại"),
        ("Nguy\\~{\\^e}n", "Nguyễn"),
        ("$\\ell_1$", "l_1"),
        ("$\\Gamma$", "gamma"),
        ("Newton's", "newton"),
        ("e\u0301tude", "etude"),
        ("hy\u00adphen", "hyphen"),
        ("\u0645\u064f\u062d\u064e\u0648\u0650\u0651\u0644", "\u0645\u062d\u0648\u0644"),
        ("\u0645\u062d\u0640\u0640\u0648\u0644", "\u0645\u062d\u0648\u0644"),
        ("\u05de\u05d5\u05b9\u05d3\u05b5\u05dc", "\u05de\u05d5\u05d3\u05dc"),
        ("\u202bmodel\u202c\u200f", "model"),
        ("\u064a\u0627\u062f\u06af\u064a\u0631\u064a", "\u06cc\u0627\u062f\u06af\u06cc\u0631\u06cc"),
        ("\u0643\u062a\u0627\u0628", "\u06a9\u062a\u0627\u0628"),
        ("\u0645\u062f\u0631\u0633\u0629", "\u0645\u062f\u0631\u0633\u0647"),
        ("\u0663\u0664", "34"),
        ("\u06f3\u06f4", "34"),
        ("ёлка", "елка"),
    ],
)
def test_two_writings_of_a_word_fold_to_one(one: str, other: str) -> None:
    assert folded(one) == folded(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("object", "objective"),
        ("adapter", "adaptive"),
        ("general", "generalize"),
        ("GPS", "GP"),
        ("NAS", "NA"),
        ("news", "new"),
        ("four", "for"),
        ("RMSE", "RMS"),
        ("MMSE", "MMS"),
        ("dose", "DoS"),
        ("case", "Cas"),
        ("pose", "POS"),
        ("rose", "ROS"),
        ("YOLOE", "YOLO"),
        ("base", "BAS"),
        ("LOSE", "LOS"),
        ("filling", "filing"),
        ("tilling", "tiling"),
        ("shoes", "sho"),
        ("analysis", "analyze"),
        ("C++", "C"),
        ("C#", "C"),
        ("が", "か"),
        ("мой", "мои"),
        ("हिन्दी", "हन्दी"),
    ],
)
def test_different_words_stay_different(one: str, other: str) -> None:
    assert folded(one) != folded(other)


def test_programming_languages_ratios_and_numbers_are_words() -> None:
    assert folded("C++, C#, N:M and 2:4 in v1.5 at 1,000") == [
        "c++", "c#", "n:m", "and", "2:4", "in", "v1.5", "at", "1,000",
    ]  # fmt: skip


def test_a_script_without_spaces_has_one_word_a_character() -> None:
    assert folded("大模型 transformer模型") == ["大", "模", "型", "transformer", "模", "型"]


def test_a_line_break_inside_chinese_is_no_space() -> None:
    assert read_words("大模\n型").joints[1:] == (Joint.TIGHT, Joint.TIGHT)
    assert read_words("언어 모델").joints[2] is Joint.SPACE
    assert read_words("大模型。\n型").joints[3] is Joint.GAP


def test_a_letter_with_thousands_of_marks_is_read_in_no_time() -> None:
    started = time.process_time()
    assert folded("a" + "\u0301\u0323" * 40_000 + "b") == ["ab"]
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    "between", [". ", ", ", ": ", " (", "; ", " - ", " — ", "\n\n", "。", "، ", "؛ ", "؟ ", "۔ ", "। "]
)
def test_punctuation_between_words_is_a_gap(between: str) -> None:
    assert read_words(f"one{between}two").joints[1] is Joint.GAP


@pytest.mark.parametrize("between", [" ", "\n", "/", " “", "* ", "-\n"])
def test_other_signs_between_words_are_a_space(between: str) -> None:
    assert read_words(f"one{between}two").joints[1] is Joint.SPACE


@pytest.mark.parametrize("between", ["-", "‐", "‑", "–", "−", "$_$"])
def test_hyphens_of_all_kinds_join_words(between: str) -> None:
    assert read_words(f"one{between}two").joints[1] is Joint.TIGHT


@given(st.text())
@example("I$^{2}$VC and e\u0301 ½ ﬁne \\'etude")
@example("ｶﾞ ᄀ\u1161 x\u0301\u0302")
def test_every_word_points_at_text_that_reads_as_that_word(text: str) -> None:
    words = read_words(text)
    for exact, start, end in zip(words.exact, words.starts, words.ends, strict=True):
        assert 0 <= start < end <= len(text)
        assert exact in "".join(read_words(text[start:end]).exact)


@given(st.text())
def test_no_offset_parts_a_letter_from_its_marks(text: str) -> None:
    words = read_words(text)
    for end in words.ends:
        assert end == len(text) or not unicodedata.combining(text[end])


@given(st.text(alphabet="ab e\u0301$^{}\\~½ﬁ模ßİ"))
def test_plain_text_keeps_the_way_back(text: str) -> None:
    plain = read_plain(text)
    assert len(plain.text) == len(plain.starts) == len(plain.ends)
    assert list(plain.starts) == sorted(plain.starts)
    assert all(0 <= start < end <= len(text) for start, end in zip(plain.starts, plain.ends, strict=True))
