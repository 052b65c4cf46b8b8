"""The account of the day in words: what came, what is late, and what has come since."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest

from digest.composing import Composer
from digest.composing.accounting import account_of
from digest.domain import Digest, SourceAccount, Subscriber

EVE = date(2026, 6, 29)
DAY = date(2026, 6, 30)

Tell = Callable[..., tuple[str, ...]]


@pytest.fixture
def tell(digest_of: Callable[..., Digest], ada: Subscriber, composer: Composer) -> Tell:
    """The account of a digest with these entries."""

    def tell_it(*entries: SourceAccount, cursor: date = EVE, **details: object) -> tuple[str, ...]:
        digest = digest_of(subscriber=replace(ada, cursor=cursor), account=entries, **details)
        return account_of(digest, composer.language_of("en"))

    return tell_it


def test_one_source_announces_its_papers(tell: Tell) -> None:
    assert tell(SourceAccount("arxiv", DAY, 412)) == ("arXiv announced 412 papers on Tuesday, 30 June.",)
    assert tell(SourceAccount("garden letters", DAY, 1)) == ("garden letters announced 1 paper on Tuesday, 30 June.",)


def test_several_sources_are_told_in_one_sentence_the_most_papers_first(tell: Tell) -> None:
    entries = [
        SourceAccount(name, DAY, count) for name, count in (("biorxiv", 18), ("arxiv", 1412), ("huggingface", 30))
    ]

    assert tell(*entries) == ("arXiv announced 1,412 papers, Hugging Face 30 and bioRxiv 18 on Tuesday, 30 June.",)


def test_of_many_sources_the_rest_is_counted(tell: Tell) -> None:
    entries = [SourceAccount(f"feed {number}", DAY, 10 - number) for number in range(7)]

    assert tell(*entries) == (
        "feed 0 announced 10 papers, feed 1 9, feed 2 8, feed 3 7 and 3 other sources 15 on Tuesday, 30 June.",
    )


def test_what_is_late_and_what_came_in_part_is_named(tell: Tell) -> None:
    arxiv = SourceAccount("arxiv", DAY, 412, late=("cs.AI",), partial=("cs.CV",))
    assert tell(arxiv)[1:] == (
        "arXiv cs.AI is late and follows.",
        "arXiv cs.CV came in part, and the rest follows.",
    )

    assert tell(SourceAccount("arxiv", DAY, 0, late=("cs.AI",)), SourceAccount("huggingface", DAY, 0, late=("",))) == (
        "arXiv cs.AI and Hugging Face are late and follow.",
    )


def test_of_many_late_categories_the_rest_is_counted(tell: Tell) -> None:
    late = tuple(f"cs.{letter}" for letter in "ABCDEFG")

    assert tell(SourceAccount("arxiv", DAY, 0, late=late)) == (
        "arXiv cs.A, arXiv cs.B, arXiv cs.C, arXiv cs.D and 3 more are late and follow.",
    )


def test_a_quiet_day_and_a_holiday_are_told(tell: Tell) -> None:
    assert tell(SourceAccount("arxiv", DAY, 0)) == ("arXiv announced nothing on Tuesday, 30 June.",)
    assert tell(SourceAccount("arxiv", DAY, 0, is_holiday=True), SourceAccount("huggingface", DAY, 30)) == (
        "Hugging Face announced 30 papers on Tuesday, 30 June.",
        "arXiv announced nothing: it was a holiday.",
    )


def test_at_a_weekend_nothing_is_expected(tell: Tell) -> None:
    saturday = date(2026, 6, 27)

    assert tell(SourceAccount("arxiv", saturday, 0), cursor=saturday - timedelta(days=1)) == (
        "arXiv announced nothing on Saturday, 27 June: it was the weekend.",
    )


def test_over_several_days_papers_are_summed_and_quiet_days_left_out(tell: Tell) -> None:
    entries = [SourceAccount("arxiv", DAY - timedelta(days=days), 100 * days) for days in range(4)]
    late = SourceAccount("huggingface", EVE, 0, late=("",))

    assert tell(*entries, late, cursor=DAY - timedelta(days=7)) == (
        "arXiv announced 600 papers from 27 June to 30 June.",
        "Hugging Face of 29 June is late and follows.",
    )


def test_what_an_earlier_digest_called_late_is_said_to_have_come(tell: Tell) -> None:
    come, still_late = SourceAccount("arxiv", EVE, 30), SourceAccount("biorxiv", EVE, 0, late=("",))

    assert tell(come, still_late, SourceAccount("arxiv", DAY, 5)) == (
        "arXiv announced 5 papers on Tuesday, 30 June.",
        "What was late from arXiv on 29 June has come.",
    )


def test_files_announce_nothing_and_are_not_named_to_readers(tell: Tell) -> None:
    entry = SourceAccount("files", DAY, 24, late=("papers/cut.json",))

    assert tell(entry) == ("24 papers came from files.", "Some files could not be read.")
    assert tell(replace(entry, announced=0)) == ("Some files could not be read.",)
    assert tell(replace(entry, announced=0, late=())) == ()


def test_papers_from_files_are_counted_apart_only_beside_those_of_other_sources(tell: Tell) -> None:
    files = SourceAccount("files", DAY, 24)

    assert tell(files) == ()  # the headline has said it
    assert tell(files, SourceAccount("arxiv", DAY, 5))[-1] == "24 papers came from files."


def test_older_papers_that_are_not_shown_are_counted(tell: Tell) -> None:
    assert tell(older_papers=1204) == ("1,204 papers of earlier days are counted here, not shown.",)


def test_without_an_account_nothing_is_said(tell: Tell) -> None:
    assert tell() == ()
