"""Tries a profile on the stored editions, a day at a time, and counts what it would have brought. Writes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from digest.assembly import load_background
from digest.domain import Match, Profile
from digest.matching import Trial, try_profile
from digest.storage import PaperStore


@dataclass(frozen=True, slots=True)
class TriedDay:
    """What a profile would have brought of one edition."""

    edition: date
    considered: int
    matched: int
    shown: int
    """How many of the matches `max_papers` leaves; trending papers aren't counted."""


@dataclass(frozen=True, slots=True)
class KeywordCount:
    """What one keyword brought over all days."""

    keyword: str
    papers: int
    """Matching papers for which it speaks."""
    alone: int
    """Those of them for which nothing else in the profile speaks."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A paper that only one of two profiles would have shown."""

    edition: date
    paper_id: str
    title: str


@dataclass(frozen=True, slots=True)
class Backtest:
    """What a profile would have brought, and what a change of it would have added and removed."""

    days: tuple[TriedDay, ...]
    """Oldest first."""
    keywords: tuple[KeywordCount, ...]
    """The noisiest first; those that stand in no paper are left to `dead`."""
    dead: tuple[str, ...]
    """The keywords that stand in no paper, in the profile's order."""
    added: tuple[Difference, ...]
    removed: tuple[Difference, ...]


@dataclass(slots=True)
class _Tally:
    """What is known after some of the days."""

    days: list[TriedDay] = field(default_factory=list)
    papers: Counter[str] = field(default_factory=Counter)
    alone: Counter[str] = field(default_factory=Counter)
    standing: dict[str, bool] = field(default_factory=dict)
    added: list[Difference] = field(default_factory=list)
    removed: list[Difference] = field(default_factory=list)


def backtest_profile(
    profile: Profile,
    days: Sequence[date],
    papers: PaperStore,
    *,
    changed: Profile | None = None,
    on_progress: Callable[[str, int, int | None], None] = lambda _stage, _done, _total: None,
) -> Backtest:
    """What a profile would have brought on some days, each taken alone; `changed` is compared by what would be shown.

    Papers that are only stored, such as those of past editions, count like all others.
    """
    compared = profile if changed is None else changed
    tally = _Tally()
    for number, day in enumerate(days, start=1):
        held = papers.all_of_edition(day, as_of=day)
        known = load_background(day, papers, [profile, compared])
        trial = try_profile(held, profile, changed=compared, statistics=known.statistics, liked=known.liked)
        shown, instead = trial.matches[: profile.max_papers], trial.changed[: compared.max_papers]
        tally.days.append(TriedDay(day, len(held), len(trial.matches), len(shown)))
        tally.added.extend(_missing(day, instead, shown))
        tally.removed.extend(_missing(day, shown, instead))
        _count(trial, tally)
        on_progress("back-testing", number, len(days))
    return _settle(tally)


def _missing(day: date, those: Iterable[Match], others: Iterable[Match]) -> Iterator[Difference]:
    held = {match.paper.id for match in others}
    return (Difference(day, m.paper.id, m.paper.title) for m in those if m.paper.id not in held)


def _count(trial: Trial, tally: _Tally) -> None:
    for keywords in trial.brought.values():
        tally.papers.update(keywords)
        if len(keywords) == 1:
            tally.alone.update(keywords)
    for keyword, stands in trial.standing.items():
        tally.standing[keyword] = tally.standing.get(keyword, False) or stands


def _settle(tally: _Tally) -> Backtest:
    counts = [KeywordCount(k, tally.papers[k], tally.alone[k]) for k, stands in tally.standing.items() if stands]
    return Backtest(
        days=tuple(tally.days),
        keywords=tuple(sorted(counts, key=lambda count: (-count.papers, -count.alone))),
        dead=tuple(keyword for keyword, stands in tally.standing.items() if not stands),
        added=tuple(tally.added),
        removed=tuple(tally.removed),
    )
