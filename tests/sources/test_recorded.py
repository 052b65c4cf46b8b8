"""What upstream really sent, from recordings outside the repository; skipped where they are not there."""

from collections import Counter
from datetime import date
from pathlib import Path

from digest.domain import Batch, BatchState, Edition, Memory
from digest.sources._http import HttpClient
from digest.sources.files import Files

DAY = date(2026, 8, 21)


def _collect(recorded_data: Path, pattern: str, http: HttpClient) -> list[Batch]:
    source = Files(paths=[pattern], folder=str(recorded_data))
    return list(source.fetch(Edition(day=DAY, since=DAY), Memory(), http))


def _states(batches: list[Batch]) -> dict[BatchState, int]:
    return dict(Counter(batch.state for batch in batches))


def test_the_five_saved_pages_hold_365_different_papers(recorded_data: Path, http: HttpClient) -> None:
    batches = _collect(recorded_data, "pages/*.txt", http)
    assert [(batch.records, len(batch.papers), batch.state) for batch in batches] == [
        (number, number, BatchState.OK) for number in (107, 64, 81, 88, 105)
    ]
    assert len({paper.id for batch in batches for paper in batch.papers}) == 365
    assert batches[0].day == date(2026, 3, 11)


def test_every_list_day_is_readable_or_refused_with_its_reason(recorded_data: Path, http: HttpClient) -> None:
    batches = _collect(recorded_data, "hf_daily_papers/*", http)
    assert _states(batches) == {BatchState.OK: 372, BatchState.BROKEN: 15}
    for batch in batches:
        assert batch.category == f"hf_daily_papers/{batch.day}.json.gz"
        assert batch.refused == ()
        if batch.state is BatchState.BROKEN:
            assert "items are strings that look like Python literals, not JSON objects" in batch.reasons[0]
        assert all(paper.is_listed and paper.upvotes is not None for paper in batch.papers)
    assert sum(batch.records for batch in batches) == 6_424


def test_all_dumps_are_read_and_their_repeats_counted(recorded_data: Path, http: HttpClient) -> None:
    batches = _collect(recorded_data, "arxiv_days/*", http)
    whole = {batch.category: batch for batch in batches}  # the last part of a long file speaks for all of it
    assert _states([*whole.values()]) == {BatchState.OK: 39, BatchState.STALE: 5}
    stale = [batch.day for batch in whole.values() if batch.state is BatchState.STALE]
    assert stale == [date(2026, 5, 24), date(2026, 5, 31), date(2026, 6, 14), date(2026, 6, 21), date(2026, 6, 27)]
    assert sum(batch.records for batch in batches) == 16_487
    assert sum(len(batch.papers) for batch in batches) == 16_487 - 3_549
    assert not any(batch.refused for batch in batches)


def test_the_dump_in_python_notation_is_refused_clearly(recorded_data: Path, http: HttpClient) -> None:
    [batch] = _collect(recorded_data, "arxiv_days_malformed/*", http)
    assert batch.state is BatchState.BROKEN
    assert "line 1 looks like a Python literal" in batch.reasons[0]


def test_announcement_feeds_are_read_with_their_own_day(recorded_data: Path, http: HttpClient) -> None:
    batches = _collect(recorded_data, "arxiv_rss/*", http)
    assert _states(batches) == {BatchState.OK: 6, BatchState.QUIET: 1}
    assert sum(batch.records for batch in batches) == 22
    assert sum(len(batch.papers) + batch.cross + len(batch.revised) + len(batch.refused) for batch in batches) == 22
    assert DAY not in {batch.day for batch in batches}


def test_api_answers_are_read_or_refused_with_a_reason(recorded_data: Path, http: HttpClient) -> None:
    batches = _collect(recorded_data, "arxiv_api/*.xml", http)
    assert _states(batches) == {BatchState.OK: 9, BatchState.BROKEN: 1, BatchState.NOT_YET: 2}
    [error] = [batch for batch in batches if batch.state is BatchState.BROKEN]
    assert "the API answered with an error" in error.reasons[0]
    wrapped = _collect(recorded_data, "arxiv_api/*.json", http)
    assert _states(wrapped) == {BatchState.BROKEN: 13}
    assert all("no known format" in batch.reasons[0] for batch in wrapped)
