import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest import sources
from digest.adapters import make_adapter
from digest.domain import Batch, BatchState, Edition, Memory
from digest.errors import ConfigError, SourceError
from digest.sources._http import HttpClient
from digest.sources.crossref import Crossref, check_issn
from digest.sources.formats import Dating, Page
from digest.sources.formats.crossref_json import parse_page
from digest.sources.formats.decoding import unpack
from tests.sources.recorded import documents_in

MONDAY, TUESDAY, WEDNESDAY = (date(2026, 3, number) for number in (9, 10, 11))
ISSN, OTHER_ISSN = "2049-3630", "1234-5679"
FIELDS = "DOI,title,abstract,author,created,issued,container-title,volume,issue,page,article-number,relation"
ASKED = Dating(undated=WEDNESDAY, latest=WEDNESDAY)


@pytest.fixture
def collect(upstream: Any, http: HttpClient) -> Callable[..., list[Batch]]:
    def run(since: date = WEDNESDAY, *settled: tuple[str, date], issns: tuple[str, ...] = (ISSN,)) -> list[Batch]:
        source = Crossref(issns=list(issns), url=f"{upstream.url}/journals")
        memory = Memory(settled=frozenset(settled))
        return list(source.fetch(Edition(day=WEDNESDAY, since=since), memory, http))

    return run


def _asking(first: date = WEDNESDAY, cursor: str = "*", issn: str = ISSN) -> str:
    days = f"from-created-date:{first},until-created-date:{WEDNESDAY}"
    params = {
        "filter": f"{days},type:journal-article,type:proceedings-article",
        "select": FIELDS,
        "rows": "200",
        "cursor": cursor,
    }
    return httpx.URL(f"http://x/journals/{issn}/works").copy_merge_params(params).raw_path.decode()


def _works(*days: date, total: int, after: int = 0, cursor: str = "Same") -> str:
    """A page of articles, one for each of the days, that follows `after` others."""
    items = [
        {"DOI": f"10.5555/{number}", "title": [f"Work {number}"], "created": {"date-time": f"{day}T07:00:00Z"}}
        for number, day in enumerate(days, after)
    ]
    message = {"total-results": total, "items": items, "next-cursor": cursor}
    return json.dumps({"status": "ok", "message-type": "work-list", "message": message})


def test_one_list_a_journal_covers_the_days_and_makes_a_batch_of_each(
    upstream: Any, page: Callable[[str], bytes], collect: Callable[..., list[Batch]]
) -> None:
    upstream.says(_asking(MONDAY), page("crossref_works.json"))
    monday, tuesday, wednesday = collect(MONDAY)
    assert len(upstream.asked) == 1
    assert (monday.category, monday.state, monday.records) == (ISSN, BatchState.QUIET, 0)
    assert (tuesday.state, [paper.id for paper in tuesday.papers]) == (BatchState.OK, ["doi:10.5555/jic.2026.21"])
    assert (len(wednesday.papers), len(wednesday.refused)) == (2, 3)


def test_pages_may_all_name_the_same_cursor(upstream: Any, collect: Callable[..., list[Batch]]) -> None:
    upstream.says(_asking(), _works(WEDNESDAY, WEDNESDAY, total=4))
    upstream.says(_asking(cursor="Same"), _works(WEDNESDAY, total=4, after=2))
    upstream.says(_asking(cursor="Same"), _works(WEDNESDAY, total=4, after=3))
    [batch] = collect()
    assert (batch.state, len(batch.papers), len(upstream.asked)) == (BatchState.OK, 4, 3)


def test_each_journal_is_a_category_and_is_asked_once(upstream: Any, collect: Callable[..., list[Batch]]) -> None:
    upstream.says(_asking(), _works(WEDNESDAY, total=1))
    upstream.says(_asking(TUESDAY, issn=OTHER_ISSN), _works(TUESDAY, total=1, after=1))
    batches = collect(TUESDAY, (ISSN, TUESDAY), issns=(ISSN, OTHER_ISSN, ISSN))
    assert [(batch.category, batch.day, batch.state) for batch in batches] == [
        (ISSN, WEDNESDAY, BatchState.OK),
        (OTHER_ISSN, TUESDAY, BatchState.OK),
        (OTHER_ISSN, WEDNESDAY, BatchState.QUIET),
    ]
    assert len(upstream.asked) == 2


def test_a_journal_that_fails_costs_no_other(upstream: Any, collect: Callable[..., list[Batch]]) -> None:
    upstream.says(_asking(), status=500)
    upstream.says(_asking(issn=OTHER_ISSN), _works(WEDNESDAY, total=1))
    assert [batch.state for batch in collect(issns=(ISSN, OTHER_ISSN))] == [BatchState.BROKEN, BatchState.OK]


def test_an_issn_that_nobody_registered_is_told(upstream: Any, collect: Callable[..., list[Batch]]) -> None:
    upstream.says(_asking(), "Resource not found.", status=404)
    [batch] = collect()
    assert batch.state is BatchState.BROKEN
    assert batch.reasons[0].endswith(f": Crossref knows no journal with the ISSN {ISSN}")
    assert "the server answered 404" in batch.reasons[0]


def test_an_empty_page_midway_is_asked_for_once_more(upstream: Any, collect: Callable[..., list[Batch]]) -> None:
    upstream.says(_asking(), _works(WEDNESDAY, total=2))
    upstream.says(_asking(cursor="Same"), _works(total=2))
    upstream.says(_asking(cursor="Same"), _works(WEDNESDAY, total=2, after=1))
    [batch] = collect()
    assert (batch.state, len(batch.papers)) == (BatchState.OK, 2)


def test_a_list_that_ends_before_its_total_closes_no_day(upstream: Any, collect: Callable[..., list[Batch]]) -> None:
    upstream.says(_asking(TUESDAY), _works(TUESDAY, total=2))
    upstream.says(_asking(TUESDAY, "Same"), _works(total=2))
    tuesday, wednesday = collect(TUESDAY)
    assert (tuesday.state, len(tuesday.papers)) == (BatchState.PARTIAL, 1)
    assert "a page in the middle of the list is empty" in tuesday.reasons[0]
    assert wednesday.state is BatchState.BROKEN


@pytest.mark.parametrize(
    ("body", "cause"),
    [
        ("<html>Sorry</html>", "answered with an error: Sorry"),
        ('{"status": "failed", "message": [{"message": "no such filter"}]}', "no such filter"),
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
    upstream.says(_asking(TUESDAY), status=status)
    assert [batch.state for batch in collect(TUESDAY)] == [state] * 2


def _make(**options: Any) -> Any:
    return make_adapter(sources, "crossref", options, file="config.toml", key="sources.crossref", folder=Path())


def test_issns_are_all_it_takes() -> None:
    assert _make(issns=["2049-3630", "20493630", " 2434-561x "]).issns == ["2049-3630", "2049-3630", "2434-561X"]


@pytest.mark.parametrize(
    ("options", "mistake"),
    [
        ({}, "sources.crossref.issns: is missing"),
        ({"issns": []}, "sources.crossref.issns: is empty — write at least one"),
        ({"issns": ["2049-3630", "2049-3631"]}, "sources.crossref.issns.1: '2049-3631' is no ISSN, as its check digit"),
        ({"issns": ["2049 3630"]}, "'2049 3630' is no ISSN — write one such as 2049-3630"),
        ({"issns": ["Nature"]}, "is no ISSN"),
        ({"issns": ["２０４９-3630"]}, "is no ISSN"),
        ({"issns": ["../works"]}, "is no ISSN"),
        ({"issns": [ISSN], "url": "crossref.org"}, "is no web address"),
    ],
)
def test_options_that_can_t_be_right_are_refused(options: dict[str, Any], mistake: str) -> None:
    with pytest.raises(ConfigError) as caught:
        _make(**options)
    assert mistake in str(caught.value)


@given(st.text("0123456789", min_size=7, max_size=7))
def test_of_all_check_digits_one_is_right(number: str) -> None:
    accepted = []
    for check in "0123456789X":
        try:
            accepted.append(check_issn(number + check))
        except ValueError:
            continue
    [issn] = accepted
    assert (issn[:4] + issn[5:-1], issn[4]) == (number, "-")
    digits = [*map(int, number), 10 if issn[-1] == "X" else int(issn[-1])]
    assert sum(digit * weight for digit, weight in zip(digits, range(8, 0, -1), strict=True)) % 11 == 0


def _read(document: bytes) -> Page | str:
    try:
        return parse_page(unpack(document), ASKED)
    except SourceError as error:
        return str(error)


def test_recorded_answers_hold_these_figures(recorded_data: Path) -> None:
    files = sorted((recorded_data / "other_apis" / "crossref").iterdir())
    read = [(file.stem.rpartition("_test_")[2], _read(document)) for file in files for document in documents_in(file)]
    pages = [(name, found) for name, found in read if isinstance(found, Page)]
    assert [(name, page.records, len(page.papers), len(page.refused), page.expected) for name, page in pages] == [
        ("Harsh4873__radar__fixtures_crossref", 6, 6, 0, 1_071_653),
        ("prefixes_mixed_ids_works_warn", 20, 4, 16, 4_913_582),  # parts of articles, which are asked for nowhere
        ("prefixes_mixed_ids_works_warn", 0, 0, 0, 0),
        ("worksquery_execute", 3, 0, 3, 586_666),
    ]
    assert {(name, refusal.reason) for name, page in pages for refusal in page.refused} == {
        ("prefixes_mixed_ids_works_warn", "the record has no title"),
        ("worksquery_execute", "it has no announced day"),
    }
    errors = [(name, found.partition(" specified")[0]) for name, found in read if isinstance(found, str)]
    assert errors == [
        ("funders_filter_fails_noidsworks", "Crossref answered with an error: Filter 'from-pub-date'"),
        ("journals_filter_fails_noidsworks", "Crossref answered with an error: This route does not support filter"),
        ("prefixes_mixed_ids_works_warn", "Crossref answered with an error: Resource not found."),
        (
            "works_query_filters_not_allowed_with_dois",
            "Crossref answered with an error: This route does not support field query parameters",
        ),
        ("workscontainer_failure_behavior", "no list of works, but of type 'prefix'"),
        ("workscontainer_failure_behavior", "no list of works, but of type 'member'"),
    ]


def test_recorded_articles_dated_years_ahead_are_announced_when_registered(recorded_data: Path) -> None:
    [file] = (recorded_data / "other_apis" / "crossref").glob("Harsh4873*")
    papers = parse_page(file.read_bytes(), ASKED).papers
    assert {paper.announced.year for paper in papers} == {2014, 2016, 2026}
    assert [paper.journal_ref.rpartition(" ")[2] for paper in papers] == [
        "(2106)",
        "(2104)",
        "(2029)",
        "(2029)",
        "(2029)",
        "(2028)",
    ]
    assert [paper.published for paper in papers] == [None] * 6
