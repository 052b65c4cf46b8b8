"""The limiter: how often, within which span, and how much it remembers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from digest.web.limits import Limit, Limiter
from tests.web.conftest import Clock


def test_uses_beyond_a_limit_are_refused_until_the_span_has_passed() -> None:
    clock = Clock()
    limiter = Limiter([Limit(1, timedelta(minutes=15)), Limit(3, timedelta(days=1))], now=clock.now)
    allowed = []
    for _ in range(5):
        allowed += [limiter.take("ada"), limiter.take("ada")]
        clock.advance(timedelta(minutes=15))
    assert allowed == [True, False] * 3 + [False, False] * 2
    clock.advance(timedelta(days=1))
    assert limiter.take("ada")


def test_refused_uses_do_not_lengthen_the_wait() -> None:
    clock = Clock()
    limiter = Limiter([Limit(1, timedelta(minutes=10))], now=clock.now)
    assert limiter.take("ada")
    clock.advance(timedelta(minutes=9))
    assert not limiter.take("ada")
    clock.advance(timedelta(minutes=1))
    assert limiter.take("ada")


def test_what_is_remembered_stays_within_bounds() -> None:
    limiter = Limiter([Limit(1, timedelta(days=1))], now=lambda: datetime(2026, 6, 30, tzinfo=UTC), most_keys=3)
    for name in ("a", "b", "c", "d"):
        assert limiter.take(name)
    assert not limiter.take("d")
    assert limiter.take("a")
    assert len(limiter._uses) == 3
