"""A crowd of profiles as small arrays over shared units, made once and kept; matches nothing.

A profile is a run of slots, eleven bytes each, in the order of its interests. What many readers ask for has one number.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digest.matching.arrays import Floats, Numbers
from digest.matching.interests import MOST_INTERESTS, ReadInterest, Unit

Slots = NDArray[Any]
SLOT = np.dtype([("unit", "<i4"), ("weight", "<f4"), ("interest", "<u2"), ("role", "u1")])
"""One slot: the unit's number, the reader's weight times the interest's, the interest's number, the role."""


@dataclass(slots=True)
class Vocabulary:
    """The units of a crowd, each with its number; it grows with every profile compiled."""

    units: list[Unit] = field(default_factory=list)
    _numbers: dict[Unit, int] = field(default_factory=dict)

    def number(self, unit: Unit) -> int:
        """The unit's number, a new one if nobody asked for it before."""
        known = self._numbers.setdefault(unit, len(self.units))
        if known == len(self.units):
            self.units.append(unit)
        return known


@dataclass(frozen=True, slots=True)
class Crowd:
    """Compiled profiles, one after the other."""

    slots: Slots
    starts: Numbers
    """Where each profile's slots begin; one more entry for the end."""
    least: Floats
    """Each profile's `min_score`."""

    def __len__(self) -> int:
        return len(self.least)


def compile_profile(interests: Sequence[ReadInterest], vocabulary: Vocabulary) -> Slots:
    """The slots of a profile's interests; as bytes they may be stored, for as long as the vocabulary's numbers are."""
    rows = [
        (vocabulary.number(slot.unit), interest.weight * slot.weight, number, slot.role)
        for number, interest in enumerate(interests[:MOST_INTERESTS])
        for slot in interest.slots
    ]
    return np.array(rows, SLOT)


def gather(compiled: Sequence[bytes | Slots], least: Iterable[float]) -> Crowd:
    """Compiled profiles, stored or fresh, as one crowd."""
    blobs = [each if isinstance(each, bytes) else each.tobytes() for each in compiled]
    starts = np.zeros(len(blobs) + 1, np.int64)
    np.cumsum([len(blob) // SLOT.itemsize for blob in blobs], out=starts[1:])
    return Crowd(np.frombuffer(b"".join(blobs), SLOT), starts, np.fromiter(least, np.float64, len(blobs)))
