"""What a community said of a paper, as a value beside the paper: made, joined, turned into a row and back. No query."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from digest.domain import Paper


@dataclass(frozen=True, slots=True)
class Listing:
    """A community's words on one paper, with the edition that first brought it; the fields are Paper's."""

    edition: date
    archived: bool
    rank: int
    upvotes: int | None
    picked_by: str
    code_url: str
    code_stars: int | None
    ai_summary: str
    ai_keywords: tuple[str, ...]
    organization: str
    project_url: str
    page_url: str


def listing_of(paper: Paper, edition: date, *, archived: bool, rank: int) -> Listing:
    """What an arriving record says, at its place in its list."""
    return Listing(
        edition=edition,
        archived=archived,
        rank=rank,
        upvotes=paper.upvotes,
        picked_by=paper.picked_by,
        code_url=paper.code_url,
        code_stars=paper.code_stars,
        ai_summary=paper.ai_summary,
        ai_keywords=paper.ai_keywords,
        organization=paper.organization,
        project_url=paper.project_url,
        page_url=paper.page_url,
    )


def join(held: Listing, arrived: Listing) -> Listing:
    """Both together: the higher counts, and whatever the held one lacks; edition and rank stay as they were."""
    return replace(
        held,
        upvotes=_most(held.upvotes, arrived.upvotes),
        picked_by=held.picked_by or arrived.picked_by,
        code_url=held.code_url or arrived.code_url,
        code_stars=_most(held.code_stars, arrived.code_stars),
        ai_summary=held.ai_summary or arrived.ai_summary,
        ai_keywords=held.ai_keywords or arrived.ai_keywords,
        organization=held.organization or arrived.organization,
        project_url=held.project_url or arrived.project_url,
        page_url=held.page_url or arrived.page_url,
    )


def to_listing(row: Any) -> Listing:
    """A listing from its row."""
    details = read_details(row.details)
    return Listing(row.edition, row.archived, row.rank, row.upvotes, row.picked_by, row.code_url, **details)


def from_listing(listing: Listing) -> dict[str, Any]:
    """The columns of a listing, but for its paper."""
    return {
        "edition": listing.edition,
        "archived": listing.archived,
        "rank": listing.rank,
        "upvotes": listing.upvotes,
        "picked_by": listing.picked_by,
        "code_url": listing.code_url,
        "details": {
            "code_stars": listing.code_stars,
            "ai_summary": listing.ai_summary,
            "ai_keywords": list(listing.ai_keywords),
            "organization": listing.organization,
            "project_url": listing.project_url,
            "page_url": listing.page_url,
        },
    }


def read_details(details: dict[str, Any] | None) -> dict[str, Any]:
    """The fields kept together in one column; of a row of the first schema, which has none, empty ones."""
    found = details or {}
    return {
        "code_stars": found.get("code_stars"),
        "ai_summary": found.get("ai_summary", ""),
        "ai_keywords": tuple(found.get("ai_keywords", ())),
        "organization": found.get("organization", ""),
        "project_url": found.get("project_url", ""),
        "page_url": found.get("page_url", ""),
    }


def _most(one: int | None, other: int | None) -> int | None:
    return max((count for count in (one, other) if count is not None), default=None)
