"""Makes one Paper of the fields any format delivers; here alone upstream's values are checked and cleaned."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime
from functools import lru_cache
from itertools import islice
from typing import Any

from digest.domain import Authority, Paper
from digest.identity import canonical_id, normalise_title, parse_arxiv_id, title_id
from digest.sources.formats.page import UnusableRecordError
from digest.sources.formats.text import clean, web_link

TITLE_CHARACTERS = 1_000
ABSTRACT_CHARACTERS = 20_000
COMMENT_CHARACTERS = 2_000
NAME_CHARACTERS = 200
NAMES_REMEMBERED = 10_000
MOST_AUTHORS = 5_000  # large collaborations have three thousand
MOST_CATEGORIES = 50
MOST_KEYWORDS = 50
MOST_VERSIONS = 500
MOST_OTHER_IDS = 20
MOST_COUNTED = 10_000_000
_WITHDRAWAL = re.compile(
    r"\b(?:paper|article|manuscript|submission|work|preprint|version|it|this)\b[^.]{0,40}\b(?:withdrawn|retracted)\b(?!\s+from\b)"
    r"|^\W*(?:withdrawn|retracted)\b",
    re.IGNORECASE,
)


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
    journal_ref: Any = "",
    other_ids: Iterable[Any] = (),
    versions: Iterable[datetime] = (),
    is_withdrawn: bool = False,
    authority: Authority = Authority.PAGE,
    url: Any = "",
    pdf_url: Any = "",
) -> Paper:
    """A clean Paper; values of a wrong type count as missing.

    `identifier` is anything that holds an arXiv id, a DOI or a PubMed id (`pmid:…`), or None where there is none: then
    the title is the identity. `other_ids` are more of the same, arXiv ids and DOIs in any notation; what isn't one is
    left out. `url` and `pdf_url` count where the identifier doesn't tell them.
    Raises UnusableRecordError if the title or the identity is no use.
    """
    clean_title = clean(as_text(title), most_characters=TITLE_CHARACTERS)
    if not clean_title:
        raise UnusableRecordError("the record has no title")
    paper_id, version = _identify(identifier, clean_title)
    submitted = tuple(islice(versions, MOST_VERSIONS))
    home, file = _links(paper_id)
    return Paper(
        id=paper_id,
        title=clean_title,
        announced=announced,
        authors=_names(authors, most=MOST_AUTHORS),
        abstract=clean(as_text(abstract), most_characters=ABSTRACT_CHARACTERS),
        categories=_names(categories, most=MOST_CATEGORIES),
        published=published or (submitted[0].date() if submitted else None),
        url=home or web_link(as_text(url)),
        pdf_url=file or web_link(as_text(pdf_url)),
        comment=clean(as_text(comment), most_characters=COMMENT_CHARACTERS),
        journal_ref=clean(as_text(journal_ref), most_characters=COMMENT_CHARACTERS),
        version=version or len(submitted) or None,
        versions=submitted,
        is_withdrawn=is_withdrawn,
        authority=authority,
        aliases=_aliases(other_ids, paper_id),
    )


def list_paper(
    paper: Paper,
    *,
    upvotes: Any = None,
    picked_by: Any = "",
    organization: Any = "",
    ai_summary: Any = "",
    ai_keywords: Iterable[Any] = (),
    code_url: Any = "",
    code_stars: Any = None,
    project_url: Any = "",
    page_url: Any = "",
) -> Paper:
    """The paper as a community lists it, with what it says of it; values of a wrong type count as missing."""
    return replace(
        paper,
        is_listed=True,
        upvotes=_count(upvotes),
        picked_by=clean(as_text(picked_by), most_characters=NAME_CHARACTERS),
        organization=clean(as_text(organization), most_characters=NAME_CHARACTERS),
        ai_summary=clean(as_text(ai_summary), most_characters=COMMENT_CHARACTERS),
        ai_keywords=_names(ai_keywords, most=MOST_KEYWORDS),
        code_url=web_link(as_text(code_url)),
        code_stars=_count(code_stars),
        project_url=web_link(as_text(project_url)),
        page_url=web_link(as_text(page_url)),
    )


def is_withdrawal(comment: str) -> bool:
    """Whether a comment says that the paper is withdrawn; arXiv has no field for it."""
    return bool(_WITHDRAWAL.search(comment[:COMMENT_CHARACTERS]))


def as_text(value: Any) -> str:
    """The value if it is a text, else nothing."""
    return value if isinstance(value, str) else ""


def as_list(value: Any) -> list[Any]:
    """The value if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def as_object(value: Any) -> dict[str, Any]:
    """The value if it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def _identify(identifier: str | None, title: str) -> tuple[str, int | None]:
    if identifier is None:
        if not normalise_title(title):
            raise UnusableRecordError("the title, its only identity, has neither letters nor digits")
        return title_id(title), None
    if arxiv := parse_arxiv_id(identifier):
        return f"arxiv:{arxiv[0]}", arxiv[1]
    paper_id = canonical_id(identifier)
    if paper_id is None:
        shown = clean(identifier, most_characters=60)
        raise UnusableRecordError(f"{shown!r} is neither an arXiv id nor a DOI" if shown else "the record has no id")
    return paper_id, None


def _links(paper_id: str) -> tuple[str, str]:
    """The addresses of a paper's page and its PDF, as far as its id tells them."""
    scheme, _, number = paper_id.partition(":")
    match scheme:
        case "arxiv":
            return f"https://arxiv.org/abs/{number}", f"https://arxiv.org/pdf/{number}"
        case "doi":
            return web_link(f"https://doi.org/{number}"), ""
        case "pmid":
            return f"https://pubmed.ncbi.nlm.nih.gov/{number}/", ""
        case _:
            return "", ""


def _aliases(values: Iterable[Any], paper_id: str) -> tuple[str, ...]:
    found = (canonical_id(as_text(value)) for value in islice(values, MOST_OTHER_IDS) if value)
    return tuple(dict.fromkeys(name for name in found if name and name != paper_id))


def _count(value: Any) -> int | None:
    return value if type(value) is int and 0 <= value <= MOST_COUNTED else None


def _names(values: Iterable[Any], *, most: int) -> tuple[str, ...]:
    return tuple([name for value in islice(values, most) if isinstance(value, str) and (name := _clean_name(value))])


@lru_cache(maxsize=NAMES_REMEMBERED)
def _clean_name(name: str) -> str:
    """A name or category; a day holds most of them many times."""
    return clean(name, most_characters=NAME_CHARACTERS)
