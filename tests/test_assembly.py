"""What one reader's digest holds, from a real store and real matching."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from digest.assembly import REVISIONS_REACH, assemble_digests, count_editions, load_span
from digest.domain import (
    Batch,
    BatchState,
    DeliveryState,
    Digest,
    Edition,
    Email,
    Interest,
    Match,
    Outcome,
    Paper,
    Profile,
    Revision,
    RevisionKind,
    Section,
    SectionKind,
    Subscriber,
    WordCounts,
)
from digest.storage import Loss, Store, open_store

DAY = date(2026, 6, 30)
EVE = date(2026, 6, 29)
HEDGES = Profile((Interest("Hedges", ("hedge",)),))


def no_signups(_details: dict[str, Any]) -> Subscriber:
    raise NotImplementedError


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    url = f"sqlite:///{tmp_path / 'digest.db'}"
    with open_store(url, now=lambda: datetime(2026, 6, 30, 5, 30, tzinfo=UTC), read_signup=no_signups) as opened:
        opened.ledger.add_batches(Edition(date(2026, 5, 1), date(2026, 5, 1)), [])
        yield opened


def paper(number: int, title: str = "A hedge", *, day: date = DAY, **details: Any) -> Paper:
    return Paper(id=f"arxiv:2606.{number:05}", title=f"{title}, {number}", announced=day, **details)


def reader(name: str = "ada", **details: Any) -> Subscriber:
    values: dict[str, Any] = {"id": name, "email": f"{name}@readers.example", "profile": HEDGES, "cursor": EVE}
    return Subscriber(**values | details)


@pytest.fixture
def collect(store: Store) -> Callable[..., None]:
    def add(*papers: Paper, day: date = DAY, source: str = "arxiv") -> None:
        batch = Batch("", day, BatchState.OK, source=source, papers=papers)
        store.ledger.add_batches(Edition(day, day - timedelta(days=7)), [batch])

    return add


@pytest.fixture
def assemble(store: Store) -> Callable[..., list[Digest]]:
    def make(*readers: Subscriber, losses: dict[str, Loss] | None = None, day: date = DAY) -> list[Digest]:
        return list(assemble_digests(readers, day, papers=store.papers, history=store.history, losses=losses or {}))

    return make


def shown(digest: Digest, kind: SectionKind) -> list[str]:
    return [match.paper.id[-1] for section in digest.sections if section.kind is kind for match in section.matches]


Collect = Callable[..., None]
Assemble = Callable[..., Sequence[Digest]]


def test_a_digest_holds_what_matches_of_the_editions_after_the_cursor(collect: Collect, assemble: Assemble) -> None:
    collect(paper(1, day=date(2026, 6, 28)), day=date(2026, 6, 28))
    collect(paper(2, day=EVE), day=EVE)
    collect(paper(3), paper(4, "A bird"))

    (digest,) = assemble(reader(cursor=date(2026, 6, 28)))

    assert digest.covers == (EVE, DAY)
    assert sorted(shown(digest, SectionKind.INTEREST)) == ["2", "3"]
    assert (digest.considered, digest.matched) == (3, 2)


def test_each_reader_gets_their_own_whatever_their_cursor(collect: Collect, assemble: Assemble) -> None:
    collect(paper(1, day=EVE), day=EVE)
    collect(paper(2), paper(3, "A bird"))
    birds = Profile((Interest("Birds", ("bird",)),))

    found = assemble(reader("ada"), reader("bob", cursor=date(2026, 6, 28)), reader("cleo", profile=birds))

    papers = {digest.subscriber.id: sorted(shown(digest, SectionKind.INTEREST)) for digest in found}
    assert papers == {"ada": ["2"], "bob": ["1", "2"], "cleo": ["3"]}


def test_somebody_new_gets_the_edition_alone(collect: Collect, assemble: Assemble) -> None:
    collect(paper(1, day=EVE), day=EVE)
    collect(paper(2))

    (digest,) = assemble(reader(cursor=None))

    assert shown(digest, SectionKind.INTEREST) == ["2"]


def test_with_nothing_to_say_the_digest_is_empty_and_still_there(collect: Collect, assemble: Assemble) -> None:
    collect(paper(1, "A bird"))

    (digest,) = assemble(reader())

    assert digest.is_empty
    assert (digest.covers, digest.considered) == ((DAY,), 1)


def test_a_day_without_any_paper_is_covered_all_the_same(assemble: Assemble) -> None:
    (digest,) = assemble(reader())

    assert digest.covers == (DAY,)
    assert digest.is_empty


def test_after_a_long_absence_fourteen_editions_are_covered_and_the_older_papers_counted(
    store: Store, collect: Collect, assemble: Assemble
) -> None:
    days = [DAY - timedelta(days=number) for number in range(20, -1, -1)]
    for number, day in enumerate(days):
        collect(paper(number, day=day), day=day)

    (digest,) = assemble(reader(cursor=days[0] - timedelta(days=1)))

    assert digest.covers == tuple(days[-14:])
    assert (digest.considered, digest.older_papers) == (14, 7)
    assert load_span(store.papers, after=days[0], edition=DAY).older_papers == 6


def test_a_late_paper_has_its_own_section(collect: Collect, assemble: Assemble) -> None:
    collect(paper(1, day=date(2026, 6, 27)), paper(2))

    (digest,) = assemble(reader())

    assert shown(digest, SectionKind.LATE) == ["1"]
    assert shown(digest, SectionKind.INTEREST) == ["2"]


def test_what_an_earlier_mail_lost_comes_once_more_and_the_rest_as_usual(collect: Collect, assemble: Assemble) -> None:
    collect(paper(1, day=EVE), day=EVE)
    collect(paper(2))
    lost = {"ada": Loss(EVE, is_doubtful=True)}

    ada, bob = assemble(*(reader(name, cursor=date(2026, 6, 28)) for name in ("ada", "bob")), losses=lost)

    assert (shown(ada, SectionKind.AGAIN), shown(ada, SectionKind.INTEREST)) == (["1"], ["2"])
    assert shown(bob, SectionKind.AGAIN) == []


def test_trending_papers_close_the_digest_and_never_repeat_a_match(collect: Collect, assemble: Assemble) -> None:
    listed = [paper(1, is_listed=True, upvotes=90)]
    listed += [paper(number, "A bird", is_listed=True, upvotes=number) for number in range(2, 8)]
    collect(*listed, source="huggingface")

    (digest,) = assemble(reader())

    assert shown(digest, SectionKind.INTEREST) == ["1"]
    assert shown(digest, SectionKind.TRENDING) == ["7", "6", "5"]


def test_a_paper_of_an_older_edition_that_is_listed_today_trends_and_does_not_match_again(
    collect: Collect, assemble: Assemble
) -> None:
    collect(paper(1, "A bird", day=EVE), paper(2, day=EVE), day=EVE)
    collect(paper(1, "A bird", is_listed=True, upvotes=5), paper(2, is_listed=True, upvotes=9), source="huggingface")

    (digest,) = assemble(reader())

    assert shown(digest, SectionKind.INTEREST) == []
    assert "1" in shown(digest, SectionKind.TRENDING)
    assert digest.considered == 0


def test_a_reader_without_interests_gets_the_most_upvoted_papers(collect: Collect, assemble: Assemble) -> None:
    collect(*(paper(number, is_listed=True, upvotes=number) for number in range(6)), paper(9), source="huggingface")

    (digest,) = assemble(reader(profile=Profile(max_papers=4)))

    assert shown(digest, SectionKind.TRENDING) == ["5", "4", "3", "2"]


def test_upvotes_of_a_later_day_do_not_show_in_an_older_edition(collect: Collect, assemble: Assemble) -> None:
    collect(paper(1, "A bird", day=EVE), day=EVE)
    collect(paper(1, "A bird", is_listed=True, upvotes=5), source="huggingface")

    (digest,) = assemble(reader(cursor=date(2026, 6, 28)), day=EVE)

    assert digest.is_empty


def test_a_reader_who_likes_a_paper_that_we_hold_gets_those_like_it(collect: Collect, assemble: Assemble) -> None:
    abstract = "A selective scan is hardware-aware; the selective scan makes mamba blocks fast."
    liked = paper(1, "Selective scans of mamba blocks", day=EVE, abstract=abstract, aliases=("doi:10.5555/scan",))
    collect(liked, day=EVE)
    collect(paper(2, "Mamba blocks with a selective scan", abstract="It is hardware-aware."), paper(3, "A garden"))
    for name in ("like:arxiv:2606.00001", "like:doi:10.5555/scan"):
        [digest] = assemble(reader(profile=Profile((Interest("More", (name,)),))))
        assert shown(digest, SectionKind.INTEREST) == ["2"]


def score(digest: Digest) -> float:
    return digest.sections[0].matches[0].score


def test_a_score_tells_how_rare_a_word_is_over_the_editions_before(collect: Collect, assemble: Assemble) -> None:
    rare, common = (replace(HEDGES, interests=(Interest(keywords=(word,)),)) for word in ("hedge", "bird"))
    for number in range(100, 1140):  # from a thousand papers on the day's own words count no more
        day = EVE - timedelta(days=number % 3)
        collect(paper(number, "A bird", day=day), day=day)
    collect(paper(1, "A hedge and a bird"))

    hedge, bird = map(score, assemble(reader("a", profile=rare), reader("b", profile=common)))

    assert hedge > 10 * bird > 0


def test_the_same_hit_scores_the_same_on_two_days(collect: Collect, assemble: Assemble) -> None:
    for number in range(100, 1140):
        day = date(2026, 6, 27)
        collect(paper(number, "A bird", day=day), day=day)
    collect(paper(1, "A hedge", day=EVE), day=EVE)
    collect(*(paper(number, "A hedge of birds") for number in range(2, 40)))

    ((first,), (second,)) = (assemble(reader(cursor=day - timedelta(days=1)), day=day) for day in (EVE, DAY))

    assert score(second) == pytest.approx(score(first), rel=0.2)


def test_words_that_were_counted_before_are_not_counted_anew(store: Store, collect: Collect) -> None:
    collect(paper(1, "A hedge", day=EVE), day=EVE)
    fresh = count_editions(DAY, store.papers)
    store.ledger.keep_word_counts({EVE: WordCounts(7, {"owl": 7})})

    assert (fresh[EVE].papers, fresh[EVE].frequency["hedge"]) == (1, 1)
    assert count_editions(DAY, store.papers) == {EVE: WordCounts(7, {"owl": 7})}


def test_papers_of_a_past_edition_that_come_later_are_counted_too(store: Store, collect: Collect) -> None:
    collect(paper(1, "A hedge", day=EVE), day=EVE)
    store.ledger.keep_word_counts(count_editions(DAY, store.papers))
    batch = Batch("", EVE, BatchState.OK, source="arxiv", papers=(paper(2, "An owl", day=EVE),))
    store.ledger.add_batches(Edition(DAY, EVE, is_backfill=True), [batch])

    counts = count_editions(DAY, store.papers)[EVE]

    assert (counts.papers, counts.frequency["hedge"], counts.frequency["owl"]) == (2, 1, 1)


def revised(number: int, version: int = 2, *, day: date = DAY, **details: Any) -> Paper:
    return paper(number, day=day, version=version, **details)


@pytest.fixture
def sent(store: Store) -> Callable[..., None]:
    """Records that a reader's mail of a day went out with some papers."""

    def record(name: str, day: date, papers: Sequence[Paper], after: date | None = None) -> None:
        who = reader(name, cursor=after or day - timedelta(days=1))
        matches = tuple(Match(one, "Hedges", 1.0, ()) for one in papers)
        section = Section(SectionKind.INTEREST, "Hedges", matches)
        digest = Digest(who, day, (day,), (section,), considered=len(papers), matched=len(papers))
        email = Email(who.email, "digest@papers.example", f"<{name}@x>", "", b"", who.id, day, digest)
        store.subscribers.enroll([who], edition=day)
        store.deliveries.plan(day, [who])
        with store.deliveries.open_ownership() as owner:
            assert store.deliveries.claim([email], owner=owner)
            store.deliveries.record([Outcome(email, DeliveryState.SENT)], owner=owner)

    return record


Sent = Callable[..., None]


@pytest.fixture
def revise(store: Store) -> Callable[..., None]:
    def add(*papers: Paper, day: date = DAY) -> None:
        batch = Batch("", day, BatchState.OK, source="arxiv", revised=papers)
        store.ledger.add_batches(Edition(day, day - timedelta(days=7)), [batch])

    return add


def test_a_revision_is_told_once_and_only_to_readers_who_were_sent_the_paper(
    store: Store, collect: Collect, revise: Callable[..., None], assemble: Assemble, sent: Sent
) -> None:
    collect(paper(1, day=EVE, version=1), paper(2, day=EVE, version=1), day=EVE)
    sent("ada", EVE, store.papers.of_edition(EVE, as_of=EVE)[:1])
    revise(revised(1), revised(2))

    ada, bob = assemble(reader("ada"), reader("bob"))
    (tomorrow,) = assemble(reader("ada", cursor=DAY), day=DAY + timedelta(days=1))

    assert shown(ada, SectionKind.REVISED) == ["1"]
    assert ada.shown[0].revisions == (Revision("arxiv:2606.00001", RevisionKind.VERSION, "v2", DAY),)
    assert (ada.matched, ada.considered) == (0, 0)
    assert shown(bob, SectionKind.REVISED) == shown(tomorrow, SectionKind.REVISED) == []


def test_a_paper_mailed_long_ago_does_not_trend_and_only_mails_over_its_edition_are_looked_through(
    store: Store, collect: Collect, assemble: Assemble, sent: Sent
) -> None:
    past = DAY - timedelta(days=200)
    collect(paper(1, "A bird", day=past), day=past)
    collect(paper(2, "A bird", day=EVE), day=EVE)
    sent("ada", past, store.papers.of_edition(past, as_of=past))
    sent("ada", EVE, store.papers.of_edition(EVE, as_of=EVE), after=past)
    collect(paper(1, "A bird", is_listed=True, upvotes=9), source="huggingface")

    ada, bob = assemble(reader("ada"), reader("bob"))
    found = store.history.mailed(["ada"], since=DAY, before=DAY, covering=[past])

    assert shown(ada, SectionKind.TRENDING) == []
    assert shown(bob, SectionKind.TRENDING) == ["1"]
    assert found == {"ada": {"arxiv:2606.00001"}}


def test_a_withdrawal_comes_before_new_versions_and_old_papers_are_left_alone(
    store: Store, collect: Collect, revise: Callable[..., None], assemble: Assemble, sent: Sent
) -> None:
    old = DAY - REVISIONS_REACH - timedelta(days=1)
    collect(paper(3, day=old, version=1), day=old)
    collect(paper(1, day=EVE, version=1), paper(2, day=EVE, version=1), day=EVE)
    sent("ada", old, store.papers.of_edition(old, as_of=old))
    sent("ada", EVE, store.papers.of_edition(EVE, as_of=EVE), after=old)
    revise(revised(1), revised(2, is_withdrawn=True, comment="An error in Lemma 2"), revised(3))

    (digest,) = assemble(reader("ada"))

    assert shown(digest, SectionKind.REVISED) == ["2", "1"]
