"""Answers of arXiv's OAI-PMH server, in all three formats, with what goes wrong in them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.domain import Authority
from digest.errors import SourceError
from digest.sources.formats import Dating
from digest.sources.formats.arxiv_oai import BadTokenError, parse_page

DAY = date(2026, 3, 12)
DATING = Dating(undated=DAY, latest=DAY)
HEAD = "<OAI-PMH xmlns='http://www.openarchives.org/OAI/2.0/'>"


def test_a_list_tells_its_records_its_size_and_where_it_goes_on(page: Callable[[str], bytes]) -> None:
    whole = parse_page(page("arxiv_oai.xml"), DATING)
    assert (whole.records, len(whole.papers), whole.expected, whole.next) == (6, 4, 40, "a-token|2")
    assert [(refusal.place, refusal.reason) for refusal in whole.refused] == [
        ("record 3", "the record is deleted upstream"),
        ("record 4", "the date of a version 'some time in March' can't be right"),
    ]


def test_a_raw_record_has_its_versions_with_their_times(page: Callable[[str], bytes]) -> None:
    first, second, *_ = parse_page(page("arxiv_oai.xml"), DATING).papers
    assert (first.id, first.title, first.version) == ("arxiv:2603.09001", "Letters that count themselves", 1)
    assert first.versions == (datetime(2026, 3, 9, 21, 2, tzinfo=UTC),)
    assert (first.published, first.announced) == (date(2026, 3, 9), DAY)
    assert first.authors == ("Ada Invented", "Bo Madeup", "Chen Fiction")
    assert first.categories == ("cs.CL", "cs.LG")
    assert first.abstract == "We let letters count themselves & look what comes."
    assert first.authority is Authority.ARCHIVE
    assert (second.version, second.published, second.is_withdrawn) == (2, date(2026, 1, 2), True)
    assert second.aliases == ("doi:10.5555/sand.2026.3", "doi:10.5555/sand.2026.3b")
    assert second.journal_ref == "Annals of Sand 3 (2026) 1-9"


def test_the_two_other_formats_are_read_as_far_as_they_go(page: Callable[[str], bytes]) -> None:
    *_, old, core = parse_page(page("arxiv_oai.xml"), DATING).papers
    assert (old.id, old.authors) == ("arxiv:hep-th/9901001", ("Ada Invented Jr", "The Sand Collaboration"))
    assert (old.published, old.version, old.versions) == (date(1999, 1, 1), None, ())
    assert (core.id, core.authors, core.abstract) == ("arxiv:1009.00001", ("Ada Invented",), "Plain sand.")
    assert (core.comment, core.journal_ref) == ("7 pages", "Journal of Sand 34, pp. 7-8")


def test_no_records_match_is_the_only_proof_of_emptiness() -> None:
    empty = parse_page(f"{HEAD}<error code='noRecordsMatch'/></OAI-PMH>".encode(), DATING)
    assert (empty.records, empty.papers, empty.next) == (0, (), "")
    with pytest.raises(SourceError, match="neither a record nor a token"):
        parse_page(f"{HEAD}<ListRecords/></OAI-PMH>".encode(), DATING)


def test_an_empty_page_with_a_token_is_a_page_in_the_middle() -> None:
    middle = f"{HEAD}<ListRecords><resumptionToken>more</resumptionToken></ListRecords></OAI-PMH>"
    assert parse_page(middle.encode(), DATING).next == "more"


def test_an_empty_token_ends_the_list() -> None:
    last = f"{HEAD}<ListRecords><resumptionToken cursor='9'/></ListRecords></OAI-PMH>"
    assert parse_page(last.encode(), DATING).next == ""


def test_an_expired_token_is_an_error_of_its_own_and_others_say_their_code() -> None:
    with pytest.raises(BadTokenError, match="Begin anew"):
        parse_page(f"{HEAD}<error code='badResumptionToken'>Begin anew</error></OAI-PMH>".encode(), DATING)
    with pytest.raises(SourceError, match="badArgument"):
        parse_page(f"{HEAD}<error code='badArgument'/></OAI-PMH>".encode(), DATING)


@pytest.mark.parametrize(
    "document",
    ["<html><body>busy</body></html>", f"{HEAD}<Identify/></OAI-PMH>", f"{HEAD}<ListRecords>", "<feed/>", ""],
)
def test_another_document_is_refused(document: str) -> None:
    with pytest.raises(SourceError):
        parse_page(document.encode(), DATING)


@pytest.mark.parametrize(
    ("comment", "is_withdrawn"),
    [
        ("This paper has been withdrawn by the author due to an error in Lemma 3", True),
        ("Withdrawn: see the later work", True),
        ("The manuscript was retracted.", True),
        ("Paper withdrawn from the Journal of Sand and sent to another", False),
        ("On withdrawn bank deposits, 12 pages", False),
        ("", False),
    ],
)
def test_a_withdrawal_is_told_by_its_comment_alone(comment: str, *, is_withdrawn: bool) -> None:
    record = (
        "<record><metadata><arXivRaw xmlns='http://arxiv.org/OAI/arXivRaw/'><id>2603.00001</id><title>T</title>"
        f"<authors/><comments>{comment}</comments></arXivRaw></metadata></record>"
    )
    [paper] = parse_page(f"{HEAD}<GetRecord>{record}</GetRecord></OAI-PMH>".encode(), DATING).papers
    assert paper.is_withdrawn is is_withdrawn


def _authors(written: str) -> tuple[str, ...]:
    record = (
        "<record><metadata><arXivRaw xmlns='http://arxiv.org/OAI/arXivRaw/'><id>2603.00001</id><title>T</title>"
        f"<authors>{written}</authors></arXivRaw></metadata></record>"
    )
    [paper] = parse_page(f"{HEAD}<GetRecord>{record}</GetRecord></OAI-PMH>".encode(), DATING).papers
    return paper.authors


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("Ada Invented\n  (1 and\t2),\n Bo Madeup (Sand (Ltd), Spain) and\nChen Fiction", 3),
        ("Ada Invented, Bo Madeup, ", 2),
        ("Ada Invented,\n and Andrea Fiction,", 2),
        ("Ada Invented" + " " * 100_000 + ", Bo Madeup", 2),
        ("Ada Invented" + " " * 100_000 + "(Sand", 1),
        ("Ada Invented" + " (Sand)" * 20_000, 1),
        ("Ada Invented " + "(" * 100_000, 1),
        ("Ada Invented (" + "()" * 50_000, 1),
        ("Ada Invented" + " and Bo Madeup" * 4_000, 4_001),
    ],
    ids=lambda value: f"{value!r:.40}",
)
def test_the_names_in_one_text_are_told_apart_whatever_lies_between_them(written: str, names: int) -> None:
    authors = _authors(written)
    assert len(authors) == names
    assert authors[0].startswith("Ada Invented")
    assert not any(name.endswith(",") for name in authors)


def test_a_collaboration_is_told_apart_to_its_last_author() -> None:
    written = ",\n ".join(f"Member Number{number:04} (Institute {number % 90} of Sand)" for number in range(3_000))
    assert len(written) > 100_000
    assert _authors(written) == tuple(f"Member Number{number:04}" for number in range(3_000))


@given(st.data())
def test_a_damaged_page_is_a_page_or_a_source_error(page: Callable[[str], bytes], data: st.DataObject) -> None:
    sound = page("arxiv_oai.xml")
    start = data.draw(st.integers(0, len(sound)))
    end = data.draw(st.integers(start, min(len(sound), start + 200)))
    try:
        parse_page(sound[:start] + data.draw(st.binary(max_size=20)) + sound[end:], DATING)
    except SourceError:
        return
