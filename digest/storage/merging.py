"""Says whether two records are one work, and joins them. Pure; knows no table."""

from __future__ import annotations

from dataclasses import replace

from digest.domain import Paper
from digest.identity import TITLE_LETTERS_THAT_IDENTIFY, family_name, normalise_title

_BEST_SCHEMES = ("arxiv", "doi", "title")


def is_same_work(one: Paper, other: Paper) -> bool:
    """Whether two records with one normalised title are one work.

    Not if their identifiers or first authors differ, nor, where one of them has an identifier, if the title is too
    short to identify anything. Two that are known by their title alone share their id, whatever else they say.
    """
    if is_known_by_title(one) and is_known_by_title(other):
        return True
    for scheme in ("arxiv", "doi"):
        ours, theirs = _ids(one, scheme), _ids(other, scheme)
        if ours and theirs and not ours & theirs:
            return False
    if one.authors and other.authors and family_name(one.authors[0]) != family_name(other.authors[0]):
        return False
    return len(normalise_title(one.title)) >= TITLE_LETTERS_THAT_IDENTIFY


def is_known_by_title(paper: Paper) -> bool:
    """Whether no source has given the paper an identifier."""
    return paper.id.startswith("title:")


def better_id(one: str, other: str) -> str:
    """Of two ids of one work the one that people see: arXiv before DOI before title."""
    return min(one, other, key=lambda paper_id: _BEST_SCHEMES.index(paper_id.partition(":")[0]))


def merge(held: Paper, arrived: Paper) -> Paper:
    """What two records know together: the longer abstract, the fuller author list, and whatever one of them lacks.

    The day it was announced and its edition stay as they were held.
    """
    return replace(
        held,
        id=better_id(held.id, arrived.id),
        authors=max(held.authors, arrived.authors, key=len),
        abstract=max(held.abstract, arrived.abstract, key=len),
        categories=held.categories or arrived.categories,
        published=held.published or arrived.published,
        url=held.url or arrived.url,
        pdf_url=held.pdf_url or arrived.pdf_url,
        code_url=held.code_url or arrived.code_url,
        comment=held.comment or arrived.comment,
        version=max(filter(None, (held.version, arrived.version)), default=None),
        sources=join_sources(held, arrived),
    )


def join_sources(held: Paper, arrived: Paper) -> tuple[str, ...]:
    """The sources of both, each once, in the order in which they brought the paper."""
    return tuple(dict.fromkeys(held.sources + arrived.sources))


def all_ids(paper: Paper) -> frozenset[str]:
    """Every id by which a record may be found, other than by its title."""
    return frozenset((paper.id, *paper.aliases))


def _ids(paper: Paper, scheme: str) -> frozenset[str]:
    return frozenset(found for found in all_ids(paper) if found.startswith(f"{scheme}:"))
