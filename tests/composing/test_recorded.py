"""Mails of recorded days for profiles that people really wrote."""

from __future__ import annotations

from pathlib import Path

from tests.composing.recorded import compose_recorded, faults_of


def test_mails_of_recorded_days_for_recorded_profiles_have_no_faults(recorded_data: Path) -> None:
    emails = list(compose_recorded(recorded_data, days=1, readers=12))
    assert len(emails) > 4
    assert [fault for email in emails for fault in faults_of(email)] == []
