"""Compiles the loops of `ranking` with numba where it is installed; without it they run as the plain Python they are.

There is one kernel: what is tested in one form holds in the other. In plain Python a reader takes about a third of a
millisecond (`benchmarks/matching.py`), so most installations can do without numba's hundred megabytes; for a million
readers it pays some fiftyfold.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, ParamSpec, TypeVar, cast

from digest.matching.columns import IS_COMPILED

P = ParamSpec("P")
R = TypeVar("R")

_numba: Any = import_module("numba") if IS_COMPILED else None


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """The function as machine code, kept on disk between runs where the disk allows it."""
    if not IS_COMPILED:
        return function
    try:
        return cast("Callable[P, R]", _numba.njit(cache=True)(function))
    except RuntimeError:  # nowhere to keep it: compiled anew in each process
        return cast("Callable[P, R]", _numba.njit(function))
