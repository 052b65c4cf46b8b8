"""Makes one Paper of the fields any format delivers; here alone upstream's values are checked and cleaned."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from itertools import islice
from typing import Any

from digest.domain import Paper
from digest.identity import normalise_title, parse_arxiv_id, parse_doi, title_id
from digest.sources.formats.page import UnusableRecordError
from digest.sources.formats.text import clean, web_link

TITLE_CHARACTERS = 1_000
ABSTRACT_CHARACTERS = 20_000
COMMENT_CHARACTERS = 2_000
NAME_CHARACTERS = 200
MOST_AUTHORS = 5_000  # large collaborations have three thousand
MOST_CATEGORIES = 50
MOST_UPVOTES = 10_000_000


def make_paper(
    identifier: str | None,
    *,
    title: Any,
    announced: date,
    authors: Iterable[Any] = (),
    abstract: Any = "",
    categories: Iterable[Any] = (),
    published: date | None = None,
    comment: Any = "",
    doi: Any = "",
    code_url: Any = "",
    upvotes: Any = None,
    picked_by: Any = "",
    is_listed: bool = False,
) -> Paper:
    """A clean Paper; values of a wrong type count as missing.

    `identifier` is anything that holds an arXiv id or a DOI, or None where the format has no ids: then the title is
    the identity. Raises UnusableRecordError if the title or the identity is no use.
    """
    clean_title = clean(as_text(title), most_characters=TITLE_CHARACTERS)
    if not clean_title:
        raise UnusableRecordError("the record has no title")
    paper_id, version, url, pdf_url = _identify(identifier, clean_title)
    return Paper(
        id=paper_id,
        title=clean_title,
        announced=announced,
        authors=_names(authors, most=MOST_AUTHORS),
        abstract=clean(as_text(abstract), most_characters=ABSTRACT_CHARACTERS),
        categories=_names(categories, most=MOST_CATEGORIES),
        published=published,
        url=url,
        pdf_url=pdf_url,
        code_url=web_link(as_text(code_url)),
        comment=clean(as_text(comment), most_characters=COMMENT_CHARACTERS),
        version=version,
        upvotes=upvotes if type(upvotes) is int and 0 <= upvotes <= MOST_UPVOTES else None,
        picked_by=clean(as_text(picked_by), most_characters=NAME_CHARACTERS),
        is_listed=is_listed,
        aliases=_aliases(as_text(doi), paper_id),
    )


def as_text(value: Any) -> str:
    """The value if it is a text, else nothing."""
    return value if isinstance(value, str) else ""


def as_list(value: Any) -> list[Any]:
    """The value if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def as_object(value: Any) -> dict[str, Any]:
    """The value if it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def _identify(identifier: str | None, title: str) -> tuple[str, int | None, str, str]:
    if identifier is None:
        if not normalise_title(title):
            raise UnusableRecordError("the title, its only identity, has neither letters nor digits")
        return title_id(title), None, "", ""
    arxiv = parse_arxiv_id(identifier[:NAME_CHARACTERS])
    if arxiv:
        number, version = arxiv
        return f"arxiv:{number}", version, f"https://arxiv.org/abs/{number}", f"https://arxiv.org/pdf/{number}"
    doi = _doi(identifier)
    if doi:
        return f"doi:{doi}", None, web_link(f"https://doi.org/{doi}"), ""
    shown = clean(identifier, most_characters=60)
    raise UnusableRecordError(f"{shown!r} is neither an arXiv id nor a DOI" if shown else "the record has no id")


def _doi(text: str) -> str | None:
    doi = parse_doi(text[:NAME_CHARACTERS])
    return doi if doi and doi.isprintable() and not parse_arxiv_id(doi) else None


def _aliases(doi: str, paper_id: str) -> tuple[str, ...]:
    found = _doi(doi)
    return (f"doi:{found}",) if found and f"doi:{found}" != paper_id else ()


def _names(values: Iterable[Any], *, most: int) -> tuple[str, ...]:
    names = (clean(as_text(value), most_characters=NAME_CHARACTERS) for value in islice(values, most))
    return tuple(name for name in names if name)
