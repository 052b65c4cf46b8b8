"""How long does it take to match a crowd of readers with a day of 1,000 papers? This measures it, all stages included.

Profiles have the shapes of real ones and keywords of a Zipf-like popularity: real keywords first, then runs of words
from other days' titles. They lie compiled in an SQLite file, as bytes, with the vocabulary beside them; each crowd has
a process of its own, and the clock runs from opening that file to the top 20 of each reader. Below stands the same
from profiles as their readers wrote them to matches with their reasons, as a run does it, in seconds of CPU. A second
table names how much longer the ways take that come first to mind: one regular expression a reader, one full-text query
a reader (measured on a few, on the same papers, by multiplication for all).
Usage: `python benchmarks/matching.py [READERS ...]`, by default 1,000, 10,000, 100,000 and 1,000,000.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import pickle
import random
import re
import resource
import sqlite3
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import fields, is_dataclass
from datetime import date
from itertools import accumulate, pairwise
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from digest.domain import Interest, Paper, Profile
from digest.matching.crowd import Vocabulary, compile_profile, gather
from digest.matching.interests import read_profile
from digest.matching.ranking import rank_crowd
from digest.matching.reading import Reading, find_units, shortlists_of, without_garbage
from digest.matching.statistics import Statistics

DATA = Path(os.environ.get("DIGEST_TEST_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
CROWDS = (1_000, 10_000, 100_000, 1_000_000)
PAPERS = 1_000
SHOWN = 20
DISTINCT = 20_000
"""Profiles made; a larger crowd repeats them, as bytes that are read and ranked anew."""
SAMPLED = 40
"""Readers on whom the other ways are measured."""
LONGEST_KEYWORD = 60
EXCLUDING, ASKING = 0.1, 0.1

Way = Callable[[Profile, Sequence[Paper], sqlite3.Connection], int]
"""Another way to match one reader."""


def main() -> None:
    """Prints both tables."""
    if not (DATA / "arxiv_days").is_dir():
        sys.exit(f"there is no recorded data in {DATA} (set DIGEST_TEST_DATA)")
    days = sorted((DATA / "arxiv_days").glob("*.gz"))
    papers = load_papers(days[::-1])[:PAPERS]
    profiles = make_profiles(load_papers(days[:8]))
    print(f"{len(papers)} papers; seconds, the last ones of CPU")
    columns = "".join(f"{name:>9}" for name in ("load", "day", "rank", "all", "CPU"))
    print(f"{'readers':>10} {'terms':>7}{columns} {'results':>11} {'MB':>6}")
    crowds = [int(text) for text in sys.argv[1:]] or list(CROWDS)
    seconds = 0.0
    with tempfile.TemporaryDirectory() as folder, get_context("spawn").Pool(1, maxtasksperchild=1) as fresh:
        for readers in crowds:
            path = Path(folder) / f"{readers}.db"
            store(path, profiles[:readers], readers)
            seconds = fresh.apply(measure, (path, papers)) / readers
        print(f"\n{'as written':>18}" + "".join(f"{name:>9}" for name in ("compile", "day", "rank", "reasons", "all")))
        for readers in (count for count in crowds if count <= DISTINCT):
            fresh.apply(measure_whole, (profiles[:readers], papers))
    print(f"\n{'way':32} {'µs a reader':>12} {'factor':>8}")
    for name, cost in (
        ("this one, all readers together", seconds),
        ("a regular expression a reader", median_cost(match_by_regex, profiles, papers)),
        ("a full-text query a reader", median_cost(match_by_full_text, profiles, papers)),
    ):
        print(f"{name:32} {1e6 * cost:12.1f} {cost / seconds:8.0f}")


def load_papers(days: Sequence[Path]) -> list[Paper]:
    """The papers of recorded days, each once."""
    papers: dict[str, Paper] = {}
    for day in days:
        for record in map(json.loads, gzip.decompress(day.read_bytes()).splitlines()):
            papers[record["id"]] = Paper(
                id=f"arxiv:{record['id']}",
                title=record["title"],
                abstract=record["summary"],
                authors=tuple(record["authors"]),
                categories=tuple(record["categories"]),
                announced=date(2026, 6, 30),
            )
    return list(papers.values())


def make_profiles(others: Sequence[Paper]) -> list[Profile]:
    """Profiles of real shapes, a tenth of the interests with an exclusion and a tenth with a query."""
    real = [json.loads(path.read_bytes())["topics"] for path in sorted((DATA / "profiles").glob("*.json"))]
    shapes = [[len(keywords) for keywords in topics.values()] for topics in real]
    popular = Counter(keyword for topics in real for keywords in topics.values() for keyword in dict.fromkeys(keywords))
    rare = Counter(run for paper in others for run in _runs(paper.title.split()))
    ranked = [keyword for keyword, _ in popular.most_common() + rare.most_common() if len(keyword) < LONGEST_KEYWORD]
    pool = list(dict.fromkeys(ranked))
    weights = list(accumulate(1 / rank for rank in range(1, len(pool) + 1)))
    chance = random.Random(7)  # noqa: S311  # nothing secret about it

    def draw(count: int) -> tuple[str, ...]:
        return tuple(dict.fromkeys(chance.choices(pool, cum_weights=weights, k=count)))

    def make(count: int) -> Interest:
        one, other, unwanted = (
            re.sub(r"\W+", " ", text).strip() for text in chance.choices(pool, cum_weights=weights, k=3)
        )
        return Interest(
            keywords=draw(count),
            exclude=draw(1) if chance.random() < EXCLUDING else (),
            query=f'("{one}" OR "{other}") AND NOT "{unwanted}"' if chance.random() < ASKING else "",
        )

    return [Profile(tuple(map(make, chance.choice(shapes)))) for _ in range(DISTINCT)]


def _runs(words: Sequence[str]) -> Iterator[str]:
    return (" ".join(words[n : n + length]) for length in (2, 3) for n in range(len(words) - length + 1))


class _Pickler(pickle.Pickler):
    """Frozen values by their fields: a third of the time to load that their own way takes."""

    def reducer_override(self, value: object) -> Any:
        if is_dataclass(value) and not isinstance(value, type):
            return type(value), tuple(getattr(value, field.name) for field in fields(value))
        return NotImplemented


def store(path: Path, profiles: Sequence[Profile], readers: int) -> None:
    """Writes as many compiled profiles, and the vocabulary."""
    vocabulary, units = Vocabulary(), io.BytesIO()
    compiled = [compile_profile(read_profile(profile), vocabulary).tobytes() for profile in profiles]
    _Pickler(units).dump(vocabulary.units)
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE profile (reader INTEGER PRIMARY KEY, least REAL, slots BLOB)")
        database.execute("CREATE TABLE vocabulary (units BLOB)")
        rows = ((reader, 0.0, compiled[reader % len(compiled)]) for reader in range(readers))
        database.executemany("INSERT INTO profile VALUES (?, ?, ?)", rows)
        database.execute("INSERT INTO vocabulary VALUES (?)", (units.getvalue(),))


def measure(path: Path, papers: Sequence[Paper]) -> float:
    """Prints one row. Returns the seconds from the stored profiles to everybody's results."""
    times, cpu = [time.perf_counter()], time.process_time()
    with closing(sqlite3.connect(path)) as database, without_garbage():
        rows = database.execute("SELECT slots, least FROM profile ORDER BY reader").fetchall()
        (stored,) = database.execute("SELECT units FROM vocabulary").fetchone()
        units = pickle.loads(stored)  # noqa: S301  # written by this script
    crowd = gather([slots for slots, _ in rows], [least for _, least in rows])
    del rows
    times.append(time.perf_counter())
    _, postings = find_units(papers, units, Statistics())
    times.append(time.perf_counter())
    results = sum(len(ranking.papers) for ranking in rank_crowd(crowd, postings, most=SHOWN))
    times.append(time.perf_counter())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    seconds = [*_steps(times), times[-1] - times[0], time.process_time() - cpu]
    cells = "".join(f"{each:9.2f}" for each in seconds)
    print(f"{len(crowd):10,} {len(units):7,}{cells} {results:11,} {peak:6.0f}", flush=True)
    return times[-1] - times[0]


def measure_whole(profiles: Sequence[Profile], papers: Sequence[Paper]) -> None:
    """Prints what a digest's matching takes: profiles read from their texts, and why each paper shown was chosen."""
    times, vocabulary = [time.process_time()], Vocabulary()
    interests = [read_profile(profile) for profile in profiles]
    compiled = [compile_profile(each, vocabulary) for each in interests]
    crowd = gather(compiled, [profile.min_score for profile in profiles])
    times.append(time.process_time())
    findings, postings = find_units(papers, vocabulary.units, Statistics())
    times.append(time.process_time())
    reading = Reading(interests, crowd, findings, postings)
    found = [each for ranking in rank_crowd(crowd, postings) for each in shortlists_of(reading, ranking)]
    times.append(time.process_time())
    matches = sum(len(each.matches(most=SHOWN)) for each in found)
    times.append(time.process_time())
    assert matches  # noqa: S101
    seconds = [*_steps(times), times[-1] - times[0]]
    print(f"{len(profiles):10,} readers" + "".join(f"{each:9.2f}" for each in seconds), flush=True)


def _steps(times: Sequence[float]) -> Iterator[float]:
    return (end - start for start, end in pairwise(times))


def median_cost(match: Way, profiles: Sequence[Profile], papers: Sequence[Paper]) -> float:
    """Seconds a reader, the median of a few."""
    with closing(_full_text(papers)) as database:
        costs = []
        for profile in profiles[:SAMPLED]:
            started = time.perf_counter()
            match(profile, papers, database)
            costs.append(time.perf_counter() - started)
    return statistics.median(costs)


def _full_text(papers: Sequence[Paper]) -> sqlite3.Connection:
    database = sqlite3.connect(":memory:")
    database.execute("CREATE VIRTUAL TABLE paper USING fts5(title, abstract, tokenize='porter unicode61')")
    database.executemany("INSERT INTO paper VALUES (?, ?)", ((paper.title, paper.abstract) for paper in papers))
    return database


def match_by_regex(profile: Profile, papers: Sequence[Paper], _: sqlite3.Connection) -> int:
    """One compiled alternation of all keywords, gone over every paper; no ranking."""
    keywords = sorted({re.escape(keyword) for interest in profile.interests for keyword in interest.keywords})
    pattern = re.compile(rf"\b(?:{'|'.join(keywords)})\b", re.IGNORECASE)
    return sum(bool(pattern.search(paper.title) or pattern.search(paper.abstract)) for paper in papers)


def match_by_full_text(profile: Profile, _: Sequence[Paper], database: sqlite3.Connection) -> int:
    """One full-text query of all keywords as phrases, ranked by BM25 with a title boost."""
    keywords = sorted({keyword.replace('"', " ") for interest in profile.interests for keyword in interest.keywords})
    query = " OR ".join(f'"{keyword}"' for keyword in keywords)
    sql = "SELECT rowid FROM paper WHERE paper MATCH ? ORDER BY bm25(paper, 3.0, 1.0) LIMIT 20"
    return len(database.execute(sql, (query,)).fetchall())


if __name__ == "__main__":
    main()
