"""Parses OpenAlex's lists of works: JSON whose abstracts come as an index of their words. Fetches nothing.

Source: https://developers.openalex.org/api-reference/works.
"""

from __future__ import annotations

from typing import Any

from digest.domain import Authority, Paper
from digest.errors import SourceError
from digest.sources.formats.dates import iso_day
from digest.sources.formats.decoding import read_json, read_text
from digest.sources.formats.fields import cite, read_announced, read_count
from digest.sources.formats.identifiers import choose_identifier
from digest.sources.formats.page import Dating, Page, read_each, unique_papers
from digest.sources.formats.records import as_list, as_object, as_text, make_paper
from digest.sources.formats.text import clean

_WITH_CITATIONS = frozenset({"journal", "conference", "book series"})
"""Where an article is published; a repository, which is the other kind, only keeps a copy."""
_MOST_WORDS = 10_000
_MOST_LETTERS = 100  # of one word: together they bound an abstract whose index repeats a word without end


def parse_page(content: bytes, dating: Dating) -> Page:
    """The works of one page, announced on the day that OpenAlex made their records.

    Raises SourceError if the service answered with an error, or with something else than a list of works.
    """
    answer = as_object(read_json(read_text(content)))
    if "error" in answer:
        cause = as_text(answer.get("message")) or as_text(answer["error"])
        told = clean(cause, most_characters=200) or "no reason given"
        raise SourceError(f"the service answered with an error: {told}")
    meta, results = as_object(answer.get("meta")), answer.get("results")
    total = read_count(meta.get("count"))
    if not isinstance(results, list) or total is None:
        raise SourceError("no list of works: its results or their count is missing")
    papers, refused = read_each(((f"record {number}", work) for number, work in enumerate(results, 1)), _read_work)
    return Page(
        day=dating.undated,
        papers=unique_papers(papers),
        refused=refused,
        records=len(results),
        expected=total,
        next=as_text(meta.get("next_cursor")),
    )


def rebuild_abstract(index: Any) -> str:
    """The text whose words an inverted index holds with their positions; nothing if there is none."""
    placed = {
        position: word
        for word, positions in as_object(index).items()
        for position in as_list(positions)
        if type(position) is int and 0 <= position < _MOST_WORDS
    }
    return " ".join(placed[position][:_MOST_LETTERS] for position in sorted(placed))


def _read_work(work: Any) -> Paper:
    fields = as_object(work)
    ids = _ids(fields)
    home = as_object(fields.get("primary_location"))
    open_copy = as_object(fields.get("best_oa_location"))
    return make_paper(
        choose_identifier(ids),
        title=fields.get("title"),
        announced=read_announced(fields.get("created_date")),
        authors=[_author(entry) for entry in as_list(fields.get("authorships"))],
        abstract=rebuild_abstract(fields.get("abstract_inverted_index")),
        published=iso_day(as_text(fields.get("publication_date"))),
        journal_ref=_journal_ref(fields, home),
        other_ids=ids,
        is_withdrawn=fields.get("is_retracted") is True,
        authority=Authority.AGGREGATOR,
        url=home.get("landing_page_url") or fields.get("id"),
        pdf_url=open_copy.get("pdf_url") or home.get("pdf_url"),
    )


def _ids(fields: dict[str, Any]) -> list[str]:
    """Whatever may hold an id: a work lies at several places, of which one may be its preprint."""
    places = [as_object(fields.get("primary_location")), *map(as_object, as_list(fields.get("locations")))]
    addresses = [as_text(place.get("landing_page_url")) for place in places]
    pubmed = as_text(as_object(fields.get("ids")).get("pmid")).rstrip("/").rpartition("/")[2]
    return [as_text(fields.get("doi")), f"pmid:{pubmed}", *addresses]


def _author(authorship: Any) -> str:
    entry = as_object(authorship)
    return as_text(as_object(entry.get("author")).get("display_name")) or as_text(entry.get("raw_author_name"))


def _journal_ref(fields: dict[str, Any], home: dict[str, Any]) -> str:
    source, issue = as_object(home.get("source")), as_object(fields.get("biblio"))
    if as_text(source.get("type")) not in _WITH_CITATIONS:
        return ""
    first, last = as_text(issue.get("first_page")), as_text(issue.get("last_page"))
    return cite(
        as_text(source.get("display_name")),
        volume=as_text(issue.get("volume")),
        issue=as_text(issue.get("issue")),
        pages=first if last in ("", first) else f"{first}-{last}",
        year=as_text(fields.get("publication_date"))[:4],
    )
