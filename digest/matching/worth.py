"""What hits in titles and abstracts count, for many terms at once, as columns; finds none, and knows no reader."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from digest.matching.arrays import Flags, Floats, Numbers
from digest.matching.expressions import Term
from digest.matching.places import Places, join_columns

TITLE_BOOST = 1.2
VARIANT = 0.25
"""What a hit counts that isn't as the reader wrote it: a plural, another spelling, an acronym for its long form."""
SATURATION = 1.2
"""BM25's k1: how soon further hits in one paper stop counting."""
INSIDE_BEFORE, INSIDE_AFTER = 0.25, 0.5
"""What a hit counts with a telling word right before or after it: in "video diffusion models" the theme isn't so much
diffusion models as a kind of them. All these are chosen on one half of the pools of `benchmarks/relevance.py`."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How often terms stand in papers, each hit counted by its form and place; in the order of terms, then papers."""

    term: Numbers
    paper: Numbers
    title: Floats
    """What counts for the title, its boost included,"""
    abstract: Floats
    """and for the abstract."""

    def worths(self) -> Floats:
        """What they are worth but for the term's rarity."""
        count = self.title + self.abstract
        return count * (SATURATION + 1) / (count + SATURATION)


def count_hits(terms: Sequence[tuple[Term, Places]], writings: Mapping[str, int], papers: int) -> Counts:
    """Counts the hits of some terms; the texts are the titles of so many papers, then their abstracts."""
    found = [_in_field(term.field, places, papers) for term, places in terms]
    term = np.repeat(np.arange(len(terms)), [len(places) for places in found])
    places = join_columns(found)
    counted = np.where(places.is_led, INSIDE_BEFORE, 1.0) * np.where(places.is_followed, INSIDE_AFTER, 1.0)
    counted[~_is_as_written(term, places, [each for each, _ in terms], writings)] *= VARIANT
    is_abstract, paper = np.divmod(places.text, max(papers, 1))
    numbers, row = np.unique(term * papers + paper, return_inverse=True)
    title, abstract = (
        np.bincount(row, np.where(is_abstract == which, counted, 0.0), len(numbers)).astype(np.float64, copy=False)
        for which in (0, 1)
    )
    return Counts(*np.divmod(numbers, max(papers, 1)), TITLE_BOOST * title, abstract)


def _in_field(field: str, places: Places, papers: int) -> Places:
    if not field:
        return places
    titles = int(np.searchsorted(places.text, papers))
    return places.at(slice(titles) if field == "title" else slice(titles, None))


def _is_as_written(term: Numbers, places: Places, terms: Sequence[Term], writings: Mapping[str, int]) -> Flags:
    """Which hits have the letters that the reader wrote; all of a term that any will do for."""
    forms = [(number, form) for number, each in enumerate(terms) for form in each.forms if form in writings]
    written = [number * len(writings) + writings[form] for number, form in forms]
    any_will_do = np.array([not each.forms for each in terms], np.bool_)
    found: Flags = any_will_do[term] | np.isin(term * len(writings) + places.writing, written)
    return found
