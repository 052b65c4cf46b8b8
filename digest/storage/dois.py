"""Tells the DOIs that preprint servers give out from publishers'. Pure; looks nothing up."""

from __future__ import annotations

import re

_PREPRINT = re.compile(
    r"""10\.(?:48550/arxiv   # arXiv
          |1101/\d           # bioRxiv and medRxiv; Cold Spring Harbor's journals go on with a letter
          |64898/            # openRxiv, for both
          |21203/rs          # Research Square
          |2139/ssrn         # SSRN
          |20944/preprints   # Preprints.org
          |26434/chemrxiv    # ChemRxiv
          |312(?:19|2\d|3[0-5])/ |35542/ |31730/   # OSF and the servers it runs: PsyArXiv, SocArXiv, EarthArXiv …
          |36227/techrxiv    # TechRxiv
          |22541/au          # Authorea
          |33774/            # Cambridge Open Engage
          |5281/zenodo |6084/m9   # Zenodo, figshare
        )""",
    re.IGNORECASE | re.VERBOSE,
)
"""Prefixes as registered with Crossref (https://api.crossref.org/prefixes/10.1101) and DataCite."""


def is_preprint_doi(doi: str) -> bool:
    """Whether a preprint server or repository gave out this DOI."""
    return _PREPRINT.match(doi) is not None


def publishers_dois(names: frozenset[str]) -> frozenset[str]:
    """The DOIs among some ids of a paper that a publisher gave out, each without its `doi:`."""
    dois = (name.removeprefix("doi:") for name in names if name.startswith("doi:"))
    return frozenset(doi for doi in dois if not is_preprint_doi(doi))
