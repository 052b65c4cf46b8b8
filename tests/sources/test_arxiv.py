from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from digest.domain import Batch, BatchState, Edition, Memory
from digest.errors import SourceError
from digest.sources._http import HttpClient
from digest.sources.arxiv import Arxiv

WEDNESDAY = date(2026, 3, 11)


@pytest.fixture
def collect(upstream: Any, http: HttpClient) -> Callable[..., list[Batch]]:
    def run(day: date, *categories: str, closed: frozenset[tuple[str, date]] = frozenset(), **options: Any) -> Any:
        source = Arxiv(categories=list(categories), rss_url=f"{upstream.url}/rss/", **options)
        return list(source.fetch(Edition(day=day, since=date(2026, 3, 4)), Memory(closed), http))

    return run


def test_each_category_is_asked_once_and_brings_its_new_papers(
    upstream: Any, page: Callable[[str], bytes], collect: Callable[..., list[Batch]]
) -> None:
    upstream.says("/rss/cs.CL", page("arxiv_rss.xml"))
    upstream.says("/rss/cs.AI", page("arxiv_feed_atom.xml"))
    first, second = collect(WEDNESDAY, "cs.CL", "cs.AI")
    assert upstream.asked == ["/rss/cs.CL", "/rss/cs.AI"]
    assert (first.category, first.day, first.state) == ("cs.CL", WEDNESDAY, BatchState.OK)
    assert (len(first.papers), first.cross, len(first.revised), first.records) == (2, 1, 2, 5)
    assert (second.category, len(second.papers), second.cross) == ("cs.AI", 1, 1)


def test_cross_lists_and_replacements_can_be_switched_on(
    upstream: Any, page: Callable[[str], bytes], collect: Callable[..., list[Batch]]
) -> None:
    upstream.says("/rss/cs.CL", page("arxiv_rss.xml"))
    [batch] = collect(WEDNESDAY, "cs.CL", crosslists=True, replacements=True)
    assert (len(batch.papers), batch.cross, len(batch.revised)) == (5, 0, 0)


def test_yesterdays_feed_is_brought_and_today_is_not_yet_there(
    upstream: Any, page: Callable[[str], bytes], collect: Callable[..., list[Batch]]
) -> None:
    upstream.says("/rss/cs.CL", page("arxiv_rss.xml"))
    old, today = collect(date(2026, 3, 12), "cs.CL")
    assert (old.day, old.state, len(old.papers)) == (WEDNESDAY, BatchState.OK, 2)
    assert (today.day, today.state, today.papers) == (date(2026, 3, 12), BatchState.NOT_YET, ())
    assert today.reasons == ("the feed is still dated 2026-03-11",)


def test_on_a_weekend_an_older_feed_is_no_sign_of_trouble(
    upstream: Any, page: Callable[[str], bytes], collect: Callable[..., list[Batch]]
) -> None:
    upstream.says("/rss/cs.CL", page("arxiv_rss.xml"))
    assert [batch.state for batch in collect(date(2026, 3, 14), "cs.CL")] == [BatchState.OK, BatchState.QUIET]


def test_an_empty_weekend_feed_is_quiet(
    upstream: Any, page: Callable[[str], bytes], collect: Callable[..., list[Batch]]
) -> None:
    upstream.says("/rss/cs.CL", page("arxiv_rss_weekend.xml"))
    assert [batch.state for batch in collect(date(2026, 3, 14), "cs.CL")] == [BatchState.QUIET]


def test_an_empty_feed_on_a_working_day_is_never_quiet(
    upstream: Any, page: Callable[[str], bytes], collect: Callable[..., list[Batch]]
) -> None:
    upstream.says("/rss/cs.CL", page("arxiv_rss_weekend.xml").replace(b"Sat, 14 Mar", b"Mon, 16 Mar"))
    assert [batch.state for batch in collect(date(2026, 3, 16), "cs.CL")] == [BatchState.NOT_YET]


def test_a_feed_of_a_later_day_leaves_the_edition_partial_and_its_papers_to_their_own_day(
    upstream: Any, page: Callable[[str], bytes], collect: Callable[..., list[Batch]]
) -> None:
    upstream.says("/rss/cs.CL", page("arxiv_rss.xml"))
    [batch] = collect(date(2026, 3, 10), "cs.CL")
    assert (batch.day, batch.state, batch.papers) == (date(2026, 3, 10), BatchState.PARTIAL, ())
    assert "one day only" in batch.reasons[0]


def test_a_day_that_is_closed_already_is_not_complained_about(
    upstream: Any, page: Callable[[str], bytes], collect: Callable[..., list[Batch]]
) -> None:
    upstream.says("/rss/cs.CL", page("arxiv_rss.xml"))
    assert collect(date(2026, 3, 10), "cs.CL", closed=frozenset({("cs.CL", date(2026, 3, 10))})) == []


def test_a_feed_as_long_as_a_feed_can_be_is_partial(
    upstream: Any, page: Callable[[str], bytes], collect: Callable[..., list[Batch]]
) -> None:
    head, item, tail = page("arxiv_rss.xml").partition(b"    <item>")
    first = item + tail[: tail.index(b"</item>") + 7]
    items = b"".join(first.replace(b"2603.09001", b"2603.%05d" % number) for number in range(2_000))
    upstream.says("/rss/cs.CL", head + items + b"</channel></rss>")
    [batch] = collect(WEDNESDAY, "cs.CL")
    assert (batch.state, batch.records, len(batch.papers)) == (BatchState.PARTIAL, 2_000, 2_000)
    assert "2000 rows" in batch.reasons[0]


def test_one_broken_category_costs_the_others_nothing(
    upstream: Any, page: Callable[[str], bytes], collect: Callable[..., list[Batch]]
) -> None:
    upstream.says("/rss/cs.AI", "<!DOCTYPE html><html>Down for maintenance</html>")
    upstream.says("/rss/cs.LG", status=503)
    upstream.says("/rss/cs.CL", page("arxiv_rss.xml"))
    broken, blocked, good = collect(WEDNESDAY, "cs.AI", "cs.LG", "cs.CL")
    assert (broken.state, blocked.state, good.state) == (BatchState.BROKEN, BatchState.BLOCKED, BatchState.OK)
    assert f"{upstream.url}/rss/cs.AI" in broken.reasons[0]
    assert (broken.day, blocked.day) == (WEDNESDAY, WEDNESDAY)


def test_after_a_403_nothing_more_is_asked_and_every_category_says_so(
    upstream: Any, collect: Callable[..., list[Batch]]
) -> None:
    upstream.says("/rss/cs.AI", status=403)
    batches = collect(WEDNESDAY, "cs.AI", "cs.LG", "cs.CL")
    assert upstream.asked == ["/rss/cs.AI"]
    assert [batch.state for batch in batches] == [BatchState.BLOCKED] * 3
    assert "not asked" in batches[2].reasons[0]


def test_a_category_cannot_leave_the_feeds_address(upstream: Any, collect: Callable[..., list[Batch]]) -> None:
    collect(WEDNESDAY, "../secret?x=1#y")
    assert upstream.asked == ["/rss/..%2Fsecret%3Fx%3D1%23y"]


def test_no_categories_are_an_error_and_no_quiet_day(collect: Callable[..., list[Batch]]) -> None:
    with pytest.raises(SourceError, match="no categories"):
        collect(WEDNESDAY)
