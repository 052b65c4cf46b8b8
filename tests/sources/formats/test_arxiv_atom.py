from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest

from digest.errors import SourceError
from digest.sources.formats import Dating
from digest.sources.formats.arxiv_atom import parse_page

ASKED = Dating(undated=date(2026, 3, 11), latest=date(2026, 3, 11))


def test_an_entry_is_read_whole_and_its_submission_is_not_its_announcement(page: Callable[[str], bytes]) -> None:
    parsed = parse_page(page("arxiv_api.xml"), ASKED)
    paper = parsed.papers[0]
    assert (paper.id, paper.version, paper.title) == ("arxiv:2603.08001", 2, "Gradient Descent for Gardeners")
    assert (paper.published, paper.announced) == (date(2026, 3, 7), date(2026, 3, 11))
    assert paper.categories == ("cs.LG", "stat.ML")
    assert (paper.abstract, paper.comment) == ("Gardens slope. We descend.", "7 pages, 4 flowers")
    assert paper.aliases == ("doi:10.5555/garden.7",)
    assert (parsed.records, parsed.expected) == (2, 2)


def test_the_times_of_versions_are_told_where_an_entry_has_all_of_them(page: Callable[[str], bytes]) -> None:
    second, third = parse_page(page("arxiv_api.xml"), ASKED).papers
    assert second.versions == (
        datetime(2026, 3, 7, 9, 17, 46, tzinfo=UTC),
        datetime(2026, 3, 10, 17, 59, 1, tzinfo=UTC),
    )
    assert (third.version, third.versions) == (3, ())


def test_an_old_identifier_keeps_its_archive(page: Callable[[str], bytes]) -> None:
    assert parse_page(page("arxiv_api.xml"), ASKED).papers[1].id == "arxiv:hep-th/9901001"


def test_the_api_error_entry_is_an_error_and_no_paper(page: Callable[[str], bytes]) -> None:
    with pytest.raises(SourceError, match="incorrect id format for spoon"):
        parse_page(page("arxiv_api_error.xml"), ASKED)


def test_two_versions_of_a_paper_are_one_paper_the_newer(page: Callable[[str], bytes]) -> None:
    twice = page("arxiv_api.xml").replace(b"hep-th/9901001v3", b"2603.08001v4")
    parsed = parse_page(twice, ASKED)
    assert [(paper.id, paper.version) for paper in parsed.papers] == [("arxiv:2603.08001", 4)]
    assert parsed.repeated == 1
