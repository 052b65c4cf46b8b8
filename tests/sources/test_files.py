import gzip
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from pathlib import Path

import pytest

from digest.domain import Batch, BatchState, Edition, Memory
from digest.sources._http import HttpClient
from digest.sources.files import Files
from digest.sources.formats import Dating, parse_content
from digest.sources.formats.json_lines import RECORDS_A_PART

EDITION = Edition(day=date(2026, 3, 20), since=date(2026, 3, 13))
DAY_BEFORE = date(2026, 3, 19)


@pytest.fixture
def collect(tmp_path: Path, http: HttpClient) -> Callable[..., list[Batch]]:
    def run(*patterns: str, edition: Edition = EDITION, seen: Mapping[str, date] | None = None) -> list[Batch]:
        source = Files(paths=list(patterns) or ["papers/*"], folder=str(tmp_path))
        return list(source.fetch(edition, Memory(seen=seen or {}), http))

    (tmp_path / "papers").mkdir()
    return run


def _place(folder: Path, content: bytes, name: str) -> Path:
    path = folder / "papers" / name
    path.write_bytes(content)
    return path


def test_files_are_read_in_the_order_of_their_names_and_named_from_the_folder(
    tmp_path: Path, page: Callable[[str], bytes], collect: Callable[..., list[Batch]]
) -> None:
    _place(tmp_path, page("trending.txt"), "b.txt")
    _place(tmp_path, gzip.compress(page("arxiv_dump.jsonl")), "a.jsonl.gz")
    _place(tmp_path, b"rubbish", ".hidden")
    (tmp_path / "papers" / "folder").mkdir()
    batches = collect()
    assert [batch.category for batch in batches] == ["papers/a.jsonl.gz", "papers/b.txt"]
    assert [batch.state for batch in batches] == [BatchState.OK, BatchState.OK]
    assert [batch.records for batch in batches] == [3, 3]


def test_a_file_that_two_patterns_name_is_read_once(
    tmp_path: Path, page: Callable[[str], bytes], collect: Callable[..., list[Batch]]
) -> None:
    path = _place(tmp_path, page("trending.txt"), "a.txt")
    assert [batch.category for batch in collect("papers/*", "**/a.txt", str(path))] == ["papers/a.txt"]


def test_a_file_outside_the_folder_is_named_in_full(
    tmp_path: Path, page: Callable[[str], bytes], http: HttpClient
) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "page.txt").write_bytes(page("trending.txt"))
    source = Files(paths=["../page.txt"], folder=str(tmp_path / "home"))
    assert [batch.category for batch in source.fetch(EDITION, Memory(), http)] == [(tmp_path / "page.txt").as_posix()]


def test_a_pattern_that_matches_nothing_is_told(collect: Callable[..., list[Batch]]) -> None:
    [batch] = collect("papers/*.xml")
    assert (batch.category, batch.day, batch.state) == ("papers/*.xml", EDITION.day, BatchState.BROKEN)
    assert batch.reasons == ("no file matches 'papers/*.xml'",)


def test_the_announced_day_comes_from_the_content_before_the_name(
    tmp_path: Path, page: Callable[[str], bytes], collect: Callable[..., list[Batch]]
) -> None:
    _place(tmp_path, page("trending.txt"), "2026-01-02.txt")
    _place(tmp_path, page("arxiv_rss.xml"), "2026-01-02.xml")
    assert [batch.day for batch in collect()] == [date(2026, 3, 11), date(2026, 3, 11)]


def test_a_submission_date_is_no_announced_day_then_the_name_decides_and_at_last_the_edition(
    tmp_path: Path, page: Callable[[str], bytes], collect: Callable[..., list[Batch]]
) -> None:
    _place(tmp_path, page("arxiv_api.xml"), "2026-3-9.xml")
    _place(tmp_path, page("arxiv_api.xml"), "no-date.xml")
    named, undated = collect()
    assert (named.day, named.papers[0].announced) == (date(2026, 3, 9), date(2026, 3, 9))
    assert (undated.day, undated.papers[0].announced) == (EDITION.day, EDITION.day)


def test_a_file_of_several_list_days_gives_a_batch_a_day(
    tmp_path: Path, page: Callable[[str], bytes], collect: Callable[..., list[Batch]]
) -> None:
    _place(tmp_path, page("hf_list.json"), "2026-03-02.json")
    batches = collect()
    assert [(batch.day, len(batch.papers), batch.records) for batch in batches] == [
        (date(2026, 3, 2), 1, 1),
        (date(2026, 3, 11), 1, 1),
    ]
    assert {batch.category for batch in batches} == {"papers/2026-03-02.json"}


def test_days_outside_the_edition_are_brought_with_their_real_day(
    tmp_path: Path, page: Callable[[str], bytes], collect: Callable[..., list[Batch]]
) -> None:
    _place(tmp_path, page("arxiv_dump.jsonl"), "2031-05-06.jsonl")
    assert [batch.day for batch in collect()] == [date(2031, 5, 6)]


def test_cross_lists_and_replacements_in_a_saved_feed_are_counted(
    tmp_path: Path, page: Callable[[str], bytes], collect: Callable[..., list[Batch]]
) -> None:
    _place(tmp_path, page("arxiv_rss.xml"), "feed.xml")
    [batch] = collect()
    assert (len(batch.papers), batch.cross, len(batch.revised), batch.records) == (2, 1, 2, 5)


def test_an_unsound_file_is_a_broken_batch_with_its_name_and_cause_and_the_others_go_on(
    tmp_path: Path, page: Callable[[str], bytes], collect: Callable[..., list[Batch]]
) -> None:
    _place(tmp_path, gzip.compress(page("trending.txt"))[:-20], "2026-03-04.txt.gz")
    _place(tmp_path, b"", "empty.json")
    _place(tmp_path, page("arxiv_api_error.xml"), "error.xml")
    _place(tmp_path, page("trending.txt"), "good.txt")
    cut, empty, error, good = collect()
    assert [batch.state for batch in (cut, empty, error)] == [BatchState.BROKEN] * 3
    assert (cut.day, empty.day) == (date(2026, 3, 4), EDITION.day)
    assert cut.reasons == ("papers/2026-03-04.txt.gz: the gzip data is cut short",)
    assert empty.reasons == ("papers/empty.json: the file is empty",)
    assert "incorrect id format" in error.reasons[0]
    assert (good.state, len(good.papers)) == (BatchState.OK, 3)


def test_an_empty_list_is_quiet_on_a_weekend_and_not_yet_there_on_a_working_day(
    tmp_path: Path, collect: Callable[..., list[Batch]]
) -> None:
    _place(tmp_path, b"[]", "2026-03-14.json")
    _place(tmp_path, b"[]", "2026-03-16.json")
    assert [batch.state for batch in collect()] == [BatchState.QUIET, BatchState.NOT_YET]


def test_a_file_too_large_is_refused_without_reading_it(tmp_path: Path, collect: Callable[..., list[Batch]]) -> None:
    with _place(tmp_path, b"", "large.json").open("wb") as file:
        file.truncate(21 * 1024 * 1024)
    [batch] = collect()
    assert batch.state is BatchState.BROKEN
    assert "larger than" in batch.reasons[0]


def test_a_file_name_that_is_no_text_does_no_harm(tmp_path: Path, collect: Callable[..., list[Batch]]) -> None:
    _place(tmp_path, b"rubbish", "bad\udcff.txt")
    [batch] = collect()
    batch.category.encode()
    assert batch.category == "papers/bad?.txt"


def _dump(numbers: Iterable[int]) -> bytes:
    return b"".join(b'{"id": "2603.%05d", "title": "Paper %d"}\n' % (number, number) for number in numbers)


def _outline(batches: list[Batch]) -> list[tuple[int, BatchState, int, int]]:
    return [(batch.part, batch.state, len(batch.papers), batch.records) for batch in batches]


def test_a_long_dump_comes_in_parts_of_which_the_last_one_says_how_it_ended(
    tmp_path: Path, collect: Callable[..., list[Batch]]
) -> None:
    _place(tmp_path, gzip.compress(_dump([*range(2 * RECORDS_A_PART), 7, 8, 9])), "2026-03-18.jsonl.gz")
    batches = collect()
    assert _outline(batches) == [
        (0, BatchState.PARTIAL, RECORDS_A_PART, RECORDS_A_PART),
        (1, BatchState.PARTIAL, RECORDS_A_PART, RECORDS_A_PART),
        (2, BatchState.OK, 0, 3),
    ]
    assert {(batch.category, batch.day) for batch in batches} == {("papers/2026-03-18.jsonl.gz", date(2026, 3, 18))}
    assert [batch.reasons for batch in batches] == [
        ("part 1 of a long file; more follow",),
        ("part 2 of a long file; more follow",),
        (f"{2 * RECORDS_A_PART + 3} records in 3 parts: 0 can't be used, 3 repeat another one",),
    ]


def test_a_dump_may_be_larger_than_any_other_file(tmp_path: Path, collect: Callable[..., list[Batch]]) -> None:
    line = b'{"id": "2603.%05d", "title": "T", "summary": "' + b"word " * 10_000 + b'"}\n'
    with _place(tmp_path, b"", "large.jsonl").open("wb") as file:
        file.writelines(line % number for number in range(440))
    assert (tmp_path / "papers" / "large.jsonl").stat().st_size > 20 * 1024 * 1024
    assert _outline(collect()) == [(0, BatchState.OK, 440, 440)]


def test_of_a_dump_that_was_cut_everything_before_the_cut_is_kept(
    tmp_path: Path, collect: Callable[..., list[Batch]]
) -> None:
    content = _dump(range(RECORDS_A_PART + 100))
    _place(tmp_path, content[:-30], "a.jsonl")
    _place(tmp_path, gzip.compress(content)[:-9], "b.jsonl.gz")
    batches = collect()
    assert [batch.part for batch in batches] == [0, 1, 0, 1]
    assert [batch.state for batch in batches] == [BatchState.PARTIAL] * 4
    assert len(batches[1].papers) == 99
    assert batches[1].reasons[0].startswith(f"the last line ({RECORDS_A_PART + 100}) is broken, so the file was cut: ")
    assert batches[3].reasons[0] == "the gzip data is cut short"


def test_a_dump_whose_checksum_is_wrong_is_partial_although_every_line_was_read(
    tmp_path: Path, collect: Callable[..., list[Batch]]
) -> None:
    packed = bytearray(gzip.compress(_dump(range(10))))
    packed[-8] ^= 1  # the checksum's first byte (RFC 1952, 2.3)
    _place(tmp_path, bytes(packed), "a.jsonl.gz")
    _place(tmp_path, gzip.compress(_dump(range(10))) + b"more", "b.jsonl.gz")
    damaged, longer = collect()
    assert _outline([damaged, longer]) == [(0, BatchState.PARTIAL, 10, 10)] * 2
    assert damaged.reasons[0].startswith("the gzip data is damaged: ")
    assert longer.reasons[0].startswith("the gzip data is damaged: ")


def test_a_cut_dump_of_which_nothing_can_be_used_is_broken(tmp_path: Path, collect: Callable[..., list[Batch]]) -> None:
    _place(tmp_path, b'{"id": "spoon"}\n{"id": "fork"}\n{"id": "26', "a.jsonl")
    _place(tmp_path, b'{"id": "26', "b.jsonl")
    _place(tmp_path, b"{'id': '2603.00001'}\n{'id': '2603.00002'}\n", "c.jsonl")
    spoons, nothing, python = collect()
    assert [batch.state for batch in (spoons, nothing, python)] == [BatchState.BROKEN] * 3
    assert (len(spoons.refused), nothing.records, python.records) == (2, 0, 0)
    assert "the last line (3) is broken" in spoons.reasons[0]
    assert nothing.reasons[0].startswith("papers/b.jsonl: the last line (1) is broken")
    assert "papers/c.jsonl: line 1 looks like a Python literal" in python.reasons[0]


def test_one_unsound_part_makes_a_long_dump_partial_and_nothing_but_unsound_ones_make_it_broken(
    tmp_path: Path, collect: Callable[..., list[Batch]]
) -> None:
    spoons = b'{"id": "spoon"}\n' * RECORDS_A_PART
    _place(tmp_path, _dump(range(RECORDS_A_PART)) + spoons + _dump([9_999]), "a.jsonl")
    _place(tmp_path, spoons * 2, "b.jsonl")
    *_, mixed, _, hopeless = collect()
    assert (mixed.part, mixed.state, len(mixed.papers)) == (2, BatchState.PARTIAL, 1)
    assert "no record can be used" in mixed.reasons[0]
    assert (hopeless.part, hopeless.state) == (1, BatchState.BROKEN)


def test_a_file_with_an_earlier_days_papers_is_stale_whatever_its_name_says(
    tmp_path: Path, collect: Callable[..., list[Batch]]
) -> None:
    _place(tmp_path, _dump(range(3)), "2026-03-17.jsonl")
    _place(tmp_path, _dump(range(2)), "2026-03-18.jsonl")
    _place(tmp_path, _dump(range(1, 4)), "2026-03-19.jsonl")
    assert [batch.state for batch in collect()] == [BatchState.OK, BatchState.STALE, BatchState.OK]


def test_the_same_papers_twice_on_one_day_are_not_stale(tmp_path: Path, collect: Callable[..., list[Batch]]) -> None:
    _place(tmp_path, _dump(range(3)), "a-2026-03-17.jsonl")
    _place(tmp_path, _dump(range(3)), "b-2026-03-17.jsonl")
    assert [batch.state for batch in collect()] == [BatchState.OK, BatchState.OK]


def test_a_long_dump_is_stale_only_if_all_of_its_parts_are(tmp_path: Path, collect: Callable[..., list[Batch]]) -> None:
    count = RECORDS_A_PART + 10
    _place(tmp_path, _dump([*range(count), *range(10)]), "a.jsonl")
    everything = {f"arxiv:2603.{number:05}": DAY_BEFORE for number in range(count)}
    assert [batch.state for batch in collect(seen=everything)] == [BatchState.PARTIAL, BatchState.STALE]
    del everything["arxiv:2603.00000"]
    assert [batch.state for batch in collect(seen=everything)] == [BatchState.PARTIAL, BatchState.OK]


def test_what_a_fetch_has_brought_is_not_remembered_by_the_next(
    tmp_path: Path, collect: Callable[..., list[Batch]]
) -> None:
    _place(tmp_path, _dump(range(3)), "2026-03-17.jsonl")
    seen: dict[str, date] = {}
    assert [batch.state for batch in collect(seen=seen)] == [BatchState.OK]
    assert seen == {}


@pytest.mark.parametrize(
    "name",
    [
        "arxiv_oai.xml",
        "biorxiv_list.json",
        "crossref_works.json",
        "europepmc_search.json",
        "feed_journal.xml",
        "feed_preprints.xml",
        "openalex_works.json",
        "pubmed_articles.xml",
        "semanticscholar_bulk.json",
    ],
)
def test_a_saved_answer_gives_what_its_own_parser_reads(
    tmp_path: Path, page: Callable[[str], bytes], collect: Callable[..., list[Batch]], name: str
) -> None:
    _place(tmp_path, gzip.compress(page(name)), "2026-03-19.gz")
    batches = collect()
    parsed = parse_content(page(name), Dating(undated=DAY_BEFORE, latest=EDITION.day))
    assert parsed.papers
    assert {paper for batch in batches for paper in batch.papers} == set(parsed.papers)
    assert sum(batch.records for batch in batches) == parsed.records


def test_undated_items_of_a_saved_feed_take_the_day_in_its_name(
    tmp_path: Path, page: Callable[[str], bytes], collect: Callable[..., list[Batch]]
) -> None:
    _place(tmp_path, page("feed_atom.xml"), "2026-03-19.xml")
    assert [(batch.day, len(batch.papers)) for batch in collect()] == [(date(2026, 3, 9), 1), (DAY_BEFORE, 1)]
