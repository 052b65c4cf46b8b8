"""Every recorded bounce: the figures that `python -m tests.bounces.recorded` prints."""

from __future__ import annotations

from pathlib import Path

from tests.bounces.recorded import read_all


def test_recorded_bounces_are_read_as_they_should_be(recorded_data: Path) -> None:
    figures = read_all(recorded_data)
    statuses = sum(found.statuses for found in figures.values())
    wrong = [name for found in figures.values() for name in found.wrong_statuses]

    assert statuses >= 70
    assert len(wrong) <= 0.05 * statuses, wrong
    assert sum(found.feedbacks for found in figures.values()) >= 9
    assert not [name for found in figures.values() for name in found.wrong_feedbacks]


def test_nearly_every_recorded_mail_is_classified_or_declared_no_bounce(recorded_data: Path) -> None:
    figures = read_all(recorded_data)
    files = sum(found.files for found in figures.values())
    unrecognised = [name for found in figures.values() for name in found.unrecognised]

    assert sum(sum(found.kinds.values()) for found in figures.values()) == files
    assert len(unrecognised) <= 0.03 * files, unrecognised
