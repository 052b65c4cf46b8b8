"""More like this: a paper's own words take its place."""

from datetime import date

from digest.domain import Interest, Paper, Profile
from digest.matching import Statistics, liked_papers, match_papers, telling_terms


def paper(number: int, title: str, abstract: str = "") -> Paper:
    return Paper(id=f"arxiv:2503.{number:05}", title=title, abstract=abstract, announced=date(2026, 6, 30))


LIKED = paper(
    1234,
    "Selective scans for state space models",
    "We give state space models a selective scan. A selective scan is hardware-aware, and mamba blocks use it.",
)
KNOWN = Statistics(2000, {"model": 900, "space": 300, "state": 280, "scan": 40, "selective": 30, "hardware": 100})
PROFILE = Profile((Interest(name="More", keywords=("like:2503.01234",)),))


def test_the_terms_of_a_paper_are_keywords_with_weights_the_most_telling_first() -> None:
    written = [term.written for term in telling_terms(LIKED, KNOWN, most=4)]
    assert written[0] == "selective scan^2"
    assert all("^" in text for text in written)
    assert not any(text.startswith(("the ", "we ", "for ")) for text in written)


def test_of_terms_that_contain_each_other_one_is_taken() -> None:
    written = [term.written.partition("^")[0] for term in telling_terms(LIKED, KNOWN)]
    assert not [(a, b) for a in written for b in written if a != b and f" {a} " in f" {b} "]


def test_a_term_is_never_part_of_a_hyphenated_word_nor_of_an_address() -> None:
    strange = paper(7, "Cross-lingual transfer", "Cross-lingual transfer, at example.com/cross-lingual/transfer-code.")
    written = [term.written.partition("^")[0] for term in telling_terms(strange, KNOWN)]
    assert "cross-lingual" in written
    assert "lingual transfer" not in written
    assert not [text for text in written if "/" in text]


def test_a_species_is_not_cut_behind_its_genus() -> None:
    strange = paper(7, "Imaging of E. coli colonies", "E. coli colonies grow. Vitamin E. Colonies of E. coli colonies.")
    written = [term.written.partition("^")[0] for term in telling_terms(strange, KNOWN)]
    assert "colonies" in written
    assert not [text for text in written if text.startswith("coli")]


def test_the_liked_papers_of_profiles_are_told_by_id() -> None:
    queries = Profile(
        (Interest(query="like:arxiv:2401.00001v2 AND NOT like:doi:10.1101/x", exclude=("like:2401.00002",)),)
    )
    assert liked_papers([PROFILE, queries]) == {
        "arxiv:2503.01234", "arxiv:2401.00001", "arxiv:2401.00002", "doi:10.1101/x",
    }  # fmt: skip


def test_similar_papers_match_and_the_reasons_show_by_which_terms() -> None:
    similar = paper(1, "A selective scan with mamba blocks", "It is hardware-aware.")
    other = paper(2, "Scanning the state of politics", "")
    ((match,),) = match_papers([similar, other], [PROFILE], statistics=KNOWN, liked=[LIKED])
    assert match.paper == similar
    assert {reason.keyword.partition(": ")[0] for reason in match.reasons} == {"like:2503.01234"}
    assert any(reason.keyword.endswith("selective scan^2") for reason in match.reasons)


def test_one_shared_term_alone_is_no_likeness() -> None:
    assert match_papers([paper(1, "A selective scan")], [PROFILE], statistics=KNOWN, liked=[LIKED]) == [()]


def test_a_paper_nobody_knows_hits_nothing() -> None:
    assert match_papers([LIKED], [PROFILE], statistics=KNOWN) == [()]


def test_a_word_of_the_language_is_no_part_of_a_term() -> None:
    near = paper(8, "NEAR field NEAR field", "NEAR field NOT mamba OR NEAR field. AND NEAR optimal NEAR optimal.")
    written = [term.written.partition("^")[0] for term in telling_terms(near, KNOWN)]
    assert "field" in written
    assert not [text for text in written if "NEAR" in text]


def test_a_liked_paper_with_an_endless_word_costs_nobody_their_matches() -> None:
    endless = paper(1234, "a" * 199, "-".join(["selective"] * 60))
    assert match_papers([paper(1, "A selective scan")], [PROFILE], statistics=KNOWN, liked=[endless]) == [()]
