"""Turns one subscriber's matches into a Digest: what stands in which section, and what is left out. Knows no look."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from itertools import product

from digest.composing.language import message
from digest.domain import Digest, Frequency, Match, Section, SectionKind, SourceAccount, Subscriber

UNNAMED_INTEREST = message("Your papers")
AGAIN = message("An earlier mail with these papers did not reach you.")
AGAIN_IN_DOUBT = message("You may have seen these papers: we could not tell whether an earlier mail reached you.")

REVISIONS_SHOWN = 8
"""So many papers sent before are told to have changed; the weightiest news first."""


def build_digest(
    subscriber: Subscriber,
    matches: Sequence[Match],
    *,
    edition: date,
    covers: tuple[date, ...],
    considered: int,
    matched: int,
    trending: Sequence[Match] = (),
    revised: Sequence[Match] = (),
    again_through: date | None = None,
    again_is_doubtful: bool = False,
    older_papers: int = 0,
    account: tuple[SourceAccount, ...] = (),
) -> Digest:
    """One subscriber's digest: a section an interest, late arrivals, papers sent in vain, revisions, trending papers.

    The best `max_papers` are shown, over all interests; `matched` counts all there are. Papers of editions up to
    `again_through` may have been mailed before. `trending` and `revised` are taken as they come: the caller has ranked
    them. A weekly digest has a section for each day and interest.
    """
    shown = best_first(matches)[: subscriber.profile.max_papers]
    again = tuple(match for match in shown if _is_again(match, again_through))
    note = AGAIN_IN_DOUBT if again_is_doubtful else AGAIN
    was_seen_perhaps = again_is_doubtful and again_through is not None and covers[0] <= again_through
    fresh = [match for match in shown if not _is_again(match, again_through)]
    sections = (
        *_interests(subscriber, [match for match in fresh if not match.paper.is_late]),
        Section(SectionKind.LATE, message("Late arrivals"), tuple(match for match in fresh if match.paper.is_late)),
        Section(SectionKind.AGAIN, message("Once more"), again, note=note),
        Section(SectionKind.REVISED, message("News of papers you were sent"), tuple(revised[:REVISIONS_SHOWN])),
        Section(SectionKind.TRENDING, message("Trending"), tuple(trending), note=note if was_seen_perhaps else ""),
    )
    return Digest(
        subscriber=subscriber,
        edition=edition,
        covers=covers,
        sections=tuple(section for section in sections if section.matches),
        considered=considered,
        matched=matched,
        older_papers=older_papers,
        account=account,
        again_through=again_through,
    )


def best_first(matches: Iterable[Match]) -> list[Match]:
    """Matches by score; equal ones stay in the order matching gave them."""
    return sorted(matches, key=lambda match: -match.score)


def without_weakest(digest: Digest, count: int) -> Digest:
    """The digest with `count` matches fewer: the lowest scores first, trending and revised papers after them."""
    others = [match for section in digest.sections if not is_personal(section) for match in section.matches]
    ranked = [*others, *best_first(personal_matches(digest))]
    kept = {match.paper.id for match in ranked[: max(0, len(ranked) - count)]}
    return _keep(digest, lambda match: match.paper.id in kept)


def is_personal(section: Section) -> bool:
    """Whether a section holds new papers that fit the profile; all but the trending and revised ones do."""
    return section.kind not in (SectionKind.TRENDING, SectionKind.REVISED)


def personal_matches(digest: Digest) -> list[Match]:
    """The matches a digest shows because they fit the profile."""
    return [match for section in digest.sections if is_personal(section) for match in section.matches]


def _interests(subscriber: Subscriber, matches: Sequence[Match]) -> Iterator[Section]:
    names = [*(interest.name for interest in subscriber.profile.interests), *(match.interest for match in matches)]
    is_weekly = subscriber.frequency is Frequency.WEEKLY
    days = sorted({match.paper.edition for match in matches if match.paper.edition}) if is_weekly else [None]
    for day, name in product(days, dict.fromkeys(names)):
        found = tuple(match for match in matches if match.interest == name and day in (None, match.paper.edition))
        yield Section(SectionKind.INTEREST, name or UNNAMED_INTEREST, found, day=day)


def _is_again(match: Match, again_through: date | None) -> bool:
    edition = match.paper.edition
    return again_through is not None and edition is not None and edition <= again_through


def _keep(digest: Digest, is_kept: Callable[[Match], bool]) -> Digest:
    cut = (replace(section, matches=tuple(filter(is_kept, section.matches))) for section in digest.sections)
    return replace(digest, sections=tuple(section for section in cut if section.matches))
