"""What an email says in words: subject, date, reasons. Knows no markup and no look."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from digest.composing.building import personal_matches
from digest.composing.cleaning import one_line, shorten
from digest.domain import Digest, Frequency, Match, Paper, Reason, Subscriber

SUBJECT_CHARACTERS = 120
TITLE_CHARACTERS = 300
AUTHORS_SHOWN = 6
REASONS_SHOWN = 8

_AUTHOR_CHARACTERS = 80
_COMMENT_CHARACTERS = 140
_KEYWORD_CHARACTERS = 60
_TOPIC_CHARACTERS = 40


def day_in_words(day: date) -> str:
    """A day as a reader says it: `Tuesday, 30 June 2026`."""
    return f"{day_of_week(day)} {day.year}"


def day_of_week(day: date) -> str:
    """A day of these weeks: `Tuesday, 30 June`."""
    return f"{day:%A}, {short_day(day)}"


def short_day(day: date) -> str:
    """A day without its year: `30 June`."""
    return f"{day.day} {day:%B}"


def subject_of(digest: Digest, site_name: str) -> str:
    """The subject line: how many papers, on what, from whom, of which day; one line, at most 120 characters."""
    ending = f" · {one_line(site_name, 50)} {short_day(digest.edition)}"
    return shorten(_gist_of(digest), SUBJECT_CHARACTERS - len(ending)) + ending


def headline_of(digest: Digest) -> str:
    """The account of the digest in one line: `7 of 412 papers matched`, with the days where it covers several."""
    days = f", {short_day(digest.covers[0])} to {short_day(digest.covers[-1])}" if len(digest.covers) > 1 else ""
    if not digest.considered:
        return f"No new papers were announced{days}"
    if digest.subscriber.profile.interests or digest.matched:
        return f"{digest.matched or 'None'} of {counted(digest.considered, 'paper')} matched{days}"
    return f"The most upvoted of {counted(digest.considered, 'paper')}{days}"


def preheader_of(digest: Digest) -> str:
    """What an inbox shows beside the subject: the first titles."""
    return " · ".join(one_line(match.paper.title, 80) for match in digest.shown[:3]) or headline_of(digest)


def more_of(digest: Digest) -> str:
    """What says that more papers matched than are shown; empty where all are."""
    hidden = digest.matched - len(personal_matches(digest))
    return f"… and {counted(hidden, 'more paper')} matched" if hidden > 0 else ""


def purpose_of(subscriber: Subscriber, site_name: str) -> str:
    """Why the reader gets this mail: the footer's first sentence."""
    rhythm = {
        Frequency.DAILY: "every day",
        Frequency.WEEKDAYS: "every weekday",
        Frequency.WEEKLY: f"every {one_line(subscriber.weekday, 20).capitalize()}",
    }[subscriber.frequency]
    address, site = one_line(subscriber.email, 254), one_line(site_name, 100)
    return f"You get this because {address} is subscribed to {site}. It comes {rhythm} if there are papers for you."


def authors_of(paper: Paper) -> str:
    """The first authors, and how many more there are."""
    names = [one_line(author, _AUTHOR_CHARACTERS) for author in paper.authors[:AUTHORS_SHOWN]]
    more = len(paper.authors) - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")


def facts_of(paper: Paper) -> str:
    """What the record says of a paper beside its text: categories, dates, comment."""
    day = paper.published
    year = f" {day.year}" if day and day.year != paper.announced.year else ""
    return joined(
        ", ".join(one_line(category, 30) for category in paper.categories[:5]),
        _unbroken(f"submitted {short_day(day)}{year}") if day else "",
        _unbroken(f"announced {day_of_week(paper.announced)}") if paper.is_late else "",
        one_line(paper.comment, _COMMENT_CHARACTERS),
    )


def standing_of(paper: Paper) -> str:
    """What a community makes of a paper, where one counts: `▲ 163 upvotes · picked by taesiri`."""
    return joined(
        _unbroken(f"▲ {counted(paper.upvotes, 'upvote')}") if paper.upvotes is not None else "",
        _unbroken(f"picked by {one_line(paper.picked_by, _AUTHOR_CHARACTERS)}") if paper.picked_by.strip() else "",
    )


def why_of(match: Match) -> str:
    """Why the paper was chosen, one line: `Why: “KV cache” in title · “quantiz*” in abstract`."""
    fields: dict[tuple[str, str], list[str]] = {}
    for reason in match.reasons:
        fields.setdefault((_kind_of(reason), reason.keyword), []).append(reason.field)
    words = [_reason_in_words(kind, keyword, found) for (kind, keyword), found in fields.items()]
    more = [f"{len(words) - REASONS_SHOWN} more"] if len(words) > REASONS_SHOWN else []
    notes = [one_line(note, 160) for note in match.notes[:3]]
    return "Why: " + (joined(*words[:REASONS_SHOWN], *more, *notes) or "it fits your interests")


def joined(*facts: str) -> str:
    """What there is of some facts, in one line."""
    return " · ".join(fact for fact in facts if fact)


def counted(number: int, noun: str) -> str:
    """A number with its noun: `1 paper`, `1,204 papers`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _gist_of(digest: Digest) -> str:
    matches = personal_matches(digest)
    if matches:
        topics = [one_line(name, _TOPIC_CHARACTERS) for name in _distinct(match.interest for match in matches)]
        gist = counted(len(matches), "paper")
        return f"{gist} on {', '.join(topics)}" if topics else f"{gist}: {one_line(matches[0].paper.title, 80)}"
    if digest.shown:
        return f"{counted(len(digest.shown), 'trending paper')}: {one_line(digest.shown[0].paper.title, 80)}"
    return "No papers for you today"


def _unbroken(fact: str) -> str:
    return fact.replace(" ", "\N{NO-BREAK SPACE}")


def _distinct(names: Iterable[str]) -> Sequence[str]:
    return [name for name in dict.fromkeys(names) if name.strip()]


def _kind_of(reason: Reason) -> str:
    return reason.field if reason.field in {"author", "category", "source"} else "text"


def _reason_in_words(kind: str, keyword: str, fields: Iterable[str]) -> str:
    word = one_line(keyword, _KEYWORD_CHARACTERS)
    if kind == "text":
        return f"“{word}” in {' and '.join(dict.fromkeys(fields))}"
    return f"{kind} {word.rpartition(':')[2].strip()}"
