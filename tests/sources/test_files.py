import gzip
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from digest.domain import Batch, BatchState, Edition, Memory
from digest.sources._http import HttpClient
from digest.sources.files import Files

EDITION = Edition(day=date(2026, 3, 20), since=date(2026, 3, 13))


@pytest.fixture
def collect(tmp_path: Path, http: HttpClient) -> Callable[..., list[Batch]]:
    def run(*patterns: str, edition: Edition = EDITION) -> list[Batch]:
        source = Files(paths=list(patterns) or ["papers/*"], folder=str(tmp_path))
        return list(source.fetch(edition, Memory(), http))

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
