import pytest

from digest.sources.formats.identifiers import choose_identifier

ARXIV, DOI, PMID = "http://arxiv.org/abs/2603.01001", "https://doi.org/10.5555/jic.7", "pmid:91000001"


@pytest.mark.parametrize(
    ("texts", "chosen"),
    [
        ([DOI, PMID, ARXIV], ARXIV),
        ([DOI, "10.48550/arXiv.2603.01001"], "10.48550/arXiv.2603.01001"),
        (["n/a", PMID, DOI], PMID),
        (["", DOI, PMID, "10.5555/jic.8"], DOI),
        (["", "pmid:", "arxiv:", "https://library.example.org/1"], None),
        ([], None),
    ],
)
def test_an_arxiv_id_comes_first_and_else_what_is_an_id_at_all(texts: list[str], chosen: str | None) -> None:
    assert choose_identifier(texts) == chosen
