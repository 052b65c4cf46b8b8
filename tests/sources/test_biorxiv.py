import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from digest import sources
from digest.adapters import make_adapter
from digest.domain import Batch, BatchState, Edition, Memory
from digest.errors import ConfigError
from digest.sources._http import HttpClient
from digest.sources.biorxiv import Biorxiv
from digest.sources.formats import Dating
from digest.sources.formats.biorxiv_json import parse_page

MONDAY, TUESDAY, WEDNESDAY = (date(2026, 3, number) for number in (9, 10, 11))
NOTHING = '{"messages":[{"status":"no posts found"}],"collection":[]}'


@pytest.fixture
def collect(upstream: Any, http: HttpClient) -> Callable[..., list[Batch]]:
    def run(since: date = WEDNESDAY, *settled: tuple[str, date], day: date = WEDNESDAY, **options: Any) -> list[Batch]:
        source = Biorxiv(url=f"{upstream.url}/details", **options)
        return list(source.fetch(Edition(day=day, since=since), Memory(settled=frozenset(settled)), http))

    return run


def _asking(first: date, cursor: int = 0, server: str = "biorxiv", last: date = WEDNESDAY) -> str:
    return f"/details/{server}/{first}/{last}/{cursor}"


def _rows(*days: date, total: int, cursor: int = 0, **fields: str) -> str:
    """A page of new preprints, one for each of the days, from `cursor` on."""
    rows = [
        {"doi": f"10.64898/2026.03.{number:06}", "title": f"Preprint {number}", "date": f"{day}", "version": "1"}
        | fields
        for number, day in enumerate(days, cursor)
    ]
    return json.dumps({"messages": [{"status": "ok", "cursor": cursor, "total": str(total)}], "collection": rows})


def test_one_list_covers_the_days_and_makes_a_batch_of_each(
    upstream: Any, page: Callable[[str], bytes], collect: Callable[..., list[Batch]]
) -> None:
    upstream.says(_asking(MONDAY), page("biorxiv_list.json"))
    monday, tuesday, wednesday = collect(MONDAY)
    assert len(upstream.asked) == 1
    assert {batch.category for batch in (monday, tuesday, wednesday)} == {"biorxiv"}
    assert (monday.state, len(monday.papers), monday.revised) == (BatchState.OK, 1, ())
    assert (tuesday.state, tuesday.papers, len(tuesday.revised)) == (BatchState.OK, (), 1)
    assert (wednesday.records, len(wednesday.revised), len(wednesday.refused)) == (3, 1, 2)


def test_the_cursor_steps_by_what_came(upstream: Any, collect: Callable[..., list[Batch]]) -> None:
    upstream.says(_asking(WEDNESDAY), _rows(WEDNESDAY, WEDNESDAY, total=6))
    upstream.says(_asking(WEDNESDAY, 2), _rows(WEDNESDAY, WEDNESDAY, WEDNESDAY, total=6, cursor=2))
    upstream.says(_asking(WEDNESDAY, 5), _rows(WEDNESDAY, total=6, cursor=5))
    [batch] = collect()
    assert (batch.state, batch.records, len(batch.papers)) == (BatchState.OK, 6, 6)


def test_days_that_are_settled_are_not_asked_for_again(upstream: Any, collect: Callable[..., list[Batch]]) -> None:
    upstream.says(_asking(TUESDAY), _rows(TUESDAY, WEDNESDAY, total=2))
    batches = collect(MONDAY, ("biorxiv", MONDAY), ("medrxiv", TUESDAY))
    assert [(batch.day, batch.state) for batch in batches] == [(TUESDAY, BatchState.OK), (WEDNESDAY, BatchState.OK)]


def test_each_server_is_a_category_and_is_asked_once(upstream: Any, collect: Callable[..., list[Batch]]) -> None:
    upstream.says(_asking(WEDNESDAY), _rows(WEDNESDAY, total=1))
    upstream.says(_asking(WEDNESDAY, server="medrxiv"), NOTHING)
    batches = collect(servers=["biorxiv", "medrxiv", "biorxiv"])
    assert [(batch.category, batch.state) for batch in batches] == [
        ("biorxiv", BatchState.OK),
        ("medrxiv", BatchState.NOT_YET),
    ]
    assert len(upstream.asked) == 2


def test_other_areas_are_left_out_and_counted(
    upstream: Any, page: Callable[[str], bytes], collect: Callable[..., list[Batch]]
) -> None:
    upstream.says(_asking(MONDAY), page("biorxiv_list.json"))
    monday, tuesday, wednesday = collect(MONDAY, categories=["Plant_Biology"])
    assert (monday.state, monday.records, monday.papers) == (BatchState.OK, 1, ())
    assert monday.reasons == ("1 records of other categories were left out",)
    assert (len(tuesday.revised), len(wednesday.revised)) == (1, 1)
    assert not tuesday.reasons


def test_a_preprint_without_an_area_is_left_out_of_none(upstream: Any, collect: Callable[..., list[Batch]]) -> None:
    upstream.says(_asking(WEDNESDAY), _rows(WEDNESDAY, total=1))
    [batch] = collect(categories=["plant biology"])
    assert len(batch.papers) == 1


def test_a_day_without_preprints_is_quiet_on_a_weekend_only(upstream: Any, collect: Callable[..., list[Batch]]) -> None:
    friday, monday = date(2026, 3, 13), date(2026, 3, 16)
    upstream.says(_asking(friday, last=monday), NOTHING)
    batches = collect(friday, day=monday)
    assert [batch.state for batch in batches] == [
        BatchState.NOT_YET,
        BatchState.QUIET,
        BatchState.QUIET,
        BatchState.NOT_YET,
    ]


def test_an_empty_page_midway_is_asked_for_once_more(upstream: Any, collect: Callable[..., list[Batch]]) -> None:
    upstream.says(_asking(WEDNESDAY), _rows(WEDNESDAY, total=2))
    upstream.says(_asking(WEDNESDAY, 1), NOTHING)
    upstream.says(_asking(WEDNESDAY, 1), _rows(WEDNESDAY, total=2, cursor=1))
    [batch] = collect()
    assert (batch.state, len(batch.papers)) == (BatchState.OK, 2)


def test_a_list_that_ends_before_its_total_closes_no_day(upstream: Any, collect: Callable[..., list[Batch]]) -> None:
    upstream.says(_asking(TUESDAY), _rows(TUESDAY, total=2))
    upstream.says(_asking(TUESDAY, 1), NOTHING)
    tuesday, wednesday = collect(TUESDAY)
    assert (tuesday.state, len(tuesday.papers)) == (BatchState.PARTIAL, 1)
    assert "a page in the middle of the list is empty" in tuesday.reasons[0]
    assert wednesday.state is BatchState.BROKEN


@pytest.mark.parametrize(
    ("body", "cause"),
    [
        ("<html>Sorry</html>", "not valid JSON"),
        ('{"messages":[{"status":"Server not recognized"}],"collection":[]}', "'Server not recognized'"),
    ],
)
def test_an_answer_of_another_kind_is_broken_and_named(
    upstream: Any, collect: Callable[..., list[Batch]], body: str, cause: str
) -> None:
    upstream.says(_asking(WEDNESDAY), body)
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


def test_after_a_403_the_other_server_is_not_asked(upstream: Any, collect: Callable[..., list[Batch]]) -> None:
    upstream.says(_asking(WEDNESDAY), status=403)
    upstream.says(_asking(WEDNESDAY, server="medrxiv"), _rows(WEDNESDAY, total=1))
    assert [batch.state for batch in collect(servers=["biorxiv", "medrxiv"])] == [BatchState.BLOCKED] * 2
    assert len(upstream.asked) == 1


def test_preprints_of_days_to_come_wait_for_their_day(upstream: Any, collect: Callable[..., list[Batch]]) -> None:
    upstream.says(_asking(WEDNESDAY), _rows(WEDNESDAY, date(2099, 1, 1), total=2))
    [batch] = collect()
    assert [paper.announced for paper in batch.papers] == [WEDNESDAY]


def _make(**options: Any) -> Any:
    return make_adapter(sources, "biorxiv", options, file="config.toml", key="sources.biorxiv", folder=Path())


def test_without_options_all_of_biorxiv_is_asked() -> None:
    source = _make()
    assert (source.servers, source.categories, source.url) == (["biorxiv"], [], "https://api.biorxiv.org/details")
    assert _make(servers=["medrxiv"], categories=[" neuroscience "]).categories == ["neuroscience"]


@pytest.mark.parametrize(
    ("options", "mistake"),
    [
        ({"servers": []}, "sources.biorxiv.servers: is empty"),
        ({"servers": ["chemrxiv"]}, "sources.biorxiv.servers.0: "),
        ({"categories": [" "]}, "sources.biorxiv.categories.0: is empty"),
        ({"url": "api.biorxiv.org"}, "is no web address"),
        ({"server": "biorxiv"}, "sources.biorxiv.server"),
    ],
)
def test_options_that_can_t_be_right_are_refused(options: dict[str, Any], mistake: str) -> None:
    with pytest.raises(ConfigError) as caught:
        _make(**options)
    assert mistake in str(caught.value.mistakes[0])


def test_recorded_lists_hold_these_figures(recorded_data: Path) -> None:
    asked = Dating(undated=date(2026, 8, 21), latest=date(2026, 8, 21))
    pages = {
        file.name: parse_page(file.read_bytes(), asked) for file in (recorded_data / "other_apis" / "biorxiv").iterdir()
    }
    assert {name: (p.records, len(p.papers), len(p.revised), len(p.refused)) for name, p in pages.items()} == {
        "Harsh4873__radar__fixtures_biorxiv.json": (10, 5, 5, 0),
        "Harsh4873__radar__fixtures_medrxiv.json": (10, 4, 6, 0),
        "genecell__preprint-fulltext__tests_fixtures_biorxiv_details.json": (1, 1, 0, 0),
        "pu5ha__research_bot__tests_fixtures_biorxiv_details.json": (3, 2, 1, 0),
    }
    found = [paper for parsed in pages.values() for paper in (*parsed.papers, *parsed.revised)]
    assert {paper.id.split("/")[0] for paper in found} == {"doi:10.1101", "doi:10.64898"}
    assert all(paper.pdf_url and paper.abstract and paper.authors and paper.categories for paper in found)
