"""When two records are the same paper: any spelling of an identifier or a title gives the same id."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.identity import canonical_id, family_name, normalise_title, parse_arxiv_id, parse_doi, title_id

DIGITS = "0123456789"
new_ids = st.builds(
    lambda year, month, number: f"{year:02}{month:02}.{number}",
    st.integers(0, 99),
    st.integers(1, 12),
    st.text(DIGITS, min_size=4, max_size=5),
)
old_ids = st.builds(
    lambda archive, number: f"{archive}/{number}",
    st.sampled_from(["math", "hep-th", "cond-mat", "cs", "q-bio", "q-alg", "supr-con"]),
    st.text(DIGITS, min_size=7, max_size=7),
)
versions = st.none() | st.integers(1, 999)
spellings = st.sampled_from(
    [
        "{}",
        " {}\n",
        "arXiv:{}",
        "arxiv: {}",
        "https://arxiv.org/abs/{}",
        "http://arxiv.org/pdf/{}",
        "https://www.arxiv.org/pdf/{}.pdf",
        "https://export.arxiv.org/abs/{}/",
        "https://arxiv.org/html/{}",
        "oai:arXiv.org:{}",
        "10.48550/arXiv.{}",
        "doi:10.48550/arxiv.{}",
        "https://doi.org/10.48550/ARXIV.{}",
        "http://dx.doi.org/10.48550/arXiv.{}",
    ]
)


@given(new_ids | old_ids, versions, spellings)
def test_every_spelling_of_an_arxiv_id_gives_the_id_and_its_version(
    arxiv_id: str, version: int | None, spelling: str
) -> None:
    written = spelling.format(arxiv_id + (f"v{version}" if version else ""))

    assert parse_arxiv_id(written) == (arxiv_id, version)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("math.GT/0309136v2", ("math/0309136", 2)),
        ("https://arxiv.org/abs/math.GT/0309136", ("math/0309136", None)),
        ("HEP-TH/9901001", ("hep-th/9901001", None)),
    ],
)
def test_an_old_id_loses_its_subject_class_and_its_case(text: str, expected: tuple[str, int | None]) -> None:
    assert parse_arxiv_id(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2606.287",
        "2606.287290",
        "2606.28729v",
        "2606.28729 and more",
        "https://arxiv.org/list/cs.LG/new",
        "https://arxiv.org.evil.example/abs/2606.28729",
        "https://evil.example/?https://arxiv.org/abs/2606.28729",
        "10.1101/2606.28729",
        "٢٦٠٦.٢٨٧٢٩",
        "ſs/0309136",
        "2024.10234",
        "2600.10234",
        "node/1234567",
        "article/2026061",
        "arXiv:maths/0309136",
    ],
)
def test_what_is_no_arxiv_id_is_none(text: str) -> None:
    assert parse_arxiv_id(text) is None


@given(st.text())
def test_any_text_can_be_asked_for_an_identifier(text: str) -> None:
    found = parse_arxiv_id(text)
    assert found is None or parse_arxiv_id(found[0]) == (found[0], None)
    doi = parse_doi(text)
    assert doi is None or parse_doi(doi) == doi


@pytest.mark.parametrize(
    "text",
    [
        "10.1101/2026.06.30.AB-1",
        "doi:10.1101/2026.06.30.ab-1",
        "DOI: 10.1101/2026.06.30.ab-1.",
        "https://doi.org/10.1101/2026.06.30.ab-1",
        "http://dx.doi.org/10.1101/2026.06.30.AB-1),",
    ],
)
def test_every_spelling_of_a_doi_gives_the_same_one(text: str) -> None:
    assert parse_doi(text) == "10.1101/2026.06.30.ab-1"


@pytest.mark.parametrize("text", ["", "10.1101", "10.1101/", "11.1101/x", "see 10.1101/x", "10.1101/a b"])
def test_what_is_no_doi_is_none(text: str) -> None:
    assert parse_doi(text) is None


@given(st.text())
def test_a_title_s_case_spacing_punctuation_and_composition_do_not_matter(title: str) -> None:
    same = f"  “{unicodedata.normalize('NFD', title)}” — !\n"

    assert normalise_title(same) == normalise_title(title)
    assert title_id(same) == title_id(title)


def test_titles_that_differ_in_a_letter_or_digit_differ() -> None:
    assert len({title_id(title) for title in ("GPT 4", "GPT-4", "gpt4", "GPT 5", "GPT")}) == 3


def test_a_title_id_is_short_and_plain() -> None:
    scheme, _, digest = title_id("Gentle Pruning of Very Large Gardens" * 50).partition(":")

    assert scheme == "title"
    assert len(digest) == 20
    assert set(digest) <= set("0123456789abcdef")


@pytest.mark.parametrize(
    ("author", "family"),
    [
        ("Geoffrey Hinton", "hinton"),
        ("Hinton, Geoffrey", "hinton"),
        ("G. Hinton", "hinton"),
        ("Hinton G", "hinton"),
        ("Hinton G.", "hinton"),
        ("HINTON", "hinton"),
        ("Geoffrey E. Hinton", "hinton"),
        ("Jan van der Berg", "berg"),
        ("van der Berg, Jan", "berg"),
        ("Élise Müller", "muller"),
        ("Mu\u0308ller, E.", "muller"),
        ("Groß, A.", "gross"),
        ("Jean-Pierre O'Neill-Smith", "oneillsmith"),
        ("李明", "李明"),
        ("X", "x"),
        ("", ""),
        (" , ", ""),
        ("…", ""),
    ],
)
def test_spellings_of_one_author_give_one_family_name(author: str, family: str) -> None:
    assert family_name(author) == family


@given(st.text())
def test_any_text_can_be_asked_for_a_family_name(author: str) -> None:
    name = family_name(author)
    assert name == "" or name.isalpha()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://arxiv.org/abs/2503.01234v2", "arxiv:2503.01234"),
        ("10.48550/arXiv.2503.01234", "arxiv:2503.01234"),
        ("https://doi.org/10.1101/2026.06.30.1", "doi:10.1101/2026.06.30.1"),
        ("pmid:0123", "pmid:123"),
        ("mamba", None),
        ("10.1101/" + "9" * 200, None),
    ],
)
def test_a_paper_has_one_id_whatever_notation_it_comes_in(text: str, expected: str | None) -> None:
    assert canonical_id(text) == expected
