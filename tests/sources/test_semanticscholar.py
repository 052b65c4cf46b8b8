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
from digest.errors import ConfigError, SourceError
from digest.sources._http import HttpClient
from digest.sources.formats import Dating, Page
from digest.sources.formats.semanticscholar_json import parse_page
from digest.sources.paging import walk_pages
from digest.sources.semanticscholar import Semanticscholar
from tests.sources.plain_server import plain_server, reply
from tests.sources.recorded import documents_in

MONDAY, TUESDAY, WEDNESDAY = (date(2026, 3, number) for number in (9, 10, 11))
FIELDS = "title,abstract,authors,externalIds,publicationDate,year,venue,journal,url,openAccessPdf"
KEY = "0123456789abcdef"
ASKED = Dating(undated=WEDNESDAY, latest=WEDNESDAY)


@pytest.fixture
def collect(upstream: Any, http: HttpClient) -> Callable[..., list[Batch]]:
    def run(since: date = WEDNESDAY, *settled: date) -> list[Batch]:
        source = Semanticscholar(query="snail | moss", url=f"{upstream.url}/bulk")
        memory = Memory(settled=frozenset(("", day) for day in settled))
        return list(source.fetch(Edition(day=WEDNESDAY, since=since), memory, http))

    return run


def _asking(first: date = WEDNESDAY, **token: str) -> str:
    params = {"query": "snail | moss", "fields": FIELDS, "publicationDateOrYear": f"{first}:{WEDNESDAY}", **token}
    return httpx.URL("http://x/bulk").copy_merge_params(params).raw_path.decode()


def _papers(*days: date, total: int | None = None, after: int = 0, token: str | None = None) -> str:
    """A page of papers, one for each of the days, that follows `after` others."""
    rows = [
        {"externalIds": {"DOI": f"10.5555/{number}"}, "title": f"Paper {number}", "publicationDate": f"{day}"}
        for number, day in enumerate(days, after)
    ]
    return json.dumps({"total": len(days) if total is None else total, "token": token, "data": rows})


def test_one_search_covers_the_days_and_makes_a_batch_of_each(
    upstream: Any, collect: Callable[..., list[Batch]]
) -> None:
    upstream.says(_asking(MONDAY), _papers(TUESDAY, WEDNESDAY, TUESDAY))
    monday, tuesday, wednesday = collect(MONDAY)
    assert len(upstream.asked) == 1
    assert (monday.category, monday.state, monday.records) == ("", BatchState.QUIET, 0)
    assert (tuesday.state, len(tuesday.papers)) == (BatchState.OK, 2)
    assert (wednesday.state, len(wednesday.papers)) == (BatchState.OK, 1)


def test_each_page_names_the_token_of_the_next(upstream: Any, collect: Callable[..., list[Batch]]) -> None:
    upstream.says(_asking(), _papers(WEDNESDAY, WEDNESDAY, total=4, token="PC/2=="))
    upstream.says(_asking(token="PC/2=="), _papers(WEDNESDAY, total=4, after=2, token="PC+3"))
    upstream.says(_asking(token="PC+3"), _papers(WEDNESDAY, total=4, after=3))
    [batch] = collect()
    assert (batch.state, len(batch.papers), len(upstream.asked)) == (BatchState.OK, 4, 3)


def test_days_that_are_settled_are_asked_for_again_as_papers_are_indexed_late(
    upstream: Any, collect: Callable[..., list[Batch]]
) -> None:
    upstream.says(_asking(MONDAY), _papers(MONDAY, WEDNESDAY))
    batches = collect(MONDAY, MONDAY, TUESDAY)
    assert [(batch.day, batch.records) for batch in batches] == [(MONDAY, 1), (TUESDAY, 0), (WEDNESDAY, 1)]


def test_an_estimate_is_no_promise(upstream: Any, collect: Callable[..., list[Batch]]) -> None:
    upstream.says(_asking(), _papers(WEDNESDAY, total=2))
    [batch] = collect()
    assert (batch.state, batch.expected, batch.records) == (BatchState.OK, None, 1)


def test_hits_of_which_none_comes_are_no_quiet_day(upstream: Any, collect: Callable[..., list[Batch]]) -> None:
    upstream.says(_asking(), _papers(total=2_674))
    [batch] = collect()
    assert batch.state is BatchState.BROKEN
    assert batch.reasons[0].endswith("about 2674 papers are said to fit, and none came")


def test_a_last_page_may_be_empty(upstream: Any, collect: Callable[..., list[Batch]]) -> None:
    upstream.says(_asking(), _papers(WEDNESDAY, total=1, token="PC2"))
    upstream.says(_asking(token="PC2"), _papers(total=1))
    [batch] = collect()
    assert (batch.state, batch.records, len(upstream.asked)) == (BatchState.OK, 1, 2)


def test_an_empty_page_midway_is_asked_for_once_more(upstream: Any, collect: Callable[..., list[Batch]]) -> None:
    upstream.says(_asking(), _papers(WEDNESDAY, token="PC2"))
    upstream.says(_asking(token="PC2"), _papers(token="PC3"))
    upstream.says(_asking(token="PC2"), _papers(WEDNESDAY, after=1))
    [batch] = collect()
    assert (batch.state, len(batch.papers)) == (BatchState.OK, 2)
    assert batch.reasons == ("a page in the middle of the list came empty at first",)


def test_a_token_that_leads_back_closes_no_day(upstream: Any, collect: Callable[..., list[Batch]]) -> None:
    upstream.says(_asking(TUESDAY), _papers(TUESDAY, token="PC2"))
    upstream.says(_asking(TUESDAY, token="PC2"), _papers(TUESDAY, after=1, token="PC2"))
    tuesday, wednesday = collect(TUESDAY)
    assert (tuesday.state, wednesday.state) == (BatchState.PARTIAL, BatchState.BROKEN)
    assert "brought nothing that the pages before" in tuesday.reasons[0]


def test_no_hit_is_a_quiet_day(upstream: Any, collect: Callable[..., list[Batch]]) -> None:
    upstream.says(_asking(), _papers())
    [batch] = collect()
    assert (batch.state, batch.reasons) == (BatchState.QUIET, ("the answer holds nothing for 2026-03-11",))


@pytest.mark.parametrize(
    ("body", "cause"),
    [("<html>Sorry</html>", "not valid JSON"), ('{"error": "Bad query parameters"}', "Bad query parameters")],
)
def test_an_error_whatever_its_status_is_broken_and_named(
    upstream: Any, collect: Callable[..., list[Batch]], body: str, cause: str
) -> None:
    upstream.says(_asking(), body)
    [batch] = collect()
    assert batch.state is BatchState.BROKEN
    assert upstream.url in batch.reasons[0]
    assert cause in batch.reasons[0]


@pytest.mark.parametrize(("status", "state"), [(400, BatchState.BROKEN), (403, BatchState.BLOCKED), (429, "blocked")])
def test_a_server_that_refuses_us_closes_no_day(
    upstream: Any, collect: Callable[..., list[Batch]], status: int, state: str
) -> None:
    upstream.says(_asking(TUESDAY), status=status)
    assert [batch.state for batch in collect(TUESDAY)] == [state] * 2


def test_the_key_is_sent_as_a_header_and_never_shown(http: HttpClient) -> None:
    edition = Edition(day=WEDNESDAY, since=WEDNESDAY)
    with plain_server(reply(f"<html>{KEY}</html>".encode())) as server:
        for key in (KEY, ""):
            source = _make(query="snail", url=server.url, api_key=key)
            [batch] = source.fetch(edition, Memory(), http)
            assert KEY not in f"{source}{batch}"
    assert f"x-api-key: {KEY}\r\n" in server.told[0]
    assert "x-api-key" not in server.told[1].lower()


def _make(**options: Any) -> Any:
    key = "sources.semanticscholar"
    return make_adapter(sources, "semanticscholar", options, file="config.toml", key=key, folder=Path())


def test_a_query_is_all_it_takes() -> None:
    source = _make(query=" snail ")
    assert (source.query, source.api_key) == ("snail", "")


@pytest.mark.parametrize(
    ("options", "mistake"),
    [
        ({}, "sources.semanticscholar.query: is missing"),
        ({"query": " "}, "sources.semanticscholar.query: is empty"),
        ({"query": ["snail"]}, "sources.semanticscholar.query: "),
        ({"query": "snail", "url": "semanticscholar.org"}, "is no web address"),
    ],
)
def test_options_that_can_t_be_right_are_refused(options: dict[str, Any], mistake: str) -> None:
    with pytest.raises(ConfigError) as caught:
        _make(**options)
    assert mistake in str(caught.value)


def _recorded(recorded_data: Path) -> dict[str, list[bytes]]:
    files = sorted((recorded_data / "other_apis" / "semanticscholar").iterdir())
    return {file.stem.split("test_search_paper")[-1]: list(documents_in(file)) for file in files}


def _dated(document: bytes) -> bytes:
    """A recorded answer as if the day had been asked for too: the recordings hold ids and titles alone."""
    answer = json.loads(document)
    rows = [row | {"publicationDate": f"{WEDNESDAY}"} for row in answer["data"]]
    return json.dumps(answer | {"data": rows}).encode()


def test_recorded_answers_hold_these_figures(recorded_data: Path) -> None:
    recorded = _recorded(recorded_data)
    with pytest.raises(SourceError, match="its data or their total is missing"):
        parse_page(recorded.pop("_match_title")[0], ASKED)
    undated = {name: [parse_page(document, ASKED) for document in found] for name, found in recorded.items()}
    assert {name: [(page.records, page.expected) for page in found] for name, found in undated.items()} == {
        "": [(100, 70_499)],
        "_bulk_retrieval": [(1_000, 2_674)],
        "_bulk_retrieval_next_page": [(1_000, 2_674)] * 2,
        "_bulk_retrieval_traversing_results": [(1_000, 2_674), (1_000, 2_674), (674, 2_674)],
        "_next_page": [(100, 70_498)] * 2,
    }
    pages = [page for found in undated.values() for page in found]
    assert all(len(page.refused) == page.records for page in pages)
    assert {refusal.reason for page in pages for refusal in page.refused} == {"it has no announced day"}


def test_a_recorded_search_is_walked_by_its_tokens_to_the_last_of_its_hits(recorded_data: Path) -> None:
    documents = [_dated(document) for document in _recorded(recorded_data)["_bulk_retrieval_traversing_results"]]
    pages = [parse_page(document, ASKED) for document in documents]
    by_token: dict[str, Page] = dict(zip(["", *(page.next for page in pages)], pages, strict=False))
    walk = walk_pages(lambda token: by_token[token], day=WEDNESDAY)
    assert (walk.error, walk.page.records, walk.page.refused) == (None, 2_674, ())
    assert len(walk.page.papers) == len({paper.id for paper in walk.page.papers})
    assert len(walk.page.papers) > 2_600
