from datetime import date, timedelta

from digest.domain import BatchState, Edition, Memory, Paper, Refusal
from digest.errors import SourceBlocked, SourceError
from digest.sources.batching import empty_batch, failed_batch, make_batch, make_batches
from digest.sources.formats import Page
from digest.sources.paging import Walk

WEDNESDAY, SATURDAY = date(2026, 3, 11), date(2026, 3, 14)


def _page(*, good: int, bad: int = 0, expected: int | None = None) -> Page:
    papers = tuple(Paper(id=f"arxiv:2603.{n:05}", title="T", announced=WEDNESDAY) for n in range(good))
    refused = tuple(Refusal(place=f"record {n}", reason="no title") for n in range(bad))
    return Page(day=WEDNESDAY, papers=papers, refused=refused, records=good + bad, expected=expected)


def test_a_sound_page_is_ok_and_says_nothing() -> None:
    batch = make_batch("cs.CL", WEDNESDAY, _page(good=3), Memory())
    assert (batch.state, batch.reasons, batch.records) == (BatchState.OK, (), 3)


def test_up_to_a_fifth_of_broken_records_is_tolerated_and_told() -> None:
    assert make_batch("", WEDNESDAY, _page(good=4, bad=1), Memory()).state is BatchState.OK
    assert make_batch("", WEDNESDAY, _page(good=3, bad=1), Memory()).state is BatchState.PARTIAL
    assert make_batch("", WEDNESDAY, _page(good=4, bad=1), Memory()).reasons == ("1 of 5 records can't be used",)


def test_a_page_of_which_nothing_can_be_used_is_broken() -> None:
    batch = make_batch("", WEDNESDAY, _page(good=0, bad=2), Memory())
    assert batch.state is BatchState.BROKEN
    assert "no title" in batch.reasons[0]


def test_fewer_records_than_promised_make_a_batch_partial_even_when_none_came() -> None:
    assert make_batch("", WEDNESDAY, _page(good=2, expected=3), Memory()).state is BatchState.PARTIAL
    assert make_batch("", SATURDAY, _page(good=0, expected=3), Memory()).state is BatchState.PARTIAL
    assert make_batch("", WEDNESDAY, _page(good=3, expected=3), Memory()).state is BatchState.OK


def test_an_empty_page_is_quiet_only_with_a_reason_in_the_calendar() -> None:
    assert make_batch("", SATURDAY, Page(day=SATURDAY), Memory()).state is BatchState.QUIET
    assert make_batch("", WEDNESDAY, Page(day=WEDNESDAY), Memory()).state is BatchState.NOT_YET
    skipping = Page(day=WEDNESDAY, skipped_weekdays=frozenset({"wednesday"}))
    assert make_batch("", WEDNESDAY, skipping, Memory()).state is BatchState.QUIET


def test_repeated_records_are_told() -> None:
    batch = make_batch("", WEDNESDAY, Page(day=WEDNESDAY, papers=_page(good=1).papers, records=3), Memory())
    assert (batch.state, batch.reasons) == (BatchState.OK, ("2 of 3 records repeat another one",))


def test_a_refusing_server_is_told_from_a_broken_page() -> None:
    assert failed_batch("", WEDNESDAY, SourceBlocked("no", status=429)).state is BatchState.BLOCKED
    assert failed_batch("", WEDNESDAY, SourceError("no", status=500)).state is BatchState.BROKEN


def test_a_day_without_a_page_is_quiet_on_a_weekend_only() -> None:
    assert empty_batch("", SATURDAY, "why", otherwise=BatchState.PARTIAL).state is BatchState.QUIET
    batch = empty_batch("", WEDNESDAY, "why", otherwise=BatchState.PARTIAL)
    assert (batch.state, batch.reasons) == (BatchState.PARTIAL, ("why",))


def test_nothing_but_papers_of_earlier_days_is_stale() -> None:
    yesterday = WEDNESDAY - timedelta(days=1)
    page = _page(good=2)
    first, second = (paper.id for paper in page.papers)
    assert make_batch("", WEDNESDAY, page, Memory(seen={first: yesterday, second: yesterday})).state is BatchState.STALE
    assert make_batch("", WEDNESDAY, page, Memory(seen={first: yesterday, second: WEDNESDAY})).state is BatchState.OK
    assert make_batch("", WEDNESDAY, page, Memory(seen={first: yesterday})).state is BatchState.OK


def test_a_page_cut_short_keeps_what_came_and_is_partial() -> None:
    batch = make_batch("", WEDNESDAY, _page(good=2), Memory(), error=SourceError("page 2: the server answered 500"))
    assert (batch.state, len(batch.papers)) == (BatchState.PARTIAL, 2)
    assert batch.reasons == ("page 2: the server answered 500",)


def test_an_answer_over_several_days_becomes_a_batch_for_each_open_day() -> None:
    edition = Edition(WEDNESDAY, WEDNESDAY - timedelta(days=2))
    settled = Memory(settled=frozenset({("q", edition.since)}))
    batches = list(make_batches("q", edition, settled, Walk(_page(good=2))))
    assert [(batch.day, batch.state, len(batch.papers)) for batch in batches] == [
        (WEDNESDAY - timedelta(days=1), BatchState.QUIET, 0),
        (WEDNESDAY, BatchState.OK, 2),
    ]


def test_a_whole_servers_day_without_records_is_quiet_on_a_weekend_only() -> None:
    edition = Edition(SATURDAY, WEDNESDAY)
    batches = list(make_batches("", edition, Memory(), Walk(Page(day=SATURDAY)), is_whole=True))
    assert [batch.state for batch in batches] == [BatchState.NOT_YET] * 3 + [BatchState.QUIET]


def test_a_list_cut_short_closes_no_day() -> None:
    edition = Edition(WEDNESDAY, WEDNESDAY - timedelta(days=1))
    walk = Walk(_page(good=2), SourceError("9 records were promised and 2 came"))
    batches = list(make_batches("", edition, Memory(), walk))
    assert [batch.state for batch in batches] == [BatchState.BROKEN, BatchState.PARTIAL]
    assert all("9 records" in batch.reasons[0] for batch in batches)


def test_records_that_can_be_used_on_no_day_are_told_with_the_editions_day() -> None:
    edition = Edition(WEDNESDAY, WEDNESDAY - timedelta(days=1))
    (_, batch) = make_batches("", edition, Memory(), Walk(_page(good=4, bad=1)))
    assert (batch.records, len(batch.refused), batch.state) == (5, 1, BatchState.OK)
