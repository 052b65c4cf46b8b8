"""A slow, obvious matcher agrees with the fast one on papers and profiles nobody would think of."""

import math
from collections.abc import Iterator
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from digest.domain import Interest, Match, Paper, Profile
from digest.matching import match_papers
from digest.matching.language import AllOf, AnyOf, Expression, Not, Tag, Term, parse_keyword, parse_query
from digest.matching.phrases import Phrase
from digest.matching.words import Joint, Words, read_words

WORDS = ["pre", "training", "pretraining", "Pre-training", "models", "model", "RAG", "rag", "rags", "is", "a", "isa"]
SEPARATORS = [" ", "-", ". ", ", ", " (", "", "/", "\n"]
texts = st.lists(
    st.sampled_from([*WORDS, "quantised", "quantizer", "模", "型", "$^2$", "é", "R"]) | st.sampled_from(SEPARATORS),
    max_size=14,
).map("".join)
papers = st.builds(
    lambda title, abstract, categories: (title, abstract, tuple(categories)),
    texts,
    texts,
    st.lists(st.sampled_from(["cs.LG", "cs.CL", "math.CO"]), max_size=2),
)
keywords = st.builds(
    lambda words, field, shape, weight: field + shape.format(" ".join(words)) + weight,
    st.lists(st.sampled_from([*WORDS, "模型", "is-a"]), min_size=1, max_size=3),
    st.sampled_from(["", "", "title:", "abstract:"]),
    st.sampled_from(["{}", '"{}"', "{}*", "{} quantiz*", "quantis*"]),
    st.sampled_from(["", "^2"]),
)
queries = st.recursive(
    keywords | st.just("category:cs"),
    lambda inner: st.builds("({} {} {})".format, inner, st.sampled_from(["AND", "OR", "AND NOT", "NOT"]), inner),
    max_leaves=5,
)
interests = st.builds(
    Interest,
    name=st.sampled_from(["One", "Two"]),
    keywords=st.lists(keywords, max_size=3).map(tuple),
    exclude=st.lists(keywords, max_size=1).map(tuple),
    categories=st.lists(st.sampled_from(["cs.LG", "cs", "math.*"]), max_size=1).map(tuple),
    query=st.just("") | queries,
    weight=st.sampled_from([1.0, 0.5]),
)
profiles = st.builds(Profile, interests=st.lists(interests, max_size=2).map(tuple))


def spans(phrase: Phrase, words: Words) -> Iterator[tuple[int, int]]:
    """Every run of words that reads as the phrase, found by trying all of them; of overlapping ones the leftmost."""
    letters = words.exact if phrase.is_exact else words.folded
    done = 0
    for first in range(len(words)):
        for last in range(first, len(words)):
            if words.starts[first] >= done and reads_as(phrase, words, letters, first, last):
                done = words.ends[last]
                yield words.starts[first], done


def reads_as(phrase: Phrase, words: Words, letters: tuple[str, ...], first: int, last: int) -> bool:
    inner = range(first + 1, last + 1)
    lengths = {n: len("".join(letters[first:n])) for n in inner}
    if any(words.joints[n] is Joint.GAP for n in inner):
        return False
    if any(words.joints[n] is Joint.SPACE and lengths[n] not in phrase.splits for n in inner):
        return False
    if phrase.is_alone:
        joints = [*words.joints[first : first + 2], Joint.GAP]
        if Joint.TIGHT in joints[:2]:
            return False
    for start, end, fewest in phrase.acronyms:
        covering = [
            n
            for n in range(first, last + 1)
            if len("".join(letters[first:n])) < end and len("".join(letters[first : n + 1])) > start
        ]
        if sum(words.capitals[n] for n in covering) < fewest:
            return False
    head = "".join(letters[first:last])
    if phrase.is_open:
        forms = (head + letters[last], head + words.exact[last])
        return len(head) < len(phrase.key) and any(form.startswith(phrase.key) for form in forms)
    return head + letters[last] == phrase.key


def impact(term: Term, paper: Paper, day: list[Paper]) -> float:
    """What a term is worth in a paper; 0 if it doesn't hit."""
    if isinstance(term.target, Tag):
        value = term.target.value
        return float(any((c.lower() + ".").startswith(value + ".") for c in paper.categories))
    assert isinstance(term.target, Phrase)
    phrase = term.target

    def count(which: Paper, field: str) -> int:
        return len(list(spans(phrase, read_words(getattr(which, field)))))

    titles = count(paper, "title") if term.field != "abstract" else 0
    abstracts = count(paper, "abstract") if term.field != "title" else 0
    hit = sum(bool(count(other, "title") or count(other, "abstract")) for other in day)
    weighed = 3 * titles + abstracts
    return math.log(1 + (len(day) - hit + 0.5) / (hit + 0.5)) * weighed * 2.2 / (weighed + 1.2)


def holds(expression: Expression, paper: Paper, day: list[Paper]) -> bool:
    if isinstance(expression, Term):
        return impact(expression, paper, day) > 0
    if isinstance(expression, Not):
        return not holds(expression.part, paper, day)
    held = [holds(part, paper, day) for part in expression.parts]
    return all(held) if isinstance(expression, AllOf) else any(held)


def wanted(expression: Expression) -> list[Term]:
    if isinstance(expression, Term):
        return [expression]
    return [] if isinstance(expression, Not) else [term for part in expression.parts for term in wanted(part)]


def score(interest: Interest, paper: Paper, day: list[Paper]) -> float | None:
    """The paper's score under an interest; None if the interest doesn't take it."""
    terms = [term for term in map(parse_keyword, interest.keywords) if isinstance(term, Term)]
    query = parse_query(interest.query) if interest.query else None
    if isinstance(query, AllOf | AnyOf | Not | Term) and holds(query, paper, day):
        known = {(term.target, term.field) for term in terms}
        terms += [term for term in wanted(query) if (term.target, term.field) not in known]
    if any(isinstance(e, Term) and holds(e, paper, day) for e in map(parse_keyword, interest.exclude)):
        return None
    filters = [category.removesuffix(".*").lower() + "." for category in interest.categories]
    passed = sum(any((c.lower() + ".").startswith(f) for c in paper.categories) for f in filters)
    if filters and not passed and paper.categories:
        return None
    if not interest.keywords and not interest.query:
        return interest.weight * passed if passed else None
    heaviest: dict[object, float] = {}
    for term in terms:
        meaning = (term.target, term.field)
        heaviest[meaning] = max(heaviest.get(meaning, 0.0), term.weight * impact(term, paper, day))
    return interest.weight * sum(heaviest.values()) or None


@settings(max_examples=150, deadline=None)
@given(st.lists(papers, min_size=1, max_size=5), st.lists(profiles, min_size=1, max_size=3))
def test_the_fast_matcher_agrees_with_the_slow_one(
    rows: list[tuple[str, str, tuple[str, ...]]], crowd: list[Profile]
) -> None:
    day = [
        Paper(id=f"{n}", title=title, abstract=abstract, categories=categories, announced=date(2026, 6, 30))
        for n, (title, abstract, categories) in enumerate(rows)
    ]
    for profile, found in zip(crowd, match_papers(day, crowd), strict=True):
        scores = {match.paper.id: match.score for match in found}
        expected = {}
        for paper in day:
            under = [s for interest in profile.interests if (s := score(interest, paper, day)) is not None]
            if under:
                expected[paper.id] = round(max(under), 4)
        assert scores.keys() == expected.keys()
        assert all(abs(scores[key] - expected[key]) < 0.001 for key in scores)


@settings(deadline=None)
@given(st.lists(papers, min_size=1, max_size=5), st.lists(profiles, min_size=1, max_size=4))
def test_a_profile_is_served_the_same_alone_and_in_a_crowd(
    rows: list[tuple[str, str, tuple[str, ...]]], crowd: list[Profile]
) -> None:
    day = [
        Paper(id=f"{n}", title=title, abstract=abstract, categories=categories, announced=date(2026, 6, 30))
        for n, (title, abstract, categories) in enumerate(rows)
    ]
    assert match_papers(day, crowd) == [match_papers(day, [profile])[0] for profile in crowd]


def letters_of(text: str) -> str:
    return "".join(read_words(text).folded)


def pointed_at(match: Match) -> Iterator[tuple[str, str]]:
    for reason in match.reasons:
        text = match.paper.title if reason.field == "title" else match.paper.abstract
        yield from ((reason.keyword, text[start:end]) for start, end in reason.spans)


@settings(deadline=None)
@given(texts, texts, st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(" ".join))
def test_spans_point_at_text_that_reads_as_the_keyword(title: str, abstract: str, keyword: str) -> None:
    paper = Paper(id="1", title=title, abstract=abstract, announced=date(2026, 6, 30))
    (found,) = match_papers([paper], [Profile((Interest(keywords=(keyword,)),))])
    for match in found:
        passages = list(pointed_at(match))
        assert passages
        assert all(letters_of(passage) == letters_of(written) for written, passage in passages)
