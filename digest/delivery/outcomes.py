"""Says what the server's answer, or its absence, means for the email's row; pure, records nothing."""

from __future__ import annotations

from datetime import timedelta

from digest.delivery.replies import hinted_seconds, read_codes
from digest.domain import DeliveryState, Email, Outcome
from digest.errors import (
    BrokenOff,
    Deferred,
    DeliveryError,
    InDoubt,
    PolicyRefused,
    Rejected,
    RelayDown,
    SenderRefused,
    Undeliverable,
)

_STATES: dict[type[DeliveryError], DeliveryState] = {
    RelayDown: DeliveryState.PENDING,
    BrokenOff: DeliveryState.DEFERRED,
    Deferred: DeliveryState.DEFERRED,
    PolicyRefused: DeliveryState.DEFERRED,
    SenderRefused: DeliveryState.DEFERRED,
    Rejected: DeliveryState.REJECTED,
    Undeliverable: DeliveryState.FAILED,
    InDoubt: DeliveryState.UNKNOWN,
}


def accepted(email: Email, reply: str) -> Outcome:
    """The email was taken, with these words."""
    code, enhanced_code = read_codes(reply)
    return Outcome(email=email, state=DeliveryState.SENT, reply=reply, code=code, enhanced_code=enhanced_code)


def outcome_of(email: Email, error: DeliveryError) -> Outcome:
    """What an error means for its email's row. Mail in doubt stays so where sending it again is refused for now."""
    state = _STATES[type(error)]
    is_given_back = state is DeliveryState.PENDING
    hint = hinted_seconds(error.reply) if state is DeliveryState.DEFERRED else None
    return Outcome(
        email=email,
        state=email.before if is_given_back else _waiting(email) if state is DeliveryState.DEFERRED else state,
        reply=error.reply,
        code=error.code,
        enhanced_code=error.enhanced_code,
        retry_after=timedelta(seconds=hint) if hint is not None else None,
        charges_attempt=not isinstance(error, RelayDown),
        is_given_back=is_given_back,
    )


def held_back(email: Email, words: str) -> Outcome:
    """The email was not tried: it waits a while, and no attempt is charged."""
    return Outcome(email=email, state=_waiting(email), reply=words, charges_attempt=False)


def _waiting(email: Email) -> DeliveryState:
    """The state of mail that is to be tried later: what was in doubt before stays so, for its first copy's sake."""
    return DeliveryState.UNKNOWN if email.before is DeliveryState.UNKNOWN else DeliveryState.DEFERRED
