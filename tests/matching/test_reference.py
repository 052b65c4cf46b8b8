"""A slow, obvious matcher agrees with the fast one, on texts nobody would think of and on real ones."""

import gzip
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from digest.domain import Interest, Match, Paper, Profile
from digest.matching import match_papers
from digest.matching.definitions import find_definitions
from digest.matching.words import read_words
from tests.matching.reference import SlowDay, slow_matches

DAY = date(2026, 6, 30)
WORDS = ["pre", "training", "pretraining", "Pre-training", "models", "model", "RAG", "rag", "rags", "is", "a", "isa"]
SEPARATORS = [" ", "-", ". ", ", ", " (", ")", "", "/", "\n"]
LONG = [
    "retrieval-augmented generation",
    "Retrieval Augmented Generation (RAG)",
    "RAGs",
    "RAG (retrieval augmented generation)",
]
texts = st.lists(
    st.sampled_from([*WORDS, *LONG, "quantised", "quantizer", "模", "型", "$^2$", "é", "R"])
    | st.sampled_from(SEPARATORS),
    max_size=14,
).map("".join)
papers = st.builds(
    Paper,
    id=st.just(""),
    title=texts,
    abstract=texts,
    announced=st.just(DAY),
    authors=st.lists(
        st.sampled_from(["Song Han", "S. Han", "Ada Han", "Song Kyu Han", "Song-Hee Han", "Song J. Han"]), max_size=2
    ).map(tuple),
    categories=st.lists(st.sampled_from(["cs.LG", "cs.CL", "math.CO"]), max_size=2).map(tuple),
    sources=st.sampled_from([(), ("arxiv",)]),
    upvotes=st.sampled_from([None, 0, 7]),
)
phrases = st.builds(
    lambda words, shape: shape.format(" ".join(words)),
    st.lists(st.sampled_from([*WORDS, "模型", "is-a", "retrieval", "augmented generation"]), min_size=1, max_size=3),
    st.sampled_from(["{}", '"{}"', "{}*", "{} quantiz*", "quantis*"]),
)
terms = st.builds(
    "".join, st.tuples(st.sampled_from(["", "", "title:", "abstract:"]), phrases, st.sampled_from(["", "^2"]))
)
others = st.sampled_from(["category:cs", "source:arxiv", "author:Song Han", "reinforcement learning (RL)"])
nears = st.builds("{} NEAR/{} {}".format, phrases, st.sampled_from([0, 1, 3]), phrases)
queries = st.recursive(
    terms | nears | others,
    lambda inner: st.builds("({} {} {})".format, inner, st.sampled_from(["AND", "OR", "AND NOT", "NOT"]), inner),
    max_leaves=5,
)
interests = st.builds(
    Interest,
    name=st.sampled_from(["One", "Two"]),
    keywords=st.lists(terms | queries, max_size=3).map(tuple),
    authors=st.sampled_from([(), (), ("Song Han",), ("S. Han",), ("Song Kyu Han",)]),
    exclude=st.lists(terms | queries, max_size=1).map(tuple),
    categories=st.lists(st.sampled_from(["cs.LG", "cs", "math.*"]), max_size=1).map(tuple),
    query=st.just("") | queries,
    weight=st.sampled_from([1.0, 0.5]),
)
profiles = st.builds(
    Profile, interests=st.lists(interests, max_size=3).map(tuple), min_score=st.sampled_from([0.0, 0.0, 1.0])
)
days = st.lists(papers, min_size=1, max_size=5).map(
    lambda day: [Paper(**{**{name: getattr(p, name) for name in p.__slots__}, "id": f"{n}"}) for n, p in enumerate(day)]
)


def assert_same(profile: Profile, found: tuple[Match, ...], day: SlowDay) -> None:
    expected = slow_matches(profile, day)
    scores = {match.paper.id: match.score for match in found}
    assert scores.keys() == {day.papers[paper].id for paper, _, _ in expected}
    for paper, number, score in expected:
        assert scores[day.papers[paper].id] == pytest.approx(score, abs=2e-4)
        (match,) = (match for match in found if match.paper.id == day.papers[paper].id)
        rivals = [s for i in profile.interests if (s := day.score(i, paper)) is not None]
        if len([s for s in rivals if s > max(rivals) - 1e-3]) == 1:
            assert match.interest == profile.interests[number].name
    assert [m.score for m in found] == sorted((m.score for m in found), reverse=True)


@settings(max_examples=300, deadline=None)
@given(days, st.lists(profiles, min_size=1, max_size=3))
def test_the_fast_matcher_agrees_with_the_slow_one(day: list[Paper], crowd: list[Profile]) -> None:
    slow = SlowDay(day)
    for profile, found in zip(crowd, match_papers(day, crowd), strict=True):
        assert_same(profile, found, slow)


@settings(deadline=None)
@given(days, st.lists(profiles, min_size=1, max_size=4))
def test_a_profile_is_served_the_same_alone_and_in_a_crowd(day: list[Paper], crowd: list[Profile]) -> None:
    assert match_papers(day, crowd) == [match_papers(day, [profile])[0] for profile in crowd]


def test_both_agree_on_what_people_really_wrote_and_ten_real_days(recorded_data: Path) -> None:
    crowd = [_profile(json.loads(path.read_bytes())) for path in sorted((recorded_data / "profiles").glob("*.json"))]
    names = ("2025-04-05", "2025-05-11", "2025-07-06", "2025-09-19", "2025-12-13", "2026-02-12", "2026-03-02",
             "2026-06-15", "2026-06-18", "2026-06-29")  # fmt: skip
    assert len(crowd) == 208
    matches = 0
    for name in names:
        day = _day(recorded_data / "arxiv_days" / f"{name}.jsonl.gz")
        slow = SlowDay(day)
        for profile, found in zip(crowd, match_papers(day, crowd), strict=True):
            assert_same(profile, found, slow)
            matches += len(found)
    assert matches > 10_000


def _profile(recorded: dict[str, dict[str, list[str]]]) -> Profile:
    categories = tuple(recorded["categories"] or ())
    return Profile(
        tuple(
            Interest(name=name, keywords=tuple(keywords), categories=categories)
            for name, keywords in recorded["topics"].items()
        )
    )


def _day(path: Path) -> list[Paper]:
    records = [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]
    return [
        Paper(
            id=record["id"],
            title=record["title"],
            abstract=record["summary"],
            authors=tuple(record["authors"]),
            categories=tuple(record["categories"]),
            announced=DAY,
        )
        for record in {record["id"]: record for record in records}.values()
    ]


def letters_of(text: str) -> str:
    return "".join(read_words(text).folded)


def pointed_at(match: Match) -> Iterator[tuple[str, str]]:
    for reason in match.reasons:
        text = match.paper.title if reason.field == "title" else match.paper.abstract
        yield from ((reason.keyword, text[start:end]) for start, end in reason.spans)


@settings(deadline=None)
@given(texts, texts, st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(" ".join))
def test_spans_point_at_text_that_reads_as_the_keyword(title: str, abstract: str, keyword: str) -> None:
    assume(not find_definitions(f"{title}\n\n{abstract}"))
    paper = Paper(id="1", title=title, abstract=abstract, announced=DAY)
    (found,) = match_papers([paper], [Profile((Interest(keywords=(keyword,)),))])
    for match in found:
        passages = list(pointed_at(match))
        assert passages
        assert all(letters_of(passage) == letters_of(written) for written, passage in passages)


def test_an_acronym_points_at_its_long_form_and_the_other_way_round() -> None:
    paper = Paper(
        id="1", title="RAG", abstract="Retrieval-augmented generation (RAG) helps. RAG is new.", announced=DAY
    )
    for keyword in ("RAG", "retrieval augmented generation"):
        ((match,),) = match_papers([paper], [Profile((Interest(keywords=(keyword,)),))])
        passages = [passage for _, passage in pointed_at(match)]
        assert passages == ["RAG", "Retrieval-augmented generation", "RAG", "RAG"]
