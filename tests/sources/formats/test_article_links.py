import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.sources.formats.article_links import drop_tracking, find_identifier


@pytest.mark.parametrize(
    ("address", "plain"),
    [
        ("https://a.example/x", "https://a.example/x"),
        ("https://a.example/x?utm_source=rss&utm_medium=feed", "https://a.example/x"),
        ("https://a.example/x?id=1&UTM_Campaign=c&fbclid=z&page=2#part", "https://a.example/x?id=1&page=2#part"),
        ("https://a.example/x?utm=1&notutm_x=2", "https://a.example/x?utm=1&notutm_x=2"),
        ("https://a.example/x?gclid", "https://a.example/x"),
        ("", ""),
    ],
)
def test_parameters_that_track_readers_are_dropped_and_the_others_stay(address: str, plain: str) -> None:
    assert drop_tracking(address) == plain


@pytest.mark.parametrize(
    ("text", "identifier"),
    [
        ("oai:arXiv.org:2603.07001v2", "oai:arXiv.org:2603.07001v2"),
        ("https://arxiv.org/abs/2603.07001v1?context=cs.LG", "https://arxiv.org/abs/2603.07001v1"),
        ("https://doi.org/10.5555/a.b?utm_source=rss", "https://doi.org/10.5555/a.b"),
        ("10.5555/a(b)c", "10.5555/a(b)c"),
        ("info:doi/10.5555/a.b", "10.5555/a.b"),
        ("urn:doi:10.5555/a.b", "10.5555/a.b"),
        ("https://journal.example/doi/full/10.5555/a.b", "10.5555/a.b"),
        ("https://journal.example/articles/10.5555/a.b.12/abstract", "10.5555/a.b.12"),
        ("https://journal.example/article/10.5555/1-2/abc/meta/", "10.5555/1-2/abc"),
        ("https://journal.example/article?id=10.5555/a.b&rss=yes", "10.5555/a.b"),
        ("https://journal.example/doi/10.5555%2Fa.b", "10.5555/a.b"),
        ("https://preprints.example/content/10.1101/2026.03.09.700001v1.full.pdf", "10.1101/2026.03.09.700001"),
        ("https://preprints.example/10.5555/rs.3.rs-1/v1", "10.5555/rs.3.rs-1/v1"),
        ("https://garden.example/notes/17", None),
        ("tag:letters.example,2026:1", None),
        ("ARXIV:math.GT/0309136", "ARXIV:math.GT/0309136"),
        ("2603.07001", None),
        ("2603.07001v2", None),
        ("math/0309136", None),
        ("node/1234567", None),
        ("https://arxiv.org/abs/node/1234567", None),
        ("arXiv:2024.10234", None),
        ("", None),
    ],
)
def test_an_id_is_found_in_whatever_publishers_write(text: str, identifier: str | None) -> None:
    assert find_identifier(text) == identifier


@given(st.text(alphabet="https:/.?&=#10abvfull%2F-()"))
def test_any_text_has_an_id_or_none(text: str) -> None:
    found = find_identifier(text)
    assert found is None or found
    assert len(drop_tracking(text)) <= len(text)
