"""What arXiv's feeds leave open is filled from OAI-PMH, and completed by the API."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from digest.domain import Batch, BatchState, Edition, Memory
from digest.sources._http import HttpClient
from digest.sources.arxiv import Arxiv
from digest.sources.arxiv.categories import check_category, is_of, set_of
from tests.sources.world import ROWS_A_PAGE, Work, World
from tests.sources.world_server import Fault, Kind, WorldServer, serve_world

MONDAY = date(2026, 3, 9)
TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = (MONDAY + timedelta(days=days) for days in range(1, 5))
NEXT_MONDAY = MONDAY + timedelta(days=7)


def _work(number: int, announced: date, *categories: str, held_days: int = 0) -> Work:
    """A paper submitted at noon of the day before its announcement, or earlier if moderation held it."""
    deadline = announced - timedelta(days=3 if announced.weekday() == 0 else 1)
    submitted = datetime(deadline.year, deadline.month, deadline.day, 12, tzinfo=UTC) - timedelta(days=held_days)
    return Work(f"2603.{number:05}", announced, submitted, categories or ("cs.AI",))


NOTHING = Memory()
Collect = Callable[..., list[Batch]]

WORKS = [
    _work(1, MONDAY),
    _work(2, TUESDAY),
    _work(3, TUESDAY),
    _work(4, WEDNESDAY),
    _work(5, THURSDAY),
    _work(6, THURSDAY, "cs.LG", "cs.AI"),
    _work(7, FRIDAY),
]


@pytest.fixture
def server() -> Iterator[WorldServer]:
    with serve_world(World(WORKS, TUESDAY)) as served:
        yield served


@pytest.fixture
def collect(server: WorldServer, http: HttpClient) -> Collect:
    def run(
        day: date, memory: Memory = NOTHING, *categories: str, today: date | None = None, **options: Any
    ) -> list[Batch]:
        server.world.today = today or day
        source = Arxiv(
            categories=list(categories) or ["cs.AI"],
            rss_url=f"{server.url}/rss",
            oai_url=f"{server.url}/oai",
            api_url=f"{server.url}/api",
            **options,
        )
        return list(source.fetch(Edition(day, day - timedelta(days=7)), memory, http))

    return run


def _memory(*closed: date, seen: int = 0, category: str = "cs.AI") -> Memory:
    known = {f"arxiv:{work.number}": work.announced for work in WORKS[:seen]}
    return Memory(closed=frozenset((category, day) for day in closed), begun={category: MONDAY}, seen=known)


def _numbers(batch: Batch) -> list[int]:
    return [int(paper.id.partition(".")[2]) for paper in batch.papers]


def test_a_first_fetch_takes_the_feed_and_harvests_nothing(server: WorldServer, collect: Collect) -> None:
    [batch] = collect(TUESDAY, details=False)
    assert (batch.day, batch.state, _numbers(batch)) == (TUESDAY, BatchState.OK, [2, 3])
    assert server.asked == ["/rss/cs.AI"]


def test_a_missed_day_is_filled_from_the_harvest_with_the_day_it_was_announced(
    collect: Collect,
) -> None:
    missed, today = collect(WEDNESDAY, _memory(MONDAY, seen=1))
    assert (missed.day, missed.state, _numbers(missed)) == (TUESDAY, BatchState.OK, [2, 3])
    assert {paper.announced for paper in missed.papers} == {TUESDAY}
    assert missed.reasons[0] == "the feed of that day is gone"
    assert "OAI-PMH" in missed.reasons[1]
    assert (today.day, today.state, _numbers(today)) == (WEDNESDAY, BatchState.OK, [4])


def test_several_missed_days_get_their_own_papers_by_the_time_of_submission(
    collect: Collect,
) -> None:
    batches = collect(FRIDAY, _memory(MONDAY, seen=1))
    assert [(batch.day, batch.state, _numbers(batch)) for batch in batches] == [
        (TUESDAY, BatchState.OK, [2, 3]),
        (WEDNESDAY, BatchState.OK, [4]),
        (THURSDAY, BatchState.OK, [5]),
        (FRIDAY, BatchState.OK, [7]),
    ]


def test_a_paper_that_moderation_held_goes_to_the_day_that_was_open(server: WorldServer, collect: Collect) -> None:
    server.world.works = [*WORKS, _work(8, WEDNESDAY, held_days=4)]
    missed, _ = collect(THURSDAY, _memory(MONDAY, TUESDAY, seen=3))
    assert (missed.day, sorted(_numbers(missed))) == (WEDNESDAY, [4, 8])


def test_a_paper_of_before_we_began_is_no_news(server: WorldServer, collect: Collect) -> None:
    old = replace(_work(9, MONDAY - timedelta(days=14)), revised=TUESDAY)
    server.world.works = [*WORKS, old]
    missed, _ = collect(WEDNESDAY, _memory(MONDAY, seen=1))
    assert _numbers(missed) == [2, 3]
    assert [paper.id for paper in missed.revised] == ["arxiv:2603.00009"]


def test_a_stale_feed_is_a_hole_that_the_harvest_fills_at_once_and_leaves_open_for_the_day(
    server: WorldServer, collect: Collect
) -> None:
    server.world.stale.add((WEDNESDAY, "cs.AI"))
    [today] = collect(WEDNESDAY, _memory(MONDAY, TUESDAY, seen=3))
    assert (today.day, today.state) == (WEDNESDAY, BatchState.PARTIAL)
    assert 4 in _numbers(today)
    assert "earlier days" in today.reasons[0]

    caught_up, _ = collect(THURSDAY, _memory(MONDAY, TUESDAY, seen=4))
    assert (caught_up.day, caught_up.state) == (WEDNESDAY, BatchState.OK)


def test_a_feed_that_is_no_feed_is_repaired_the_day_after(server: WorldServer, collect: Collect) -> None:
    server.faults = [Fault(TUESDAY, "/", Kind.HTML, times=9)]
    [broken] = collect(TUESDAY, _memory(MONDAY, seen=1))
    assert broken.state is BatchState.BROKEN
    assert "OAI-PMH can't repair it" in broken.reasons[-1]

    repaired, _ = collect(WEDNESDAY, _memory(MONDAY, seen=1))
    assert (repaired.day, repaired.state, _numbers(repaired)) == (TUESDAY, BatchState.OK, [2, 3])


def test_a_harvest_that_breaks_off_keeps_what_came_and_the_day_open(server: WorldServer, collect: Collect) -> None:
    server.world.works = [*WORKS, *(_work(number, TUESDAY) for number in range(100, 100 + ROWS_A_PAGE))]
    server.faults = [Fault(WEDNESDAY, "/oai?verb=ListRecords&resumptionToken", Kind.DOWN, times=9)]
    missed, _ = collect(WEDNESDAY, _memory(MONDAY, seen=1))
    assert missed.state is BatchState.PARTIAL
    assert 0 < len(missed.papers) < ROWS_A_PAGE + 2
    assert "broke off" in missed.reasons[1]


def test_a_harvest_goes_over_several_pages_and_an_empty_one_between_is_asked_again(
    server: WorldServer, collect: Collect
) -> None:
    server.world.works = [*WORKS, *(_work(number, TUESDAY) for number in range(100, 100 + 3 * ROWS_A_PAGE))]
    server.faults = [Fault(WEDNESDAY, "/oai?verb=ListRecords&resumptionToken", Kind.EMPTY_PAGE)]
    missed, _ = collect(WEDNESDAY, _memory(MONDAY, seen=1))
    assert (missed.state, len(missed.papers)) == (BatchState.OK, 2 + 3 * ROWS_A_PAGE)
    assert any("came empty" in reason for reason in missed.reasons)


def test_a_working_day_without_papers_is_quiet_once_the_harvest_agrees(server: WorldServer, collect: Collect) -> None:
    server.world.works = [work for work in WORKS if work.announced != TUESDAY]
    [today] = collect(TUESDAY, _memory(MONDAY, seen=1))
    assert today.state is BatchState.NOT_YET
    yesterday, _ = collect(WEDNESDAY, _memory(MONDAY, seen=1))
    assert (yesterday.day, yesterday.state) == (TUESDAY, BatchState.QUIET)


def test_a_listed_holiday_with_an_empty_feed_is_quiet_at_once_and_with_papers_it_is_not(
    server: WorldServer, collect: Collect
) -> None:
    holiday = date(2026, 11, 26)
    [batch] = collect(holiday, details=False)
    assert (batch.state, batch.reasons) == (BatchState.QUIET, ("arXiv lists 2026-11-26 as a holiday",))
    server.world.works = [_work(1, holiday)]
    [batch] = collect(holiday, details=False)
    assert (batch.state, _numbers(batch)) == (BatchState.OK, [1])


def test_missed_weekend_days_are_quiet_without_any_request(server: WorldServer, collect: Collect) -> None:
    server.world.works = [*WORKS, _work(8, NEXT_MONDAY)]
    batches = collect(NEXT_MONDAY, _memory(MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, seen=7), details=False)
    assert [batch.state for batch in batches] == [BatchState.QUIET, BatchState.QUIET, BatchState.OK]
    assert server.asked == ["/rss/cs.AI"]


def test_what_another_category_announces_today_fills_no_hole(collect: Collect) -> None:
    memory = Memory(
        closed=frozenset({("cs.AI", TUESDAY), ("cs.LG", TUESDAY), ("cs.LG", WEDNESDAY)}),
        begun={"cs.AI": TUESDAY, "cs.LG": TUESDAY},
        seen={f"arxiv:{work.number}": work.announced for work in WORKS[:3]},
    )
    batches = collect(THURSDAY, memory, "cs.AI", "cs.LG", crosslists=True)
    assert [(batch.category, batch.day, _numbers(batch)) for batch in batches] == [
        ("cs.AI", WEDNESDAY, [4]),
        ("cs.AI", THURSDAY, [5, 6]),
        ("cs.LG", THURSDAY, [6]),
    ]


def test_a_past_edition_is_harvested_because_the_feed_has_moved_on(collect: Collect) -> None:
    [batch] = collect(TUESDAY, _memory(MONDAY, seen=1), today=THURSDAY)
    assert (batch.day, _numbers(batch)) == (TUESDAY, [2, 3])


def test_an_expired_token_begins_the_harvest_anew(server: WorldServer, http: HttpClient) -> None:
    server.world.today = WEDNESDAY
    server.world.works = [*WORKS, *(_work(number, TUESDAY) for number in range(100, 100 + ROWS_A_PAGE))]
    server.faults = [Fault(WEDNESDAY, "/oai?verb=ListRecords&resumptionToken", Kind.EXPIRED)]
    source = Arxiv(["cs.AI"], rss_url=f"{server.url}/rss", oai_url=f"{server.url}/oai")
    missed, _ = source.fetch(Edition(WEDNESDAY, MONDAY), _memory(MONDAY, seen=1), http)
    assert (missed.state, len(missed.papers)) == (BatchState.OK, 2 + ROWS_A_PAGE)


def test_new_papers_get_their_comments_and_dates_from_the_api(server: WorldServer, collect: Collect) -> None:
    [batch] = collect(TUESDAY)
    assert [paper.comment for paper in batch.papers] == ["10 pages", "10 pages"]
    assert {paper.published for paper in batch.papers} == {MONDAY}
    assert server.asked[-1] == "/api?id_list=2603.00002%2C2603.00003&max_results=2"


def test_revisions_of_known_papers_are_completed_too_and_of_strangers_not_asked_for(
    server: WorldServer, collect: Collect
) -> None:
    server.world.works = [replace(WORKS[0], revised=TUESDAY), replace(_work(9, MONDAY), revised=TUESDAY)]
    [batch] = collect(TUESDAY, _memory(MONDAY, seen=1))
    assert {paper.id: paper.comment for paper in batch.revised} == {
        "arxiv:2603.00001": "10 pages",
        "arxiv:2603.00009": "",
    }


def test_details_that_cannot_be_had_cost_no_paper(server: WorldServer, collect: Collect) -> None:
    server.faults = [Fault(TUESDAY, "/api", Kind.DOWN, times=9)]
    [batch] = collect(TUESDAY)
    assert (batch.state, _numbers(batch)) == (BatchState.OK, [2, 3])
    assert "comments and journal references are missing" in batch.reasons[-1]


def test_a_mirror_of_the_feeds_alone_sends_nobody_to_arxiv() -> None:
    mirror = Arxiv(["cs.AI"], rss_url="https://mirror.example.org/rss")
    assert (mirror.oai_address, mirror.api_address) == ("", "")
    own = Arxiv(["cs.AI"])
    assert "arxiv.org" in own.oai_address
    assert "arxiv.org" in own.api_address
    assert replace(own, details=False).api_address == ""


@pytest.mark.parametrize(
    ("category", "name"),
    [
        ("cs.LG", "cs:cs:LG"),
        ("cs", "cs:cs"),
        ("math.AG", "math:math:AG"),
        ("q-bio.NC", "q-bio:q-bio:NC"),
        ("hep-th", "physics:hep-th"),
        ("astro-ph.CO", "physics:astro-ph:CO"),
        ("physics.optics", "physics:physics:optics"),
    ],
)
def test_a_category_is_a_set_of_its_group(category: str, name: str) -> None:
    assert set_of(category) == name


@pytest.mark.parametrize(
    ("written", "name"), [("cs.lg", "cs.LG"), ("HEP-TH", "hep-th"), ("Cond-Mat.SOFT", "cond-mat.soft")]
)
def test_a_category_has_one_spelling_whatever_the_operator_writes(written: str, name: str) -> None:
    assert check_category(written) == name


def test_a_paper_whose_primary_category_is_the_aliass_other_name_is_new_there() -> None:
    assert is_of("math.NA", "cs.NA")
    assert is_of("cs.LG", "cs")
    assert is_of("stat.ML", "cs.LG+stat.ML")
    assert not is_of("math.NA", "cs.LG")


def test_a_harvest_of_records_without_readable_dates_proves_nothing(server: WorldServer, collect: Collect) -> None:
    server.faults = [Fault(WEDNESDAY, "/oai", Kind.UNDATED, times=9)]
    missed, _ = collect(WEDNESDAY, _memory(MONDAY, seen=1))
    assert (missed.day, missed.state) == (TUESDAY, BatchState.PARTIAL)
    assert "records can't be used" in missed.reasons[1]


@pytest.mark.parametrize("through", [MONDAY, MONDAY - timedelta(days=30)])
def test_a_harvest_that_has_not_got_as_far_as_a_day_does_not_close_it(
    through: date, server: WorldServer, collect: Collect
) -> None:
    server.world.harvestable = through
    missed, _ = collect(WEDNESDAY, _memory(MONDAY, seen=1))
    assert (missed.day, missed.state, missed.papers) == (TUESDAY, BatchState.PARTIAL, ())


def test_an_old_paper_whose_record_changed_on_the_missed_day_is_no_news(server: WorldServer, collect: Collect) -> None:
    server.world.works = [*WORKS, _work(9, TUESDAY, held_days=60)]
    week = frozenset(("cs.AI", MONDAY - timedelta(days=number)) for number in range(8))
    memory = replace(_memory(seen=1), closed=week, begun={"cs.AI": MONDAY - timedelta(days=90)})
    missed, _ = collect(WEDNESDAY, memory)
    assert _numbers(missed) == [2, 3]


def test_a_held_paper_of_a_new_installations_failed_first_day_comes_the_day_after(
    server: WorldServer, collect: Collect
) -> None:
    server.world.works = [*WORKS, _work(9, MONDAY, held_days=5)]
    missed, _ = collect(TUESDAY, Memory(begun={"cs.AI": MONDAY}))
    assert (missed.day, sorted(_numbers(missed))) == (MONDAY, [1, 9])


def test_a_past_edition_is_complete_when_the_feed_has_moved_on(collect: Collect) -> None:
    [batch] = collect(TUESDAY, _memory(MONDAY, seen=1), today=THURSDAY)
    assert batch.state is BatchState.OK


def test_replaced_papers_that_count_as_new_do_so_on_repaired_days_too(server: WorldServer, collect: Collect) -> None:
    server.world.works = [*WORKS, replace(_work(9, MONDAY - timedelta(days=14)), revised=TUESDAY)]
    missed, _ = collect(WEDNESDAY, _memory(MONDAY, seen=1), replacements=True)
    assert (sorted(_numbers(missed)), missed.revised) == ([2, 3, 9], ())


def test_a_stale_feed_whose_day_cannot_be_harvested_yet_stays_stale(server: WorldServer, collect: Collect) -> None:
    server.world.stale.add((WEDNESDAY, "cs.AI"))
    server.world.harvestable = TUESDAY
    [today] = collect(WEDNESDAY, _memory(MONDAY, TUESDAY, seen=3))
    assert today.state is BatchState.STALE


def test_the_morning_after_a_listed_holiday_is_quiet_only_once_the_harvest_has_passed_it(
    server: WorldServer, collect: Collect
) -> None:
    morning = date(2026, 11, 27)
    server.world.works = [_work(1, morning + timedelta(days=3))]
    [batch] = collect(morning, details=False)
    assert batch.state is BatchState.NOT_YET
    assert "the day before, as a holiday" in "; ".join(batch.reasons)
    known = Memory(begun={"cs.AI": morning})
    batches = collect(morning + timedelta(days=3), known, details=False)
    assert [batch.state for batch in batches] == [BatchState.QUIET] * 3 + [BatchState.OK]


def test_a_list_of_holidays_that_cannot_be_read_is_refused_before_anything_runs() -> None:
    with pytest.raises(ValueError, match=r"nowhere\.toml.*holidays_file"):
        Arxiv(["cs.AI"], holidays_file="nowhere.toml")


def test_a_feed_that_is_behind_after_a_missed_day_takes_none_of_its_papers_for_its_own_day(
    server: WorldServer, collect: Collect
) -> None:
    server.world.stale.add((WEDNESDAY, "cs.AI"))
    missed, today = collect(WEDNESDAY, _memory(MONDAY, seen=1))
    assert (missed.day, missed.state, _numbers(missed)) == (TUESDAY, BatchState.OK, [2, 3])
    assert (today.state, sorted(_numbers(today))) == (BatchState.PARTIAL, [2, 3, 4])
    assert "the feed is behind" in today.reasons[0]


def test_a_feed_that_is_behind_on_the_first_day_leaves_the_day_open(server: WorldServer, collect: Collect) -> None:
    server.world.stale.add((WEDNESDAY, "cs.AI"))
    [today] = collect(WEDNESDAY)
    assert (today.state, sorted(_numbers(today))) == (BatchState.PARTIAL, [2, 3, 4])


def test_all_categories_share_the_requests_for_details(server: WorldServer, collect: Collect) -> None:
    collect(THURSDAY, NOTHING, "cs.AI", "cs.LG")
    assert [path for path in server.asked if path.startswith("/api")] == [
        "/api?id_list=2603.00005%2C2603.00006&max_results=2"
    ]
