import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest

from digest import sources
from digest.adapters import make_adapter
from digest.domain import Batch, BatchState, Edition, Memory
from digest.errors import ConfigError
from digest.sources._http import HttpClient
from digest.sources.europepmc import Europepmc
from digest.sources.formats import Dating
from digest.sources.formats.europepmc_json import parse_page

MONDAY, TUESDAY, WEDNESDAY = (date(2026, 3, number) for number in (9, 10, 11))


@pytest.fixture
def collect(upstream: Any, http: HttpClient) -> Callable[..., list[Batch]]:
    def run(since: date = WEDNESDAY, *settled: date, query: str = "snail OR moss") -> list[Batch]:
        source = Europepmc(query=query, url=f"{upstream.url}/search")
        memory = Memory(settled=frozenset(("", day) for day in settled))
        return list(source.fetch(Edition(day=WEDNESDAY, since=since), memory, http))

    return run


def _asking(first: date = WEDNESDAY, cursor: str = "*") -> str:
    query = f"(snail OR moss) AND FIRST_IDATE:[{first} TO {WEDNESDAY}]"
    params = {"query": query, "resultType": "core", "format": "json", "pageSize": "100", "cursorMark": cursor}
    return httpx.URL("http://x/search").copy_merge_params(params).raw_path.decode()


def _found(*days: date, hits: int, after: int = 0, **answer: str) -> str:
    """A page of articles, one for each of the days, that follows `after` others."""
    rows = [
        {"source": "MED", "pmid": f"9{number:07}", "title": f"Article {number}", "firstIndexDate": f"{day}"}
        for number, day in enumerate(days, after)
    ]
    return json.dumps({"hitCount": hits, "resultList": {"result": rows}, **answer})


def test_one_search_covers_the_days_and_makes_a_batch_of_each(
    upstream: Any, page: Callable[[str], bytes], collect: Callable[..., list[Batch]]
) -> None:
    upstream.says(_asking(MONDAY), page("europepmc_search.json"))
    monday, tuesday, wednesday = collect(MONDAY)
    assert len(upstream.asked) == 1
    assert (monday.category, monday.state, monday.records) == ("", BatchState.QUIET, 0)
    assert (tuesday.state, [paper.id for paper in tuesday.papers]) == (BatchState.OK, ["doi:10.5555/jib.2026.21"])
    assert (len(wednesday.papers), len(wednesday.revised), len(wednesday.refused)) == (3, 1, 1)


def test_each_page_names_the_cursor_of_the_next(upstream: Any, collect: Callable[..., list[Batch]]) -> None:
    upstream.says(_asking(), _found(WEDNESDAY, WEDNESDAY, hits=4, nextCursorMark="Ao/2=="))
    upstream.says(_asking(cursor="Ao/2=="), _found(WEDNESDAY, hits=4, after=2, nextCursorMark="Ao+3"))
    upstream.says(_asking(cursor="Ao+3"), _found(WEDNESDAY, hits=4, after=3, nextCursorMark="Ao4"))
    [batch] = collect()
    assert (batch.state, len(batch.papers), len(upstream.asked)) == (BatchState.OK, 4, 3)


@pytest.mark.parametrize("last", [{"nextCursorMark": "Ao2"}, {}])
def test_a_list_that_ends_before_its_hit_count_closes_no_day(
    upstream: Any, collect: Callable[..., list[Batch]], last: dict[str, Any]
) -> None:
    upstream.says(_asking(TUESDAY), _found(TUESDAY, hits=3, nextCursorMark="Ao2"))
    upstream.says(_asking(TUESDAY, "Ao2"), _found(TUESDAY, hits=3, after=1, **last))
    tuesday, wednesday = collect(TUESDAY)
    assert (tuesday.state, len(tuesday.papers)) == (BatchState.PARTIAL, 2)
    assert "3 records were promised and 2 came" in tuesday.reasons[0]
    assert wednesday.state is BatchState.BROKEN


def test_an_empty_page_midway_is_asked_for_once_more(upstream: Any, collect: Callable[..., list[Batch]]) -> None:
    upstream.says(_asking(), _found(WEDNESDAY, hits=2, nextCursorMark="Ao2"))
    upstream.says(_asking(cursor="Ao2"), _found(hits=2, nextCursorMark="Ao3"))
    upstream.says(_asking(cursor="Ao2"), _found(WEDNESDAY, hits=2, after=1, nextCursorMark="Ao3"))
    [batch] = collect()
    assert (batch.state, len(batch.papers)) == (BatchState.OK, 2)
    assert batch.reasons == ("a page in the middle of the list came empty at first",)


@pytest.mark.parametrize("last", [{"nextCursorMark": "Ao2"}, {}])
def test_a_page_that_is_empty_twice_before_the_hit_count_closes_no_day(
    upstream: Any, collect: Callable[..., list[Batch]], last: dict[str, Any]
) -> None:
    upstream.says(_asking(), _found(WEDNESDAY, hits=3, nextCursorMark="Ao2"))
    for _ in range(2):
        upstream.says(_asking(cursor="Ao2"), _found(hits=3, **last))
    [batch] = collect()
    assert (batch.state, len(batch.papers)) == (BatchState.PARTIAL, 1)
    assert "is empty, and was so again" in batch.reasons[0]


def test_days_that_are_settled_are_not_asked_for_again(upstream: Any, collect: Callable[..., list[Batch]]) -> None:
    upstream.says(_asking(TUESDAY), _found(TUESDAY, WEDNESDAY, hits=2))
    batches = collect(MONDAY, MONDAY)
    assert [(batch.day, batch.state) for batch in batches] == [(TUESDAY, BatchState.OK), (WEDNESDAY, BatchState.OK)]


def test_no_hit_is_a_quiet_day(upstream: Any, collect: Callable[..., list[Batch]]) -> None:
    upstream.says(_asking(), _found(hits=0))
    [batch] = collect()
    assert (batch.state, batch.reasons) == (BatchState.QUIET, ("the answer holds nothing for 2026-03-11",))


@pytest.mark.parametrize(
    ("body", "cause"),
    [
        ("<html>Sorry</html>", "not valid JSON"),
        ('{"errCode": 404, "errMsg": "Invalid page size"}', "Invalid page size"),
    ],
)
def test_an_error_whatever_its_status_is_broken_and_named(
    upstream: Any, collect: Callable[..., list[Batch]], body: str, cause: str
) -> None:
    upstream.says(_asking(), body)
    [batch] = collect()
    assert batch.state is BatchState.BROKEN
    assert upstream.url in batch.reasons[0]
    assert cause in batch.reasons[0]


@pytest.mark.parametrize("status", [403, 429])
def test_a_server_that_refuses_us_makes_blocked_batches(
    upstream: Any, collect: Callable[..., list[Batch]], status: int
) -> None:
    upstream.says(_asking(TUESDAY), status=status)
    assert [batch.state for batch in collect(TUESDAY)] == [BatchState.BLOCKED] * 2


def _make(**options: Any) -> Any:
    return make_adapter(sources, "europepmc", options, file="config.toml", key="sources.europepmc", folder=Path())


def test_a_query_is_all_it_takes() -> None:
    assert _make(query=" snail ").query == "snail"


@pytest.mark.parametrize(
    ("options", "mistake"),
    [
        ({}, "sources.europepmc.query"),
        ({"query": " "}, "sources.europepmc.query: is empty"),
        ({"query": ["snail"]}, "sources.europepmc.query"),
        ({"query": "snail", "url": "ebi.ac.uk"}, "is no web address"),
    ],
)
def test_options_that_can_t_be_right_are_refused(options: dict[str, Any], mistake: str) -> None:
    with pytest.raises(ConfigError) as caught:
        _make(**options)
    assert mistake in str(caught.value.mistakes[0])


def test_the_recorded_answer_holds_these_figures(recorded_data: Path) -> None:
    [file] = (recorded_data / "other_apis" / "europepmc").iterdir()
    parsed = parse_page(file.read_bytes(), Dating(undated=date(2026, 8, 21), latest=date(2026, 8, 21)))
    assert (parsed.records, len(parsed.papers), parsed.revised, parsed.refused) == (8, 8, (), ())
    assert (parsed.expected, parsed.next) == (2_416, "AoJwgOCVo50DKDU0MzUzMjIz")
    for paper in parsed.papers:
        assert paper.id.startswith("doi:")
        assert paper.aliases[0].startswith("pmid:")
        assert paper.abstract
        assert paper.journal_ref
        assert not any(sign in paper.title + paper.abstract for sign in ("<i>", "<sub>", "&lt;", "</"))
    assert {paper.announced for paper in parsed.papers} > {date(2026, 2, 25), date(2026, 5, 17)}
