from collections.abc import Callable
from datetime import date

import pytest

from digest.errors import SourceError
from digest.sources.formats import Dating
from digest.sources.formats.json_lines import parse_page

ASKED = Dating(undated=date(2026, 3, 11), latest=date(2026, 3, 11))


def test_each_line_is_a_paper_and_a_repeated_one_is_counted_not_refused(page: Callable[[str], bytes]) -> None:
    parsed = parse_page(page("arxiv_dump.jsonl"), ASKED)
    assert [paper.id for paper in parsed.papers] == ["arxiv:2603.08101", "arxiv:2603.08102"]
    assert (parsed.records, parsed.repeated, parsed.refused) == (3, 1, ())
    first, second = parsed.papers
    assert (first.abstract, first.comment, second.comment) == ("We tidy one room, and then the next.", "", "9 pages")
    assert first.announced == date(2026, 3, 11)


def test_a_broken_line_is_refused_by_its_number_and_the_others_go_on(page: Callable[[str], bytes]) -> None:
    lines = page("arxiv_dump.jsonl").split(b"\n")
    parsed = parse_page(b"\n".join([lines[0], b'{"id": ', b"[1]", *lines[1:]]), ASKED)
    assert [refusal.place for refusal in parsed.refused] == ["line 2", "line 3"]
    assert (len(parsed.papers), parsed.records) == (2, 5)


def test_a_broken_last_line_means_a_cut_file(page: Callable[[str], bytes]) -> None:
    with pytest.raises(SourceError, match=r"last line \(4\) is broken"):
        parse_page(page("arxiv_dump.jsonl")[:-40], ASKED)


def test_python_literals_are_refused_as_a_whole_file() -> None:
    with pytest.raises(SourceError, match="line 1 looks like a Python literal"):
        parse_page(b"{'id': '2603.08101', 'title': None}\n", ASKED)


@pytest.mark.parametrize("identifier", ['"spoon"', "null", "2603.08101", '""'])
def test_a_line_without_a_usable_id_is_refused(identifier: str) -> None:
    parsed = parse_page(f'{{"id": {identifier}, "title": "T"}}\n'.encode(), ASKED)
    assert (parsed.papers, len(parsed.refused)) == ((), 1)


def test_a_doi_is_an_identity_where_there_is_no_arxiv_id() -> None:
    [paper] = parse_page(b'{"id": "https://doi.org/10.1101/2026.03.01", "title": "T"}', ASKED).papers
    assert (paper.id, paper.url) == ("doi:10.1101/2026.03.01", "https://doi.org/10.1101/2026.03.01")
