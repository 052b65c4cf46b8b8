"""The kinds of arrays that matching computes with, and what several of its steps do with them. Knows no paper."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


def spread(starts: Numbers | int, counts: Numbers) -> Numbers:
    """From each start on as many numbers as its count says: from 5 and 9, two and three, come 5, 6, 9, 10 and 11."""
    found: Numbers = np.arange(counts.sum()) + np.repeat(starts - (np.cumsum(counts) - counts), counts)
    return found
