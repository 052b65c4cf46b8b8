"""What a reader may write, and what is said of the rest."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.matching.expressions import (
    AllOf,
    AnyOf,
    AnyPhrase,
    Expression,
    Like,
    Near,
    Not,
    Person,
    Tag,
    Term,
    map_terms,
)
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
        ("author:(Han OR Li)", "of a bracket"),
        ("(Han OR Li)[au]", "of a bracket"),
        ("title:(mamba)[ti]", "a field twice"),
        ("cat:cs.L*", "a whole archive only (column 1)"),
        ("cat:hep*", "a whole archive only (column 1)"),
        ("category:.*", "no category"),
        ('source:""', "no source"),
        ("titel:mamba", "titel: is no field"),
        ("mamba NEAR vision", "lacks its distance (column 7)"),
        ("mamba NEAR/51 vision", "at most 50 words (column 7)"),
        ("mamba NEAR/1000 vision", "at most 50 words (column 7)"),
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
        ("mamba OR Smith*[au]", "a name has no wildcard (column 10)"),
        ("mamba " * 1000, "at most 4000"),
    ],
)
def test_a_mistake_says_what_is_wrong_and_where(text: str, problem: str) -> None:
    parsed = parse_query(text)
    assert isinstance(parsed, Unreadable)
    assert problem in parsed.problem
    assert parsed.repair


def nested(depth: int) -> str:
    return "(" * depth + "aa" + " OR bb AND NOT cc)" * depth


def test_brackets_nest_twenty_deep_and_no_deeper() -> None:
    assert not isinstance(parse_query(nested(20)), Unreadable)
    assert not isinstance(parse_query(" AND ".join(["(aa OR bb)"] * 40)), Unreadable)
    for text, column in ((nested(21), 21), ("title:" + nested(30), 27), ("(" * 4000, 21)):
        parsed = parse_query(text)
        assert isinstance(parsed, Unreadable)
        assert parsed.problem == f"brackets are nested more than 20 deep (column {column})"


@pytest.mark.parametrize(
    "text", ["-".join(["ab"] * 13), "模" * 31, "deep learning (DL) " + "ab " * 12, '"' + "ab " * 13 + '"', "언" * 31]
)
def test_a_phrase_has_a_greatest_length_however_it_is_written(text: str) -> None:
    parsed = parse_query(text)
    assert isinstance(parsed, Unreadable)
    assert "at most 12 words" in parsed.problem


@pytest.mark.parametrize("text", ["-".join(["ab"] * 12), "模" * 30, "ab " * 12])
def test_the_longest_phrases_are_read(text: str) -> None:
    assert phrase(text.strip()).words


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("mamba~2", "~2 means nothing here (column 6)"),
        ('"state space"~5', "~5 means nothing here (column 14)"),
        ("{mamba TO vision}", "no ranges (column 1)"),
        ("[mamba TO vision]", "no ranges (column 1)"),
        ("mamba near/3 vision", "near/3 isn't read as NEAR (column 7)"),
        ("mamba ADJ3 vision", "ADJ3 isn't read as NEAR (column 7)"),
        ("mamba W/3 vision", "W/3 isn't read as NEAR (column 7)"),
        ("colo?r", "? is no wildcard (column 5)"),
        ("mamba NEAR3 vision", "NEAR3 isn't read as NEAR (column 7)"),
        ("- mamba vision", "stands alone (column 1)"),
        ("+mamba", "+ means nothing here (column 1)"),
        ('+"state space"', "+ means nothing here (column 1)"),
        ('"state space"[mh]', "[mh] is no field (column 14)"),
        ("mamba !survey", "! means nothing here (column 7)"),
        ("mamba[majr]", "[majr] is no field (column 6)"),
        ("mamba[MeSH Terms]", "[MeSH Terms] is no field (column 6)"),
        ("mamba [mh]", "[mh] is no field (column 7)"),
        ("Han S[1au]", "[1au] is no field (column 6)"),
        ("Han S[Author - First]", "[Author - First] is no field (column 6)"),
        ('"state space"[tiab:~3]', "[tiab:~3] is no field (column 14)"),
        ("SU(2) gauge theory", "SU(2) can't be looked for, as brackets join terms (column 1)"),
        ("title:f(R) gravity", "f(R) can't be looked for, as brackets join terms (column 7)"),
        ("mamba WITHIN/3 vision", "WITHIN/3 isn't read as NEAR (column 7)"),
        ("Visual C\\+\\+", "\\+ means nothing here (column 9)"),
        ("mamba\\:vision", "\\: means nothing here (column 6)"),
    ],
)
def test_what_other_languages_mean_by_a_sign_is_not_taken_for_a_word(text: str, problem: str) -> None:
    parsed = parse_keyword(text)
    assert isinstance(parsed, Unreadable)
    assert problem in parsed.problem


@pytest.mark.parametrize(
    "text", ["$\\alpha$~divergence", "C++ +1 trick", "nearby stars", "near 3 stars", "Poincar\\'e"]
)
def test_signs_in_their_plain_sense_are_read(text: str) -> None:
    assert phrase(text).key


def test_an_article_may_have_brackets_in_its_id() -> None:
    parsed = parse_query("(like:doi:10.1016/S0140-6736(20)30183-5 OR mamba) NOT survey")
    assert isinstance(parsed, AllOf)
    assert term("like:doi:10.1016/S0140-6736(20)30183-5").target == Like("doi:10.1016/s0140-6736(20)30183-5")


@pytest.mark.parametrize(
    ("parse", "text"), [(parse_author, "…"), (parse_author, "a" * 201), (parse_keyword, "a" * 201)]
)
def test_every_mistake_has_its_column(parse: Callable[[str], Expression | Unreadable], text: str) -> None:
    parsed = parse(text)
    assert isinstance(parsed, Unreadable)
    assert re.search(r"\(column \d+\)$", parsed.problem)


def test_a_wildcard_takes_both_spellings_and_is_near_to_others_too() -> None:
    parsed = term("quantis*")
    assert isinstance(parsed.target, AnyPhrase)
    assert [phrase.key for phrase in parsed.target.phrases] == ["quantis", "quantiz"]
    assert isinstance(term("quantis* NEAR/3 model").target, Near)


@pytest.mark.parametrize(
    ("text", "keys", "weight"),
    [
        ("reinforcement learning (RL)^2", ["reinforcementlearning", "rl"], 2.0),
        ("RL (reinforcement learning)", ["reinforcementlearning", "rl"], 1.0),
        ("RL (reinforcement learning) agents^3", ["reinforcementlearningagent", "rlagent"], 3.0),
    ],
)
def test_a_long_form_and_its_acronym_may_stand_either_way_and_have_a_weight(
    text: str, keys: list[str], weight: float
) -> None:
    parsed = term(text)
    assert isinstance(parsed.target, AnyPhrase)
    assert ([phrase.key for phrase in parsed.target.phrases], parsed.weight, parsed.written) == (keys, weight, text)


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
        ("mamba&&vision", "mamba AND vision"),
        ("（mamba　ＯＲ　ＲＡＧ）＾２", "(mamba OR RAG)^2"),
        ("title：大模型＊ ＡＮＤ ＂扩散＂", 'title:大模型* AND "扩散"'),
        ("(mamba||vision)", "mamba OR vision"),
        ("mamba ANDNOT survey", "mamba NOT survey"),
        ("mamba NOT(R)", "mamba NOT R"),
        ("mamba -survey", "mamba NOT survey"),
        ('mamba -"a survey"', 'mamba NOT "a survey"'),
        ("pruning[ti]", "title:pruning"),
        ("pruning[tiab]", "pruning"),
        ("(pruning OR mamba)[ti]^2", "title:(pruning OR mamba)^2"),
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


@given(
    st.lists(
        st.sampled_from(["mamba", "state-space", "Model", "RAG", "AND", "or", "near", "NOT", "C", "3D", "模型"]),
        min_size=1,
    )
)
def test_plain_words_mean_what_the_grammar_reads_in_them(words: list[str]) -> None:
    plain, spaced = parse_keyword(" ".join(words)), parse_keyword(f"  {'  '.join(words)}")
    if isinstance(plain, Term) and isinstance(spaced, Term):
        assert (plain.meaning, plain.weight) == (spaced.meaning, spaced.weight)
    else:
        assert type(plain) is type(spaced)
