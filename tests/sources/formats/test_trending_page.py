from collections.abc import Callable
from datetime import date

import pytest

from digest.errors import SourceError
from digest.sources.formats import Dating
from digest.sources.formats.trending_page import parse_page

ASKED = Dating(undated=date(2026, 3, 20), latest=date(2026, 3, 20))
HEADER = "new\n\nGet trending papers in your email inbox!\n\nSubscribe\n\nbyAK and the research community\n\nMar 11"
ABSTRACT = (
    "An abstract that is longer than any title in these tests, because a page whose titles are longer is refused."
)


def _page(*paragraphs: str, header: str = HEADER) -> bytes:
    return "\n\n".join((header, *paragraphs)).encode()


def test_titles_and_abstracts_become_listed_papers_in_page_order(page: Callable[[str], bytes]) -> None:
    parsed = parse_page(page("trending.txt"), ASKED)
    assert [paper.title for paper in parsed.papers] == [
        "Kestrel: Sparse Routing for Very Long Recipes",
        "Do Lighthouses Dream of Electric Boats?",
        "A Taxonomy of Unfinished Sentences",
    ]
    first = parsed.papers[0]
    assert first.id.startswith("title:")
    assert first.announced == parsed.day == date(2026, 3, 11)
    assert first.picked_by == "AK and the research community"
    assert first.is_listed
    assert first.upvotes is None
    assert first.abstract.endswith("10^9 crumbs less.")
    assert (parsed.records, parsed.refused, parsed.repeated) == (3, (), 0)


def test_line_ends_of_windows_and_blanks_between_paragraphs_change_nothing(page: Callable[[str], bytes]) -> None:
    windows = page("trending.txt").replace(b"\n\n", b"\r\n  \r\n\r\n") + b"\r\n"
    assert parse_page(windows, ASKED).papers == parse_page(page("trending.txt"), ASKED).papers


def test_a_page_with_an_abstract_missing_is_refused_as_a_whole() -> None:
    with pytest.raises(SourceError, match="paragraph 8 has no counterpart"):
        parse_page(_page("One title", ABSTRACT, "Another title"), ASKED)


def test_a_page_that_slipped_by_one_paragraph_is_refused_by_number() -> None:
    with pytest.raises(SourceError, match="paragraph 8 is no title"):
        parse_page(_page("One title", ABSTRACT, ABSTRACT, "A title", ABSTRACT, "Last title"), ASKED)


@pytest.mark.parametrize(
    ("header", "cause"),
    [
        (HEADER.replace("Subscribe", "Log in"), "paragraph 3 should read 'Subscribe'"),
        (HEADER.replace("byAK", "AK"), "paragraph 4"),
        (HEADER.replace("Mar 11", "some day"), "paragraph 5"),
        (HEADER.replace("Mar 11", "Feb 30"), "paragraph 5"),
        ("new\n\nGet trending papers in your email inbox!", "cut"),
    ],
)
def test_a_page_with_another_header_is_refused_with_the_paragraph(header: str, cause: str) -> None:
    with pytest.raises(SourceError, match=cause):
        parse_page(_page(*(["A title", ABSTRACT] if "Mar" in header or "some" in header else []), header=header), ASKED)


def test_a_page_that_ends_after_its_header_is_no_quiet_day() -> None:
    with pytest.raises(SourceError, match="ends after its header"):
        parse_page(_page(), ASKED)


def test_an_endless_title_is_cut_and_harmless() -> None:
    parsed = parse_page(_page("word " * 1_000, ABSTRACT, "A title", ABSTRACT), ASKED)
    assert [len(paper.title) <= 1_000 for paper in parsed.papers] == [True, True]


def test_a_repeated_title_is_kept_once_and_counted() -> None:
    parsed = parse_page(_page("A title", ABSTRACT, "A  TITLE!", ABSTRACT), ASKED)
    assert (len(parsed.papers), parsed.records, parsed.repeated) == (1, 2, 1)


def test_a_title_without_letters_is_refused_and_the_others_go_on() -> None:
    parsed = parse_page(_page("???", ABSTRACT, "A title", ABSTRACT), ASKED)
    assert [refusal.place for refusal in parsed.refused] == ["paragraph 6"]
    assert [paper.title for paper in parsed.papers] == ["A title"]
