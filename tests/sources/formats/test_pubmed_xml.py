from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.domain import Authority
from digest.errors import SourceError
from digest.sources.formats import Dating, Page
from digest.sources.formats.pubmed_xml import parse_page

DAY = date(2026, 3, 11)
ASKED = Dating(undated=DAY, latest=DAY)


def _parse(page: Callable[[str], bytes]) -> Page:
    return parse_page(page("pubmed_articles.xml"), ASKED)


def test_an_article_is_announced_when_pubmed_took_it_in(page: Callable[[str], bytes]) -> None:
    paper = _parse(page).papers[0]
    assert (paper.announced, paper.published) == (date(2026, 3, 10), date(2026, 3, 8))
    assert paper.title == "How Helix inventa finds the lettuce."
    assert paper.authors == ("Ada Example", "Béla Minta Jr", "Snail Study Group")
    assert paper.journal_ref == "J Invent Biol 12(3), 45-67 (2026)"
    assert (paper.authority, paper.is_withdrawn) == (Authority.REGISTRY, False)


def test_an_abstract_keeps_its_labels_and_the_text_of_its_tags(page: Callable[[str], bytes]) -> None:
    assert _parse(page).papers[0].abstract == (
        "BACKGROUND: Lettuce is far away. Nobody knows how far. RESULTS: CO2 shows the way."
    )


def test_ids_are_the_article_s_own_and_never_those_of_its_references(page: Callable[[str], bytes]) -> None:
    paper = _parse(page).papers[0]
    assert (paper.id, paper.aliases) == ("doi:10.5555/jib.2026.21", ("pmid:90000001",))


def test_without_a_sound_doi_the_pubmed_id_is_the_identity_and_a_retraction_is_a_state(
    page: Callable[[str], bytes],
) -> None:
    paper = _parse(page).papers[1]
    assert (paper.id, paper.aliases, paper.is_withdrawn) == ("pmid:90000002", (), True)
    assert paper.url == "https://pubmed.ncbi.nlm.nih.gov/90000002/"
    assert (paper.published, paper.journal_ref, paper.abstract) == (None, "Annals of moss", "")


def test_a_book_s_chapter_is_a_paper_by_its_own_authors(page: Callable[[str], bytes]) -> None:
    paper = _parse(page).papers[2]
    assert (paper.id, paper.title) == ("pmid:90000003", "The Snail in the Clinic")
    assert (paper.authors, paper.journal_ref) == (("Dana Probe",), "Snails for Physicians (2026)")
    assert paper.abstract == "Snails seldom need a doctor."


def test_bad_records_are_refused_by_their_pubmed_id(page: Callable[[str], bytes]) -> None:
    parsed = _parse(page)
    assert [(refusal.place, refusal.reason) for refusal in parsed.refused] == [
        ("PMID 90000004", "it has no announced day"),
        ("PMID 90000005", "the record has no article, or no data about it"),
    ]
    assert parsed.records == 5


def test_a_record_without_any_id_is_refused_by_its_place(page: Callable[[str], bytes]) -> None:
    nameless = page("pubmed_articles.xml").replace(b'<ArticleId IdType="pubmed">90000002</ArticleId>', b"")
    nameless = nameless.replace(b'<PMID Version="1">90000002</PMID>', b"")
    refusal = parse_page(nameless, ASKED).refused[0]
    assert (refusal.place, refusal.reason) == ("record 2", "the record has no id")


def test_an_empty_set_is_an_empty_page() -> None:
    assert parse_page(b"<PubmedArticleSet></PubmedArticleSet>", ASKED) == Page(day=DAY)


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (b"<eFetchResult><ERROR>UID=x: cannot get document</ERROR></eFetchResult>", "UID=x: cannot get document"),
        (b"<eFetchResult><ERROR/></eFetchResult>", "no reason given"),
        (b"<eSearchResult><Count>0</Count></eSearchResult>", "root element is eSearchResult"),
        (b"<html><body>Sorry</body></html>", "root element is html"),
        (b'{"error": "API rate limit exceeded"}', "not well-formed XML"),
        (b"", "not well-formed XML"),
        (b"<PubmedArticleSet><PubmedArticle>", "not well-formed XML"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><PubmedArticleSet/>', "declares entities"),
    ],
)
def test_what_is_no_set_of_records_is_refused_with_its_cause(content: bytes, cause: str) -> None:
    with pytest.raises(SourceError, match=cause):
        parse_page(content, ASKED)


def test_the_external_definition_is_ignored() -> None:
    elsewhere = b'<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD" "http://127.0.0.1:1/none.dtd"><PubmedArticleSet/>'
    assert parse_page(elsewhere, ASKED).records == 0


@given(st.binary(max_size=300))
def test_any_bytes_are_a_page_or_a_source_error(content: bytes) -> None:
    try:
        parse_page(content, ASKED)
    except SourceError:
        return


@given(start=st.integers(0, 7_000), length=st.integers(0, 300), patch=st.binary(max_size=40) | st.just(b"</Author>"))
def test_any_damage_leaves_a_page_or_a_source_error(
    pages: dict[str, bytes], start: int, length: int, patch: bytes
) -> None:
    content = pages["pubmed_articles.xml"]
    try:
        parsed = parse_page(content[:start] + patch + content[start + length :], ASKED)
    except SourceError:
        return
    assert len(parsed.papers) + len(parsed.refused) <= parsed.records
