"""Parses saved trending pages: a text of five header paragraphs, then titles and abstracts by turns. Guesses no ids."""

from __future__ import annotations

import re
from datetime import date

from digest.domain import Paper
from digest.errors import SourceError
from digest.sources.formats.dates import newest_day
from digest.sources.formats.decoding import read_text
from digest.sources.formats.page import Dating, Page, read_each, unique_papers
from digest.sources.formats.records import list_paper, make_paper
from digest.sources.formats.text import clean

INVITATION = "Get trending papers in your email inbox!"
_HEADER = ("new", INVITATION, "Subscribe")
_PARAGRAPHS_OF_HEADER = 5  # the three above, who picked the papers, and the day
_LONGEST_ABSTRACT = 2_500  # characters; arXiv allows 1,920, so a longer "title" is odd but no abstract out of place


def parse_page(content: bytes, dating: Dating) -> Page:
    """The papers of the page in its order; the identity of each is its title.

    The date has no year: it is the newest such day not after `dating.latest`. Raises SourceError with the paragraph's
    number if the header is another one, or if titles and abstracts don't pair up.
    """
    paragraphs = [part.strip() for part in re.split(r"\n[ \t]*(?:\n[ \t]*)+", read_text(content).strip())]
    picked_by, day = _read_header(paragraphs, dating.latest)
    pairs = list(zip(paragraphs[_PARAGRAPHS_OF_HEADER::2], paragraphs[_PARAGRAPHS_OF_HEADER + 1 :: 2], strict=False))
    _refuse_unpaired(paragraphs, pairs)

    def read(pair: tuple[str, str]) -> Paper:
        title, abstract = pair
        paper = make_paper(None, title=title, abstract=abstract, announced=day)
        return list_paper(paper, picked_by=picked_by)

    papers, refused = read_each(((_paragraph(index), pair) for index, pair in enumerate(pairs)), read)
    return Page(day=day, papers=unique_papers(papers), refused=refused, records=len(pairs))


def _read_header(paragraphs: list[str], latest: date) -> tuple[str, date]:
    for number, (found, right) in enumerate(zip(paragraphs, _HEADER, strict=False), 1):
        if found != right:
            raise SourceError(f"paragraph {number} should read {right!r}, not {clean(found, most_characters=60)!r}")
    if len(paragraphs) < _PARAGRAPHS_OF_HEADER:
        raise SourceError(f"the header has {len(paragraphs)} of {_PARAGRAPHS_OF_HEADER} paragraphs: the page was cut")
    picked_by, written = paragraphs[3], paragraphs[4]
    if not picked_by.startswith("by"):
        raise SourceError(f"paragraph 4 should say who picked the papers, not {clean(picked_by, most_characters=60)!r}")
    day = newest_day(written, latest=latest)
    if day is None:
        raise SourceError(f"paragraph 5 should be a day such as 'Mar 11', not {clean(written, most_characters=60)!r}")
    return picked_by.removeprefix("by"), day


def _refuse_unpaired(paragraphs: list[str], pairs: list[tuple[str, str]]) -> None:
    for index, (title, abstract) in enumerate(pairs):
        if len(abstract) <= len(title) <= _LONGEST_ABSTRACT:
            raise SourceError(f"titles and abstracts don't pair up: {_paragraph(index)} is no title")
    if (len(paragraphs) - _PARAGRAPHS_OF_HEADER) % 2:
        raise SourceError(f"titles and abstracts don't pair up: paragraph {len(paragraphs)} has no counterpart")
    if not pairs:
        raise SourceError("the page ends after its header")


def _paragraph(index: int) -> str:
    return f"paragraph {_PARAGRAPHS_OF_HEADER + 2 * index + 1}"
