"""Says in a few sentences what the sources brought, what is late and what has come since. Knows no markup."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from digest.composing.cleaning import one_line
from digest.composing.language import Language
from digest.domain import Digest, SourceAccount

FILES = "files"
"""The source whose categories are an operator's files: they announce nothing and mean nothing to a reader."""
MOST_NAMED = 4
"""So many sources or categories are named in a sentence; of more, the rest is counted."""

_NAME_CHARACTERS = 40
_SATURDAY = 5
_NAMES = {
    "arxiv": "arXiv",
    "biorxiv": "bioRxiv",
    "crossref": "Crossref",
    "europepmc": "Europe PMC",
    "huggingface": "Hugging Face",
    "medrxiv": "medRxiv",
    "openalex": "OpenAlex",
    "pubmed": "PubMed",
    "semanticscholar": "Semantic Scholar",
}


@dataclass(frozen=True, slots=True)
class _Covered:
    """The accounts of the days that a digest covers, and the language in which they are told."""

    entries: tuple[SourceAccount, ...]
    days: tuple[date, ...]
    files: tuple[SourceAccount, ...]
    language: Language

    @property
    def when(self) -> str:
        first, last, language = self.days[0], self.days[-1], self.language
        if first == last:
            return language.say("on {day}", day=language.day_of_week(first))
        return language.say("from {first} to {last}", first=language.short_day(first), last=language.short_day(last))


def account_of(digest: Digest, language: Language) -> tuple[str, ...]:
    """The account of the covered days in at most eight short sentences, each of one line.

    What a reader was told to be late is said to have come once it has; older papers that aren't shown are counted.
    """
    return _account_since(_first_day(digest), digest.account, digest.older_papers, language)


@lru_cache(maxsize=64)  # the same for all readers with one cursor
def _account_since(
    first: date, account: tuple[SourceAccount, ...], older_papers: int, language: Language
) -> tuple[str, ...]:
    covered = _cover([entry for entry in account if entry.day >= first], language)
    earlier = [entry for entry in account if entry.day < first and entry.source != FILES]
    sentences = (
        _say_brought(covered),
        *_say_files(covered),
        _say_nothing(covered),
        *_say_late(covered),
        _say_come(earlier, language),
        _say_older(older_papers, language),
    )
    return tuple(sentence for sentence in sentences if sentence)


def source_name(source: str) -> str:
    """What readers call a source: its own spelling of its name, else the name of its table."""
    return _NAMES.get(source) or one_line(source, _NAME_CHARACTERS)


def _first_day(digest: Digest) -> date:
    """The first day that the digest covers, one without any paper included."""
    cursor = digest.subscriber.cursor
    return digest.covers[0] if cursor is None else min(digest.covers[0], cursor + timedelta(days=1))


def _cover(entries: Sequence[SourceAccount], language: Language) -> _Covered:
    return _Covered(
        entries=tuple(entry for entry in entries if entry.source != FILES),
        days=tuple(sorted({entry.day for entry in entries})),
        files=tuple(entry for entry in entries if entry.source == FILES),
        language=language,
    )


def _say_brought(covered: _Covered) -> str:
    """Such as `arXiv announced 412 papers and Hugging Face 30 on Thursday, 12 March`."""
    totals, language = Counter[str](), covered.language
    for entry in covered.entries:
        totals[entry.source] += entry.announced
    brought = [(source, count) for source, count in totals.most_common() if count]
    if not brought:
        return ""
    (first, most), *others = brought
    name = source_name(first)
    said = [language.count("{source} announced {count} paper", "{source} announced {count} papers", most, source=name)]
    said += [f"{source_name(source)} {language.number(count)}" for source, count in others[: MOST_NAMED - 1]]
    if rest := [count for _, count in others[MOST_NAMED - 1 :]]:
        papers = language.number(sum(rest))
        said.append(
            language.count("{count} other source {papers}", "{count} other sources {papers}", len(rest), papers=papers)
        )
    return language.say("{brought} {when}.", brought=language.listed(said), when=covered.when)


def _say_files(covered: _Covered) -> Iterator[str]:
    """What came from files where other sources brought something too; alone it would only repeat the headline."""
    papers, language = sum(entry.announced for entry in covered.files), covered.language
    is_broken = any(entry.is_open for entry in covered.files)
    if papers and (covered.entries or is_broken):
        yield language.count("{count} paper came from files.", "{count} papers came from files.", papers)
    if is_broken:
        yield language.say("Some files could not be read.")


def _say_nothing(covered: _Covered) -> str:
    """Who announced nothing on a single day, and why if that is known; over several days it says nothing."""
    language = covered.language
    quiet = [entry for entry in covered.entries if not entry.announced and not entry.is_open]
    if not quiet or len(covered.days) > 1:
        return ""
    sources, number = _named([source_name(entry.source) for entry in quiet], language), len(quiet)
    nothing = language.count("{sources} announced nothing", "{sources} announced nothing", number, sources=sources)
    if len(quiet) == len(covered.entries):
        nothing = language.say("{nothing} {when}", nothing=nothing, when=covered.when)
    if all(entry.is_holiday for entry in quiet):
        return language.say("{nothing}: it was a holiday.", nothing=nothing)
    if all(entry.day.weekday() >= _SATURDAY for entry in quiet):
        return language.say("{nothing}: it was the weekend.", nothing=nothing)
    return language.say("{sentence}.", sentence=nothing)


def _say_late(covered: _Covered) -> Iterator[str]:
    """Such as `arXiv cs.AI is late and follows` and `arXiv cs.CV came in part, and the rest follows`."""
    language = covered.language
    late = [name for entry in covered.entries for name in _places(entry, entry.late, covered)]
    partial = [name for entry in covered.entries for name in _places(entry, entry.partial, covered)]
    if late:
        names = _named(late, language)
        yield language.count("{names} is late and follows.", "{names} are late and follow.", len(late), names=names)
    if partial:
        yield language.say("{names} came in part, and the rest follows.", names=_named(partial, language))


def _say_come(earlier: Iterable[SourceAccount], language: Language) -> str:
    come = [
        language.say("{source} on {day}", source=source_name(entry.source), day=language.short_day(entry.day))
        for entry in earlier
        if not entry.is_open
    ]
    return language.say("What was late from {names} has come.", names=_named(come, language)) if come else ""


def _say_older(older_papers: int, language: Language) -> str:
    if not older_papers:
        return ""
    return language.count(
        "{count} paper of earlier days is counted here, not shown.",
        "{count} papers of earlier days are counted here, not shown.",
        older_papers,
    )


def _places(entry: SourceAccount, categories: Iterable[str], covered: _Covered) -> Iterator[str]:
    """Categories with their source, and with their day where the digest covers several."""
    language = covered.language
    for category in categories:
        name = one_line(f"{source_name(entry.source)} {category}", 2 * _NAME_CHARACTERS)
        if len(covered.days) > 1:
            name = language.say("{name} of {day}", name=name, day=language.short_day(entry.day))
        yield name


def _named(names: Sequence[str], language: Language) -> str:
    shown = list(dict.fromkeys(names))
    rest = len(shown) - MOST_NAMED
    more = [language.say("{count} more", count=language.number(rest))] if rest > 0 else []
    return language.listed([*shown[:MOST_NAMED], *more])
