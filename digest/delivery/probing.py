"""Tries whether the relay lets us in; sends nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from digest.delivery import Transport


def try_connection(connect: Callable[[], AbstractAsyncContextManager[Transport]]) -> None:
    """Connect, encrypt and log in, as sending would. Raises RelayDown with the relay's words."""
    asyncio.run(_enter_and_leave(connect))


async def _enter_and_leave(connect: Callable[[], AbstractAsyncContextManager[Transport]]) -> None:
    async with connect():
        pass
