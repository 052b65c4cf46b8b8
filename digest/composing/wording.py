"""What an email says in words: subject, headline, facts of a paper, reasons. Knows no markup and no look."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from digest.composing.building import UNNAMED_INTEREST, personal_matches
from digest.composing.cleaning import one_line, shorten
from digest.composing.language import Language
from digest.domain import (
    Digest,
    Doubt,
    Frequency,
    Letterhead,
    Note,
    Paper,
    Reason,
    Revision,
    RevisionKind,
    Section,
    SectionKind,
)

SUBJECT_CHARACTERS = 120
TITLE_CHARACTERS = 300
AUTHORS_SHOWN = 5
AUTHORS_IN_A_LINE = 3
REASONS_SHOWN = 4

_AUTHOR_CHARACTERS = 80
_COMMENT_CHARACTERS = 140
_KEYWORD_CHARACTERS = 60
_TOPIC_CHARACTERS = 40


def day_in_words(day: date) -> str:
    """A day as English pages write it: `Tuesday, 30 June 2026`."""
    return f"{day:%A}, {day.day} {day:%B} {day.year}"


def counted(number: int, noun: str) -> str:
    """A number with its English noun, for pages and messages to operators: `1 paper`, `1,204 papers`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def joined(*facts: str) -> str:
    """What there is of some facts, in one line."""
    return " · ".join(filter(None, facts))


def subject_of(digest: Digest, site_name: str, language: Language) -> str:
    """The subject line: how many papers, on what, from whom, of which day; one line, at most 120 characters."""
    ending = f" · {one_line(site_name, 50)} {language.short_day(digest.edition)}"
    return shorten(_gist_of(digest, language), SUBJECT_CHARACTERS - len(ending)) + ending


def headline_of(digest: Digest, language: Language) -> str:
    """The day in one line: `412 papers announced · 24 matched · 10 shown`, with the days where it covers several."""
    days = ""
    if len(digest.covers) > 1:
        days = language.say(
            "{first} to {last}",
            first=language.short_day(digest.covers[0]),
            last=language.short_day(digest.covers[-1]),
        )
    if not digest.considered:
        return joined(language.say("No new papers were announced"), days)
    announced = language.count("{count} paper announced", "{count} papers announced", digest.considered)
    if not digest.subscriber.profile.interests and not digest.matched:
        return joined(announced, language.say("the most upvoted first"), days)
    matched = language.count("{count} matched", "{count} matched", digest.matched) if digest.matched else ""
    shown = len(personal_matches(digest))
    return joined(
        announced,
        matched or language.say("none matched"),
        language.count("{count} shown", "{count} shown", shown) if shown < digest.matched else "",
        days,
    )


def preheader_of(digest: Digest, language: Language) -> str:
    """What an inbox shows beside the subject: the first titles."""
    return " · ".join(one_line(match.paper.title, 80) for match in digest.shown[:3]) or headline_of(digest, language)


def tail_of(digest: Digest, language: Language) -> str:
    """What says that more papers matched than are shown; empty where all are."""
    hidden = digest.matched - len(personal_matches(digest))
    if hidden <= 0:
        return ""
    return language.count("… and {count} more paper matched", "… and {count} more papers matched", hidden)


def section_title(section: Section, language: Language) -> str:
    """A section's heading: the interest's name as the reader wrote it, else what digest calls it."""
    is_named = section.kind is SectionKind.INTEREST and section.title != UNNAMED_INTEREST
    if not is_named:
        return language.say(section.title)
    return one_line(section.title, 120) or language.say(UNNAMED_INTEREST)


def purpose_of(digest: Digest, letterhead: Letterhead, language: Language) -> str:
    """Why the reader gets this mail and how often: the footer's first sentences."""
    subscriber = digest.subscriber
    address, site = one_line(subscriber.email, 254), one_line(letterhead.site_name, 100)
    why = language.say("You get this because {address} is subscribed to {site}.", address=address, site=site)
    match subscriber.frequency:
        case Frequency.DAILY:
            rhythm = language.say("It comes every day.")
        case Frequency.WEEKDAYS:
            rhythm = language.say("It comes every weekday.")
        case Frequency.WEEKLY:
            rhythm = language.say("It comes every {weekday}.", weekday=language.weekday(subscriber.weekday))
    quiet = "" if letterhead.mails_when_empty else language.say("On days without papers for you there is no mail.")
    return f"{why} {rhythm} {quiet}".rstrip()


def authors_of(paper: Paper, language: Language, shown: int = AUTHORS_SHOWN) -> str:
    """The first authors, and how many more there are."""
    names = [one_line(author, _AUTHOR_CHARACTERS) for author in paper.authors[:shown]]
    more = len(paper.authors) - len(names)
    listed = ", ".join(names)
    return (
        language.count("{names} and {count} more", "{names} and {count} more", more, names=listed) if more else listed
    )


def facts_of(paper: Paper, language: Language) -> tuple[str, ...]:
    """What the record says of a paper beside its text: where it appeared, categories, dates, comment."""
    day = paper.published
    submitted = ""
    if day:
        is_this_year = day.year == paper.announced.year
        submitted = language.say("submitted {day}", day=(language.short_day if is_this_year else language.date_of)(day))
    announced = language.say("announced {day}", day=language.day_of_week(paper.announced)) if paper.is_late else ""
    facts = (
        language.say("withdrawn") if paper.is_withdrawn else "",
        one_line(paper.journal_ref, _COMMENT_CHARACTERS),
        ", ".join(one_line(category, 30) for category in paper.categories[:5]),
        _unbroken(submitted),
        _unbroken(announced),
        one_line(paper.comment, _COMMENT_CHARACTERS),
    )
    return tuple(filter(None, facts))


def standings_of(paper: Paper, language: Language) -> tuple[str, ...]:
    """What a community makes of a paper, where one counts: `▲ 163 upvotes`, `picked by taesiri`."""
    upvotes = language.count("{count} upvote", "{count} upvotes", paper.upvotes) if paper.upvotes is not None else ""
    picker = one_line(paper.picked_by, _AUTHOR_CHARACTERS)
    standings = (
        _unbroken(f"▲ {upvotes}") if upvotes else "",
        _unbroken(language.say("picked by {name}", name=picker)) if picker else "",
    )
    return tuple(filter(None, standings))


def why_of(reasons: Iterable[Reason], notes: Sequence[Note], language: Language) -> str:
    """Why a paper was chosen, one line: `“KV cache” in title · “quantiz*” in abstract`."""
    fields: dict[tuple[str, str], list[str]] = {}
    for reason in reasons:
        fields.setdefault((_kind_of(reason), reason.keyword), []).append(reason.field)
    words = [
        _reason_in_words(kind, keyword, found, language)
        for (kind, keyword), found in list(fields.items())[:REASONS_SHOWN]
    ]
    if len(fields) > REASONS_SHOWN:
        words.append(language.say("{count} more", count=language.number(len(fields) - REASONS_SHOWN)))
    words += [note_in_words(note, language) for note in notes[:3]]
    return joined(*language.isolated(words)) or language.say("it fits your interests")


def note_in_words(note: Note, language: Language) -> str:
    """What isn't certain about a choice: `S. Han: initials only`."""
    about = one_line(note.about, 100)
    match note.doubt:
        case Doubt.CATEGORIES:
            return language.say("categories unknown: the filter {about} could not be checked", about=about)
        case Doubt.INITIALS:
            return language.say("{about}: initials only", about=about)
        case Doubt.NAMESAKE:
            return language.say("{about}: perhaps a namesake", about=about)
        case Doubt.FAMILY_NAME:
            return language.say("{about}: family name only", about=about)


def news_of(revisions: Sequence[Revision], language: Language) -> str:
    """What became known of a paper that the reader was sent before."""
    return joined(*(_revision_in_words(revision, language) for revision in revisions[:3]))


def _revision_in_words(revision: Revision, language: Language) -> str:
    detail = one_line(revision.detail, _COMMENT_CHARACTERS)
    match revision.kind:
        case RevisionKind.VERSION:
            return language.say("new version {version}", version=detail)
        case RevisionKind.WITHDRAWN:
            return joined(language.say("withdrawn"), detail)
        case RevisionKind.ACCEPTED:
            return detail
        case RevisionKind.PUBLISHED:
            return language.say("published as {doi}", doi=detail)


def _gist_of(digest: Digest, language: Language) -> str:
    matches = personal_matches(digest)
    if matches:
        topics = [one_line(name, _TOPIC_CHARACTERS) for name in _distinct(match.interest for match in matches)]
        about = ", ".join(topics) or one_line(matches[0].paper.title, 80)
        if topics:
            return language.count("{count} paper on {about}", "{count} papers on {about}", len(matches), about=about)
        return language.count("{count} paper: {about}", "{count} papers: {about}", len(matches), about=about)
    trending = [
        match for section in digest.sections if section.kind is SectionKind.TRENDING for match in section.matches
    ]
    if trending:
        first = one_line(trending[0].paper.title, 80)
        return language.count(
            "{count} trending paper: {about}", "{count} trending papers: {about}", len(trending), about=first
        )
    if digest.shown:
        return language.count("News of {count} earlier paper", "News of {count} earlier papers", len(digest.shown))
    return language.say("No papers for you today")


def _unbroken(fact: str) -> str:
    return fact.replace(" ", "\N{NO-BREAK SPACE}")


def _distinct(names: Iterable[str]) -> Sequence[str]:
    return [name for name in dict.fromkeys(names) if name.strip()]


def _kind_of(reason: Reason) -> str:
    return reason.field if reason.field in {"author", "category", "source"} else "text"


def _reason_in_words(kind: str, keyword: str, fields: Iterable[str], language: Language) -> str:
    word = one_line(keyword, _KEYWORD_CHARACTERS)
    match kind:
        case "author":
            return language.say("author {name}", name=word.rpartition(":")[2].strip())
        case "category":
            return language.say("category {name}", name=word.rpartition(":")[2].strip())
        case "source":
            return language.say("source {name}", name=word.rpartition(":")[2].strip())
        case _:
            quoted = language.say("“{word}”", word=word)
            where = language.listed([_field_in_words(field, language) for field in dict.fromkeys(fields)])
            return language.say("{word} in {fields}", word=quoted, fields=where)


def _field_in_words(field: str, language: Language) -> str:
    match field:
        case "title":
            return language.say("title")
        case "abstract":
            return language.say("abstract")
        case _:
            return field
