"""After sending: checks that the counts add up, counts refusals, pauses sending or ends a pause. Sends nothing."""

from __future__ import annotations

import logging
from datetime import date, datetime

from digest.bounces.reports import kind_of
from digest.composing.wording import counted
from digest.delivery import SendingEnd, Stopped
from digest.dispatching import Dispatch
from digest.domain import Pause, PausedBy
from digest.planning import is_wait_over
from digest.storage import Consequence, History, PauseStore, Refusals, ReportStore, Returned

MOST_BROKEN_DIGESTS = 5
"""So many digests that can't be made, if they are more than a twentieth of all, are the templates' fault."""
FEWEST_ATTEMPTS_JUDGED = 20
"""Of so many, half don't meet dead addresses on one day: a relay that says so of them is set up wrongly."""
FEWEST_ALL_REFUSED = 3
"""Of so many at least one address lives."""

log = logging.getLogger(__name__)


def find_mismatch(day: date, dispatch: Dispatch, history: History) -> str:
    """What is wrong with the counts, checked at the end of each run; empty if they add up."""
    problem = dispatch.mismatch(history.recorded_by(dispatch.owner))
    if not problem and not history.is_balanced(day):
        problem = "not every digest that was planned has a row or was counted as empty"
    if problem:
        problem = f"the counts of the edition of {day} don't add up: {problem}"
        log.error("%s", problem)
    return problem


def count_refusals(day: date, returned: ReportStore) -> str:
    """Count what the relay refused for good against the addresses, as if it had been reported afterwards.

    Whichever process is the last to send judges it for all of them. Returns why none counts, if so: then the refusals
    are written down as our own fault, and counted no more.
    """
    found = returned.refusals_of(day)
    if found is None:
        return ""
    if doubts := _doubts_of(found):
        returned.excuse(day, found)
        return doubts
    for subscriber_id, code, words in found.new:
        refusal = Returned(day, subscriber_id, kind_of(code, words), code, words)
        if returned.take(refusal) is Consequence.SUPPRESSED:
            log.warning("%s gets no more mail: %s", returned.address_of(subscriber_id), words)
    return ""


def are_templates_broken(*, broken: int, composed: int) -> bool:
    """Whether so many digests can't be made that the fault isn't theirs."""
    return broken >= MOST_BROKEN_DIGESTS and broken * 20 > broken + composed


def find_reason_to_pause(end: SendingEnd | None, *, broken: int, composed: int) -> str:
    """Why the next mail would fare no better; empty if it may well."""
    if are_templates_broken(broken=broken, composed=composed):
        return f"{counted(broken, 'digest')} of {broken + composed} can't be made"
    return end.words if end is not None and end.stopped is Stopped.PAUSED else ""


def begin_pause(pauses: PauseStore, reason: str) -> str:
    """Pause sending, alerting the first time; returns the words for the operator."""
    words = f"sending is paused: {reason} — mend it; one mail tries again by itself, digest run at once"
    if pauses.begin(PausedBy.SENDING, reason):
        log.error("%s", words)
    return words


def holds_all(pause: Pause, *, now: datetime, probes_at_once: bool) -> bool:
    """Whether not even one mail may try."""
    return pause.probe_at is None or not (probes_at_once or is_wait_over(pause.probe_at, now=now))


def words_of(pause: Pause) -> str:
    """A pause that holds all mail, and what ends it."""
    end = "digest resume"
    if pause.probe_at is not None:
        end = f"mend it; one mail tries again by itself at {pause.probe_at:%H:%M} UTC, digest run at once"
    return f"sending is paused since {pause.since:%Y-%m-%d %H:%M} UTC: {pause.reason} — {end}"


def _doubts_of(found: Refusals) -> str:
    """Why an edition's refusals are about the relay, so that none may count against its address; empty if they may."""
    refused, attempts = found.refused, found.attempts
    is_half = attempts >= FEWEST_ATTEMPTS_JUDGED and refused * 2 >= attempts
    is_all = refused == attempts and found.excused + refused >= FEWEST_ALL_REFUSED
    if is_half or is_all:
        return f"{refused} of {attempts} mails were refused for good, which is the relay's fault: no address is blamed"
    return ""
