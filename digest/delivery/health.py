"""Judges from what mails met whether to go on sending. Pure: waits for nothing and stops nothing itself."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum

from digest.domain import Email
from digest.errors import Deferred, DeliveryError, InDoubt, PolicyRefused, RelayDown, SenderRefused, Undeliverable

RELAY_ERRORS_IN_A_ROW = 5
"""After so many rounds of trouble with the relay sending stops."""
POLICY_REFUSALS_IN_A_ROW = 3
"""So many 5.7.x replies in a row are about us and not about one reader's mail server."""
REFUSED_AT_ONCE = frozenset({"5.7.26", "5.7.515"})
"""Gmail's and Microsoft's codes for mail that isn't authenticated: one is enough."""
LOGIN_REFUSED = frozenset({530, 534, 535})
"""Replies that more tries make worse: log-in is needed, too weak, or wrong (RFC 4954 §6)."""
ATTEMPTS_WATCHED = 50
MOST_FAILURES_AMONG_THEM = 5
"""A tenth of the last attempts that the relay lost or refused: something is wrong that comes and goes."""


class Stopped(StrEnum):
    """Why sending came to its end."""

    DONE = "done"  # every email was tried
    RELAY_DOWN = "relay-down"
    PAUSED = "paused"  # our policy or our log-in is refused: the operator must act
    INTERRUPTED = "interrupted"  # asked to stop


@dataclass(slots=True)
class Health:
    """What the last attempts over one relay met. What is about one reader alone doesn't count against it."""

    is_probe: bool = False
    """Whether sending is paused and this is the one try to see whether it would go now."""
    has_taken: bool = False
    """Whether a relay took somebody's mail, now or in an earlier run of late."""
    relay_errors: int = 0
    """Rounds of trouble in a row."""
    _refusals: int = 0
    _recent: deque[bool] = field(default_factory=lambda: deque(maxlen=ATTEMPTS_WATCHED))

    def heed_success(self) -> None:
        """Take note that the relay works and likes our mail."""
        self.relay_errors = self._refusals = 0
        self.is_probe, self.has_taken = False, True
        self._recent.append(False)

    def heed_failure(self, error: DeliveryError, email: Email, *, errors_before: int) -> tuple[Stopped, str] | None:
        """Why to stop, if the failure, or the run of failures it belongs to, would meet the next email too.

        `errors_before` is what `relay_errors` was when the attempt began: connections that fail together count once.
        A refusal that repeats what is known of its reader, while others' mail is taken, tells nothing: it is no reason
        to stop, and a probe goes on with the next email.
        """
        if isinstance(error, RelayDown | InDoubt) or (isinstance(error, Deferred) and error.code is None):
            return self._heed_trouble(error, errors_before)
        if isinstance(error, Undeliverable):
            return None  # the relay was not asked
        self.relay_errors = 0
        if isinstance(error, PolicyRefused):
            return None if self._is_known(error, email) else self._heed_refusal(error)
        self._refusals = 0
        self.is_probe = False  # the relay took our mail as far as this reader's server
        self._recent.append(False)
        return None

    def _heed_trouble(self, error: DeliveryError, errors_before: int) -> tuple[Stopped, str] | None:
        if errors_before == self.relay_errors:
            self.relay_errors += 1
        if error.code in LOGIN_REFUSED:
            return Stopped.PAUSED, f"the relay refuses our log-in: {error.reply}"
        if self.relay_errors >= RELAY_ERRORS_IN_A_ROW:
            return Stopped.RELAY_DOWN, f"the relay is down: {error.reply}"
        # a relay that ends a connection with a 421 has only had enough of that connection
        return None if isinstance(error, RelayDown) else self._heed_ratio(error)

    def _is_known(self, error: PolicyRefused, email: Email) -> bool:
        """Whether the refusal is no news of us: one that would stop everything is news once an edition."""
        if isinstance(error, SenderRefused) or not self.has_taken:
            return False
        return email.refused_in is not None and (email.refused_in == email.edition or not _is_enough(error))

    def _heed_refusal(self, error: PolicyRefused) -> tuple[Stopped, str] | None:
        if isinstance(error, SenderRefused) or not _is_about_policy(error):
            return Stopped.PAUSED, f"our mail is refused: {error.reply}"
        self._refusals += 1
        needed = 1 if self.is_probe or _is_enough(error) else POLICY_REFUSALS_IN_A_ROW
        if self._refusals >= needed:
            return Stopped.PAUSED, f"our mail is refused: {error.reply} — check the sender's SPF, DKIM and DMARC"
        return self._heed_ratio(error)

    def _heed_ratio(self, error: DeliveryError) -> tuple[Stopped, str] | None:
        self._recent.append(True)
        failures = sum(self._recent)
        if len(self._recent) < ATTEMPTS_WATCHED or failures < MOST_FAILURES_AMONG_THEM:
            return None
        words = f"{failures} of the last {ATTEMPTS_WATCHED} mails were lost or refused, the last one: {error.reply}"
        return Stopped.PAUSED, words


def _is_enough(error: PolicyRefused) -> bool:
    """Whether one such refusal stops everything."""
    return not _is_about_policy(error) or error.enhanced_code in REFUSED_AT_ONCE


def _is_about_policy(error: PolicyRefused) -> bool:
    """Whether it is one of RFC 3463's codes about security and policy (section 3.8), and not a mail too big."""
    return error.enhanced_code.startswith("5.7.")
