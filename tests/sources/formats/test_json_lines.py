from collections.abc import Callable, Iterator
from datetime import date

import pytest

from digest.errors import SourceError
from digest.sources.formats import Dating, Page
from digest.sources.formats.json_lines import LONGEST_LINE, RECORDS_A_PART, parse_page, read_parts

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


def _line(number: int, version: int = 1) -> bytes:
    return b'{"id": "2603.%05dv%d", "title": "Paper %d"}' % (number, version, number)


def _parts(lines: Iterator[bytes]) -> tuple[list[Page], str]:
    """The pages, and what was raised behind them."""
    pages: list[Page] = []
    parts = read_parts(lines, ASKED)
    while True:
        try:
            pages.append(next(parts))
        except StopIteration:
            return pages, ""
        except SourceError as error:
            return pages, str(error)


@pytest.mark.parametrize(
    ("records", "sizes"),
    [
        (1, [1]),
        (RECORDS_A_PART - 1, [RECORDS_A_PART - 1]),
        (RECORDS_A_PART, [RECORDS_A_PART]),
        (RECORDS_A_PART + 1, [RECORDS_A_PART, 1]),
        (2 * RECORDS_A_PART, [RECORDS_A_PART, RECORDS_A_PART]),
    ],
)
def test_a_long_dump_comes_in_pages_of_one_size(records: int, sizes: list[int]) -> None:
    pages, fault = _parts(_line(number) for number in range(records))
    assert ([page.records for page in pages], fault) == (sizes, "")
    assert sum(len(page.papers) for page in pages) == records


def test_a_page_is_given_before_the_next_one_is_read() -> None:
    read = []

    def lines() -> Iterator[bytes]:
        for number in range(3 * RECORDS_A_PART):
            read.append(number)
            yield _line(number)

    next(read_parts(lines(), ASKED))
    assert len(read) == RECORDS_A_PART


def test_a_paper_that_an_earlier_page_held_is_a_repeat() -> None:
    numbers = [*range(RECORDS_A_PART), 1, 2, RECORDS_A_PART, RECORDS_A_PART]
    (first, second), _ = _parts(_line(number) for number in numbers)
    assert (len(first.papers), first.repeated) == (RECORDS_A_PART, 0)
    assert (len(second.papers), second.records, second.repeated) == (1, 4, 3)


def test_what_came_before_a_cut_is_given_and_the_cut_line_is_no_record() -> None:
    pages, fault = _parts(iter([*map(_line, range(RECORDS_A_PART + 1)), b'{"id": "26', b"", b" "]))
    assert [page.records for page in pages] == [RECORDS_A_PART, 1]
    assert fault.startswith(f"the last line ({RECORDS_A_PART + 2}) is broken, so the file was cut: not valid JSON")


def test_what_came_before_a_fault_of_the_file_is_given() -> None:
    def lines() -> Iterator[bytes]:
        yield _line(1)
        raise SourceError("the gzip data is cut short")

    pages, fault = _parts(lines())
    assert ([page.records for page in pages], fault) == ([1], "the gzip data is cut short")


def test_a_line_too_long_is_refused_by_its_number() -> None:
    longest = _line(1) + b" " * (LONGEST_LINE - len(_line(1)))
    parsed = parse_page(b"\n".join([longest, longest + b" ", _line(2)]), ASKED)
    assert [(refusal.place, refusal.reason) for refusal in parsed.refused] == [
        ("line 2", f"longer than {LONGEST_LINE} bytes")
    ]
    assert len(parsed.papers) == 2


@pytest.mark.parametrize("bad", [b'{"id": "\xff"}', b'{"id": "\x00"}', b"nonsense", b"{'id': '1'}", b"[" * 5_000])
def test_a_line_that_is_no_text_or_no_json_costs_only_itself(bad: bytes) -> None:
    parsed = parse_page(b"\r\n".join([_line(1), bad, _line(2), b""]), ASKED)
    assert [refusal.place for refusal in parsed.refused] == ["line 2"]
    assert (len(parsed.papers), parsed.records) == (2, 3)


@pytest.mark.parametrize("content", [b"", b"\n \r\n"])
def test_a_dump_without_lines_is_empty(content: bytes) -> None:
    with pytest.raises(SourceError, match="the file is empty"):
        parse_page(content, ASKED)
