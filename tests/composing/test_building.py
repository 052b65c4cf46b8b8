from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

from digest.composing.building import REVISIONS_SHOWN, personal_matches, without_weakest
from digest.domain import (
    Digest,
    Frequency,
    Interest,
    Match,
    Profile,
    Revision,
    RevisionKind,
    SectionKind,
    Subscriber,
)

DAY = date(2026, 6, 30)
YESTERDAY = DAY - timedelta(days=1)

Build = Callable[..., Digest]


def _match(match: Match, number: int, **changes: object) -> Match:
    details = {key: changes.pop(key) for key in ("edition", "announced") if key in changes}
    paper = replace(match.paper, id=f"arxiv:2606.{number:05}", **details)  # type: ignore[arg-type]
    return replace(match, paper=paper, **changes)  # type: ignore[arg-type]


def test_each_interest_is_a_section_in_the_profiles_order(digest_of: Build, match: Match) -> None:
    cache, pruning = _match(match, 1, interest="KV cache", score=9.0), _match(match, 2)
    digest = digest_of(cache, pruning)
    assert [(s.kind, s.title, s.matches) for s in digest.sections] == [
        (SectionKind.INTEREST, "Pruning", (pruning,)),
        (SectionKind.INTEREST, "KV cache", (cache,)),
    ]


def test_papers_stand_best_first_and_equal_ones_as_matching_gave_them(digest_of: Build, match: Match) -> None:
    low, first, second = (_match(match, n, score=score) for n, score in ((1, 1.0), (3, 5.0), (2, 5.0)))
    assert digest_of(low, first, second).shown == (first, second, low)


def test_an_unnamed_interest_is_called_your_papers(digest_of: Build, match: Match, ada: Subscriber) -> None:
    plain = replace(ada, profile=Profile((Interest(keywords=("pruning",)),)))
    digest = digest_of(replace(match, interest=""), subscriber=plain)
    assert [section.title for section in digest.sections] == ["Your papers"]


def test_the_cut_takes_the_best_over_all_interests_and_counts_the_rest(
    digest_of: Build, match: Match, ada: Subscriber
) -> None:
    matches = [_match(match, n, score=float(n), interest=("Pruning", "KV cache")[n % 2]) for n in range(10)]
    digest = digest_of(*matches, subscriber=replace(ada, profile=replace(ada.profile, max_papers=3)))
    assert {m.score for m in digest.shown} == {9.0, 8.0, 7.0}
    assert digest.matched == 10


def test_late_papers_have_a_section_of_their_own(digest_of: Build, match: Match) -> None:
    late, fresh = _match(match, 1, announced=YESTERDAY, score=9.0), _match(match, 2)
    sections = digest_of(late, fresh).sections
    assert [(s.kind, s.title) for s in sections] == [
        (SectionKind.INTEREST, "Pruning"),
        (SectionKind.LATE, "Late arrivals"),
    ]
    assert sections[1].matches == (late,)


def test_papers_of_a_lost_mail_come_again_with_a_note(digest_of: Build, match: Match) -> None:
    lost, fresh = _match(match, 1, edition=YESTERDAY), _match(match, 2)
    again = digest_of(lost, fresh, again_through=YESTERDAY).sections[-1]
    assert (again.kind, again.matches) == (SectionKind.AGAIN, (lost,))
    assert again.note == "An earlier mail with these papers did not reach you."


def test_a_doubtful_mail_is_called_doubtful(digest_of: Build, match: Match) -> None:
    digest = digest_of(_match(match, 1, edition=YESTERDAY), again_through=YESTERDAY, again_is_doubtful=True)
    assert digest.sections[0].note.startswith("You may have seen these papers")


def test_trending_papers_close_the_digest_as_the_caller_ranked_them(digest_of: Build, match: Match) -> None:
    trending = (_match(match, 8, score=1.0), _match(match, 9, score=5.0))
    digest = digest_of(match, trending=trending)
    assert digest.sections[-1].kind is SectionKind.TRENDING
    assert digest.sections[-1].matches == trending
    assert digest.matched == 1


def test_a_reader_without_interests_gets_the_trending_section_alone(
    digest_of: Build, match: Match, ada: Subscriber
) -> None:
    digest = digest_of(subscriber=replace(ada, profile=Profile()), trending=[match])
    assert [section.kind for section in digest.sections] == [SectionKind.TRENDING]


def test_a_day_without_matches_is_an_empty_digest(digest_of: Build) -> None:
    digest = digest_of()
    assert digest.is_empty
    assert digest.sections == ()


def test_the_weakest_matches_go_first_and_trending_ones_last(digest_of: Build, match: Match) -> None:
    matches = [_match(match, n, score=float(n)) for n in range(1, 5)]
    digest = digest_of(*matches, trending=[_match(match, 99, score=0.5)])
    smaller = without_weakest(digest, 3)
    assert [m.score for m in smaller.shown] == [4.0, 0.5]
    assert personal_matches(without_weakest(digest, 4)) == []
    assert without_weakest(digest, 99).is_empty


def test_a_weekly_digest_is_grouped_by_day_and_interest(digest_of: Build, match: Match, ada: Subscriber) -> None:
    matches = [
        _match(match, 1, edition=DAY, announced=DAY),
        _match(match, 2, edition=YESTERDAY, announced=YESTERDAY, interest="KV cache"),
        _match(match, 3, edition=YESTERDAY, announced=YESTERDAY, score=9.0),
    ]
    weekly = replace(ada, frequency=Frequency.WEEKLY)
    sections = digest_of(*matches, subscriber=weekly, covers=(YESTERDAY, DAY)).sections
    assert [(section.day, section.title) for section in sections] == [
        (YESTERDAY, "Pruning"),
        (YESTERDAY, "KV cache"),
        (DAY, "Pruning"),
    ]
    assert {section.day for section in digest_of(*matches, covers=(YESTERDAY, DAY)).sections} == {None}


def test_revisions_have_a_section_and_count_neither_as_matched_nor_as_shown(digest_of: Build, match: Match) -> None:
    news = tuple(
        Match(match.paper, "", 0.0, (), revisions=(Revision(match.paper.id, RevisionKind.VERSION, f"v{n}", DAY),))
        for n in range(2, 14)
    )
    digest = digest_of(_match(match, 1), revised=news)
    assert [section.kind for section in digest.sections] == [SectionKind.INTEREST, SectionKind.REVISED]
    assert len(digest.sections[1].matches) == REVISIONS_SHOWN
    assert (digest.matched, len(personal_matches(digest))) == (1, 1)
