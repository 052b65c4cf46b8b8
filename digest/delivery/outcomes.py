"""Says what a delivery error means for the email's row; pure, records nothing."""

from __future__ import annotations

from datetime import timedelta

from digest.delivery.replies import hinted_seconds
from digest.domain import DeliveryState, Email, Outcome
from digest.errors import Deferred, DeliveryError, InDoubt, PolicyRefused, Rejected, RelayDown, Undeliverable

SHORTEST_RETRY = timedelta(minutes=5)
"""Greylisting servers refuse whoever comes back sooner."""
LONGEST_RETRY = timedelta(hours=4)

_STATES: dict[type[DeliveryError], DeliveryState] = {
    RelayDown: DeliveryState.PENDING,
    Deferred: DeliveryState.DEFERRED,
    PolicyRefused: DeliveryState.DEFERRED,
    Rejected: DeliveryState.REJECTED,
    Undeliverable: DeliveryState.FAILED,
    InDoubt: DeliveryState.UNKNOWN,
}


def outcome_of(email: Email, error: DeliveryError) -> Outcome:
    """What an error means for its email's row."""
    state = _STATES[type(error)]
    hint = timedelta(seconds=hinted_seconds(error.reply) or 0)
    return Outcome(
        email=email,
        state=state,
        reply=error.reply,
        code=error.code,
        enhanced_code=error.enhanced_code,
        retry_after=min(max(hint, SHORTEST_RETRY), LONGEST_RETRY) if state is DeliveryState.DEFERRED else None,
        charges_attempt=not isinstance(error, RelayDown),
    )
