"""Lets Python look for no garbage while much is made that is none; frees nothing, and reads no paper."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_garbage() -> Iterator[None]:
    """Words, hits and numba's own tables are millions of values without cycles; a look at them all costs a sixth."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
