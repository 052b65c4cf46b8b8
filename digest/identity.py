"""Says when two records are the same paper: arXiv ids without version, DOIs, normalised titles. Pure; looks nothing up.

Sources: arXiv's identifier scheme (https://info.arxiv.org/help/arxiv_identifier.html), the DOI handbook.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata

ID_CHARACTERS = 200
TITLE_LETTERS_THAT_IDENTIFY = 25
"""From this many letters and digits on, a title alone may merge two records of different sources."""

_NEW_ID = r"\d{2}(?:0[1-9]|1[0-2])\.\d{4,5}"
_OLD_ARCHIVES = (  # until March 2007; some were merged into others before
    "acc-phys|adap-org|alg-geom|ao-sci|astro-ph|atom-ph|bayes-an|chao-dyn|chem-ph|cmp-lg|comp-gas|cond-mat|cs|dg-ga"
    "|funct-an|gr-qc|hep-ex|hep-lat|hep-ph|hep-th|math|math-ph|mtrl-th|nlin|nucl-ex|nucl-th|patt-sol|physics|plasm-ph"
    "|q-alg|q-bio|quant-ph|solv-int|supr-con"
)
_OLD_ID = rf"(?:{_OLD_ARCHIVES})(?:\.[A-Z]{{2}})?/\d{{7}}"
_ARXIV = re.compile(
    rf"""^(?:https?://(?:www\.|export\.)?arxiv\.org/(?:abs|pdf|html|format|ps)/
          |(?:oai:)?arxiv(?:\.org)?:\s*
          |(?:https?://(?:dx\.)?doi\.org/|doi:)?10\.48550/arxiv\.)?
        (?P<id>{_NEW_ID}|{_OLD_ID})(?:v(?P<version>\d{{1,3}}))?(?:\.pdf)?/?$""",
    re.ASCII | re.IGNORECASE | re.VERBOSE,
)
_DOI = re.compile(r"^(?:https?://(?:dx\.)?doi\.org/|doi:\s*)?(?P<doi>10\.\d{4,9}/\S+)$", re.IGNORECASE)

_PMID = re.compile(r"^pmid:\s*(?P<pmid>\d{1,9})$", re.ASCII | re.IGNORECASE)


def parse_arxiv_id(text: str) -> tuple[str, int | None] | None:
    """The arXiv identifier in an id, link, OAI identifier or DataCite DOI, and its version if one is written.

    Old identifiers lose their subject class: `math.GT/0309136v2` gives `("math/0309136", 2)`. None if it is no such id.
    """
    found = _ARXIV.match(text.strip())
    if found is None:
        return None
    archive, slash, number = found["id"].partition("/")
    base = f"{archive.split('.')[0].lower()}/{number}" if slash else archive
    return base, int(found["version"]) if found["version"] else None


def parse_doi(text: str) -> str | None:
    """The DOI in a bare DOI, `doi:` form or link, lower-cased, without trailing punctuation; None if there is none."""
    found = _DOI.match(text.strip())
    return found["doi"].rstrip(".,;)]}'\"").lower() if found else None


def parse_pmid(text: str) -> str | None:
    """The PubMed identifier in `pmid:…`, without leading zeros; None if it is no such text. A bare number isn't one."""
    found = _PMID.match(text.strip())
    return found["pmid"].lstrip("0") or None if found else None


def canonical_id(text: str) -> str | None:
    """The id under which a paper is held, from any notation of an arXiv id, a DOI or `pmid:…`; None if it is none.

    arXiv's own DOIs are arXiv ids. Texts longer than any identifier are none.
    """
    if len(text) > ID_CHARACTERS:
        return None
    if arxiv := parse_arxiv_id(text):
        return f"arxiv:{arxiv[0]}"
    if doi := parse_doi(text):
        return f"doi:{doi}" if doi.isprintable() else None
    pmid = parse_pmid(text)
    return f"pmid:{pmid}" if pmid else None


def normalise_title(title: str) -> str:
    """A title reduced to its letters and digits, case and accents' composition folded (NFKC, casefold)."""
    return "".join(c for c in unicodedata.normalize("NFKC", title).casefold() if c.isalnum())


def title_id(title: str) -> str:
    """The canonical id of a paper known by its title alone: `title:` and a digest of the normalised title."""
    return "title:" + hashlib.sha256(normalise_title(title).encode()).hexdigest()[:20]


def family_name(author: str) -> str:
    """An author's family name for comparing records: before a comma, else the last word; folded to letters only.

    A trailing initial belongs to the given name: `Hinton G` and `G. Hinton` both give `hinton`.
    """
    before_comma, comma, _ = author.partition(",")
    words = before_comma.split() if comma else [w for w in author.split() if len(w.strip(".")) > 1] or author.split()
    plain = unicodedata.normalize("NFKD", words[-1] if words else "").casefold()
    return "".join(c for c in plain if c.isalpha())
