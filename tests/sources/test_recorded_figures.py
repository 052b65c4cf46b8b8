"""What became of every recorded page: the figures that `python -m tests.sources.recorded` prints."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sources.recorded import FOLDERS, read_folder

FIGURES = {  # files, documents, refused documents, records, papers, apart, repeated, refused records
    "pages": (5, 5, 0, 445, 445, 0, 0, 0),
    "arxiv_api": (25, 25, 2, 212, 211, 0, 1, 0),
    "arxiv_rss": (7, 7, 0, 22, 14, 7, 0, 1),
    "arxiv_oai": (31, 31, 6, 1_425, 1_422, 0, 0, 3),
    "arxiv_days": (44, 44, 0, 16_487, 12_938, 0, 3_549, 0),
    "arxiv_days_malformed": (1, 1, 1, 0, 0, 0, 0, 0),
    "hf_daily_papers": (387, 387, 15, 6_424, 6_424, 0, 0, 0),
    "hf_daily_papers_fixtures": (2, 2, 0, 35, 35, 0, 0, 0),
    "other_apis/biorxiv": (4, 4, 0, 24, 12, 12, 0, 0),
    "other_apis/crossref": (7, 10, 6, 29, 10, 0, 0, 19),
    "other_apis/europepmc": (1, 1, 0, 8, 8, 0, 0, 0),
    "other_apis/openalex": (2, 2, 1, 6, 6, 0, 0, 0),
    "other_apis/pubmed": (14, 14, 8, 13, 12, 0, 0, 1),
    "other_apis/semanticscholar": (6, 10, 1, 5_974, 0, 0, 0, 5_974),
}
REASONS = {
    "arxiv_api": {"the API answered with an error: incorrect id format for nonsense", "… for abc"},
    "arxiv_days_malformed": {"line 1 looks like a Python literal ({'…': …}), not a JSON object"},
    "hf_daily_papers": {"the items are strings that look like Python literals, not JSON objects"},
    "other_apis/semanticscholar": {
        "it has no announced day",  # only ids and titles were recorded
        "no answer of the search: its data or their total is missing",
    },
    "other_apis/pubmed": {
        "XML of no known format: its root element is eSearchResult",  # a search finds ids, no papers
        "a JSON object with header, esearchresult is no known format",
        "the announced day '1976-9-28' can't be right",
    },
}


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_recorded_page_is_read_or_refused_as_it_was(recorded_data: Path, folder: str) -> None:
    found = read_folder(recorded_data / folder)
    assert FIGURES[folder] == (
        found.files,
        found.documents,
        found.refused_documents.total(),
        found.records,
        found.papers,
        found.apart,
        found.repeated,
        found.refused_records.total(),
    )
    reasons = {*found.refused_documents, *found.refused_records}
    assert all(reason.strip() for reason in reasons)
    for expected in REASONS.get(folder, ()):
        assert any(reason.endswith(expected.removeprefix("… ")) for reason in reasons)
