"""Says what in a paper is nearly a term that doesn't hit it: capitals, quotation marks, the field; changes no match."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from digest.domain import Paper
from digest.matching.columns import Text
from digest.matching.day import Day
from digest.matching.expressions import AnyPhrase, Term, Wording, phrases_of
from digest.matching.language import parse_keyword
from digest.matching.phrases import Phrase
from digest.matching.scan import find_phrases

_QUOTES = str.maketrans("", "", '"“”„')


def near_miss(term: Term, day: Day, position: int) -> str:
    """What stands in the paper and would be a hit if the reader had written the term less strictly; mostly nothing."""
    if not isinstance(term.target, Wording):
        return ""
    if term.field and (elsewhere := day.places(term.target, "", position)):
        return f"it stands in the {elsewhere[0][0]} only"
    paper = day.papers[position]
    texts = [Text(words) for words in day.words[position]]
    for phrase, why in _looser(term):
        for number, (hit, *_) in find_phrases(texts, [phrase]).of(phrase).by_text().items():
            return f"“{_text_of(paper, number)[hit.start : hit.end]}” stands there, but {why}"
    return ""


def _looser(term: Term) -> Iterator[tuple[Phrase, str]]:
    phrases = _phrases(term)
    yield from ((replace(phrase, acronyms=()), "an acronym wants capitals") for phrase in phrases if phrase.acronyms)
    unquoted = parse_keyword(term.written.translate(_QUOTES)) if any(phrase.is_exact for phrase in phrases) else None
    if isinstance(unquoted, Term):
        yield from ((phrase, "quotes mean the term as written") for phrase in _phrases(unquoted))


def _phrases(term: Term) -> tuple[Phrase, ...]:
    """Those of which one alone is a hit; of two that must be near each other neither is."""
    return phrases_of(term.target) if isinstance(term.target, Phrase | AnyPhrase) else ()


def _text_of(paper: Paper, number: int) -> str:
    return paper.abstract if number else paper.title
