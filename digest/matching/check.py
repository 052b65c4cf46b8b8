"""Says what is wrong in an interest or profile, all mistakes at once; matches nothing and raises nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from digest.domain import Interest, Profile
from digest.matching.expressions import Expression, Like, Person, Term, terms_of, wanted_terms_of
from digest.matching.interests import GREATEST_INTEREST_WEIGHT, MOST_INTERESTS, is_weight
from digest.matching.language import (
    Unreadable,
    parse_author,
    parse_category,
    parse_keyword,
    parse_query,
)

MOST_TERMS = 300
"""In one profile; the largest seen in public configurations has 255."""
MOST_LIKES = 30
"""In one profile; each is a dozen terms of which three must stand together."""


class Problem(NamedTuple):
    """One thing wrong: the key where it stands (`keywords[2]`), what is wrong, what would be right."""

    key: str
    problem: str
    repair: str


def check_profile(profile: Profile) -> list[Problem]:
    """Everything wrong in a profile; keys begin with `interests[n].`, counted from 0."""
    problems = [
        Problem(f"interests[{number}].{key}" if key else f"interests[{number}]", problem, repair)
        for number, interest in enumerate(profile.interests)
        for key, problem, repair in check_interest(interest)
    ]
    if len(profile.interests) > MOST_INTERESTS:
        count = f"{len(profile.interests)} interests; a profile has at most {MOST_INTERESTS}"
        problems.append(Problem("interests", count, "join those that belong together"))
    terms = [term for interest in profile.interests for term in _terms(interest)]
    likes = sum(isinstance(term.target, Like) for term in terms)
    total = len(terms) + sum(len(interest.authors) for interest in profile.interests)
    if total > MOST_TERMS:
        problems.append(_too_many(f"{total} terms", MOST_TERMS, "keep those that bring papers"))
    if likes > MOST_LIKES:
        problems.append(_too_many(f"{likes} papers behind like:", MOST_LIKES, "keep those that say best what you want"))
    return problems


def _too_many(found: str, most: int, repair: str) -> Problem:
    return Problem("interests", f"{found}; a profile has at most {most}", repair)


def check_interest(interest: Interest) -> list[Problem]:
    """Everything wrong in one interest, in the order in which a file has its keys."""
    return list(_problems(interest))


def _problems(interest: Interest) -> Iterator[Problem]:
    for key, texts, parse in (
        ("keywords", interest.keywords, parse_keyword),
        ("exclude", interest.exclude, parse_keyword),
        ("authors", interest.authors, parse_author),
        ("categories", interest.categories, parse_category),
    ):
        for number, text in enumerate(texts):
            yield from _wrong(f"{key}[{number}]", parse(text), is_excluding=key == "exclude")
    if interest.query.strip():
        yield from _wrong("query", parse_query(interest.query))
    elif not (interest.keywords or interest.authors or interest.categories):
        yield Problem("", "the interest takes no paper", "give it keywords, authors, categories or a query")
    if not is_weight(interest.weight):
        yield Problem("weight", "this is no weight", f"write a number above 0, up to {GREATEST_INTEREST_WEIGHT:g}")


def _wrong(key: str, parsed: Expression | Unreadable, *, is_excluding: bool = False) -> Iterator[Problem]:
    if isinstance(parsed, Unreadable):
        yield Problem(key, parsed.problem, parsed.repair)
    elif doubtful := [term for term in wanted_terms_of(parsed, is_wanted=is_excluding) if _may_be_several(term)]:
        problem = f"{doubtful[0].written} may be several people, so it can't be left out"
        yield Problem(key, problem, "write the given name in full, as in Han, Song")


def _may_be_several(term: Term) -> bool:
    """Whether a term is a name with initials, or may be one: to PubMed, Weinan E is E. Weinan; but E, Weinan is not."""
    names = term.target.names if isinstance(term.target, Person) else ()
    is_open = len(names) > 1  # which of its words is the family's
    return bool(names) and all(
        name.given and (len(name.given[0]) == 1 or (is_open and len(name.family) == 1)) for name in names
    )


def _terms(interest: Interest) -> Iterator[Term]:
    """The terms of keywords, exclusions and the query, as far as they can be read."""
    read = [parse_keyword(text) for text in interest.keywords + interest.exclude]
    read += [parse_query(interest.query)] if interest.query.strip() else []
    return (term for expression in read if not isinstance(expression, Unreadable) for term in terms_of(expression))
