"""What a reader says of a paper becomes a proposed change of their profile: finds what it takes, and writes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from digest.assembly import find_liked, read_statistics
from digest.changes import Change
from digest.composing.cleaning import one_line
from digest.domain import Interest, Paper, Profile
from digest.errors import ConfigError, Mistake
from digest.links import Verb
from digest.matching import (
    Statistics,
    check_interest,
    match_papers,
    propose_less,
    propose_more,
    propose_mute,
    telling_terms,
    terms_to_mute,
)
from digest.storage import PaperStore

LIBRARY = "From your library"
"""The interest that a library's keywords make."""
MOST_FROM_LIBRARY = 12


def find_paper(paper_id: str, papers: PaperStore) -> Paper | None:
    """The paper with that id or alias; None if it isn't held."""
    return next(iter(papers.named([paper_id])), None)


def stored_statistics(papers: PaperStore) -> Statistics:
    """How rare words are over the newest stored editions."""
    return read_statistics(date.max, papers)


def interest_of(profile: Profile, paper: Paper, papers: PaperStore) -> int:
    """The number of the interest under which a paper scores best; the first one if none takes it."""
    alone = [Profile((interest,)) for interest in profile.interests]
    found = match_papers([paper], alone, statistics=stored_statistics(papers), liked=find_liked(papers, [profile]))
    scores = [matches[0].score if matches else 0.0 for matches in found]
    return scores.index(max(scores)) if scores else 0


def propose(profile: Profile, verb: Verb, read: Sequence[Paper], papers: PaperStore, *, interest: int) -> Change:
    """More or less like the papers that were read; an empty change where there is nothing to propose."""
    statistics = stored_statistics(papers)
    liked = {paper.id: telling_terms(paper, statistics) for paper in find_liked(papers, [profile])}
    if verb is Verb.LESS:
        return propose_less(profile, read[0], interest=interest, liked=liked)
    return propose_more(profile, read, interest=interest, statistics=statistics, liked=liked)


def offer_to_mute(profile: Profile, paper: Paper, papers: PaperStore) -> tuple[str, ...]:
    """Terms of a paper that its reader may want to mute."""
    return terms_to_mute(profile, paper, statistics=stored_statistics(papers))


def mute(profile: Profile, terms: Iterable[str], *, interests: Iterable[int]) -> Change:
    """Exclusions of these terms; empty ones don't count. Raises ConfigError if one can't be read."""
    wanted = [term.strip() for term in terms if term.strip()]
    mistakes = [
        Mistake(f"“{one_line(term, 80)}”", "", found.problem, found.repair)
        for term in wanted
        for found in check_interest(Interest(exclude=(term,)))
        if found.key.startswith("exclude")
    ]
    if mistakes:
        raise ConfigError(mistakes)
    return propose_mute(profile, wanted, interests=interests)


def propose_from_library(profile: Profile, read: Sequence[Paper], papers: PaperStore, *, name: str = "") -> Change:
    """Keywords that say what a library's papers share.

    They go into the interest of that name, which may be new. Without a name they make one of their own, but for a
    profile of a single interest without a name, or of none: such a one stays as simple as it is.
    """
    names = [interest.name for interest in profile.interests]
    named = name or (LIBRARY if any(names) or len(names) > 1 else "")
    interest = names.index(named) if named in names else len(names)
    statistics = stored_statistics(papers)
    return propose_more(profile, read, interest=interest, statistics=statistics, name=named, most=MOST_FROM_LIBRARY)
