"""What does it save to render each card once an edition, and to match all readers over one index? This measures it.

Prints a table: seconds of CPU for the sample edition and 200 readers, once as the pipeline does it and once the way
that comes first to mind, a reader at a time from nothing; and the ratio of the two, measured in the same run.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from digest import demo
from digest.composing import Composer, build_digest, compose_email, open_composer, render_cards
from digest.domain import Digest, Interest, Letterhead, Match, Paper, Profile, Subscriber
from digest.matching import match_papers
from digest.sources.formats import parse_content
from digest.sources.formats.page import Dating

READERS = 200
DAY = date(2026, 6, 30)
WORDS = (
    "language model",
    "diffusion",
    "agent",
    "reasoning",
    "segmentation",
    "attention",
    "benchmark",
    "graph",
    "video",
)


def load_papers() -> tuple[Paper, ...]:
    """The arXiv papers of the sample edition."""
    path = Path(demo.__path__[0]) / "papers" / "arxiv-2026-06-30.jsonl"
    papers = parse_content(path.read_bytes(), Dating(undated=DAY, latest=DAY)).papers
    return tuple(replace(paper, edition=DAY) for paper in papers)


def make_readers() -> list[Subscriber]:
    """Readers with two or three of the words each."""
    return [
        Subscriber(
            id=f"{number:020}",
            email=f"reader{number}@example.org",
            profile=Profile(interests=(Interest(keywords=tuple({WORDS[number % 9], WORDS[number % 7], WORDS[-1]})),)),
        )
        for number in range(READERS)
    ]


def compose_together(readers: list[Subscriber], papers: tuple[Paper, ...], composer: Composer) -> int:
    """As the pipeline does it: one index, each card once. Returns the bytes of all mails."""
    found = match_papers(papers, [reader.profile for reader in readers])
    cards = render_cards(papers, composer)
    digests = [_digest(reader, matches, papers) for reader, matches in zip(readers, found, strict=True)]
    return sum(len(compose_email(digest, cards, composer, sent_at=_NOON).content) for digest in digests)


def compose_one_by_one(readers: list[Subscriber], papers: tuple[Paper, ...], composer: Composer) -> int:
    """A reader at a time, from nothing. Returns the bytes of all mails."""
    size = 0
    for reader in readers:
        (matches,) = match_papers(papers, [reader.profile])
        digest = _digest(reader, matches, papers)
        cards = render_cards([match.paper for match in digest.shown], composer)
        size += len(compose_email(digest, cards, composer, sent_at=_NOON).content)
    return size


_NOON = datetime(2026, 6, 30, 12, tzinfo=UTC)


def _digest(reader: Subscriber, matches: tuple[Match, ...], papers: tuple[Paper, ...]) -> Digest:
    return build_digest(reader, matches, edition=DAY, covers=(DAY,), considered=len(papers), matched=len(matches))


def _cpu_seconds(
    work: Callable[[list[Subscriber], tuple[Paper, ...], Composer], int],
    readers: list[Subscriber],
    papers: tuple[Paper, ...],
    composer: Composer,
) -> tuple[float, int]:
    started = time.process_time()
    size = work(readers, papers, composer)
    return time.process_time() - started, size


def main() -> None:
    """Measure both ways and print the table."""
    letterhead = Letterhead("Paper digest", "digest@example.org", "https://digest.example.org", ("benchmark",))
    papers, readers, composer = load_papers(), make_readers(), open_composer(letterhead)
    together, size = _cpu_seconds(compose_together, readers, papers, composer)
    one_by_one, other_size = _cpu_seconds(compose_one_by_one, readers, papers, composer)
    if size != other_size:
        raise SystemExit("the two ways made different mails")
    print(f"{len(papers)} papers, {READERS} readers, {size / READERS / 1000:.0f} kB a mail")
    print(f"{'way':<28}{'CPU s':>8}{'ms a mail':>11}{'ratio':>8}")
    for name, seconds in (("one index, each card once", together), ("a reader at a time", one_by_one)):
        print(f"{name:<28}{seconds:>8.2f}{seconds / READERS * 1000:>11.1f}{seconds / together:>8.1f}")


if __name__ == "__main__":
    main()
