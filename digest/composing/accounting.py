"""Says in a few sentences what the sources brought, what is late and what has come since. Knows no markup."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from digest.composing.cleaning import one_line
from digest.composing.wording import counted, day_of_week, short_day
from digest.domain import Digest, SourceAccount

FILES = "files"
"""The source whose categories are an operator's files: they announce nothing and mean nothing to a reader."""
MOST_NAMED = 4
"""So many sources or categories are named in a sentence; of more, the rest is counted."""

_NAME_CHARACTERS = 40
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
    """The accounts of the days that a digest covers."""

    entries: tuple[SourceAccount, ...]
    days: tuple[date, ...]
    files: tuple[SourceAccount, ...]

    @property
    def when(self) -> str:
        first, last = self.days[0], self.days[-1]
        return f"on {day_of_week(first)}" if first == last else f"from {short_day(first)} to {short_day(last)}"


def account_of(digest: Digest) -> tuple[str, ...]:
    """The account of the covered days in at most six short sentences, each of one line.

    What a reader was told to be late is said to have come once it has; older papers that aren't shown are counted.
    """
    first = _first_day(digest)
    covered = _cover([entry for entry in digest.account if entry.day >= first])
    earlier = [entry for entry in digest.account if entry.day < first and entry.source != FILES]
    sentences = (
        _say_brought(covered),
        _say_files(covered),
        _say_nothing(covered),
        _say_late(covered),
        _say_come(earlier),
        f"{counted(digest.older_papers, 'paper')} of earlier days are counted here, not shown."
        if digest.older_papers
        else "",
    )
    return tuple(sentence for sentence in sentences if sentence)


def source_name(source: str) -> str:
    """What readers call a source: its own spelling of its name, else the name of its table."""
    return _NAMES.get(source) or one_line(source, _NAME_CHARACTERS)


def _first_day(digest: Digest) -> date:
    """The first day that the digest covers, one without any paper included."""
    cursor = digest.subscriber.cursor
    return digest.covers[0] if cursor is None else min(digest.covers[0], cursor + timedelta(days=1))


def _cover(entries: Sequence[SourceAccount]) -> _Covered:
    return _Covered(
        entries=tuple(entry for entry in entries if entry.source != FILES),
        days=tuple(sorted({entry.day for entry in entries})),
        files=tuple(entry for entry in entries if entry.source == FILES),
    )


def _say_brought(covered: _Covered) -> str:
    """Such as `arXiv announced 412 papers and Hugging Face 30 on Thursday, 12 March`."""
    totals = Counter[str]()
    for entry in covered.entries:
        totals[entry.source] += entry.announced
    brought = [(source, count) for source, count in totals.most_common() if count]
    if not brought:
        return ""
    (first, most), *others = brought
    said = [f"{source_name(first)} announced {counted(most, 'paper')}"]
    said += [f"{source_name(source)} {count:,}" for source, count in others[: MOST_NAMED - 1]]
    if rest := [count for _, count in others[MOST_NAMED - 1 :]]:
        said.append(f"{counted(len(rest), 'other source')} {sum(rest):,}")
    return f"{_listed(said)} {covered.when}."


def _say_files(covered: _Covered) -> str:
    """What came from files where other sources brought something too; alone it would only repeat the headline."""
    papers = sum(entry.announced for entry in covered.files)
    is_broken = any(entry.is_open for entry in covered.files)
    came = f"{counted(papers, 'paper')} came from files" if papers and (covered.entries or is_broken) else ""
    unread = "some files could not be read" if is_broken else ""
    said = "; ".join(filter(None, (came, unread)))
    return f"{said[0].upper()}{said[1:]}." if said else ""


def _say_nothing(covered: _Covered) -> str:
    """Who announced nothing on a single day; over several days that says nothing."""
    quiet = [entry for entry in covered.entries if not entry.announced and not entry.is_open]
    if not quiet or len(covered.days) > 1:
        return ""
    when = f" {covered.when}" if len(quiet) == len(covered.entries) else ""
    why = ": it was a holiday" if all(entry.is_holiday for entry in quiet) else ""
    return f"{_named([source_name(entry.source) for entry in quiet])} announced nothing{when}{why}."


def _say_late(covered: _Covered) -> str:
    """Such as `arXiv cs.AI is late and follows; arXiv cs.CV came in part, and the rest follows`."""
    late = [name for entry in covered.entries for name in _places(entry, entry.late, covered)]
    partial = [name for entry in covered.entries for name in _places(entry, entry.partial, covered)]
    said = []
    if late:
        said.append(f"{_named(late)} {'is late and follows' if len(late) == 1 else 'are late and follow'}")
    if partial:
        said.append(f"{_named(partial)} came in part, and the rest follows")
    return f"{'; '.join(said)}." if said else ""


def _say_come(earlier: Iterable[SourceAccount]) -> str:
    come = [f"{source_name(entry.source)} on {short_day(entry.day)}" for entry in earlier if not entry.is_open]
    return f"What was late from {_named(come)} has come." if come else ""


def _places(entry: SourceAccount, categories: Iterable[str], covered: _Covered) -> list[str]:
    """Categories with their source, and with their day where the digest covers several."""
    day = f" of {short_day(entry.day)}" if len(covered.days) > 1 else ""
    names = (one_line(f"{source_name(entry.source)} {category}", 2 * _NAME_CHARACTERS) for category in categories)
    return [f"{name}{day}" for name in names]


def _named(names: Sequence[str]) -> str:
    shown = list(dict.fromkeys(names))
    rest = len(shown) - MOST_NAMED
    return _listed([*shown[:MOST_NAMED], f"{rest} more"] if rest > 0 else shown)


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
