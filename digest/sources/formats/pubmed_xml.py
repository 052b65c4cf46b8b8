"""Parses PubMed's records as EFetch gives them: articles and book chapters in XML. Fetches nothing, its DTD neither.

Source: https://dtd.nlm.nih.gov/ncbi/pubmed/doc/out/250101/index.html.
"""

from __future__ import annotations

from lxml import etree

from digest.domain import Authority, Paper
from digest.errors import SourceError
from digest.identity import parse_doi
from digest.sources.formats.dates import iso_day
from digest.sources.formats.decoding import all_text, read_xml
from digest.sources.formats.fields import cite, read_announced
from digest.sources.formats.page import Dating, Page, UnusableRecordError, read_each, unique_papers
from digest.sources.formats.records import make_paper
from digest.sources.formats.text import clean

_RECORDS = ("PubmedArticle", "PubmedBookArticle")
_WITHDRAWN = ("retracted", "withdrawn")
_NO_LABELS = ("", "UNLABELLED")


def parse_page(content: bytes, dating: Dating) -> Page:
    """The records as papers; the announced day is the one on which PubMed took them in (Entrez date).

    Raises SourceError if the server answered with an error, or with something else than a set of records.
    """
    root = read_xml(content)
    if (error := root.find(".//ERROR")) is not None:
        cause = clean(all_text(error), most_characters=200)
        raise SourceError(f"the server answered with an error: {cause or 'no reason given'}")
    if root.tag != "PubmedArticleSet":
        raise SourceError(f"the root element is {root.tag!s}, not a set of PubMed's records")
    records = [element for element in root if element.tag in _RECORDS]
    found, refused = read_each(((_place(record, number), record) for number, record in enumerate(records, 1)), _read)
    return Page(day=dating.undated, papers=unique_papers(found), refused=refused, records=len(records))


def _place(record: etree._Element, number: int) -> str:
    pmid = clean(all_text(record.find(".//PMID")), most_characters=20)
    return f"PMID {pmid}" if pmid else f"record {number}"


def _read(record: etree._Element) -> Paper:
    article = _first(record, "MedlineCitation/Article", "BookDocument")
    data = _first(record, "PubmedData", "PubmedBookData")
    if article is None or data is None:
        raise UnusableRecordError("the record has no article, or no data about it")
    ids = _ids(data)
    return make_paper(
        next(iter(ids), ""),
        title=all_text(_first(article, "ArticleTitle", "Book/BookTitle")),
        announced=read_announced(_day(data.find("History/PubMedPubDate[@PubStatus='entrez']"))),
        authors=[_name(author) for author in article.findall("AuthorList/Author") if author.get("ValidYN") != "N"],
        abstract=" ".join(_part(text) for text in article.findall("Abstract/AbstractText")),
        published=iso_day(_day(article.find("ArticleDate"))),
        journal_ref=_journal_ref(article),
        other_ids=ids,
        is_withdrawn=any(all_text(kind).lower().startswith(_WITHDRAWN) for kind in article.iter("PublicationType")),
        authority=Authority.REGISTRY,
    )


def _first(element: etree._Element, *paths: str) -> etree._Element | None:
    return next((found for path in paths if (found := element.find(path)) is not None), None)


def _ids(data: etree._Element) -> list[str]:
    """The record's own ids, its DOI first; the lists of references hold those of other articles."""
    dois = [all_text(element) for element in data.findall("ArticleIdList/ArticleId[@IdType='doi']")]
    pmids = [all_text(element) for element in data.findall("ArticleIdList/ArticleId[@IdType='pubmed']")]
    return [doi for doi in dois if parse_doi(doi)] + [f"pmid:{pmid.strip()}" for pmid in pmids]


def _day(element: etree._Element | None) -> str:
    """The date in an element's year, month and day, as an ISO date without padding; nothing if there is no element."""
    parts = [] if element is None else [element.findtext(name, "").strip() for name in ("Year", "Month", "Day")]
    return "-".join(parts)


def _name(author: etree._Element) -> str:
    person = " ".join(all_text(author.find(part)) for part in ("ForeName", "LastName", "Suffix"))
    return person if person.strip() else all_text(author.find("CollectiveName"))


def _part(text: etree._Element) -> str:
    """A paragraph of the abstract with the label before it, as in `METHODS: We count`."""
    label = text.get("Label", "")
    return f"{label}: {all_text(text)}" if label not in _NO_LABELS else all_text(text)


def _journal_ref(article: etree._Element) -> str:
    issue = "Journal/JournalIssue"
    return cite(
        all_text(_first(article, "Journal/ISOAbbreviation", "Journal/Title", "Book/BookTitle")),
        volume=article.findtext(f"{issue}/Volume", ""),
        issue=article.findtext(f"{issue}/Issue", ""),
        pages=article.findtext("Pagination/MedlinePgn", ""),
        year=article.findtext(f"{issue}/PubDate/Year", "") or article.findtext("Book/PubDate/Year", ""),
    )
