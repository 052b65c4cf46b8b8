"""Says whether two records are one work, and joins them by a stated precedence. Pure; knows no table."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import replace

from digest.domain import Paper
from digest.identity import TITLE_LETTERS_THAT_IDENTIFY, family_name, normalise_title
from digest.storage.dois import publishers_dois

_BEST_SCHEMES = ("arxiv", "doi", "pmid", "title")
_CUT = ("…", "...")


def is_same_work(one: Paper, other: Paper) -> bool:
    """Whether two records with one normalised title are one work.

    They are if they share an identifier. Else they aren't if their identifiers or first authors differ, nor, where one
    of them has an identifier, if the title is too short to identify anything. Two that are known by their title alone
    share their id, whatever else they say. A preprint's DOI doesn't differ from a publisher's: one work may have both.
    """
    pairs = list(zip(_identifiers(one), _identifiers(other), strict=True))
    if any(ours & theirs for ours, theirs in pairs) or (is_known_by_title(one) and is_known_by_title(other)):
        return True
    if any(_differ(ours, theirs) for ours, theirs in pairs):
        return False
    if one.authors and other.authors and family_name(one.authors[0]) != family_name(other.authors[0]):
        return False
    return len(normalise_title(one.title)) >= TITLE_LETTERS_THAT_IDENTIFY


def is_known_by_title(paper: Paper) -> bool:
    """Whether no source has given the paper an identifier."""
    return paper.id.startswith("title:")


def better_id(one: str, other: str) -> str:
    """Of two ids of one work the one that people see: arXiv before DOI before PubMed before title."""
    return min(one, other, key=lambda paper_id: _BEST_SCHEMES.index(paper_id.partition(":")[0]))


def have_different_arxiv_ids(one: AbstractSet[str], other: AbstractSet[str]) -> bool:
    """Whether two sets of ids name different papers of arXiv, so that a DOI they share must be of another thing."""
    return _differ(_of_scheme(one, "arxiv"), _of_scheme(other, "arxiv"))


def merge(held: Paper, arrived: Paper) -> Paper:
    """What two records know together, field by field; the edition stays as it was held.

    - A field comes from the record of the higher `Authority`, where it has that field, else from the other; of equals
      from the one that was held.
    - Of authors the fuller list is taken among equals.
    - An abstract that isn't cut off comes before one that is, whoever has it; among equals it is the longer one.
    - The announced day is the earlier one, the version the higher one with its longer history.
    - A paper is withdrawn as soon as one record says so.
    """
    better, lesser = (arrived, held) if arrived.authority > held.authority else (held, arrived)
    return replace(
        held,
        id=better_id(held.id, arrived.id),
        title=better.title,
        announced=min(held.announced, arrived.announced),
        authors=max(
            held, arrived, key=lambda paper: (bool(paper.authors), paper.authority, len(paper.authors))
        ).authors,
        abstract=max(held, arrived, key=_worth_of_abstract).abstract,
        categories=better.categories or lesser.categories,
        published=better.published or lesser.published,
        url=better.url or lesser.url,
        pdf_url=better.pdf_url or lesser.pdf_url,
        code_url=better.code_url or lesser.code_url,
        comment=better.comment or lesser.comment,
        journal_ref=better.journal_ref or lesser.journal_ref,
        version=max(filter(None, (held.version, arrived.version)), default=None),
        versions=max(better.versions, lesser.versions, key=len),
        is_withdrawn=held.is_withdrawn or arrived.is_withdrawn,
        authority=better.authority,
        sources=join_sources(held, arrived),
    )


def join_sources(held: Paper, arrived: Paper) -> tuple[str, ...]:
    """The sources of both, each once, in the order in which they brought the paper."""
    return tuple(dict.fromkeys(held.sources + arrived.sources))


def all_ids(paper: Paper) -> frozenset[str]:
    """Every id by which a record may be found, other than by its title."""
    return frozenset((paper.id, *paper.aliases))


def _worth_of_abstract(paper: Paper) -> tuple[bool, bool, int, int]:
    abstract = paper.abstract.rstrip()
    return bool(abstract), not abstract.endswith(_CUT), paper.authority, len(abstract)


def _identifiers(paper: Paper) -> tuple[frozenset[str], ...]:
    """A paper's ids, those together that can speak against another paper's."""
    ids = all_ids(paper)
    publishers = frozenset(f"doi:{doi}" for doi in publishers_dois(ids))
    return _of_scheme(ids, "arxiv"), publishers, _of_scheme(ids, "doi") - publishers, _of_scheme(ids, "pmid")


def _differ(ours: frozenset[str], theirs: frozenset[str]) -> bool:
    return bool(ours) and bool(theirs) and not ours & theirs


def _of_scheme(ids: AbstractSet[str], scheme: str) -> frozenset[str]:
    return frozenset(found for found in ids if found.startswith(f"{scheme}:"))
