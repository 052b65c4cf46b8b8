"""Parses arXiv's OAI-PMH answers in its formats arXivRaw, arXiv and oai_dc. Fetches nothing.

Sources: https://info.arxiv.org/help/oa/index.html, https://www.openarchives.org/OAI/2.0/openarchivesprotocol.htm.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
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
_RECORD, _HEADER, _METADATA = f"{OAI}record", f"{OAI}header", f"{OAI}metadata"
_LISTS = (f"{OAI}ListRecords", f"{OAI}GetRecord")
# both in a text whose white space is folded
_BETWEEN_NAMES = re.compile(r" ?,(?: and)?(?: |$)| and ")
_AFFILIATION = re.compile(r" ?\((?:[^()]++|\([^()]*+\))*+\)")
_AUTHORS_CHARACTERS = 1_000_000
"""Of one record's authors: several times what a collaboration of three thousand takes with its affiliations."""
_COMMENT = "Comment:"
DELETED = "the record is deleted upstream"


class BadTokenError(SourceError):
    """The resumption token has expired: the list has to be begun again."""


def parse_page(content: bytes, dating: Dating, *, by_datestamp: bool = False) -> Page:
    """The papers of an answer to ListRecords or GetRecord; nothing in it tells when a paper was announced.

    With `by_datestamp` the announced day is that of the record's last change, which is the right one of a paper that
    was never changed since, and a bound for the others. `Page.next` is the resumption token. An answer that no record
    matches is an empty page, the only proof there is of emptiness.
    Raises SourceError if it is another document, carries another error, or holds neither record nor token.
    """
    answer = read_answer(content)
    papers, refused = read_each(
        ((f"record {number}", record) for number, record in enumerate(answer.records, 1)),
        lambda record: _read_record(record, dating.undated, by_datestamp=by_datestamp),
    )
    return Page(
        day=dating.undated,
        papers=unique_papers(papers),
        refused=refused,
        records=len(answer.records),
        expected=answer.size,
        next=answer.token,
    )


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered: the records as elements, and where the list goes on."""

    records: Sequence[etree._Element] = ()
    token: str = ""
    size: int | None = None
    """Of the whole list, which servers before 2025 told."""


def read_answer(content: bytes) -> Answer:
    """The records of an answer, none of them looked into. Raises SourceError as `parse_page` does."""
    root = read_xml(content)
    if root.tag != f"{OAI}OAI-PMH":
        raise SourceError(f"the root element is {root.tag!s}, not an OAI-PMH answer")
    if (error := root.find(f"{OAI}error")) is not None:
        return _read_error(error)
    listed = next((found for tag in _LISTS if (found := root.find(tag)) is not None), None)
    if listed is None:
        raise SourceError("the answer lists no records")
    records = listed.findall(_RECORD)
    token = listed.find(f"{OAI}resumptionToken")
    if not records and token is None:
        raise SourceError("the list holds neither a record nor a token, and gives no reason")
    if token is None:
        return Answer(records)
    size = token.get("completeListSize", "")
    is_believable = size.isdecimal() and len(size) < 9  # noqa: PLR2004 - digits
    return Answer(records, (token.text or "").strip(), int(size) if is_believable else None)


def metadata_of(record: etree._Element) -> etree._Element | None:
    """The element with the record's fields; None if the record is deleted or holds none."""
    return next((child[0] for child in record if child.tag == _METADATA and len(child)), None)


def fields_of(metadata: etree._Element) -> dict[str, list[str]]:
    """The texts of the fields, by the names that arXiv gives them."""
    fields: dict[str, list[str]] = {}
    for field in metadata:
        fields.setdefault(str(field.tag).rpartition("}")[2], []).append(field.text or "")
    return fields


def _read_error(error: etree._Element) -> Answer:
    code = error.get("code", "")
    if code == "noRecordsMatch":
        return Answer()
    words = clean(all_text(error), most_characters=200)
    kind = clean(code, most_characters=40)
    message = f"the server answered with the error {kind!r}" + (f": {words}" if words else "")
    raise BadTokenError(message) if code == "badResumptionToken" else SourceError(message)


def _read_record(record: etree._Element, announced: date, *, by_datestamp: bool) -> Paper:
    header = record.find(_HEADER)
    if header is not None and by_datestamp:
        announced = iso_day(header.findtext(f"{OAI}datestamp", "")) or announced
    if header is not None and header.get("status") == "deleted":
        raise UnusableRecordError(DELETED)
    metadata = metadata_of(record)
    read = None if metadata is None else _READERS.get(str(metadata.tag))
    if metadata is None or read is None:
        raise UnusableRecordError("the record holds no metadata in a known format")
    return read(metadata, announced)


def _read_raw(record: etree._Element, announced: date) -> Paper:
    fields = fields_of(record)
    versions = tuple(_read_versions(record))
    return _make(
        fields,
        announced=announced,
        authors=_split_names(_first(fields, "authors")),
        versions=versions,
        published=versions[0].date() if versions else None,
    )


def _read_arxiv(record: etree._Element, announced: date) -> Paper:
    fields = fields_of(record)
    authors = [
        " ".join(author.findtext(f"{_ARXIV}{part}", "").strip() for part in ("forenames", "keyname", "suffix"))
        for author in record.iterfind(f"{_ARXIV}authors/{_ARXIV}author")
    ]
    created = iso_day(_first(fields, "created"))
    return _make(fields, announced=announced, authors=authors, versions=(), published=created)


def _make(
    fields: Mapping[str, list[str]],
    *,
    announced: date,
    authors: list[str],
    versions: tuple[datetime, ...],
    published: date | None,
) -> Paper:
    comment = _first(fields, "comments")
    return make_paper(
        _first(fields, "id"),
        title=_first(fields, "title"),
        announced=announced,
        authors=authors,
        abstract=_first(fields, "abstract"),
        categories=dict.fromkeys(_first(fields, "categories").split()),
        published=published,
        comment=comment,
        journal_ref=_first(fields, "journal-ref"),
        other_ids=_first(fields, "doi").split(),
        versions=versions,
        is_withdrawn=is_withdrawal(comment),
        authority=Authority.ARCHIVE,
    )


def _first(fields: Mapping[str, list[str]], name: str) -> str:
    return fields[name][0] if name in fields else ""


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


def _read_versions(record: etree._Element) -> Iterator[datetime]:
    for version in record.iterfind(f"{_RAW}version"):
        written = version.findtext(f"{_RAW}date", "")
        moment = mail_moment(written)
        if moment is None:
            raise UnusableRecordError(f"the date of a version {clean(written, most_characters=40)!r} can't be right")
        yield moment.astimezone(UTC)


def _split_names(authors: str) -> list[str]:
    """The authors that arXivRaw writes as one text: names between commas or `and`, affiliations in parentheses."""
    folded = " ".join(authors[:_AUTHORS_CHARACTERS].split())
    return _BETWEEN_NAMES.split(_AFFILIATION.sub("", folded))


def _turned(name: str) -> str:
    family, comma, given = name.partition(",")
    return f"{given.strip()} {family.strip()}" if comma else name
