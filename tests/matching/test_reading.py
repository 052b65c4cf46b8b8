"""Python looks for no garbage while a day is read, and does so again afterwards, whatever happens."""

import gc
from collections.abc import Iterator
from datetime import date

import pytest

from digest.domain import Interest, Paper, Profile
from digest.matching.reading import find_units, read_day
from digest.matching.statistics import Statistics

DAY = [
    Paper(
        id=f"arxiv:2606.{number:05}",
        title=f"Pruning of {number} layers",
        abstract="We prune. " * 20,
        announced=date(2026, 6, 30),
    )
    for number in range(300)
]


@pytest.fixture(params=[True, False], ids=["on", "off"])
def is_on(request: pytest.FixtureRequest) -> Iterator[bool]:
    """Whether the caller has the search for garbage switched on."""
    before = gc.isenabled()
    (gc.enable if request.param else gc.disable)()
    yield bool(request.param)
    (gc.enable if before else gc.disable)()


def test_no_garbage_is_looked_for_while_a_day_is_read() -> None:
    looks: list[str] = []
    profiles = [Profile((Interest(keywords=("pruning", f"{number} layers")),)) for number in range(300)]
    gc.callbacks.append(count := lambda phase, _: looks.append(phase))
    try:
        read_day(DAY, profiles, statistics=Statistics(), liked=())
    finally:
        gc.callbacks.remove(count)
    assert looks.count("start") <= 3  # at most one before each of the two long steps, and one behind them


def test_garbage_is_looked_for_afterwards_as_it_was_before(*, is_on: bool) -> None:
    find_units(DAY[:1], [], Statistics())
    assert gc.isenabled() is is_on
    with pytest.raises(AttributeError):
        find_units([None], [], Statistics())  # type: ignore[list-item]  # no paper at all
    assert gc.isenabled() is is_on
