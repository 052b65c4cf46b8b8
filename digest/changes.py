"""What changes in a profile, entry by entry, for a reader to see; applies it and takes it back. Proposes nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from digest.domain import Interest, Profile

_WEIGHT = re.compile(r"\^(\d{1,6}(?:\.\d{1,6})?)$")


class List(StrEnum):
    """The list of an interest in which an entry stands."""

    KEYWORDS = "keywords"
    EXCLUDE = "exclude"


class Kind(StrEnum):
    """What becomes of an entry."""

    ADDED = "added"
    REMOVED = "removed"
    REWEIGHTED = "reweighted"


@dataclass(frozen=True, slots=True)
class Edit:
    """What becomes of one entry of one interest."""

    interest: int
    """The interest's number, from 0; one more than there are makes a new one."""
    name: str
    """Its name. If another interest has come into its place, the edit does nothing."""
    list: List
    before: str
    """The entry as it stands; empty if there is none yet."""
    after: str
    """The entry as it will stand; empty if it goes."""
    position: int
    """Where in its list it stands or will stand."""

    @property
    def kind(self) -> Kind:
        """What becomes of the entry."""
        if not self.before:
            return Kind.ADDED
        return Kind.REWEIGHTED if self.after else Kind.REMOVED

    @property
    def weights(self) -> tuple[str, str] | None:
        """The weights before and after, if nothing but a weight changes."""
        (one, before), (other, after) = split_weight(self.before), split_weight(self.after)
        return (before, after) if one == other else None

    @property
    def term(self) -> str:
        """The entry without its weight, as it will stand, or stands if it goes."""
        return split_weight(self.after or self.before)[0]

    @property
    def weight(self) -> str:
        """The weight that goes with `term`."""
        return split_weight(self.after or self.before)[1]

    @property
    def inverse(self) -> Edit:
        """What takes it back."""
        return replace(self, before=self.after, after=self.before)

    def __str__(self) -> str:
        excluded = "exclude " if self.list is List.EXCLUDE else ""
        if self.kind is Kind.ADDED:
            return f"+ {excluded}{self.after}"
        if self.kind is Kind.REMOVED:
            return f"- {excluded}{self.before}"
        if self.weights:
            return f"~ {excluded}{split_weight(self.before)[0]}: {self.weights[0]} → {self.weights[1]}"
        return f"~ {excluded}{self.before} → {self.after}"


@dataclass(frozen=True, slots=True)
class Change:
    """Edits of one profile, applied from the first to the last."""

    edits: tuple[Edit, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.edits)

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def apply(self, profile: Profile) -> Profile:
        """The profile as it is afterwards. An edit that doesn't fit it any more does nothing."""
        for edit in self.edits:
            profile = _apply(edit, profile)
        return profile

    def effective(self, profile: Profile) -> Change:
        """Only the edits that make a difference to this profile: what undoing must take back."""
        edits = []
        for edit in self.edits:
            changed = _apply(edit, profile)
            if changed != profile:
                edits.append(edit)
            profile = changed
        return Change(tuple(edits))

    def invert(self) -> Change:
        """What gives the former profile back."""
        return Change(tuple(edit.inverse for edit in reversed(self.edits)))

    def by_interest(self) -> dict[tuple[int, str], tuple[Edit, ...]]:
        """The edits of each interest, by its number and name."""
        places = dict.fromkeys((edit.interest, edit.name) for edit in self.edits)
        return {place: tuple(edit for edit in self.edits if (edit.interest, edit.name) == place) for place in places}

    def _lines(self) -> Iterator[str]:
        for (_, name), edits in self.by_interest().items():
            yield f"{name or 'Your papers'}:"
            yield from (f"  {edit}" for edit in edits)


@dataclass(frozen=True, slots=True)
class KeptChange:
    """A change that was made, so that its reader can look at it and take it back."""

    id: int
    change: Change
    verb: str
    """What the reader said of the paper: `more`, `less`, `mute`; or `import`, of a library."""
    paper_id: str
    """Empty where it came from many papers or from none."""
    made_at: datetime
    undone_at: datetime | None = None


def split_weight(text: str) -> tuple[str, str]:
    """An entry without the weight at its end, and the weight, which is 1 if none is written."""
    found = _WEIGHT.search(text)
    return (text[: found.start()], found[1]) if found else (text, "1")


def edit_list(entries: list[str], edit: Edit) -> None:
    """Make the edit in a list, in place, be it a plain one or one that keeps a file's layout.

    What is there already isn't added, and what isn't there neither removed nor replaced.
    """
    if not edit.before:
        if edit.after not in entries:
            entries.insert(min(edit.position, len(entries)), edit.after)
    elif edit.before in entries:
        is_at_its_place = edit.position < len(entries) and entries[edit.position] == edit.before
        position = edit.position if is_at_its_place else entries.index(edit.before)
        if edit.after:
            entries[position] = edit.after
        else:
            del entries[position]


def _apply(edit: Edit, profile: Profile) -> Profile:
    interests = list(profile.interests)
    if edit.interest == len(interests) and not edit.before:
        interests.append(Interest(edit.name))
    if not edit.interest < len(interests) or interests[edit.interest].name != edit.name:
        return profile
    interest = interests[edit.interest]
    entries = list(getattr(interest, edit.list))
    edit_list(entries, edit)
    is_keyword = edit.list is List.KEYWORDS
    changed = replace(interest, keywords=tuple(entries)) if is_keyword else replace(interest, exclude=tuple(entries))
    interests[edit.interest] = changed
    if changed == Interest(changed.name):  # it was made by what is taken back
        del interests[edit.interest]
    return replace(profile, interests=tuple(interests))
