from collections.abc import Callable
from datetime import date
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.domain import Authority
from digest.errors import SourceError
from digest.sources.formats import Dating, arxiv_feed
from digest.sources.formats.feed import parse_page

NAMES = ["feed_journal.xml", "feed_preprints.xml", "feed_atom.xml"]
NO_DAY = date(2026, 3, 20)
ASKED = Dating(undated=NO_DAY, latest=date(2026, 3, 12))


def test_an_item_is_read_whole_and_its_markup_becomes_text(page: Callable[[str], bytes]) -> None:
    paper = parse_page(page("feed_journal.xml"), ASKED).papers[0]
    assert (paper.id, paper.title) == ("doi:10.5555/compost.2026.1", "Compost as a slow fire")
    assert paper.abstract == "We warm a heap. It stays warm while n < 7. track() A second heap doesn’t."
    assert paper.authors == ("Ada Example", "Bo Primer", "Cy Third")
    assert (paper.categories, paper.authority) == (("Soil",), Authority.PAGE)
    assert paper.url == "https://doi.org/10.5555/compost.2026.1"


def test_the_announced_day_is_the_one_written_and_no_other_zones(page: Callable[[str], bytes]) -> None:
    days = [paper.announced for paper in parse_page(page("feed_journal.xml"), ASKED).papers]
    assert days[:2] == [date(2026, 3, 11), date(2026, 3, 10)]
    assert parse_page(page("feed_atom.xml"), ASKED).papers[0].announced == date(2026, 3, 9)


def test_an_arxiv_id_is_the_identity_and_a_doi_one_more_name(page: Callable[[str], bytes]) -> None:
    paper = parse_page(page("feed_journal.xml"), ASKED).papers[1]
    assert (paper.id, paper.version, paper.aliases) == ("arxiv:2603.07001", 2, ("doi:10.5555/weeds.2026.9",))
    assert paper.authors == ("Example, A.", "Primer, B. C.")


def test_an_item_without_title_and_id_takes_the_first_words_of_its_description(page: Callable[[str], bytes]) -> None:
    paper = parse_page(page("feed_journal.xml"), ASKED).papers[2]
    assert (
        paper.title
        == "A note on rakes, and on whatever else leans against the shed in an ordinary March without anybody…"
    )
    assert paper.id.startswith("title:")
    assert (paper.authors, paper.url) == (("Lin Beispiel",), "https://garden.example/notes/17?id=17#top")


def test_an_item_with_nothing_to_name_it_by_is_refused_by_its_place(page: Callable[[str], bytes]) -> None:
    parsed = parse_page(page("feed_journal.xml"), ASKED)
    assert [(refusal.place, refusal.reason) for refusal in parsed.refused] == [("item 5", "the record has no title")]
    assert parsed.records == 5


def test_what_lies_beyond_the_feeds_own_day_counts_as_undated_and_is_told(page: Callable[[str], bytes]) -> None:
    parsed = parse_page(page("feed_journal.xml"), ASKED)
    assert [paper.announced for paper in parsed.papers[2:]] == [NO_DAY, NO_DAY]
    assert parsed.remarks == ("1 of 5 items have a day that can't be right: they count as undated",)


def test_a_day_that_the_feed_has_reached_is_kept_even_if_it_is_asked_for_an_earlier_one(
    page: Callable[[str], bytes],
) -> None:
    parsed = parse_page(page("feed_journal.xml"), Dating(undated=NO_DAY, latest=date(2026, 3, 9)))
    assert parsed.papers[0].announced == date(2026, 3, 11)


def test_a_feed_that_dates_itself_far_ahead_vouches_for_no_day_beyond_this_week() -> None:
    items = "".join(
        f"<item><title>{title}</title><pubDate>{day}</pubDate></item>"
        for title, day in (("Near", "Sat, 14 Mar 2026 00:00:00 GMT"), ("Far", "Mon, 01 Jun 2026 00:00:00 GMT"))
    )
    built = "<lastBuildDate>Thu, 01 Jan 2099 00:00:00 GMT</lastBuildDate>"
    parsed = parse_page(f"<rss><channel><title>J</title>{built}{items}</channel></rss>".encode(), ASKED)
    assert [paper.announced for paper in parsed.papers] == [date(2026, 3, 14), NO_DAY]
    assert parsed.remarks == ("1 of 2 items have a day that can't be right: they count as undated",)


def test_a_guid_that_only_looks_like_an_arxiv_id_is_no_identity() -> None:
    guids = ("node/1234567", "math/1234567", "2024.10234", "2603.07001", "article/2026061")
    items = "".join(f"<item><title>Title {guid}</title><guid>{guid}</guid></item>" for guid in guids)
    parsed = parse_page(f"<rss><channel><title>J</title>{items}</channel></rss>".encode(), ASKED)
    assert [paper.id[:6] for paper in parsed.papers] == ["title:"] * len(guids)


@pytest.mark.parametrize("written", ["yesterday", "Wed, 11 Mar 1926 00:00:00 GMT", "11/03/2026", "0000-00-00", "2026"])
def test_a_day_that_cannot_be_read_counts_as_none(page: Callable[[str], bytes], written: str) -> None:
    content = page("feed_journal.xml").replace(b"Wed, 11 Mar 2026 23:30:00 -0500", written.encode())
    parsed = parse_page(content, ASKED)
    assert parsed.papers[0].announced == NO_DAY
    assert parsed.remarks[0].startswith("2 of 5 items")


def test_rss_1_is_read_with_its_days_and_its_authors_one_by_one(page: Callable[[str], bytes]) -> None:
    [paper] = parse_page(page("feed_preprints.xml"), ASKED).papers
    assert (paper.id, paper.aliases) == ("doi:10.1101/2026.03.09.700001", ())
    assert (paper.title, paper.announced) == ("Ponds remember", date(2026, 3, 10))
    assert paper.authors == ("Garcia-Invented, L.", "Holler, C. H.")


def test_atom_is_read_and_links_to_other_works_are_no_identity(page: Callable[[str], bytes]) -> None:
    letters, undated = parse_page(page("feed_atom.xml"), ASKED).papers
    assert (letters.title, letters.abstract) == ("Letters & numbers", "Both are signs.")
    assert (letters.authors, letters.categories) == (("Ada Example", "Bo Primer"), ("typography",))
    assert (letters.id[:6], letters.aliases, letters.url) == ("title:", (), "https://letters.example/1")
    assert (undated.id, undated.announced) == ("doi:10.5555/letter.2", NO_DAY)


@pytest.mark.parametrize(
    ("creator", "names"),
    [
        ("Ada Example", ("Ada Example",)),
        ("Example, Ada", ("Example, Ada",)),
        ("Example A, Primer BC", ("Example A", "Primer BC")),
        ("Example, A, Primer, BC", ("Example, A", "Primer, BC")),
        ("Example, Ada; Primer, Bo", ("Example, Ada", "Primer, Bo")),
        ("Ada Example, Bo Primer, and Cy Third", ("Ada Example", "Bo Primer", "Cy Third")),
        ("Ada Example, Deepa, Bo Primer", ("Ada Example", "Deepa", "Bo Primer")),
        (" , ", ()),
        ("Ada\n Example \t,\n and\tBo  Primer", ("Ada Example", "Bo Primer")),
        ("Ada Example" + "\t" * 99_000 + ", Bo Primer", ("Ada Example", "Bo Primer")),
        ("Ada Example" + " and Bo Primer" * 7_000, ("Ada Example", *["Bo Primer"] * 4_999)),
        ("Ada Example, Bo Primer" + "\t" * 400_000 + ", Cy Third", ("Ada Example", "Bo Primer")),
    ],
    ids=lambda value: f"{value:.40}" if isinstance(value, str) else "names",
)
def test_the_names_in_one_field_are_told_apart(creator: str, names: tuple[str, ...]) -> None:
    content = (
        '<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>J</title>'
        f"<item><title>T</title><dc:creator>{creator}</dc:creator></item></channel></rss>"
    )
    [paper] = parse_page(content.encode(), ASKED).papers
    assert paper.authors == names


ITEM_T = "<item><title>T</title></item>"
RDF = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://my.netscape.com/rdf/simple/0.9/"'
RSS_WITH_A_SCHEMA = """<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://dtd.example/rss-0.91.dtd">
<rss version="0.91"><channel><title>Old</title><item><title>T</title></item></channel></rss>"""


@pytest.mark.parametrize(
    "content",
    [
        f'<rss version="0.91"><channel><title>Old</title>{ITEM_T}</channel></rss>',
        RSS_WITH_A_SCHEMA,
        f"<rss><channel><title>Old</title>{ITEM_T}</channel></rss>",
        f"<rdf:RDF {RDF}><channel><title>Old</title></channel>{ITEM_T}</rdf:RDF>",
        '<feed version="0.3" xmlns="http://purl.org/atom/ns#"><title>Old</title><entry><title>T</title></entry></feed>',
        f'\n\n <?xml version="1.0"?><rss><channel><title>Old</title>{ITEM_T}</channel></rss>',
    ],
)
def test_feeds_of_all_ages_are_read(content: str) -> None:
    parsed = parse_page(content.encode(), ASKED)
    assert ([paper.title for paper in parsed.papers], parsed.remarks) == (["T"], ())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-be", "iso-8859-1", "windows-1252"])
def test_the_declared_encoding_is_obeyed(encoding: str) -> None:
    declared = f'<?xml version="1.0" encoding="{encoding}"?>'
    content = f"{declared}<rss><channel><title>É</title><item><title>Élan</title></item></channel></rss>\n"
    [paper] = parse_page(content.encode(encoding), ASKED).papers
    assert paper.title == "Élan"


@pytest.mark.parametrize("slip", ["Soil & Water", "Soil&nbsp;Water", "Soil <Water", "Soil</b>"])
def test_a_sloppy_feed_that_came_whole_is_read_with_a_remark(page: Callable[[str], bytes], slip: str) -> None:
    content = page("feed_journal.xml").replace(b">Soil<", f">{slip}<".encode())
    parsed = parse_page(content, ASKED)
    assert len(parsed.papers) == 4
    assert parsed.remarks[0].startswith("read although it is not well-formed XML: ")


def test_names_of_html_entities_become_their_letters() -> None:
    content = b"<rss><channel><title>J &nbsp;</title><item><title>Caf&eacute; &amp; Bar</title></item></channel></rss>"
    [paper] = parse_page(content, ASKED).papers
    assert paper.title == "Café & Bar"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("&#55357;&#56832; grin", "grin"),
        ("&#xD83D; half", "half"),
        ("&#x110000;far", "far"),
        ("&#99999999999999999999;", ""),
        ("&#0;&#31;none", "none"),
        ("soil&#160;and&#10;water", "soil and water"),
        ("&#233;lan &#x1F600;", "élan 😀"),
    ],
)
def test_numbers_of_no_character_are_left_out_of_a_sloppy_feed(written: str, read: str) -> None:
    item = f"<item><title>T</title><description>{written}</description></item>"
    [paper] = parse_page(f"<rss><channel><title>A & B</title>{item}</channel></rss>".encode(), ASKED).papers
    assert paper.abstract == read


@pytest.mark.parametrize("name", NAMES)
def test_a_feed_cut_anywhere_is_refused(pages: dict[str, bytes], name: str) -> None:
    content = pages[name].rstrip()
    for end in range(0, len(content), 97):
        with pytest.raises(SourceError):
            parse_page(content[:end], ASKED)


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (b"", "the feed is empty"),
        (b" \n", "the feed is empty"),
        (b"<!DOCTYPE html><html><body>Sorry<br></body></html>", "this is an HTML page, not a feed"),
        (b'<html xmlns="http://www.w3.org/1999/xhtml"><body/></html>', "this is an HTML page, not a feed"),
        (b"<opml/>", "the root element is opml: this is no feed"),
        (b'{"items": []}', "not well-formed XML"),
        (b"<rss/>", "no channel with a title"),
        (b"<rss><channel/></rss>", "no channel with a title"),
        (b"<rss><channel><title> </title></channel></rss>", "no channel with a title"),
        (b"<rss><channel><item><title>T</title></item></channel></rss>", "no channel with a title"),
        (b"<rss><channel><image><title>P</title></image></channel></rss>", "no channel with a title"),
        (
            b'<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>T</title></entry></feed>',
            "no channel with a title",
        ),
        (b"<rss><channel><title>A \xff</title></channel></rss>", "not text in the encoding"),
        (b"<!DOCTYPE rss [<!ENTITY e 'x'>]><rss><channel><title>&e;</title></channel></rss>", "declares entities"),
        (b"<!DOCTYPE rss [<!ENTITY e 'x'>]><rss><channel><title>& &e;</title></channel></rss>", "declares entities"),
        (b"<!DOCTYPE rss [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><rss><channel>&e;</channel></rss>", "entities"),
    ],
)
def test_what_is_no_whole_feed_is_refused_with_its_cause(content: bytes, cause: str) -> None:
    with pytest.raises(SourceError, match=cause):
        parse_page(content, ASKED)


def test_a_feed_without_items_is_a_page_without_records() -> None:
    parsed = parse_page(b"<rss><channel><title>Quiet</title></channel></rss>", ASKED)
    assert (parsed.records, parsed.papers, parsed.day) == (0, (), NO_DAY)


def test_an_author_without_an_end_costs_no_more_than_others() -> None:
    author = "a" * 300_000  # untouched it would take a quarter of an hour
    item = f"<item><title>Endless</title><link>https://x.example/1</link><author>{author}</author></item>"
    page = parse_page(f"<rss version='2.0'><channel><title>x</title>{item}</channel></rss>".encode(), ASKED)
    assert [paper.title for paper in page.papers] == ["Endless"]


def test_arxivs_own_feeds_name_the_same_papers_to_whoever_reads_them(recorded_data: Path) -> None:
    contents = [path.read_bytes() for path in sorted((recorded_data / "arxiv_rss").iterdir())]
    late = Dating(undated=NO_DAY, latest=date(2026, 8, 21))
    parsed = [parse_page(content, late) for content in contents]
    assert (len(parsed), sum(page.records for page in parsed)) == (7, 22)
    assert [len(page.papers) for page in parsed] == [page.records for page in parsed]
    assert not any(page.remarks or page.refused for page in parsed)
    own = [arxiv_feed.parse_page(content, late).taking(crosslists=True, replacements=True) for content in contents]
    ids, own_ids = ({paper.id for page in pages for paper in page.papers} for pages in (parsed, own))
    assert len(ids - own_ids) == 1  # of an item without a title, which arXiv's feeds always give
    assert not own_ids - ids


def _becomes_a_page_or_a_source_error(content: bytes) -> None:
    try:
        parsed = parse_page(content, ASKED)
    except SourceError:
        return
    assert len(parsed.papers) + len(parsed.refused) <= parsed.records


@given(st.binary(max_size=300))
def test_any_bytes_are_a_page_or_a_source_error(content: bytes) -> None:
    _becomes_a_page_or_a_source_error(content)
    _becomes_a_page_or_a_source_error(b"<rss><channel><title>J</title>" + content + b"</channel></rss>")


@given(
    name=st.sampled_from(NAMES),
    start=st.integers(0, 3_000),
    length=st.integers(0, 200),
    patch=st.binary(max_size=40),
)
def test_any_damage_leaves_a_page_or_a_source_error(
    pages: dict[str, bytes], name: str, start: int, length: int, patch: bytes
) -> None:
    content = pages[name]
    _becomes_a_page_or_a_source_error(content[:start] + patch + content[start + length :])


TAGS = [
    "title",
    "link",
    "guid",
    "description",
    "pubDate",
    "dc:date",
    "dc:creator",
    "author",
    "category",
    "content:encoded",
]
ITEM = st.lists(st.tuples(st.sampled_from(TAGS), st.text(max_size=40)), max_size=8)


@settings(max_examples=60)
@given(st.lists(ITEM, max_size=4))
def test_any_items_in_a_sound_feed_are_all_counted(items: list[list[tuple[str, str]]]) -> None:
    printable = str.maketrans(dict.fromkeys([*range(32), 0xFFFE, 0xFFFF, *range(0xD800, 0xE000)]))
    written = "".join(
        "<item>" + "".join(f"<{tag}>{escape(text.translate(printable))}</{tag}>" for tag, text in item) + "</item>"
        for item in items
    )
    parsed = parse_page(
        '<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:content="http://purl.org/rss/1.0/modules/content/">'
        f"<channel><title>J</title>{written}</channel></rss>".encode(),
        ASKED,
    )
    assert parsed.records == len(items)
