"""Reads which paper a web address or a feed's id means, and drops what only tracks the reader. Asks no server."""

from __future__ import annotations

import re

from digest.identity import parse_arxiv_id, parse_doi
from digest.sources.formats.text import LINK_CHARACTERS

_TRACKING = re.compile(
    r"utm_\w+|fbclid|gclid|gbraid|wbraid|dclid|msclkid|yclid|twclid|igshid|mc_[ce]id|_hs(?:enc|mi)|mkt_tok",
    re.ASCII | re.IGNORECASE,
)
_DOI = re.compile(r"(?:^|[/=:])(?P<doi>10\.\d{4,9}/[^\s?#&]+)", re.ASCII)
_VIEW = re.compile(  # which view of the article an address opens is no part of its DOI
    r"(?:[/.](?:abstract|abs|full|fulltext|full-text|html|meta|pdf|epdf|short|summary))*/?$", re.ASCII | re.IGNORECASE
)
_PREPRINT = re.compile(r"(?P<doi>10\.(?:1101|64898)/[\d.]+)v\d+", re.ASCII)  # bioRxiv's addresses name the version


def drop_tracking(address: str) -> str:
    """The address without the parameters that tell its owner where a reader came from, such as `utm_source`."""
    rest, hash_sign, fragment = address.partition("#")
    path, _, query = rest.partition("?")
    kept = [part for part in query.split("&") if part and not _TRACKING.fullmatch(part.partition("=")[0])]
    return path + ("?" + "&".join(kept) if kept else "") + hash_sign + fragment


def find_identifier(text: str) -> str | None:
    """The arXiv id or DOI in an id or address of any form, as far as one can be told from it; None if there is none.

    Publishers' addresses hold the DOI in their path or query, with the view of the article behind it. An arXiv id
    counts only if it says that it is arXiv's, for other sites number their pages in the same way.
    """
    address = text.strip()[:LINK_CHARACTERS].replace("%2F", "/").replace("%2f", "/")
    bare = re.split(r"[?#]", address, maxsplit=1)[0]
    if (parse_arxiv_id(bare) and "arxiv" in bare.lower()) or parse_doi(bare):
        return bare
    found = _DOI.search(address)
    if found is None:
        return None
    doi = _VIEW.sub("", found["doi"], count=1)
    preprint = _PREPRINT.fullmatch(doi)
    return preprint["doi"] if preprint else doi
