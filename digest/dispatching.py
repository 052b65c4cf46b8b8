"""Between composing and sending: claims emails before they leave, records what came of them. Sends nothing.

What came of one group is written in the commit that claims the next, or about a second later if that is sooner. So a
crash leaves at most as many emails in doubt as there are connections, plus one group.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from digest.composing.wording import counted
from digest.domain import DeliveryState, Email, Outcome
from digest.errors import StoreError
from digest.planning import CLAIMS_A_GROUP, in_batches
from digest.storage import DeliveryStore

RECORDED_AFTER_SECONDS = 1.0
"""Outcomes wait no longer for the next claim than this after the last commit, and until somebody looks again."""
WAITS_SECONDS = (0.0, 1.0, 2.0, 5.0, 10.0)
"""Before each try to write the last outcomes when the database can't be used, such as on a full disk."""

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Dispatch:
    """The claims of one run, and their outcomes that are not written yet."""

    deliveries: DeliveryStore
    owner: str
    group: int = CLAIMS_A_GROUP
    keeps: bool = False
    """Whether the bytes of claimed mail are kept, to be sent again when in doubt."""
    too_old: datetime | None = None
    """Deferred mail of editions closed before this is given up."""
    may_claim: Callable[[], bool] = lambda: True
    """Asked before each group: an operator or another process may pause sending at any moment."""
    counts: Counter[DeliveryState] = field(default_factory=Counter)
    """The outcomes of this run."""
    _claimed: int = 0
    _unwritten: list[Outcome] = field(default_factory=list)
    _written_at: float = 0.0
    _is_stuck: bool = False

    def claim(self, emails: Iterable[Email]) -> Generator[Email]:
        """The emails that are ours to send, claimed a group at a time. What is not drawn in the end is given back."""
        for group in in_batches(emails, self.group):
            if not self.may_claim():
                return
            mine = self.deliveries.claim(
                group, owner=self.owner, outcomes=self._unwritten, keeps=self.keeps, too_old=self.too_old
            )
            self._have_written()
            claimed = [email for email in group if email.subscriber_id in mine]
            self._claimed += len(claimed)
            try:
                while claimed:
                    yield claimed.pop(0)
            finally:  # sending has stopped: these were never started
                for email in claimed:
                    self._keep(_not_started(email))

    def record(self, outcome: Outcome) -> None:
        """Write an outcome, or keep it for the next commit if that comes soon or the database can't be used."""
        self._keep(outcome)
        self.write_late()

    def write_late(self) -> None:
        """Write the outcomes that have waited for a claim long enough; called now and then while mail goes out."""
        is_late = time.monotonic() - self._written_at > RECORDED_AFTER_SECONDS
        if self._is_stuck or not self._unwritten or not is_late:
            return
        try:
            self._write()
        except StoreError:
            self._is_stuck = True  # the next claim tries again, and stops the run if that fails too
            log.exception("outcomes can't be written now; they are kept")

    def close(self, *, sleep: Callable[[float], None] = time.sleep) -> None:
        """Write what is not written yet, trying for a while. Raises StoreError: what is lost then is in doubt."""
        try:
            self._write_patiently(sleep)
        except KeyboardInterrupt:  # else mail that was taken would be in doubt
            self._write()
            raise

    def mismatch(self, recorded: Mapping[DeliveryState, int]) -> str:
        """What is wrong if not every claim has one outcome and one line in the history; empty if all is well."""
        if self._claimed != sum(self.counts.values()):
            return f"{self._claimed} mails were claimed and {sum(self.counts.values())} have an outcome"
        if dict(recorded) != dict(self.counts):
            return f"the history holds {_told(recorded)} of this run, which had {_told(self.counts)}"
        return ""

    def _keep(self, outcome: Outcome) -> None:
        self._unwritten.append(outcome)
        self.counts[outcome.state] += 1

    def _write_patiently(self, sleep: Callable[[float], None]) -> None:
        for number, wait in enumerate(WAITS_SECONDS, start=1):
            sleep(wait)
            try:
                self._write()
                break
            except StoreError:
                log.exception("%s can't be written yet", counted(len(self._unwritten), "outcome"))
                if number == len(WAITS_SECONDS):
                    raise

    def _write(self) -> None:
        if self._unwritten:
            self.deliveries.record(self._unwritten, owner=self.owner, keeps=self.keeps)
        self._have_written()

    def _have_written(self) -> None:
        self._unwritten, self._is_stuck = [], False
        self._written_at = time.monotonic()


def _not_started(email: Email) -> Outcome:
    words = "sending ended before it was tried"
    return Outcome(email=email, state=email.before, reply=words, charges_attempt=False, is_given_back=True)


def _told(counts: Mapping[DeliveryState, int]) -> str:
    return ", ".join(f"{count} {state}" for state, count in sorted(counts.items())) or "nothing"
