from collections.abc import Callable
from datetime import date

import pytest

from digest.errors import SourceError
from digest.sources.formats import Dating
from digest.sources.formats.arxiv_feed import parse_page

ASKED = Dating(undated=date(2026, 3, 20), latest=date(2026, 3, 20))


def test_new_papers_are_taken_and_cross_lists_and_replacements_set_aside(page: Callable[[str], bytes]) -> None:
    parsed = parse_page(page("arxiv_rss.xml"), ASKED)
    assert [paper.id for paper in parsed.papers] == ["arxiv:2603.09001", "arxiv:2603.09004"]
    assert [paper.id for paper in parsed.cross] == ["arxiv:2603.09002"]
    assert [paper.id for paper in parsed.revised] == ["arxiv:math/0309136", "arxiv:2601.00007"]
    assert (parsed.records, parsed.refused, parsed.day) == (5, (), date(2026, 3, 11))


def test_an_item_is_read_whole(page: Callable[[str], bytes]) -> None:
    paper = parse_page(page("arxiv_rss.xml"), ASKED).papers[0]
    assert paper.authors == ("Ada Example", "René Exemple", "Deepa", "Lin Beispiel")
    assert paper.abstract == "Machines say please too rarely. We give them a grammar in which n < 7 rules are enough."
    assert (paper.categories, paper.version) == (("cs.CL", "cs.AI"), 1)
    assert (paper.announced, paper.published) == (date(2026, 3, 11), None)
    assert paper.aliases == ("doi:10.5555/polite.2026.1",)
    assert paper.url == "https://arxiv.org/abs/2603.09001"


def test_the_atom_form_says_the_same(page: Callable[[str], bytes]) -> None:
    parsed = parse_page(page("arxiv_feed_atom.xml"), ASKED)
    [paper] = parsed.papers
    assert (paper.id, paper.categories) == ("arxiv:2603.09011", ("cs.AI", "cs.RO"))
    assert paper.abstract == "Rain is modelled as an adversary with a basket."
    assert paper.authors == ("Ada Example", "Bo Primer")
    assert (parsed.day, len(parsed.cross)) == (date(2026, 3, 11), 1)


def test_switched_on_cross_lists_and_replacements_count_as_papers(page: Callable[[str], bytes]) -> None:
    parsed = parse_page(page("arxiv_rss.xml"), ASKED).taking(crosslists=True, replacements=True)
    assert (len(parsed.papers), parsed.cross, parsed.revised) == (5, (), ())


def test_an_empty_weekend_feed_keeps_its_day_and_names_the_days_it_skips(page: Callable[[str], bytes]) -> None:
    parsed = parse_page(page("arxiv_rss_weekend.xml"), ASKED)
    assert (parsed.records, parsed.day) == (0, date(2026, 3, 14))
    assert parsed.skipped_weekdays == {"saturday", "sunday"}


def test_the_papers_own_day_counts_when_the_header_runs_ahead(page: Callable[[str], bytes]) -> None:
    ahead = page("arxiv_rss.xml").replace(b"<pubDate>Wed, 11 Mar", b"<pubDate>Thu, 12 Mar", 1)
    assert parse_page(ahead, ASKED).day == date(2026, 3, 11)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b"<title>A Better Spoon</title>", b"<title/>", "no title"),
        (b"announce_type>replace<", b"announce_type>vanish<", "'vanish' is no known announce type"),
        (b"oai:arXiv.org:2601.00007v2", b"nonsense", ""),
    ],
)
def test_a_broken_item_is_refused_and_the_others_go_on(
    page: Callable[[str], bytes], old: bytes, new: bytes, reason: str
) -> None:
    parsed = parse_page(page("arxiv_rss.xml").replace(old, new), ASKED)
    assert len(parsed.papers) == 2
    if reason:
        assert [refusal.place for refusal in parsed.refused] == ["item 4"]
        assert reason in parsed.refused[0].reason
    else:  # the link still holds the id
        assert (parsed.refused, len(parsed.revised)) == ((), 2)


def test_an_item_whose_day_cannot_be_trusted_is_refused(page: Callable[[str], bytes]) -> None:
    parsed = parse_page(page("arxiv_rss.xml").replace(b"Wed, 11 Mar 2026", b"Wed, 11 Mar 2926"), ASKED)
    assert len(parsed.refused) == 4
    assert "2926" in parsed.refused[0].reason


@pytest.mark.parametrize("content", [b"<rss/>", b"<rss><channel/></rss>", b"<other><channel/></other>", b"<rss"])
def test_a_feed_that_lost_its_header_is_refused(content: bytes) -> None:
    with pytest.raises(SourceError):
        parse_page(content, ASKED)
