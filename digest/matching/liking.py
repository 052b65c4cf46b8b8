"""Puts words in the place of `like:arxiv:2503.01234`: the paper's own most telling terms, weighted, for all to see.

It is told the papers; it looks none up. A paper it isn't told of hits nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from digest.domain import Paper, Profile
from digest.matching.expressions import AnyOf, Expression, Like, Term, map_terms, terms_of
from digest.matching.language import GREATEST_WEIGHT, LEAST_WEIGHT, Unreadable, parse_keyword, parse_query
from digest.matching.phrases import Phrase
from digest.matching.statistics import Statistics, count_words, read_paper
from digest.matching.words import Joint, is_telling, read_words

MOST_TERMS = 12
FEWEST_SHARED = 3
"""A paper is similar that has so many of the terms: one alone says little."""
GREATEST_TERM_WEIGHT = 2.0
TITLE_SHARE = 2
_LONGEST_TERM = 3


def liked_papers(profiles: Iterable[Profile]) -> set[str]:
    """The ids of the papers that profiles ask for more of."""
    found: set[str] = set()
    for interest in (interest for profile in profiles for interest in profile.interests):
        read = [parse_keyword(text) for text in interest.keywords + interest.exclude]
        read += [parse_query(interest.query)] if "like:" in interest.query.casefold() else []
        terms = (term for e in read if not isinstance(e, Unreadable) for term in terms_of(e))
        found.update(term.target.paper_id for term in terms if isinstance(term.target, Like))
    return found


def telling_terms(paper: Paper, statistics: Statistics, *, most: int = MOST_TERMS) -> tuple[Term, ...]:
    """The terms that say best what a paper is about, as keywords with weights, the most telling first.

    A term tells by how often it stands, in the title twofold, times how rare it is. Of terms that contain each other
    only the most telling is taken. Without statistics every term is equally rare.
    """
    known = statistics if statistics.papers else statistics.plus(count_words([read_paper(paper)]))
    spellings: dict[Phrase, str] = {}
    counts: Counter[Phrase] = Counter()
    for text in [*_terms_in(paper.title)] * TITLE_SHARE + [*_terms_in(paper.abstract)]:
        parsed = parse_keyword(text)
        if isinstance(parsed, Term) and isinstance(parsed.target, Phrase):
            spellings.setdefault(parsed.target, text)
            counts[parsed.target] += 1
    worth = {phrase: count * known.rarity(phrase) for phrase, count in counts.items() if count >= _fewest(phrase)}
    chosen: list[Phrase] = []
    for phrase in sorted(worth, key=lambda phrase: (-worth[phrase], phrase.key)):
        if not any(phrase.key in other.key or other.key in phrase.key for other in chosen):
            chosen.append(phrase)
    return tuple(_as_term(spellings[phrase], worth[phrase] / worth[chosen[0]]) for phrase in chosen[:most])


def _fewest(phrase: Phrase) -> int:
    """Words that stand together once only may do so by chance."""
    return 1 if len(phrase.words) == 1 else 2


def put_in_likes(expression: Expression, liked: Mapping[str, tuple[Term, ...]]) -> Expression:
    """The expression with the terms of liked papers in their place; their reasons name the paper too."""
    return map_terms(expression, lambda term: _put_in(term, liked))


def _put_in(term: Term, liked: Mapping[str, tuple[Term, ...]]) -> Expression:
    terms = liked.get(term.target.paper_id, ()) if isinstance(term.target, Like) else ()
    if not terms:
        return term
    parts = tuple(
        replace(each, written=f"{term.written}: {each.written}", weight=_bounded(each.weight * term.weight))
        for each in terms
    )
    return AnyOf(parts, fewest=min(FEWEST_SHARED, len(parts)))


def _terms_in(text: str) -> Iterator[str]:
    """Each run of one to three words without a function word, as it stands there."""
    words = read_words(text)
    for first in range(len(words)):
        for last in range(first, min(first + _LONGEST_TERM, len(words))):
            if (last > first and words.joints[last] is Joint.GAP) or not is_telling(words, last):
                break
            yield " ".join(text[words.starts[first] : words.ends[last]].split())


def _as_term(text: str, share: float) -> Term:
    weight = _bounded(round(GREATEST_TERM_WEIGHT * share, 1))
    parsed = parse_keyword(f"{text}^{weight:g}")
    assert isinstance(parsed, Term)  # noqa: S101  # `_telling` has read it already
    return parsed


def _bounded(weight: float) -> float:
    return min(max(weight, LEAST_WEIGHT), GREATEST_WEIGHT)
