"""What becomes known of papers after their edition: kept as revisions, told once, and never announced as new."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.domain import Paper, Revision, RevisionKind
from digest.identity import normalise_title
from digest.storage import Store
from digest.storage.dois import is_preprint_doi
from digest.storage.revising import DETAIL_CHARACTERS, places_of_acceptance

DAY = date(2026, 6, 30)
NEXT_DAY = date(2026, 7, 1)
LATER = date(2026, 7, 2)

Make = Callable[..., Any]
Come = Callable[..., tuple[tuple[RevisionKind, str], ...]]

pytestmark = pytest.mark.usefixtures("settle")


@pytest.fixture
def come(store: Store, collect: Make, batch: Make) -> Come:
    """Brings records as replaced papers, of a day after DAY, and gives the revisions of that edition."""

    def bring(*records: Paper, day: date = NEXT_DAY) -> tuple[tuple[RevisionKind, str], ...]:
        collect(batch(revised=tuple(replace(record, announced=day) for record in records), day=day), day=day)
        return tuple((revision.kind, revision.detail) for revision in store.papers.revisions_of(day))

    return bring


@pytest.fixture
def mail(store: Store, collect: Make, batch: Make) -> Callable[[Paper], None]:
    """Puts a paper into the edition of DAY and closes it, as if its digests were out."""

    def mail_it(one: Paper) -> None:
        collect(batch(one))
        store.ledger.close_edition(DAY)

    return mail_it


def test_a_later_version_is_a_revision_of_the_edition_in_which_it_appeared(
    store: Store, mail: Make, come: Come, paper: Make
) -> None:
    mail(paper(1, version=1))

    come(paper(1, version=2, title="Its title in the second version"))

    assert store.papers.revisions_of(NEXT_DAY) == (Revision(paper(1).id, RevisionKind.VERSION, "v2", NEXT_DAY),)
    assert store.papers.of_edition(NEXT_DAY, as_of=NEXT_DAY) == ()
    assert [held.title for held in store.papers.of_edition(DAY, as_of=NEXT_DAY)] == [paper(1).title]


def test_each_version_is_told_once_and_an_older_one_never(mail: Make, come: Come, paper: Make) -> None:
    mail(paper(1, version=1))

    assert come(paper(1, version=3)) == ((RevisionKind.VERSION, "v3"),)
    assert come(paper(1, version=3), paper(1, version=2), day=LATER) == ()
    assert come(paper(1, version=12), day=LATER) == ((RevisionKind.VERSION, "v12"),)
    assert come(paper(1, version=4), day=LATER + timedelta(days=1)) == ()


def test_a_version_that_comes_among_the_new_papers_is_a_revision_too(
    store: Store, mail: Make, collect: Make, batch: Make, paper: Make
) -> None:
    mail(paper(1, version=1))

    (report,) = collect(batch(paper(1, version=2, announced=NEXT_DAY)), day=NEXT_DAY)

    assert (report.new, report.known) == (0, 1)
    assert [revision.detail for revision in store.papers.revisions_of(NEXT_DAY)] == ["v2"]


def test_an_unknown_paper_is_new_whatever_its_version(store: Store, collect: Make, batch: Make, paper: Make) -> None:
    (report,) = collect(batch(paper(1, version=4)))

    assert report.new == 1
    assert [held.version for held in store.papers.of_edition(DAY, as_of=DAY)] == [4]


def test_a_replaced_paper_that_nobody_holds_is_counted_and_set_aside(
    store: Store, collect: Make, batch: Make, paper: Make
) -> None:
    (report,) = collect(batch(revised=(paper(1, version=2),), records=1))

    assert (report.new, report.known, report.revised) == (0, 0, 1)
    assert store.papers.all_of_edition(DAY) == ()
    assert store.ledger.entries(DAY, DAY)[0].revised == 1


def test_a_new_version_of_a_paper_whose_edition_is_open_becomes_the_paper(
    store: Store, collect: Make, batch: Make, paper: Make
) -> None:
    collect(batch(paper(1, version=1, announced=DAY - timedelta(days=1)), revised=(paper(1, version=2),)))

    (held,) = store.papers.of_edition(DAY, as_of=DAY)
    assert (held.version, held.announced) == (2, DAY - timedelta(days=1))
    assert store.papers.revisions_of(DAY) == ()


def test_editions_that_were_only_collected_have_revisions_all_the_same(
    store: Store, collect: Make, batch: Make, come: Come, paper: Make
) -> None:
    collect(batch(paper(1, version=1)))

    assert come(paper(1, version=2)) == ((RevisionKind.VERSION, "v2"),)
    assert come(paper(1, version=2), day=LATER) == ()
    assert [held.version for held in store.papers.of_edition(DAY, as_of=DAY)] == [2]


def test_what_comes_on_the_day_itself_after_its_digests_belongs_to_the_next_edition(
    store: Store, mail: Make, come: Come, paper: Make
) -> None:
    mail(paper(1, version=1))

    come(paper(1, version=2), day=DAY)

    assert [revision.detail for revision in store.papers.revisions_of(NEXT_DAY)] == ["v2"]


def test_a_version_is_no_news_if_it_is_older_than_the_announcement_of_a_paper_whose_version_nobody_told(
    mail: Make, come: Come, paper: Make
) -> None:
    mail(paper(1, version=None))
    written = [datetime(2026, 6, day, tzinfo=UTC) for day in (1, 9)]

    assert come(paper(1, version=2, versions=tuple(written))) == ()
    assert come(paper(1, version=3, versions=(*written, datetime(2026, 7, 1, tzinfo=UTC)))) == (
        (RevisionKind.VERSION, "v3"),
    )


def test_a_withdrawal_is_told_once_with_its_reason(mail: Make, come: Come, paper: Make) -> None:
    mail(paper(1))
    withdrawn = paper(1, is_withdrawn=True, comment="This paper has been withdrawn: Lemma 2 is wrong")

    assert come(withdrawn) == ((RevisionKind.WITHDRAWN, withdrawn.comment),)
    assert come(replace(withdrawn, comment="Withdrawn, with another reason"), day=LATER) == ()


def test_an_acceptance_in_the_comment_is_told_once(mail: Make, come: Come, paper: Make) -> None:
    mail(paper(1, comment="12 pages"))

    assert come(paper(1, comment="Accepted at ICML 2026, 12 pages")) == (
        (RevisionKind.ACCEPTED, "Accepted at ICML 2026, 12 pages"),
    )
    assert come(paper(1, comment="Accepted to ICML 2026; 13 pages"), day=LATER) == ()


def test_an_acceptance_that_the_digest_showed_already_is_no_news(mail: Make, come: Come, paper: Make) -> None:
    mail(paper(1, comment="Accepted at ICML 2026"))

    assert come(paper(1, comment="14 pages. Accepted at the ICML 2026.")) == ()


def test_a_first_journal_reference_is_told_and_another_spelling_of_it_is_not(
    mail: Make, come: Come, paper: Make
) -> None:
    mail(paper(1))

    assert come(paper(1, journal_ref="Garden Letters 3 (2026) 14")) == (
        (RevisionKind.ACCEPTED, "Garden Letters 3 (2026) 14"),
    )
    assert come(paper(1, journal_ref="Gard. Lett. 3, 14"), day=LATER) == ()


def test_a_publisher_s_doi_is_told_once_and_a_preprint_server_s_is_not(mail: Make, come: Come, paper: Make) -> None:
    mail(paper(1, aliases=("doi:10.1101/2026.06.01.000001",)))
    published = paper(1, aliases=("doi:10.1016/j.garden.2026.1", "doi:10.21203/rs.3.rs-1/v1"))

    assert come(published) == ((RevisionKind.PUBLISHED, "10.1016/j.garden.2026.1"),)
    assert come(published, day=LATER) == ()


def test_a_publisher_s_record_of_a_paper_already_mailed_is_a_revision_and_no_new_paper(
    store: Store, mail: Make, collect: Make, batch: Make, paper: Make
) -> None:
    title = "Gentle Pruning of Very Large Gardens, a Study"
    mail(paper(1, id="doi:10.1101/2026.06.01.000001", title=title))
    published = paper(id="doi:10.1016/j.garden.2026.1", title=title, announced=LATER)

    (report,) = collect(batch(published, source="crossref"), day=LATER)

    assert report.new == 0
    assert [revision.kind for revision in store.papers.revisions_of(LATER)] == [RevisionKind.PUBLISHED]


def test_one_record_may_tell_several_things(mail: Make, come: Come, paper: Make) -> None:
    mail(paper(1, version=1))

    told = come(paper(1, version=2, comment="To appear in Garden Letters", aliases=("doi:10.1016/x",)))

    assert sorted(told) == [
        (RevisionKind.ACCEPTED, "To appear in Garden Letters"),
        (RevisionKind.PUBLISHED, "10.1016/x"),
        (RevisionKind.VERSION, "v2"),
    ]


def test_what_is_kept_of_a_comment_is_bounded(mail: Make, come: Come, paper: Make) -> None:
    mail(paper(1))

    ((_, detail),) = come(paper(1, comment="Accepted at the α" + "Symposium " * 190))

    assert len(detail) <= DETAIL_CHARACTERS


@pytest.mark.parametrize(
    ("comment", "places"),
    [
        ("Accepted at ICML 2026", {"icml2026"}),
        ("12 pages, accepted to NeurIPS 2026.", {"neurips2026"}),
        ("accepted as an oral at ICLR. Code: https://code.example", {"iclr"}),
        ("Accepted ICML 2026 (oral)", {"icml2026"}),
        ("to appear in Garden Letters; 3 figures", {"gardenletters"}),
        ("Published in the Journal of Trees, presented at TreeConf", {"journaloftrees", "treeconf"}),
        ("Accepted for publication in ApJ", {"apj"}),
        ("12 pages, 5 figures", set()),
        ("Accepted.", set()),
        ("Submitted to ICML 2026", set()),
        ("This paper appears to be unaccepted", set()),
    ],
)
def test_a_comment_names_the_places_that_accepted_a_paper(comment: str, places: set[str]) -> None:
    assert places_of_acceptance(comment) == places


@pytest.mark.parametrize(
    ("doi", "is_preprint"),
    [
        ("10.48550/arxiv.2606.00001", True),
        ("10.1101/2026.06.01.000001", True),
        ("10.1101/012345", True),
        ("10.1101/gr.123456.126", False),
        ("10.64898/2026.06.01.000001", True),
        ("10.31234/osf.io/abcde", True),
        ("10.1016/j.garden.2026.1", False),
        ("10.1145/3312345", False),
    ],
)
def test_a_doi_tells_whether_a_preprint_server_gave_it_out(doi: str, *, is_preprint: bool) -> None:
    assert is_preprint_doi(doi) is is_preprint


@given(
    before=st.sampled_from(["", "12 pages, ", "3 figures. "]),
    verb=st.sampled_from(["Accepted at", "accepted to", "to appear in", "PUBLISHED IN", "accepted as a poster at"]),
    place=st.from_regex(r"[A-Z][a-z]{3,9}( [A-Z][a-z]{3,9}){0,3} 20[0-9]{2}", fullmatch=True),
    after=st.sampled_from(["", ".", ", 12 pages", " (oral)", "; code follows"]),
)
def test_a_place_is_found_wherever_it_stands_in_a_comment(before: str, verb: str, place: str, after: str) -> None:
    assert places_of_acceptance(f"{before}{verb} {place}{after}") == {normalise_title(place)}
