"""Parses arXiv's OAI-PMH answers in its formats arXivRaw, arXiv and oai_dc. Fetches nothing.

Sources: https://info.arxiv.org/help/oa/index.html, https://www.openarchives.org/OAI/2.0/openarchivesprotocol.htm.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime

from lxml import etree

from digest.domain import Authority, Paper
from digest.errors import SourceError
from digest.identity import parse_arxiv_id, parse_doi
from digest.sources.formats.dates import iso_day, mail_moment
from digest.sources.formats.decoding import all_text, read_xml
from digest.sources.formats.page import Dating, Page, UnusableRecordError, read_each, unique_papers
from digest.sources.formats.records import is_withdrawal, make_paper
from digest.sources.formats.text import clean

OAI = "{http://www.openarchives.org/OAI/2.0/}"
_RAW = "{http://arxiv.org/OAI/arXivRaw/}"
_ARXIV = "{http://arxiv.org/OAI/arXiv/}"
_DUBLIN_CORE = "{http://purl.org/dc/elements/1.1/}"
_METADATA = f"{OAI}metadata"
_LISTS = (f"{OAI}ListRecords", f"{OAI}GetRecord")
_BETWEEN_NAMES = re.compile(r"\s*,\s+(?:and\s+)?|\s+and\s+")
_AFFILIATION = re.compile(r"\s*\((?:[^()]|\([^()]*\))*\)")
_COMMENT = "Comment:"


class BadTokenError(SourceError):
    """The resumption token has expired: the list has to be begun again."""


def parse_page(content: bytes, dating: Dating) -> Page:
    """The papers of an answer to ListRecords or GetRecord; nothing in it tells when a paper was announced.

    `Page.next` is the resumption token. An answer that no record matches is an empty page, the only proof there is of
    emptiness. Raises SourceError if it is another document, carries another error, or holds neither record nor token.
    """
    root = read_xml(content)
    if root.tag != f"{OAI}OAI-PMH":
        raise SourceError(f"the root element is {root.tag!s}, not an OAI-PMH answer")
    if (error := root.find(f"{OAI}error")) is not None:
        return _read_error(error, dating.undated)
    listed = next((found for tag in _LISTS if (found := root.find(tag)) is not None), None)
    if listed is None:
        raise SourceError("the answer lists no records")
    records = listed.findall(f"{OAI}record")
    token = listed.find(f"{OAI}resumptionToken")
    if not records and token is None:
        raise SourceError("the list holds neither a record nor a token, and gives no reason")
    papers, refused = read_each(
        ((f"record {number}", record) for number, record in enumerate(records, 1)),
        lambda record: _read_record(record, dating.undated),
    )
    return Page(
        day=dating.undated,
        papers=unique_papers(papers),
        refused=refused,
        records=len(records),
        expected=_expected(token),
        next="" if token is None else (token.text or "").strip(),
    )


def _read_error(error: etree._Element, day: date) -> Page:
    code = error.get("code", "")
    if code == "noRecordsMatch":
        return Page(day=day)
    words = clean(all_text(error), most_characters=200)
    kind = clean(code, most_characters=40)
    message = f"the server answered with the error {kind!r}" + (f": {words}" if words else "")
    raise BadTokenError(message) if code == "badResumptionToken" else SourceError(message)


def _expected(token: etree._Element | None) -> int | None:
    """The size of the whole list, which servers before 2025 told."""
    size = "" if token is None else token.get("completeListSize", "")
    return int(size) if size.isdecimal() and len(size) < 9 else None  # noqa: PLR2004 - digits of a believable size


def _read_record(record: etree._Element, announced: date) -> Paper:
    header = record.find(f"{OAI}header")
    if header is not None and header.get("status") == "deleted":
        raise UnusableRecordError("the record is deleted upstream")
    for metadata in record.iterfind(f"{_METADATA}/*"):
        read = _READERS.get(str(metadata.tag))
        if read is not None:
            return read(metadata, announced)
    raise UnusableRecordError("the record holds no metadata in a known format")


def _read_raw(record: etree._Element, announced: date) -> Paper:
    fields = _fields(record)
    versions = tuple(_read_versions(record))
    return _make(
        fields,
        announced=announced,
        authors=_split_names(fields.get("authors", "")),
        versions=versions,
        published=versions[0].date() if versions else None,
    )


def _read_arxiv(record: etree._Element, announced: date) -> Paper:
    fields = _fields(record)
    authors = [
        " ".join(author.findtext(f"{_ARXIV}{part}", "").strip() for part in ("forenames", "keyname", "suffix"))
        for author in record.iterfind(f"{_ARXIV}authors/{_ARXIV}author")
    ]
    created = iso_day(fields.get("created", ""))
    return _make(fields, announced=announced, authors=authors, versions=(), published=created)


def _make(
    fields: dict[str, str],
    *,
    announced: date,
    authors: list[str],
    versions: tuple[datetime, ...],
    published: date | None,
) -> Paper:
    comment = fields.get("comments", "")
    return make_paper(
        fields.get("id", ""),
        title=fields.get("title", ""),
        announced=announced,
        authors=authors,
        abstract=fields.get("abstract", ""),
        categories=dict.fromkeys(fields.get("categories", "").split()),
        published=published,
        comment=comment,
        journal_ref=fields.get("journal-ref", ""),
        other_ids=fields.get("doi", "").split(),
        versions=versions,
        is_withdrawn=is_withdrawal(comment),
        authority=Authority.ARCHIVE,
    )


def _read_dublin_core(record: etree._Element, announced: date) -> Paper:
    """Dublin Core has one kind of field for abstract and comment, and another for address, DOI and journal."""
    texts = [all_text(found) for found in record.iterfind(f"{_DUBLIN_CORE}description")]
    comment = next((text.removeprefix(_COMMENT) for text in texts if text.startswith(_COMMENT)), "")
    names = [all_text(found).strip() for found in record.iterfind(f"{_DUBLIN_CORE}identifier")]
    identifier = next((name for name in names if parse_arxiv_id(name)), names[0] if names else "")
    others = [name for name in names if name != identifier]
    return make_paper(
        identifier,
        title=record.findtext(f"{_DUBLIN_CORE}title", ""),
        announced=announced,
        authors=[_turned(all_text(found)) for found in record.iterfind(f"{_DUBLIN_CORE}creator")],
        abstract=next((text for text in texts if not text.startswith(_COMMENT)), ""),
        published=iso_day(record.findtext(f"{_DUBLIN_CORE}date", "")),
        comment=comment,
        journal_ref=next((name for name in others if not parse_doi(name)), ""),
        other_ids=others,
        is_withdrawn=is_withdrawal(comment),
        authority=Authority.ARCHIVE,
    )


_READERS: dict[str, Callable[[etree._Element, date], Paper]] = {
    f"{_RAW}arXivRaw": _read_raw,
    f"{_ARXIV}arXiv": _read_arxiv,
    "{http://www.openarchives.org/OAI/2.0/oai_dc/}dc": _read_dublin_core,
}


def _fields(record: etree._Element) -> dict[str, str]:
    return {etree.QName(field).localname: field.text or "" for field in record if isinstance(field.tag, str)}


def _read_versions(record: etree._Element) -> Iterator[datetime]:
    for version in record.iterfind(f"{_RAW}version"):
        written = version.findtext(f"{_RAW}date", "")
        moment = mail_moment(written)
        if moment is None:
            raise UnusableRecordError(f"the date of a version {clean(written, most_characters=40)!r} can't be right")
        yield moment.astimezone(UTC)


def _split_names(authors: str) -> list[str]:
    """The authors that arXivRaw writes as one text: names between commas or `and`, affiliations in parentheses."""
    return _BETWEEN_NAMES.split(_AFFILIATION.sub("", authors))


def _turned(name: str) -> str:
    family, comma, given = name.partition(",")
    return f"{given.strip()} {family.strip()}" if comma else name
