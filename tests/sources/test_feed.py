import re
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from digest import sources
from digest.adapters import make_adapter
from digest.domain import Batch, BatchState, Edition, Memory, Paper
from digest.errors import ConfigError
from digest.identity import title_id
from digest.sources._http import HttpClient
from digest.sources.feed import Feed

WEDNESDAY = date(2026, 3, 11)
EDITION = Edition(day=WEDNESDAY, since=date(2026, 3, 6))
EVE = date(2026, 3, 5)


@pytest.fixture
def category(upstream: Any) -> str:
    return f"{upstream.url.removeprefix('http://')}/rss"


@pytest.fixture
def collect(upstream: Any, http: HttpClient, category: str) -> Callable[..., list[Batch]]:
    """Asks for the feed at /rss; `fetched` are the days on which it closed before."""

    def run(
        *fetched: date,
        seen: Mapping[str, date] | None = None,
        begun: date | None = None,
        edition: Edition = EDITION,
        settled: bool = False,
    ) -> list[Batch]:
        closed = frozenset((category, day) for day in fetched)
        memory = Memory(
            closed=closed,
            settled=closed if settled else frozenset(),
            begun={category: begun} if begun else {},
            seen=seen or {},
        )
        return list(Feed(urls=[f"{upstream.url}/rss"]).fetch(edition, memory, http))

    return run


def _feed(*items: tuple[str, str], built: str = "") -> str:
    """A feed of (title, day) items, undated where the day is empty."""
    written = "".join(
        f"<item><title>{title}</title>{f'<dc:date>{day}</dc:date>' if day else ''}</item>" for title, day in items
    )
    head = f"<title>Invented letters</title>{f'<lastBuildDate>{built}</lastBuildDate>' if built else ''}"
    return f'<rss xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>{head}{written}</channel></rss>'


def _days(papers: tuple[Paper, ...]) -> dict[str, date]:
    return {paper.title: paper.announced for paper in papers}


def _states(batches: list[Batch]) -> dict[date, BatchState]:
    return {batch.day: batch.state for batch in batches}


def test_each_day_of_the_window_that_has_items_becomes_a_batch(
    upstream: Any, page: Callable[[str], bytes], collect: Callable[..., list[Batch]], category: str
) -> None:
    upstream.says("/rss", page("feed_journal.xml"))
    yesterday, today = (batch for batch in collect(EVE) if batch.papers)
    assert (yesterday.category, yesterday.day, yesterday.state) == (category, date(2026, 3, 10), BatchState.OK)
    assert [paper.id for paper in yesterday.papers] == ["arxiv:2603.07001"]
    assert (today.day, today.state, today.records, len(today.refused)) == (WEDNESDAY, BatchState.OK, 4, 1)
    assert [paper.title for paper in today.papers][:1] == ["Compost as a slow fire"]
    assert {paper.announced for paper in today.papers} == {WEDNESDAY}


def test_what_a_feed_holds_undated_when_it_is_first_fetched_is_known_and_no_news(
    upstream: Any, collect: Callable[..., list[Batch]]
) -> None:
    upstream.says("/rss", _feed(("First", ""), ("Second", ""), ("Dated", "2026-03-11")))
    known, today = collect()
    assert (known.day, known.state, known.records) == (EVE, BatchState.OK, 2)
    assert _days(known.papers) == {"First": EVE, "Second": EVE}
    assert known.reasons == ("the first fetch of this feed: its 2 undated items count as known",)
    assert (today.state, today.records, _days(today.papers)) == (BatchState.OK, 1, {"Dated": WEDNESDAY})


def test_a_feed_of_nothing_but_undated_items_is_quiet_at_first(
    upstream: Any, collect: Callable[..., list[Batch]]
) -> None:
    upstream.says("/rss", _feed(("First", "")))
    known, today = collect()
    assert (known.day, _days(known.papers)) == (EVE, {"First": EVE})
    assert (today.day, today.state, today.records, today.papers) == (WEDNESDAY, BatchState.QUIET, 0, ())


def test_the_first_fetch_is_the_first_that_succeeds_unless_the_feed_is_known_of_old(
    upstream: Any, collect: Callable[..., list[Batch]]
) -> None:
    upstream.says("/rss", _feed(("First", "")))
    known, _ = collect(begun=date(2026, 3, 9))
    [back_after_weeks] = collect(begun=date(2025, 3, 9))
    assert _days(known.papers) == {"First": EVE}
    assert _days(back_after_weeks.papers) == {"First": WEDNESDAY}


def test_an_undated_item_that_was_never_seen_is_announced_on_the_editions_day_and_keeps_it(
    upstream: Any, collect: Callable[..., list[Batch]]
) -> None:
    upstream.says("/rss", _feed(("New", ""), ("Older", ""), ("Oldest", "")))
    seen = {title_id("Older"): date(2026, 3, 9), title_id("Oldest"): date(2026, 2, 20)}
    monday, today = collect(EVE, seen=seen)
    assert (monday.day, _days(monday.papers)) == (date(2026, 3, 9), {"Older": date(2026, 3, 9)})
    assert _days(today.papers) == {"New": WEDNESDAY, "Oldest": date(2026, 2, 20)}
    assert today.state is BatchState.OK


def test_an_item_whose_day_is_moved_later_keeps_the_day_on_which_it_was_seen(
    upstream: Any, collect: Callable[..., list[Batch]]
) -> None:
    upstream.says("/rss", _feed(("Moved", "2026-03-11")))
    *_, today = collect(date(2026, 3, 10), seen={title_id("Moved"): date(2026, 3, 10)})
    assert (today.state, today.papers) == (BatchState.QUIET, ())


def test_a_feed_with_the_same_items_as_before_is_quiet_and_needs_nobody(
    upstream: Any, collect: Callable[..., list[Batch]]
) -> None:
    upstream.says("/rss", _feed(("January", "2026-01-31"), ("February", "2026-02-28")))
    batches = collect(EVE)
    assert set(_states(batches).values()) == {BatchState.QUIET}
    today = batches[-1]
    assert today.reasons == ("nothing new among the feed's 2 items",)
    assert (today.day, today.records, len(today.papers)) == (WEDNESDAY, 2, 2)


def test_an_earlier_day_is_quiet_if_the_feed_reaches_back_and_nothing_is_said_of_it_otherwise(
    upstream: Any, collect: Callable[..., list[Batch]]
) -> None:
    upstream.says("/rss", _feed(("Monday", "2026-03-09"), ("Today", "2026-03-11")))
    assert _states(collect(EVE)) == {
        date(2026, 3, 9): BatchState.OK,
        date(2026, 3, 10): BatchState.QUIET,
        WEDNESDAY: BatchState.OK,
    }
    assert date(2026, 3, 10) not in _states(collect(date(2026, 3, 10)))


def test_a_settled_day_is_told_of_again_only_if_something_came_late(
    upstream: Any, collect: Callable[..., list[Batch]]
) -> None:
    upstream.says("/rss", _feed(("Monday", "2026-03-09"), ("Today", "2026-03-11")))
    known = {title_id("Monday"): date(2026, 3, 9)}
    monday = date(2026, 3, 9)
    assert monday not in _states(collect(monday, seen=known, settled=True))
    assert monday in _states(collect(monday, settled=True))


def test_an_item_of_tomorrow_waits_if_the_feed_is_of_tomorrow_and_counts_as_undated_if_not(
    upstream: Any, collect: Callable[..., list[Batch]]
) -> None:
    tomorrow = date(2026, 3, 12)
    upstream.says("/rss", _feed(("Ahead", "2026-03-12"), built="Thu, 12 Mar 2026 01:00:00 +0900"))
    upstream.says("/rss", _feed(("Ahead", "2026-03-12")))
    [waiting], [first_sight] = collect(EVE), collect(EVE)
    assert (waiting.state, _days(waiting.papers)) == (BatchState.QUIET, {"Ahead": tomorrow})
    assert (first_sight.state, _days(first_sight.papers)) == (BatchState.OK, {"Ahead": WEDNESDAY})
    assert first_sight.reasons == ("1 of 1 items have a day that can't be right: they count as undated",)


def test_a_feed_without_any_item_is_quiet_on_a_weekend_only(upstream: Any, collect: Callable[..., list[Batch]]) -> None:
    upstream.says("/rss", _feed())
    saturday = date(2026, 3, 14)
    assert _states(collect()) == {WEDNESDAY: BatchState.NOT_YET}
    assert _states(collect(edition=Edition(saturday, saturday))) == {saturday: BatchState.QUIET}


@pytest.mark.parametrize(
    ("body", "cause"),
    [
        ("", "the feed is empty"),
        ("<!DOCTYPE html><html><body>Please log in</body></html>", "this is an HTML page, not a feed"),
        ("<rss><channel><item><title>T</title></item></channel></rss>", "no channel with a title"),
        (_feed(("First", ""))[:-20], "the feed was cut"),
        ('<!DOCTYPE rss [<!ENTITY e "x">]>' + _feed(("&e;", "")), "declares entities"),
    ],
)
def test_what_is_no_whole_feed_is_broken_and_named(
    upstream: Any, collect: Callable[..., list[Batch]], body: str, cause: str
) -> None:
    upstream.says("/rss", body)
    [batch] = collect(EVE)
    assert (batch.day, batch.state) == (WEDNESDAY, BatchState.BROKEN)
    assert batch.reasons[0].startswith(f"{upstream.url}/rss: ")
    assert cause in batch.reasons[0]


def test_a_sloppy_feed_is_read_and_its_slip_is_told(upstream: Any, collect: Callable[..., list[Batch]]) -> None:
    upstream.says("/rss", _feed(("Salt & pepper", "2026-03-11")))
    [batch] = collect(EVE)
    assert (batch.state, batch.papers[0].title) == (BatchState.OK, "Salt & pepper")
    assert "read although it is not well-formed XML" in batch.reasons[0]


def test_a_feed_of_which_little_can_be_used_is_partial_however_old_its_items_are(
    upstream: Any, collect: Callable[..., list[Batch]]
) -> None:
    upstream.says("/rss", _feed(("", "2026-01-01"), ("", ""), ("Good", "2026-03-11")))
    [batch] = collect(EVE)
    assert (batch.state, len(batch.refused), batch.records) == (BatchState.PARTIAL, 2, 3)


def test_one_feed_that_fails_does_not_cost_the_others(upstream: Any, http: HttpClient) -> None:
    upstream.says("/gone", status=404)
    upstream.says("/refused", status=403)
    upstream.says("/busy", status=429)
    upstream.says("/rss?topic=1", _feed(("T", "2026-03-11")))
    urls = [f"{upstream.url}/{path}" for path in ("gone", "rss?topic=1", "busy", "refused")]
    batches = [batch for batch in Feed(urls=urls).fetch(EDITION, Memory(), http) if batch.day == WEDNESDAY]
    assert [batch.category.partition("/")[2] for batch in batches] == ["gone", "rss", "busy", "refused"]
    assert [batch.state for batch in batches] == [
        BatchState.BROKEN,
        BatchState.OK,
        BatchState.BLOCKED,
        BatchState.BLOCKED,
    ]


def test_a_feeds_name_is_its_address_without_scheme_log_in_query_and_fragment(upstream: Any, http: HttpClient) -> None:
    host = upstream.url.removeprefix("http://")
    upstream.says("/rss?token=hush", _feed(("T", "2026-03-11")))
    source = Feed(urls=[f"http://ada:se@cret@{host}/rss?token=hush#top", f"http://{host}/rss?token=hush"])
    assert [batch.category for batch in source.fetch(EDITION, Memory(), http)] == [f"{host}/rss"]
    assert upstream.asked == ["/rss?token=hush"]


def test_feeds_that_differ_in_their_query_alone_keep_names_of_their_own(upstream: Any, http: HttpClient) -> None:
    urls = [f"{upstream.url}/rss?topic={topic}" for topic in ("moss", "snail")]
    for topic in ("moss", "snail"):
        upstream.says(f"/rss?topic={topic}", _feed((topic, "2026-03-11")))
    names, again = (
        {
            paper.title: batch.category
            for batch in Feed(urls=order).fetch(EDITION, Memory(), http)
            for paper in batch.papers
        }
        for order in (urls, urls[::-1])
    )
    assert names == again
    assert len(set(names.values())) == 2
    for name in names.values():
        assert re.fullmatch(r"127\.0\.0\.1:\d+/rss#[0-9a-f]{8}", name)


@pytest.mark.parametrize("token", ["hush", "hush-" * 60])
@pytest.mark.parametrize(
    "answer",
    [
        {"status": 403},
        {"body": "<opml/>"},
        {"status": 302, "headers": {"Location": "/gone?key=hush"}},
    ],
)
def test_no_message_shows_the_query_of_a_feed(
    upstream: Any, http: HttpClient, answer: dict[str, Any], token: str
) -> None:
    upstream.says(f"/rss?token={token}", **answer)
    [batch] = Feed(urls=[f"{upstream.url}/rss?token={token}"]).fetch(EDITION, Memory(), http)
    [reason] = batch.reasons
    assert "hush" not in reason
    assert reason.startswith((f"{upstream.url}/rss: ", f"{upstream.url}/rss, redirected to {upstream.url}/gone: "))


@pytest.mark.parametrize(
    ("options", "mistake"),
    [
        ({}, "sources.feed.urls: "),
        ({"urls": []}, "sources.feed.urls: is empty — write at least one"),
        ({"urls": "https://a.example/rss"}, "sources.feed.urls: "),
        ({"urls": ["a.example/rss"]}, "is no web address — write https://…"),
        ({"urls": ["https://a.example/rss"], "url": "https://a.example"}, "sources.feed.url: "),
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, Any], mistake: str) -> None:
    with pytest.raises(ConfigError, match=mistake):
        make_adapter(sources, "feed", options, file="config.toml", key="sources.feed", folder=Path("/srv/digest"))


def test_any_feed_of_the_web_is_taken_as_an_option() -> None:
    urls = ["https://a.example/rss", "http://127.0.0.1:8080/atom?x=1"]
    made: Any = make_adapter(
        sources, "feed", {"urls": urls}, file="config.toml", key="sources.feed", folder=Path("/srv/digest")
    )
    assert made.urls == urls
