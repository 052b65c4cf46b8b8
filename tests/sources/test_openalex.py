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
from digest.sources.formats import Dating
from digest.sources.formats.openalex_json import parse_page
from digest.sources.openalex import Openalex

MONDAY, TUESDAY, WEDNESDAY = (date(2026, 3, number) for number in (9, 10, 11))
FIELDS = (
    "id,doi,ids,title,created_date,publication_date,authorships,abstract_inverted_index,biblio,is_retracted,"
    "primary_location,best_oa_location,locations"
)
KEY = "0123456789abcdef"


@pytest.fixture
def collect(upstream: Any, http: HttpClient) -> Callable[..., list[Batch]]:
    def run(since: date = WEDNESDAY, *settled: date, **options: Any) -> list[Batch]:
        source = Openalex(url=f"{upstream.url}/works", **{"search": "snail OR moss", **options})
        memory = Memory(settled=frozenset(("", day) for day in settled))
        return list(source.fetch(Edition(day=WEDNESDAY, since=since), memory, http))

    return run


def _asking(wanted: str = f"from_created_date:{WEDNESDAY}", cursor: str = "*", **params: str) -> str:
    """The path of a request; `wanted` follows the types."""
    whole = {
        "filter": f"type:article|preprint|review,{wanted}",
        "per_page": "100",
        "select": FIELDS,
        "cursor": cursor,
        "search": "snail OR moss",
        **params,
    }
    return httpx.URL("http://x/works").copy_merge_params(whole).raw_path.decode()


def _works(*days: date, count: int, after: int = 0, cursor: str | None = None) -> str:
    """A page of works, one for each of the days, that follows `after` others."""
    works = [
        {"doi": f"https://doi.org/10.5555/{number}", "title": f"Work {number}", "created_date": f"{day}T00:00:00"}
        for number, day in enumerate(days, after)
    ]
    return json.dumps({"meta": {"count": count, "next_cursor": cursor}, "results": works})


def test_one_list_covers_the_days_and_makes_a_batch_of_each(upstream: Any, collect: Callable[..., list[Batch]]) -> None:
    upstream.says(_asking(f"from_created_date:{MONDAY}"), _works(TUESDAY, WEDNESDAY, TUESDAY, count=3))
    monday, tuesday, wednesday = collect(MONDAY)
    assert len(upstream.asked) == 1
    assert (monday.category, monday.state, monday.records) == ("", BatchState.QUIET, 0)
    assert (tuesday.state, len(tuesday.papers)) == (BatchState.OK, 2)
    assert (wednesday.state, len(wednesday.papers)) == (BatchState.OK, 1)


def test_each_page_names_the_cursor_of_the_next(upstream: Any, collect: Callable[..., list[Batch]]) -> None:
    upstream.says(_asking(), _works(WEDNESDAY, WEDNESDAY, count=4, cursor="Il/2=="))
    upstream.says(_asking(cursor="Il/2=="), _works(WEDNESDAY, count=4, after=2, cursor="Il+3"))
    upstream.says(_asking(cursor="Il+3"), _works(WEDNESDAY, count=4, after=3))
    [batch] = collect()
    assert (batch.state, len(batch.papers), len(upstream.asked)) == (BatchState.OK, 4, 3)


def test_works_recorded_after_the_edition_s_day_wait_for_their_own(
    upstream: Any, collect: Callable[..., list[Batch]]
) -> None:
    upstream.says(_asking(), _works(WEDNESDAY, date(2026, 3, 12), date(2099, 1, 1), count=3))
    [batch] = collect()
    assert (batch.day, batch.state, batch.records) == (WEDNESDAY, BatchState.OK, 1)


def test_days_that_are_settled_are_not_asked_for_again(upstream: Any, collect: Callable[..., list[Batch]]) -> None:
    upstream.says(_asking(f"from_created_date:{TUESDAY}"), _works(TUESDAY, WEDNESDAY, count=2))
    assert [batch.day for batch in collect(MONDAY, MONDAY)] == [TUESDAY, WEDNESDAY]


def test_a_filter_stands_beside_the_types_and_the_days(upstream: Any, collect: Callable[..., list[Batch]]) -> None:
    wanted = f"is_oa:true,type:letter,from_created_date:{WEDNESDAY}"
    upstream.says(_asking(filter=wanted), _works(WEDNESDAY, count=1))
    [batch] = collect(filter=" is_oa:true ", types=["letter"])
    assert batch.state is BatchState.OK
    everything = _asking(filter=f"is_oa:true,from_created_date:{WEDNESDAY}").replace("&search=snail+OR+moss", "")
    upstream.says(everything, _works(WEDNESDAY, count=1))
    [batch] = collect(filter="is_oa:true", types=[], search="")
    assert batch.state is BatchState.OK


def test_new_records_are_picked_out_of_what_was_published_since_a_month_before(
    upstream: Any, collect: Callable[..., list[Batch]]
) -> None:
    upstream.says(_asking("from_publication_date:2026-02-08"), _works(date(2026, 2, 20), TUESDAY, WEDNESDAY, count=3))
    tuesday, wednesday = collect(TUESDAY, asked_by="published")
    assert (tuesday.state, tuesday.records, wednesday.state, wednesday.records) == (BatchState.OK, 1, BatchState.OK, 1)


def test_an_empty_page_midway_is_asked_for_once_more(upstream: Any, collect: Callable[..., list[Batch]]) -> None:
    upstream.says(_asking(), _works(WEDNESDAY, count=2, cursor="Il2"))
    upstream.says(_asking(cursor="Il2"), _works(count=2))
    upstream.says(_asking(cursor="Il2"), _works(WEDNESDAY, count=2, after=1))
    [batch] = collect()
    assert (batch.state, len(batch.papers)) == (BatchState.OK, 2)
    assert batch.reasons == ("a page in the middle of the list came empty at first",)


def test_a_list_that_ends_before_its_count_closes_no_day(upstream: Any, collect: Callable[..., list[Batch]]) -> None:
    upstream.says(_asking(f"from_created_date:{TUESDAY}"), _works(TUESDAY, count=3))
    tuesday, wednesday = collect(TUESDAY)
    assert (tuesday.state, len(tuesday.papers)) == (BatchState.PARTIAL, 1)
    assert tuesday.reasons[0] == "3 records were promised and 1 came"
    assert wednesday.state is BatchState.BROKEN


def test_a_page_that_fails_keeps_the_ones_before(upstream: Any, collect: Callable[..., list[Batch]]) -> None:
    upstream.says(_asking(), _works(WEDNESDAY, count=2, cursor="Il2"))
    upstream.says(_asking(cursor="Il2"), '{"meta": {')
    [batch] = collect()
    assert (batch.state, len(batch.papers)) == (BatchState.PARTIAL, 1)
    assert "not valid JSON" in batch.reasons[0]


def test_no_hit_is_a_quiet_day(upstream: Any, collect: Callable[..., list[Batch]]) -> None:
    upstream.says(_asking(), _works(count=0))
    [batch] = collect()
    assert (batch.state, batch.reasons) == (BatchState.QUIET, ("the answer holds nothing for 2026-03-11",))


@pytest.mark.parametrize(
    ("body", "cause"),
    [
        ("<html>Sorry</html>", "not valid JSON"),
        ('{"error": "Invalid filter", "message": "snail is no field"}', "snail is no field"),
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


@pytest.mark.parametrize(("status", "state"), [(400, BatchState.BROKEN), (403, BatchState.BLOCKED), (429, "blocked")])
def test_a_server_that_refuses_us_closes_no_day(
    upstream: Any, collect: Callable[..., list[Batch]], status: int, state: str
) -> None:
    upstream.says(_asking(f"from_created_date:{TUESDAY}"), status=status)
    batches = collect(TUESDAY)
    assert [batch.state for batch in batches] == [state] * 2
    assert str(status) in batches[0].reasons[0]


def test_the_key_is_sent_and_never_shown(upstream: Any, collect: Callable[..., list[Batch]]) -> None:
    upstream.says(_asking(api_key=KEY), "<html/>")
    [batch] = collect(api_key=KEY)
    assert "not valid JSON" in batch.reasons[0]
    assert KEY not in "".join(batch.reasons)
    assert KEY not in repr(_make(search="snail", api_key=KEY))


def _make(**options: Any) -> Any:
    return make_adapter(sources, "openalex", options, file="config.toml", key="sources.openalex", folder=Path())


def test_a_search_or_a_filter_is_all_it_takes() -> None:
    source = _make(search="snail")
    assert (source.search, source.filter, source.types) == ("snail", "", ["article", "preprint", "review"])
    assert _make(filter="topics.id:T10320", types=["book-chapter"]).types == ["book-chapter"]


@pytest.mark.parametrize(
    ("options", "mistake"),
    [
        ({}, "sources.openalex: has neither filter nor search — write at least one of them"),
        ({"search": " ", "filter": ""}, "sources.openalex: has neither filter nor search"),
        (
            {"search": "snail", "types": ["article,is_oa:true"]},
            "sources.openalex.types.0: 'article,is_oa:true' is no type",
        ),
        ({"search": "snail", "types": "article"}, "sources.openalex.types: "),
        ({"search": "snail", "asked_by": "updated"}, "sources.openalex.asked_by: "),
        ({"search": "snail", "url": "openalex.org"}, "is no web address"),
        ({"search": "snail", "email": "a@example.org"}, "sources.openalex.email: is no known option"),
    ],
)
def test_options_that_can_t_be_right_are_refused(options: dict[str, Any], mistake: str) -> None:
    with pytest.raises(ConfigError) as caught:
        _make(**options)
    assert mistake in str(caught.value)


def test_a_key_of_the_wrong_type_is_not_repeated_in_its_mistake() -> None:
    with pytest.raises(ConfigError) as caught:
        _make(search="snail", api_key=998877)
    assert "sources.openalex.api_key: " in str(caught.value)
    assert "998877" not in str(caught.value)


def test_recorded_pages_hold_these_figures(recorded_data: Path) -> None:
    whole, trimmed = sorted((recorded_data / "other_apis" / "openalex").iterdir())
    asked = Dating(undated=date(2026, 8, 10), latest=date(2026, 8, 10))
    parsed = parse_page(whole.read_bytes(), asked)
    assert (parsed.records, len(parsed.papers), parsed.refused, parsed.expected) == (6, 6, (), 1_297)
    papers = {paper.id: paper for paper in parsed.papers}
    assert [bool(paper.abstract) for paper in parsed.papers] == [True, True, True, True, True, False]
    article = papers["arxiv:2510.08703"]
    assert (article.aliases, article.announced) == (("doi:10.1186/s12859-026-06583-0",), date(2025, 10, 14))
    assert article.journal_ref == "BMC Bioinformatics (2026)"
    assert papers["doi:10.1007/s12194-026-01110-5"].aliases == ("pmid:42530795",)
    assert papers["doi:10.5281/zenodo.21856599"].journal_ref == ""
    with pytest.raises(SourceError, match="its results or their count is missing"):
        parse_page(trimmed.read_bytes(), asked)


def test_a_recorded_page_without_a_frame_holds_works_without_a_day(recorded_data: Path) -> None:
    _, trimmed = sorted((recorded_data / "other_apis" / "openalex").iterdir())
    framed = json.loads(trimmed.read_bytes()) | {"meta": {"count": 2}}
    parsed = parse_page(json.dumps(framed).encode(), Dating(undated=WEDNESDAY, latest=WEDNESDAY))
    assert (parsed.records, parsed.papers) == (2, ())
    assert [refusal.reason for refusal in parsed.refused] == ["it has no announced day"] * 2
