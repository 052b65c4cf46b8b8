"""Compiles the loops of `ranking` with numba where it is installed; without it they run as the plain Python they are.

There is one kernel: what is tested in one form holds in the other. In plain Python a reader takes about a third of a
millisecond (`benchmarks/matching.py`), so most installations can do without numba's hundred megabytes; for a million
readers it pays some fiftyfold.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any, ParamSpec, TypeVar, cast

from numpy.typing import NDArray

P = ParamSpec("P")
R = TypeVar("R")

IS_COMPILED = find_spec("numba") is not None
_numba: Any = import_module("numba") if IS_COMPILED else None


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """The function as machine code, kept on disk between runs where the disk allows it."""
    if not IS_COMPILED:
        return function
    try:
        return cast("Callable[P, R]", _numba.njit(cache=True)(function))
    except RuntimeError:  # nowhere to keep it: compiled anew in each process
        return cast("Callable[P, R]", _numba.njit(function))


def column(values: NDArray[Any]) -> Any:
    """Numbers in the form whose items are fastest to reach: an array for compiled code, a list for plain Python."""
    return values if IS_COMPILED else values.tolist()
