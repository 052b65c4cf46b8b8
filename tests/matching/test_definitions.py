"""Where a paper says what an acronym means."""

import pytest

from digest.matching.definitions import MOST_BRACKETS, find_definitions


def defined(text: str) -> dict[str, str]:
    return {definition.key: " ".join(definition.long.exact) for definition in find_definitions(text)}


@pytest.mark.parametrize(
    ("text", "short", "long"),
    [
        ("We use retrieval-augmented generation (RAG).", "rag", "retrieval augmented generation"),
        ("Large language models (LLMs) are large.", "llm", "large language models"),
        ("RAG (retrieval augmented generation) helps.", "rag", "retrieval augmented generation"),
        ("On in-context learning (ICL)", "icl", "in context learning"),
        ("(out-of-distribution (OOD) data)", "ood", "out of distribution"),
        ("Chain of thought (CoT; new)", "cot", "chain of thought"),
    ],
)
def test_a_definition_is_read_either_way_round(text: str, short: str, long: str) -> None:
    assert defined(text) == {short: long}


@pytest.mark.parametrize(
    "text",
    [
        "We propose a method for training agents (ATT).",
        "Nothing here begins so (XYZ).",
        "It ends. Then (IET) comes",
        "Figures (See Figure 3)",
        "The state of the art (THE)",
        "",
    ],
)
def test_what_defines_nothing_is_no_definition(text: str) -> None:
    assert defined(text) == {}


def test_so_many_brackets_and_no_more_are_looked_at() -> None:
    names = [f"{a}{b}Q" for a in "ABCDEFGHIJ" for b in "ABCDEFGHIJ"]
    text = ". ".join(f"{name[0]}la {name[1]}la qla ({name})" for name in names)
    assert len(defined(text)) == MOST_BRACKETS
