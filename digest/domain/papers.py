"""The works that are announced: what is known of a paper, and what became of it since."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import IntEnum, StrEnum


class Authority(IntEnum):
    """How near a record stands to the paper's own home: where two records differ, the higher one is believed."""

    PAGE = 0  # a saved page or a feed of anybody's
    AGGREGATOR = 1  # gathers from others: Hugging Face, OpenAlex, Semantic Scholar, Europe PMC
    REGISTRY = 2  # where publishers register: Crossref, PubMed
    ARCHIVE = 3  # where the authors put it: arXiv, bioRxiv, medRxiv


@dataclass(frozen=True, slots=True)
class Paper:
    """One announced work, whichever source told us about it."""

    id: str
    """Canonical, without version: `arxiv:2606.28729`, `doi:10.1101/…`, `pmid:…`, else `title:` and a digest of it."""
    title: str
    announced: date
    """The day upstream showed it to the public; never changes and is never shifted to another zone."""
    authors: tuple[str, ...] = ()
    abstract: str = ""
    categories: tuple[str, ...] = ()
    published: date | None = None
    """The day the authors submitted it, where the source says so."""
    url: str = ""
    pdf_url: str = ""
    code_url: str = ""
    comment: str = ""
    journal_ref: str = ""
    """Where it was published, as the authors or the archive write it."""
    version: int | None = None
    versions: tuple[datetime, ...] = ()
    """When each version was submitted, in UTC, the first one first; empty where the source doesn't tell."""
    is_withdrawn: bool = False
    authority: Authority = Authority.PAGE
    """Of the record that the descriptive fields come from."""
    upvotes: int | None = None
    """Community upvotes; None where no source counts any."""
    picked_by: str = ""
    """Who put the paper on a community's list."""
    is_listed: bool = False
    """Whether a community listed it (upvotes, trending pages): such papers make the trending section."""
    ai_summary: str = ""
    """A machine's summary in one sentence, where a community shows one; never matched against."""
    ai_keywords: tuple[str, ...] = ()
    """A machine's keywords, where a community shows them; never matched against."""
    organization: str = ""
    project_url: str = ""
    page_url: str = ""
    """Where a community discusses the paper."""
    code_stars: int | None = None
    sources: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    """Other ids that mean the same paper, such as its DOI or the title id it had before an arXiv id was known."""
    edition: date | None = None
    """The edition that took it; None until the store has placed it."""

    @property
    def is_late(self) -> bool:
        """Whether it was announced before the edition that took it."""
        return self.edition is not None and self.announced < self.edition


@dataclass(frozen=True, slots=True)
class WordCounts:
    """In how many of an edition's papers each word stands, as matching folds words."""

    papers: int
    frequency: Mapping[str, int]


class RevisionKind(StrEnum):
    """What became known of a paper after the edition that took it."""

    VERSION = "version"  # a later version
    WITHDRAWN = "withdrawn"
    ACCEPTED = "accepted"  # a comment or journal reference names where it will appear
    PUBLISHED = "published"  # a publisher's DOI


@dataclass(frozen=True, slots=True)
class Revision:
    """One thing that became known of a paper after the edition that took it; never announced as a new paper."""

    paper_id: str
    kind: RevisionKind
    detail: str
    """The version such as `v2`, the comment, the journal reference, or the DOI."""
    edition: date
    """The edition in which it appeared."""
