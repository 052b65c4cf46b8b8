"""What a report says, as a value; never whether it is to be believed."""

from __future__ import annotations

from dataclasses import dataclass

from digest.domain import ReportKind


@dataclass(frozen=True, slots=True)
class Report:
    """What a mail reports of one of ours. Everything in it is text from outside."""

    kind: ReportKind
    reason: str = ""
    """Why it is no bounce, such as `delayed` or `automatic reply`; of a complaint the kind that it names."""
    recipient: str = ""
    enhanced_code: str = ""
    words: str = ""
    """The diagnostic text, one line."""
    return_paths: tuple[str, ...] = ()
    """What looks like a return path of ours; whether one is signed by us is another's to verify."""
    message_id: str = ""
    """Of the mail that came back."""
    unsubscribe: str = ""
    """The List-Unsubscribe header of the mail that came back."""
    named: tuple[str, ...] = ()
    """Every address that a delivery status names, as the original recipient's or the final one's."""
