"""Chooses the identity of a record that carries several ids. Makes no id up."""

from __future__ import annotations

from collections.abc import Iterable

from digest.identity import canonical_id, parse_arxiv_id


def choose_identifier(texts: Iterable[str]) -> str | None:
    """The first text that holds an arXiv id, else the first with a DOI or PubMed id (`pmid:…`); None if none does."""
    known = (text for text in texts if canonical_id(text))
    return min(known, key=lambda text: parse_arxiv_id(text) is None, default=None)
