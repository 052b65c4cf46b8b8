"""Why a digest has a paper or hasn't, from a real store with real deliveries."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from digest.assembly import assemble_digests
from digest.backtest import TriedDay, backtest_profile
from digest.domain import (
    Batch,
    BatchState,
    DeliveryState,
    Edition,
    Email,
    Interest,
    Match,
    Outcome,
    Paper,
    Profile,
    Section,
    SectionKind,
    Subscriber,
)
from digest.explain import Answer, explain_choice, named_paper
from digest.matching import Cut
from digest.preview import reader_as_of
from digest.storage import Store, open_store

DAY = date(2026, 6, 30)
EVE = date(2026, 6, 29)
HEDGES = Profile((Interest("Hedges", ("hedge",), exclude=("maze",)),), max_papers=2, trending=1)

Make = Callable[..., Any]


def no_signups(_details: dict[str, Any]) -> Subscriber:
    raise NotImplementedError


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    url = f"sqlite:///{tmp_path / 'digest.db'}"
    with open_store(url, now=lambda: datetime(2026, 6, 30, 5, 30, tzinfo=UTC), read_signup=no_signups) as opened:
        opened.ledger.add_batches(Edition(date(2026, 5, 1), date(2026, 5, 1)), [])
        yield opened


@pytest.fixture
def collect(store: Store) -> Make:
    def add(*papers: Paper, day: date = DAY, source: str = "arxiv", since: date | None = None) -> None:
        batch = Batch("", day, BatchState.OK, source=source, papers=papers)
        edition = Edition(day, since or day - timedelta(days=7), is_backfill=since is not None)
        store.ledger.add_batches(edition, [batch])

    return add


@pytest.fixture
def deliver(store: Store) -> Make:
    """Makes and records a reader's digest of a day, as a run does, and may show them one more paper."""

    def make(
        reader: Subscriber, day: date, state: DeliveryState = DeliveryState.SENT, also: Paper | None = None
    ) -> None:
        store.ledger.close_edition(day)
        store.subscribers.enroll([reader], edition=day)
        (reader,) = (each for each in store.subscribers.each([reader]) if each.id == reader.id)
        store.deliveries.plan(day, [reader])
        reader, losses = reader_as_of(reader, day, store.history)
        (digest,) = assemble_digests([reader], day, papers=store.papers, history=store.history, losses=losses)
        if also is not None:
            further = Section(SectionKind.REVISED, "", (Match(also, "", 0.0, ()),))
            digest = replace(digest, sections=(*digest.sections, further))
        mail = Email(reader.email, "us@example.org", f"<{day}>", "Papers", b"", reader.id, day, digest)
        with store.deliveries.open_ownership() as owner:
            assert store.deliveries.claim([mail], owner=owner) == {reader.id}
            store.deliveries.record([Outcome(mail, state)], owner=owner)

    return make


@pytest.fixture
def explain(store: Store) -> Callable[..., Answer]:
    def make(number: int, reader: Subscriber) -> Answer:
        (paper,) = store.papers.named([f"arxiv:2606.{number:05}"])
        (joined,) = (each for each in store.subscribers.each([reader]) if each.id == reader.id)
        return explain_choice(paper, joined, store)

    return make


def paper(number: int, title: str = "A hedge", *, day: date = DAY, **details: Any) -> Paper:
    return Paper(id=f"arxiv:2606.{number:05}", title=f"{title}, {number}", announced=day, **details)


def reader(name: str = "ada", **details: Any) -> Subscriber:
    values: dict[str, Any] = {"id": name, "email": f"{name}@readers.example", "profile": HEDGES}
    return Subscriber(**values | details)


def test_a_chosen_paper_has_its_place_and_score_and_was_not_sent_yet(collect: Make, explain: Make) -> None:
    collect(paper(1), paper(2), paper(3, "A bird"))

    answer = explain(2, reader())

    assert (answer.is_chosen, answer.rank, answer.sent_before, answer.mailed) == (True, 2, None, ())
    assert answer.score == pytest.approx(answer.explanation.interests[0].score)
    assert (answer.span.edition, len(answer.span.papers)) == (DAY, 3)


def test_what_is_explained_is_what_the_digest_shows(store: Store, collect: Make, explain: Make) -> None:
    titles = ["A hedge", "A bird", "A hedge maze", "Hedges hedge", "A garden", "The hedge"]
    collect(*(paper(number, title) for number, title in enumerate(titles)))
    (digest,) = assemble_digests([reader()], DAY, papers=store.papers, history=store.history, losses={})

    answers = [explain(number, reader()) for number in range(len(titles))]

    shown = {match.paper.id: match.score for match in digest.shown}
    assert {a.explanation.paper.id: a.score for a in answers if a.is_chosen} == shown
    cuts = [answer.explanation.cut for answer in answers]
    assert cuts.count(Cut.MAX_PAPERS) == 1
    assert (cuts[1], cuts[2]) == (Cut.NO_HIT, Cut.EXCLUDED)


def test_a_delivered_day_is_explained_as_it_was_and_the_mail_is_named(
    collect: Make, deliver: Make, explain: Make
) -> None:
    collect(paper(1))
    deliver(reader(), DAY)
    collect(paper(2, "Hedges hedge", day=date(2026, 7, 1)), day=date(2026, 7, 1))

    answer = explain(1, reader())

    assert (answer.sent_before, answer.rank, answer.explanation.matched) == (DAY, 1, 1)
    assert [(row.edition, row.state) for row in answer.mailed] == [(DAY, DeliveryState.SENT)]


def test_a_paper_of_an_earlier_edition_is_explained_in_the_digest_that_went_over_it(
    collect: Make, deliver: Make, explain: Make
) -> None:
    collect(paper(1, "Hedges hedge hedges", day=EVE), day=EVE)
    collect(paper(2), paper(3, "The hedge"))
    ada = reader(profile=replace(HEDGES, max_papers=9))
    deliver(ada, EVE, DeliveryState.FAILED)
    deliver(ada, DAY)

    answer = explain(1, ada)

    assert (answer.span.edition, answer.span.covers) == (DAY, (EVE, DAY))
    assert (answer.sent_before, answer.explanation.matched) == (DAY, 3)


def test_a_mail_that_did_not_arrive_is_not_sent_before(collect: Make, deliver: Make, explain: Make) -> None:
    collect(paper(1))
    deliver(reader(), DAY, DeliveryState.UNKNOWN)

    answer = explain(1, reader())

    assert (answer.sent_before, [row.state for row in answer.mailed]) == (None, [DeliveryState.UNKNOWN])


def test_of_several_mails_with_a_paper_the_first_is_explained(
    store: Store, collect: Make, deliver: Make, explain: Make
) -> None:
    collect(paper(1, day=EVE), day=EVE)
    deliver(reader(), EVE)
    (again,) = store.papers.named([paper(1).id])
    deliver(reader(), DAY, also=again)

    answer = explain(1, reader())

    assert [row.edition for row in answer.mailed] == [DAY, EVE]
    assert (answer.sent_before, answer.span.edition, answer.rank) == (EVE, EVE, 1)


def test_what_another_reader_was_sent_is_no_concern_of_this_one(collect: Make, deliver: Make, explain: Make) -> None:
    collect(paper(1))
    deliver(reader("bob"), DAY)

    assert explain(1, reader()).sent_before is None


def test_a_paper_that_trends_is_chosen_with_its_upvotes(collect: Make, explain: Make) -> None:
    listed = [paper(number, "A bird", is_listed=True, upvotes=number) for number in (1, 2)]
    collect(paper(3), *listed, source="huggingface")

    first, second = explain(2, reader()), explain(1, reader())

    assert (first.is_chosen, first.rank, first.score) == (True, 1, 2.0)
    assert (second.is_chosen, second.rank, second.explanation.cut) == (False, None, Cut.NO_HIT)


def test_a_paper_that_only_a_past_edition_holds_matches_but_no_mail_covers_it(collect: Make, explain: Make) -> None:
    collect(paper(2))
    collect(paper(1, day=date(2026, 6, 2)), since=date(2026, 6, 1))

    answer = explain(1, reader())

    assert (answer.is_chosen, answer.explanation.cut) == (False, Cut.NOT_COVERED)
    assert answer.score > 0


def test_for_a_trial_papers_that_are_only_stored_count_as_in_a_back_test(store: Store, collect: Make) -> None:
    past = date(2026, 6, 2)
    collect(paper(9))
    collect(*(paper(n, title, day=past) for n, title in enumerate(["A hedge", "A bird", "Hedge"])), since=past)
    tried = backtest_profile(HEDGES, [past], store.papers)

    answers = [explain_choice(held, reader(), store, is_trial=True) for held in store.papers.all_of_edition(past)]

    assert [answer.is_chosen for answer in answers] == [True, False, True]
    assert (len(answers[0].span.papers), answers[0].explanation.matched) == (3, 2)
    assert tried.days == (TriedDay(past, considered=3, matched=2, shown=2),)


def test_what_came_before_the_last_fourteen_editions_was_counted_and_not_covered(
    collect: Make, deliver: Make, explain: Make
) -> None:
    days = [DAY - timedelta(days=number) for number in range(20, -1, -1)]
    for number, day in enumerate(days):
        collect(paper(number, day=day), day=day)
    deliver(reader(), days[0])
    deliver(reader(), DAY)

    answer = explain(3, reader())

    assert (answer.span.edition, answer.explanation.cut) == (DAY, Cut.NOT_COVERED)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("https://arxiv.org/abs/2606.28729v2", "arxiv:2606.28729"),
        ("2606.28729", "arxiv:2606.28729"),
        ("https://doi.org/10.1101/ABC", "doi:10.1101/abc"),
        (" title:0123456789abcdef0123 ", "title:0123456789abcdef0123"),
        ("mamba", None),
        ("", None),
    ],
)
def test_a_paper_may_be_named_in_any_notation(text: str, found: str | None) -> None:
    assert named_paper(text) == found
