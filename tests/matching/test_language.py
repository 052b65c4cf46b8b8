"""What a reader may write, and what is said of the rest."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.matching.expressions import AllOf, AnyOf, AnyPhrase, Expression, Near, Not, Person, Tag, Term, map_terms
from digest.matching.language import Unreadable, parse_author, parse_keyword, parse_query
from digest.matching.phrases import Phrase

SIGNS = ["AND", "OR", "NOT", "(", ")", '"', "“", "^2", "^", "*", "title:", "author:", "category:", "like:", "NEAR/3"]
written = st.text() | st.lists(st.sampled_from([*SIGNS, " ", "mamba", "vision model", "模", "R"]), max_size=40).map(
    " ".join
)


def term(text: str) -> Term:
    parsed = parse_keyword(text)
    assert isinstance(parsed, Term)
    return parsed


def phrase(text: str) -> Phrase:
    target = term(text).target
    assert isinstance(target, Phrase)
    return target


@given(written)
def test_any_text_is_an_expression_or_a_mistake_with_a_repair(text: str) -> None:
    for parse in (parse_keyword, parse_query, parse_author):
        parsed = parse(text)
        assert isinstance(parsed, Term | AllOf | AnyOf | Not) or (parsed.problem and parsed.repair)


def test_a_term_has_a_field_a_phrase_and_a_weight() -> None:
    parsed = term("title:knowledge distillation^2.5")
    assert (parsed.field, parsed.weight, phrase("knowledge distillation")) == ("title", 2.5, parsed.target)


def test_a_term_keeps_what_the_reader_wrote() -> None:
    assert term("  title:distillation^2 ").written == "title:distillation^2"


@pytest.mark.parametrize(("short", "long"), [("ti", "title"), ("abs", "abstract"), ("Title", "title")])
def test_fields_may_have_the_names_arxiv_gives_them(short: str, long: str) -> None:
    assert term(f"{short}:mamba").field == long


def test_people_categories_and_sources_are_terms() -> None:
    assert isinstance(term('author:"Song Han"').target, Person)
    assert term("category:cs.*").target == Tag("category", "cs")
    assert term("source:arXiv").target == Tag("source", "arxiv")


def test_and_binds_closer_than_or() -> None:
    parsed = parse_query("mamba OR vision model AND NOT survey")
    assert isinstance(parsed, AnyOf)
    first, second = parsed.parts
    assert isinstance(first, Term)
    assert isinstance(second, AllOf)
    assert isinstance(second.parts[1], Not)


def test_and_may_be_left_out_before_not() -> None:
    assert parse_query("mamba NOT survey") == parse_query("mamba AND NOT survey")


def test_operators_in_quotes_or_small_letters_are_words() -> None:
    assert phrase("search and rescue").key == "searchandrescue"
    assert phrase('"AND gate"').key == "andgate"


def test_typographic_quotes_are_quotes() -> None:
    assert phrase("“Video Denoising”") == phrase('"video denoising"')


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "empty"),
        ("NOT survey", "none of its words"),
        ("mamba OR NOT survey", "none of its words"),
        ("mamba AND", "too early"),
        ("AND mamba", "nothing before"),
        ("NOT NOT mamba", "NOT can't stand here (column 5)"),
        ("(mamba", "never closed"),
        ("mamba)", "closes nothing"),
        ('mamba OR "state space', "quotation mark is never closed (column 10)"),
        ('mamba "state space"', "without AND or OR (column 7)"),
        ("author:(Han OR Li)", "before a bracket"),
        ("titel:mamba", "titel: is no field"),
        ("mamba NEAR vision", "lacks its distance (column 7)"),
        ("mamba NEAR/51 vision", "at most 50 words (column 7)"),
        ("mamba NEAR/5 vision NEAR/5 image", "two terms only (column 21)"),
        ("title:mamba NEAR/5 abstract:vision", "of one field (column 13)"),
        ("mamba NEAR/5 author:Han", "words and phrases only"),
        ("title:mamba[ti]", "a field twice"),
        ("state space (survey)", "without AND or OR (column 13)"),
        ("state space (RL OR survey)", "without AND or OR (column 13)"),
        ("*", "no word"),
        ("\x00\x07", "no word"),
        ("qu*", "three letters"),
        ("qua*ze", "end of the last word"),
        ("mamba^0", "between 0.1 and 100"),
        ("mamba^x", "number at the end"),
        ("^2", "behind a word"),
        ("x", "single letter"),
        ("c", "single letter"),
        ("deep, learning", "never crosses punctuation"),
        ("…", "no word"),
        ("a b c d e f g h i j k l m", "at most 12 words"),
        ("author:…", "no name"),
        ("mamba " * 1000, "at most 4000"),
    ],
)
def test_a_mistake_says_what_is_wrong_and_where(text: str, problem: str) -> None:
    parsed = parse_query(text)
    assert isinstance(parsed, Unreadable)
    assert problem in parsed.problem
    assert parsed.repair


def test_deep_nesting_is_refused() -> None:
    nested = "aa"
    for _ in range(15):
        nested = f"(({nested}) AND bb) OR cc"
    parsed = parse_query(nested)
    assert isinstance(parsed, Unreadable)
    assert "nested" in parsed.problem


@pytest.mark.parametrize(
    "text", ["mamba", "mamba AND NOT survey", "title:mamba NEAR/3 vision^2", "like:arxiv:2503.01234"]
)
def test_keywords_and_queries_are_one_language(text: str) -> None:
    assert parse_keyword(text) == parse_query(text)


def test_a_bracket_hands_its_field_and_weight_to_the_terms_inside() -> None:
    parsed = parse_query("title:(mamba^2 OR abstract:vision)^1.5")
    assert isinstance(parsed, AnyOf)
    inside = [(part.field, part.weight) for part in parsed.parts if isinstance(part, Term)]
    assert inside == [("title", 3.0), ("abstract", 1.5)]


def test_near_joins_two_phrases_of_one_field() -> None:
    parsed = term('title:"state space" NEAR/5 vision*')
    assert isinstance(parsed.target, Near)
    assert (parsed.field, parsed.target.distance) == ("title", 5)
    assert parsed.written == 'title:"state space" NEAR/5 vision*'


def test_a_long_form_may_carry_its_acronym() -> None:
    parsed = term("title:reinforcement learning (RL)")
    assert isinstance(parsed.target, AnyPhrase)
    assert [phrase.key for phrase in parsed.target.phrases] == ["reinforcementlearning", "rl"]
    assert (parsed.field, parsed.written) == ("title", "title:reinforcement learning (RL)")


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("mamba && vision", "mamba AND vision"),
        ("mamba || vision", "mamba OR vision"),
        ("mamba -survey", "mamba NOT survey"),
        ('mamba -"a survey"', 'mamba NOT "a survey"'),
        ("pruning[ti]", "title:pruning"),
        ("pruning[tiab]", "pruning"),
        ("Song Han[au]", "author:Song Han"),
    ],
)
def test_signs_of_lucene_and_pubmed_are_understood(theirs: str, ours: str) -> None:
    assert bare(parse_query(theirs)) == bare(parse_query(ours))


def bare(parsed: Expression | Unreadable) -> Expression:
    assert not isinstance(parsed, Unreadable)
    return map_terms(parsed, lambda term: replace(term, written=""))


def test_a_keyword_has_a_greatest_length() -> None:
    parsed = parse_keyword("a very long interest " * 20)
    assert isinstance(parsed, Unreadable)
    assert "at most 200" in parsed.problem


@pytest.mark.parametrize("text", ["C", "R", "C++", "3D", "RL", "N:M", "大模型"])
def test_short_words_that_mean_something_are_keywords(text: str) -> None:
    assert phrase(text).key
