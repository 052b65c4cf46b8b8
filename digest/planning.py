"""Decides who is due and which editions their digests cover. Pure; asks no clock and no store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import TypeVar
from zlib import crc32
from zoneinfo import ZoneInfo

from digest.domain import WEEKDAYS, Frequency, Status, Subscriber
from digest.errors import ClockError

MOST_EDITIONS = 14
"""A digest covers at most this many editions; papers of older ones are counted, not shown."""

READERS_A_BATCH = 500
"""Planned in one commit, and asked of in one statement."""
READERS_A_LOOK = 100
"""Looked up together before their digests are made: what another process makes meanwhile is made in vain."""
READERS_AT_ONCE = 10_000
"""Matched together: so many are held in memory, and for each so many the day's papers are read again."""

CLAIMS_A_GROUP = 32
"""Emails marked as being sent in one commit; a crash leaves at most these and those in flight in doubt."""

NOBODY_LIVES_THERE = frozenset({"example.com", "example.net", "example.org"})
"""Domains for documentation (RFC 2606 section 3): the sample readers' addresses."""

RETRY_MINUTES = (5, 15, 30, 60, 120, 240)
"""The waits before each further attempt; the last one repeats."""
SHORTEST_WAIT = timedelta(minutes=RETRY_MINUTES[0])
"""Greylisting servers refuse whoever comes back sooner."""
LONGEST_HINT = timedelta(minutes=RETRY_MINUTES[-1])
"""A server that asks for more is asked again all the same."""
LONGEST_WAIT = LONGEST_HINT * 1.25
"""Longer than any wait, spread included."""

LONGEST_BREAK = timedelta(days=45)
"""A service is seldom off for longer; a clock that is wrong leaps by years."""

Item = TypeVar("Item")


def is_due(subscriber: Subscriber, edition: date, *, ignore_frequency: bool = False, is_owed: bool = False) -> bool:
    """Whether the edition's digest is to go to the subscriber: active, not served yet, and it is their day.

    A reader who is new or `is_owed` an older digest is due whatever their frequency.
    """
    if subscriber.status is not Status.ACTIVE or (subscriber.cursor is not None and subscriber.cursor >= edition):
        return False
    return ignore_frequency or is_owed or subscriber.is_new or _is_their_day(subscriber, edition)


def has_missed_their_day(subscriber: Subscriber, edition: date) -> bool:
    """Whether a weekly subscriber's day has passed without an edition, as when the machine was off."""
    waited = edition - cursor_before(subscriber, edition)
    return subscriber.frequency is Frequency.WEEKLY and waited > timedelta(days=7)


def hour_of(subscriber: Subscriber, edition: date, *, site_timezone: str, site_send_at: time) -> datetime:
    """When the edition is due at the subscriber's: when their hour strikes during that day of the site's.

    It is never before the site's own hour: the first digest closes the edition for everybody. Where summer time leaves
    their hour out of the day, it is the same hour by the site's clock.
    """
    site = ZoneInfo(site_timezone)
    opens = datetime.combine(edition, site_send_at, site).astimezone(UTC)
    return max(opens, _own_hour(subscriber, edition, site))


def _own_hour(subscriber: Subscriber, edition: date, site: ZoneInfo) -> datetime:
    home = ZoneInfo(subscriber.timezone)
    for days in range(-2, 3):  # zones lie up to 26 hours apart
        moment = datetime.combine(edition + timedelta(days=days), subscriber.send_at, home).astimezone(UTC)
        if moment.astimezone(site).date() == edition:
            return moment
    return datetime.combine(edition, subscriber.send_at, site).astimezone(UTC)


def refuse_leap(day: date, now: datetime, *, newest: date | None, last_fetched: datetime | None) -> None:
    """Raise ClockError if the clock has leapt: since the newest edition, and since a source last brought something.

    An edition closed years ahead would end the service: all earlier ones count as over, and the history as too old.
    """
    has_leapt = newest is not None and day - newest > LONGEST_BREAK
    if has_leapt and (last_fetched is None or now - last_fetched > LONGEST_BREAK):
        raise ClockError(
            f"the clock says {now:%Y-%m-%d}, and the newest edition is of {newest}: the clock may be wrong, so nothing"
            f" is run — mend it, or if it is right, name the day once: digest run --date {day}"
        )


def split_covered(days: Sequence[date]) -> tuple[tuple[date, ...], tuple[date, ...]]:
    """Of the editions a reader lacks, oldest first, those that a digest covers and the older ones it only counts."""
    return tuple(days[-MOST_EDITIONS:]), tuple(days[:-MOST_EDITIONS])


def cursor_before(subscriber: Subscriber, edition: date) -> date:
    """The subscriber's cursor; of somebody new the day before the edition."""
    return subscriber.cursor or edition - timedelta(days=1)


def is_sample(email: str) -> bool:
    """Whether the address is one of documentation's, which no live relay should be asked to reach."""
    return email.rpartition("@")[2].lower() in NOBODY_LIVES_THERE


def wait_before_retry(attempts: int, *, asked: timedelta = timedelta(0), seed: str = "") -> timedelta:
    """How long to wait after so many attempts; `asked` is what the server named, obeyed within reason.

    The waits are spread by a fifth either way, always the same for the same `seed`, lest all come back at once.
    """
    if asked > SHORTEST_WAIT:
        return min(asked, LONGEST_HINT)
    minutes = RETRY_MINUTES[min(max(attempts, 1), len(RETRY_MINUTES)) - 1]
    spread = crc32(f"{seed} {attempts}".encode()) % 401 / 1000 - 0.2
    return max(SHORTEST_WAIT, timedelta(minutes=minutes * (1 + spread)))


def is_wait_over(until: datetime, *, now: datetime) -> bool:
    """Whether a wait is over. One that would last longer than any we set means that the clock was set back since."""
    return not timedelta(0) < until - now <= LONGEST_WAIT


def in_own_order(subscriber_ids: Iterable[str], owner: str) -> list[str]:
    """Subscribers in an order that no other owner has, so that several seldom turn to one of them at once."""
    return sorted(subscriber_ids, key=lambda identity: crc32(f"{owner} {identity}".encode()))


def in_batches(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Items in lists of at most `size`."""
    remaining = iter(items)
    while some := list(islice(remaining, size)):
        yield some


def _is_their_day(subscriber: Subscriber, edition: date) -> bool:
    match subscriber.frequency:
        case Frequency.DAILY:
            return True
        case Frequency.WEEKDAYS:
            return edition.weekday() < WEEKDAYS.index("saturday")
        case Frequency.WEEKLY:
            return WEEKDAYS[edition.weekday()] == subscriber.weekday
