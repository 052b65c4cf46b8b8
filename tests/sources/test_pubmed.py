import json
from collections.abc import Callable, Sequence
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
from digest.sources.formats import Dating
from digest.sources.formats.esearch_json import parse_found
from digest.sources.formats.pubmed_xml import parse_page
from digest.sources.pubmed import Pubmed

MONDAY, TUESDAY, WEDNESDAY = (date(2026, 3, number) for number in (9, 10, 11))
KEY = "0123456789abcdef"


@pytest.fixture
def collect(upstream: Any, http: HttpClient) -> Callable[..., list[Batch]]:
    def run(since: date = WEDNESDAY, *settled: date, api_key: str = "") -> list[Batch]:
        source = Pubmed(query="snail OR moss", url=f"{upstream.url}/eutils", api_key=api_key)
        memory = Memory(settled=frozenset(("", day) for day in settled))
        return list(source.fetch(Edition(day=WEDNESDAY, since=since), memory, http))

    return run


def _path(program: str, **params: str) -> str:
    whole = {"db": "pubmed", "tool": "paper-digest", "email": "operator@example.org", **params}
    return httpx.URL(f"http://x/eutils/{program}.fcgi").copy_merge_params(whole).raw_path.decode()


def _searching(first: date = WEDNESDAY, **key: str) -> str:
    term = f'(snail OR moss) AND ("2026/03/{first.day:02}"[edat] : "2026/03/11"[edat])'
    return _path("esearch", term=term, retmode="json", retmax="9999", **key)


def _fetching(ids: Sequence[int], **key: str) -> str:
    return _path("efetch", id=",".join(map(str, ids)), retmode="xml", **key)


def _found(ids: Sequence[int], count: int | None = None, **result: Any) -> str:
    total = str(len(ids) if count is None else count)
    return json.dumps({"esearchresult": {"count": total, "idlist": [str(number) for number in ids], **result}})


def _records(ids: Sequence[int], day: date = WEDNESDAY) -> str:
    records = (
        f"<PubmedArticle><MedlineCitation><PMID>{number}</PMID><Article><ArticleTitle>Article {number}</ArticleTitle>"
        f"</Article></MedlineCitation><PubmedData><History><PubMedPubDate PubStatus='entrez'><Year>{day.year}</Year>"
        f"<Month>{day.month}</Month><Day>{day.day}</Day></PubMedPubDate></History><ArticleIdList>"
        f"<ArticleId IdType='pubmed'>{number}</ArticleId></ArticleIdList></PubmedData></PubmedArticle>"
        for number in ids
    )
    return f"<PubmedArticleSet>{''.join(records)}</PubmedArticleSet>"


def test_one_search_covers_the_days_and_makes_a_batch_of_each(
    upstream: Any, page: Callable[[str], bytes], collect: Callable[..., list[Batch]]
) -> None:
    ids = range(90000001, 90000006)
    upstream.says(_searching(MONDAY), _found(ids))
    upstream.says(_fetching(ids), page("pubmed_articles.xml"))
    monday, tuesday, wednesday = collect(MONDAY)
    assert len(upstream.asked) == 2
    assert (monday.category, monday.state, monday.records) == ("", BatchState.QUIET, 0)
    assert (tuesday.state, [paper.id for paper in tuesday.papers]) == (BatchState.OK, ["doi:10.5555/jib.2026.21"])
    assert (len(wednesday.papers), len(wednesday.refused)) == (2, 2)


def test_many_records_are_fetched_in_groups(upstream: Any, collect: Callable[..., list[Batch]]) -> None:
    ids = range(90000001, 90000451)
    groups = (ids[:200], ids[200:400], ids[400:])
    upstream.says(_searching(), _found(ids))
    for group in groups:
        upstream.says(_fetching(group), _records(group))
    [batch] = collect()
    assert (batch.state, batch.records, len(batch.papers)) == (BatchState.OK, 450, 450)
    assert upstream.asked == [_searching(), *map(_fetching, groups)]


def test_days_that_are_settled_are_not_asked_for_again(upstream: Any, collect: Callable[..., list[Batch]]) -> None:
    upstream.says(_searching(TUESDAY), _found([90000001]))
    upstream.says(_fetching([90000001]), _records([90000001]))
    batches = collect(MONDAY, MONDAY)
    assert [(batch.day, batch.state) for batch in batches] == [(TUESDAY, BatchState.QUIET), (WEDNESDAY, BatchState.OK)]


def test_nothing_found_is_a_quiet_day_and_asks_for_no_records(
    upstream: Any, collect: Callable[..., list[Batch]]
) -> None:
    upstream.says(_searching(), _found([]))
    [batch] = collect()
    assert (batch.state, batch.reasons) == (BatchState.QUIET, ("the answer holds nothing for 2026-03-11",))
    assert upstream.asked == [_searching()]


def test_what_pubmed_says_of_the_query_reaches_the_operator_once(
    upstream: Any, collect: Callable[..., list[Batch]]
) -> None:
    ids = range(90000001, 90000301)
    upstream.says(_searching(), _found(ids, warninglist={"outputmessages": ["Unknown field ignored"]}))
    upstream.says(_fetching(ids[:200]), _records(ids[:200]))
    upstream.says(_fetching(ids[200:]), _records(ids[200:]))
    [batch] = collect()
    assert batch.state is BatchState.OK
    assert batch.reasons == ("the server says of the query: outputmessages: Unknown field ignored",)


@pytest.mark.parametrize("count", [3, 12_000])
def test_fewer_records_than_were_found_close_no_day(
    upstream: Any, collect: Callable[..., list[Batch]], count: int
) -> None:
    upstream.says(_searching(TUESDAY), _found([90000001, 90000002], count))
    upstream.says(_fetching([90000001, 90000002]), _records([90000001, 90000002], TUESDAY))
    tuesday, wednesday = collect(TUESDAY)
    assert (tuesday.state, len(tuesday.papers)) == (BatchState.PARTIAL, 2)
    assert tuesday.reasons[0] == f"{count} records were promised and 2 came"
    assert wednesday.state is BatchState.BROKEN


def test_ids_without_records_close_no_day(upstream: Any, collect: Callable[..., list[Batch]]) -> None:
    upstream.says(_searching(), _found([90000001, 90000002]))
    upstream.says(_fetching([90000001, 90000002]), _records([90000001]))
    [batch] = collect()
    assert (batch.state, len(batch.papers)) == (BatchState.PARTIAL, 1)


def test_a_group_that_comes_empty_is_asked_for_once_more(upstream: Any, collect: Callable[..., list[Batch]]) -> None:
    ids = range(90000001, 90000202)
    upstream.says(_searching(), _found(ids))
    upstream.says(_fetching(ids[:200]), _records([]))
    upstream.says(_fetching(ids[:200]), _records(ids[:200]))
    upstream.says(_fetching(ids[200:]), _records(ids[200:]))
    [batch] = collect()
    assert (batch.state, len(batch.papers)) == (BatchState.OK, 201)


def test_a_group_that_fails_keeps_the_ones_before(upstream: Any, collect: Callable[..., list[Batch]]) -> None:
    ids = range(90000001, 90000202)
    upstream.says(_searching(), _found(ids))
    upstream.says(_fetching(ids[:200]), _records(ids[:200]))
    upstream.says(_fetching(ids[200:]), "<eFetchResult><ERROR>Unable to fetch</ERROR></eFetchResult>")
    [batch] = collect()
    assert (batch.state, len(batch.papers)) == (BatchState.PARTIAL, 200)
    assert "Unable to fetch" in batch.reasons[0]


@pytest.mark.parametrize(
    ("body", "cause"),
    [
        ("<html>Sorry</html>", "not valid JSON"),
        ('{"esearchresult": {"ERROR": "Search Backend failed"}}', "Search Backend failed"),
        ('{"error": "API rate limit exceeded"}', "API rate limit exceeded"),
    ],
)
def test_an_error_whatever_its_status_is_broken_and_named(
    upstream: Any, collect: Callable[..., list[Batch]], body: str, cause: str
) -> None:
    upstream.says(_searching(TUESDAY), body)
    batches = collect(TUESDAY)
    assert [batch.state for batch in batches] == [BatchState.BROKEN] * 2
    assert upstream.url in batches[0].reasons[0]
    assert cause in batches[0].reasons[0]


@pytest.mark.parametrize("status", [403, 429])
def test_a_server_that_refuses_us_makes_blocked_batches(
    upstream: Any, collect: Callable[..., list[Batch]], status: int
) -> None:
    upstream.says(_searching(TUESDAY), status=status)
    assert [batch.state for batch in collect(TUESDAY)] == [BatchState.BLOCKED] * 2


def test_the_key_is_sent_and_never_shown(upstream: Any, collect: Callable[..., list[Batch]]) -> None:
    upstream.says(_searching(api_key=KEY), _found([90000001]))
    upstream.says(_fetching([90000001], api_key=KEY), "<html/>")
    [batch] = collect(api_key=KEY)
    assert batch.state is BatchState.BROKEN
    assert "the root element is html" in batch.reasons[0]
    assert KEY not in "".join(batch.reasons)
    assert KEY not in repr(_make(query="snail", api_key=KEY))


def _make(**options: Any) -> Any:
    return make_adapter(sources, "pubmed", options, file="config.toml", key="sources.pubmed", folder=Path())


def test_a_query_is_all_it_takes() -> None:
    source = _make(query=" snail ")
    assert (source.query, source.api_key) == ("snail", "")


@pytest.mark.parametrize(
    ("options", "mistake"),
    [
        ({}, "sources.pubmed.query"),
        ({"query": ""}, "sources.pubmed.query: is empty"),
        ({"query": "snail", "url": "eutils"}, "is no web address"),
        ({"query": "snail", "email": "a@example.org"}, "sources.pubmed.email"),
    ],
)
def test_options_that_can_t_be_right_are_refused(options: dict[str, Any], mistake: str) -> None:
    with pytest.raises(ConfigError) as caught:
        _make(**options)
    assert mistake in str(caught.value.mistakes[0])


def test_recorded_records_hold_these_figures(recorded_data: Path) -> None:
    asked = Dating(undated=date(2026, 8, 21), latest=date(2026, 8, 21))
    files = sorted((recorded_data / "other_apis" / "pubmed").glob("*pubmed*.xml"))
    pages = {file.name.split("__")[-1]: parse_page(file.read_bytes(), asked) for file in files}
    assert {name: (p.records, len(p.papers), len(p.refused)) for name, p in pages.items()} == {
        "fixtures_pubmed-efetch.xml": (6, 6, 0),
        "Tests_Entrez_pubmed1.xml": (2, 1, 1),
        "Tests_Entrez_pubmed2.xml": (2, 2, 0),
        "Tests_Entrez_pubmed4.xml": (1, 1, 0),
        "Tests_Entrez_pubmed5.xml": (1, 1, 0),
        "Tests_Entrez_pubmed6.xml": (1, 1, 0),
    }
    [refused] = pages["Tests_Entrez_pubmed1.xml"].refused
    assert (refused.place, refused.reason) == ("PMID 9997", "the announced day '1976-9-28' can't be right")
    papers = [paper for parsed in pages.values() for paper in parsed.papers]
    assert [paper.id for paper in papers if not paper.id.startswith("doi:")] == ["pmid:12091962"]
    assert all(paper.journal_ref and paper.authors for paper in papers)


def test_recorded_searches_are_read_as_json_and_refused_as_xml(recorded_data: Path) -> None:
    files = sorted((recorded_data / "other_apis" / "pubmed").glob("*esearch*"))
    [as_json] = [file for file in files if file.suffix == ".json"]
    found = parse_found(as_json.read_bytes())
    assert (len(found.ids), found.total) == (25, 65)
    assert found.warnings == ("the server says of the query: outputmessages: Unknown sort schema 'date' ignored",)
    others = [file.read_bytes() for file in files if file.suffix == ".xml"]
    assert len(others) == 7
    for content in others:
        with pytest.raises(SourceError, match="not valid JSON"):
            parse_found(content)
        with pytest.raises(SourceError, match="root element is eSearchResult"):
            parse_page(content, Dating(undated=WEDNESDAY, latest=WEDNESDAY))
