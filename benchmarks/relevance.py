"""How well does a keyword bring the papers it should? This measures it against keywords that somebody else gave them.

Each keyword that at least three papers of a pool of thirty days carry (their `ai_keywords`) is a profile of one term,
and those papers are what it should bring. The matcher sees titles, abstracts and upvotes, never the keywords of a
paper. Beside it stand plain substring, a regular expression with word boundaries, and SQLite FTS5 with BM25 (stemmed;
the keyword as a phrase, and all of its words anywhere). Differences have paired bootstrap intervals over the
keywords. The constants of the ranking are chosen on the even pools; what is told is measured on the odd ones. An
ablation leaves out one part after the other. A table tells by the form in which a keyword was found how many papers
are right, how many carry it in another writing (wrong letter by letter, and yet what was asked for), and what the F1
would be if that form weren't found. The keywords on which another way is ahead are listed with the cause.
Usage: `python benchmarks/relevance.py [LOSSES]`, where LOSSES is how many of the worst losses to list.
"""

from __future__ import annotations

import gzip
import json
import math
import os
import random
import re
import sqlite3
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from statistics import fmean

from digest.domain import Interest, Match, Paper, Profile
from digest.matching import day, match_papers, postings, words, worth
from digest.matching.folding import fold_spelling

DATA = Path(os.environ.get("DIGEST_TEST_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
DAYS_A_POOL = 30
FEWEST_RELEVANT = 3
DEPTH = 20
RESAMPLES = 2_000
INTERVAL = (0.025, 0.975)

PARTS: dict[str, list[tuple[object, str, object]]] = {
    "nothing left out": [],
    "as written comes first": [(worth, "VARIANT", 1.0)],
    "less inside an expression": [(worth, "INSIDE_BEFORE", 1.0), (worth, "INSIDE_AFTER", 1.0)],
    "words that lead to a theme": [(words, "LEADING_WORDS", frozenset())],
    "title boost": [(worth, "TITLE_BOOST", 1.0)],
    "acronyms and what they mean": [(day, "find_definitions", lambda _: ())],
    "upvotes": [(postings, "UPVOTES_SHARE", 0.0)],
}
"""What the ranking is made of, and how each part is left out."""

AS_WRITTEN, JOINED, SPELLING, PLURAL, ACRONYM = (
    "as written",
    "hyphens, spaces and signs",
    "British or American",
    "singular or plural",
    "acronym or what it means",
)
FORMS = (AS_WRITTEN, JOINED, SPELLING, PLURAL, ACRONYM)
"""In which forms a keyword is found, the nearest first; a paper counts for the nearest form in it."""

Ranked = list[list[int]]
"""For each keyword the papers brought, best first."""


@dataclass(frozen=True, slots=True)
class Pool:
    """Papers of thirty days, and the keywords to try with the papers that carry them."""

    papers: list[Paper]
    meanings: list[set[str]]
    """What each paper's keywords are, as concepts run together: pre-training is pretraining."""
    keywords: list[str]
    relevant: list[set[int]]


@dataclass(frozen=True, slots=True)
class Quality:
    """How good one keyword's list is."""

    ndcg: float
    average_precision: float
    recall: float
    precision: float
    f1: float


MEASURES = [field.name for field in fields(Quality)]


def main() -> None:
    """Prints the tables for both ways to read what papers carry."""
    if not (DATA / "hf_daily_papers").is_dir():
        sys.exit(f"there is no recorded data in {DATA} (set DIGEST_TEST_DATA)")
    losses = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    for title, as_concept in (("as concepts", read_concept), ("letter by letter", read_letters)):
        print(f"\n=== keywords compared {title}")
        compare(list(load_pools(as_concept)), losses)


def compare(pools: Sequence[Pool], losses: int) -> None:
    """Prints the table of all ways, the differences to each of them, the ablation and the worst losses."""
    ways: dict[str, Callable[[Pool], Ranked]] = {
        "this one": by_matching,
        "substring": by_substring,
        "word regex": by_regex,
        "FTS5, phrase": lambda pool: by_full_text(pool, is_phrase=True),
        "FTS5, all words": lambda pool: by_full_text(pool, is_phrase=False),
    }
    held_out = pools[::2]
    ranked = {name: [way(pool) for pool in held_out] for name, way in ways.items()}
    judged = {name: _judge_all(held_out, lists) for name, lists in ranked.items()}
    count = len(judged["this one"])
    print(f"{len(held_out)} pools held out, {sum(len(p.papers) for p in held_out):,} papers, {count:,} keywords\n")
    print_means("", judged)
    print("\nthis one less the other, with 95 % intervals")
    for name in list(ways)[1:]:
        cells = (interval(judged["this one"], judged[name], field) for field in MEASURES)
        print(f"{name:28}" + "".join(f"{cell:>22}" for cell in cells))
    print()
    left_out = {}
    for name, changes in PARTS.items():
        with without(changes):
            left_out[name] = _judge_all(held_out, map(by_matching, held_out))
    print_means("this one without", left_out)
    chosen_on = pools[1::2]
    print()
    print_means("the pools chosen on", {"this one": _judge_all(chosen_on, map(by_matching, chosen_on))})
    print_forms(held_out)
    list_losses(held_out, ranked, losses)


def print_means(title: str, judged: Mapping[str, Sequence[Quality]]) -> None:
    """Prints a table of what some ways reach on average."""
    print(f"{title:28}" + "".join(f"{name:>20}" for name in MEASURES))
    for name, qualities in judged.items():
        print(f"{name:28}" + "".join(f"{fmean(getattr(q, field) for q in qualities):20.4f}" for field in MEASURES))


@contextmanager
def without(changes: Sequence[tuple[object, str, object]]) -> Iterator[None]:
    """The matcher without a part of it."""
    with ExitStack() as stack:
        for module, name, value in changes:
            stack.callback(setattr, module, name, getattr(module, name))
            setattr(module, name, value)
        yield


def read_letters(keyword: str) -> str:
    """A keyword that only capitals and spaces tell from another is the same."""
    return " ".join(keyword.casefold().split())


def read_concept(keyword: str) -> str:
    """So is one that differs by plural, hyphen or an acronym in brackets: who asks for the one wants the other."""
    words = re.sub(r"\([^()]*\)", " ", keyword.casefold()).replace("-", " ").split()
    return " ".join(word.removesuffix("s") for word in words)


def _run_together(keyword: str) -> str:
    return read_concept(keyword).replace(" ", "")


def load_pools(read: Callable[[str], str]) -> Iterator[Pool]:
    """Runs of thirty recorded days whose papers carry keywords."""
    days = [records for path in sorted((DATA / "hf_daily_papers").glob("*.gz")) if (records := _judged(path))]
    for first in range(0, len(days) - DAYS_A_POOL + 1, DAYS_A_POOL):
        pooled = {str(record["id"]): record for day in days[first : first + DAYS_A_POOL] for record in day}
        carrying: defaultdict[str, set[int]] = defaultdict(set)
        written: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for position, record in enumerate(pooled.values()):
            for keyword in record["ai_keywords"]:
                carrying[read(keyword)].add(position)
                written[read(keyword)][read_letters(keyword)] += 1
        tried = sorted(meaning for meaning, papers in carrying.items() if len(papers) >= FEWEST_RELEVANT)
        papers = [_as_paper(record) for record in pooled.values()]
        meanings = [set(map(_run_together, record["ai_keywords"])) for record in pooled.values()]
        keywords = [min(written[meaning], key=lambda text: (-written[meaning][text], text)) for meaning in tried]
        yield Pool(papers, meanings, keywords, [carrying[meaning] for meaning in tried])


def _judged(path: Path) -> list[dict[str, list[str]]]:
    """A day's records that carry keywords; some recorded days wrap the list in text, and those are left out."""
    rows = json.loads(gzip.decompress(path.read_bytes()))
    records = [row["paper"] for row in rows if isinstance(row, dict) and "paper" in row]
    return [record for record in records if record.get("ai_keywords") and record.get("summary")]


def _as_paper(record: Mapping[str, object]) -> Paper:
    """What the matcher may see of a record."""
    return Paper(
        id=f"arxiv:{record['id']}",
        title=" ".join(str(record["title"]).split()),
        abstract=" ".join(str(record["summary"]).split()),
        announced=date(2026, 6, 30),
        upvotes=record["upvotes"] if isinstance(record.get("upvotes"), int) else None,  # type: ignore[arg-type]
    )


def by_matching(pool: Pool) -> Ranked:
    """Each keyword as a profile."""
    return [list(found) for found in forms_found(pool)]


def forms_found(pool: Pool) -> list[dict[int, str]]:
    """For each keyword the papers brought, best first, each with the form in which it stands there."""
    place = {paper.id: position for position, paper in enumerate(pool.papers)}
    found = match_papers(pool.papers, [Profile((Interest(keywords=(keyword,)),)) for keyword in pool.keywords])
    return [
        {place[match.paper.id]: form_of(keyword, match) for match in matches}
        for keyword, matches in zip(pool.keywords, found, strict=True)
    ]


def form_of(keyword: str, match: Match) -> str:
    """The nearest form in which a keyword stands in a paper."""
    passages = {
        getattr(match.paper, reason.field)[start:end] for reason in match.reasons for start, end in reason.spans
    }
    return min((_form_of(keyword, passage) for passage in passages), key=FORMS.index)


def _form_of(keyword: str, passage: str) -> str:
    if read_letters(keyword) == read_letters(passage):
        return AS_WRITTEN
    asked, found = words.read_words(keyword), words.read_words(passage)
    if "".join(asked.exact) == "".join(found.exact):
        return JOINED
    if "".join(map(fold_spelling, asked.exact)) == "".join(map(fold_spelling, found.exact)):
        return SPELLING
    return PLURAL if "".join(asked.folded) == "".join(found.folded) else ACRONYM


def print_forms(pools: Sequence[Pool]) -> None:
    """Prints what each form brings, how much of it is right, and what is left without it."""
    found = [forms_found(pool) for pool in pools]
    columns = "".join(f"{name:>20}" for name in ("papers", "right", "in another writing", "F1 without it"))
    print(f"\n{'found in the form':28}{columns}")
    for form in FORMS:
        brought = [
            (pool, number, paper)
            for pool, lists in zip(pools, found, strict=True)
            for number, papers in enumerate(lists)
            for paper in papers
            if papers[paper] == form
        ]
        right = sum(paper in pool.relevant[number] for pool, number, paper in brought)
        carried = sum(_run_together(pool.keywords[number]) in pool.meanings[paper] for pool, number, paper in brought)
        others = [[[p for p in papers if papers[p] != form] for papers in lists] for lists in found]
        f1 = fmean(quality.f1 for quality in _judge_all(pools, others))
        print(f"{form:28}{len(brought):20,}{right:20,}{carried - right:20,}{f1:20.4f}")


def by_substring(pool: Pool) -> Ranked:
    """How often the letters stand anywhere, in the title threefold."""
    texts = [(paper.title.casefold(), paper.abstract.casefold()) for paper in pool.papers]
    return [
        _ranked([3 * title.count(keyword) + abstract.count(keyword) for title, abstract in texts])
        for keyword in pool.keywords
    ]


def by_regex(pool: Pool) -> Ranked:
    """How often the letters stand as words of their own, in the title threefold."""
    patterns = [re.compile(rf"(?<!\w){re.escape(keyword)}(?!\w)", re.IGNORECASE) for keyword in pool.keywords]
    return [
        _ranked([3 * len(pattern.findall(p.title)) + len(pattern.findall(p.abstract)) for p in pool.papers])
        for pattern in patterns
    ]


def _ranked(scores: Sequence[float]) -> list[int]:
    return sorted((n for n, score in enumerate(scores) if score), key=lambda n: -scores[n])


def by_full_text(pool: Pool, *, is_phrase: bool) -> Ranked:
    """SQLite's full-text search with its own ranking, the title threefold."""
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("CREATE VIRTUAL TABLE paper USING fts5(title, abstract, tokenize='porter unicode61')")
        database.executemany("INSERT INTO paper VALUES (?, ?)", ((p.title, p.abstract) for p in pool.papers))
        sql = "SELECT rowid - 1 FROM paper WHERE paper MATCH ? ORDER BY bm25(paper, 3.0, 1.0), rowid"
        return [
            [position for (position,) in database.execute(sql, (_full_text_query(keyword, is_phrase=is_phrase),))]
            for keyword in pool.keywords
        ]


def _full_text_query(keyword: str, *, is_phrase: bool) -> str:
    words = keyword.replace('"', " ")
    return f'"{words}"' if is_phrase else " AND ".join(f'"{word}"' for word in words.split())


def _judge_all(pools: Sequence[Pool], lists: Iterable[Ranked]) -> list[Quality]:
    """The quality of each keyword's list, over all pools."""
    return [
        _judge(papers, relevant)
        for pool, ranked in zip(pools, lists, strict=True)
        for papers, relevant in zip(ranked, pool.relevant, strict=True)
    ]


def _judge(papers: Sequence[int], relevant: set[int]) -> Quality:
    hits = [n for n, paper in enumerate(papers) if paper in relevant]
    gain = sum(1 / math.log2(n + 2) for n in hits if n < DEPTH)
    ideal = sum(1 / math.log2(n + 2) for n in range(min(len(relevant), DEPTH)))
    recall = len(hits) / len(relevant)
    precision = len(hits) / len(papers) if papers else 0.0
    return Quality(
        ndcg=gain / ideal,
        average_precision=sum((rank + 1) / (n + 1) for rank, n in enumerate(hits)) / len(relevant),
        recall=recall,
        precision=precision,
        f1=2 * recall * precision / (recall + precision) if hits else 0.0,
    )


def interval(ours: Sequence[Quality], theirs: Sequence[Quality], field: str) -> str:
    """The mean difference with its interval, keywords drawn anew many times."""
    differences = [getattr(a, field) - getattr(b, field) for a, b in zip(ours, theirs, strict=True)]
    chance = random.Random(1)  # noqa: S311  # nothing secret about it
    means = sorted(fmean(chance.choices(differences, k=len(differences))) for _ in range(RESAMPLES))
    low, high = (means[int(part * RESAMPLES)] for part in INTERVAL)
    return f"{fmean(differences):+.3f} {low:+.3f}…{high:+.3f}"


def list_losses(pools: Sequence[Pool], ranked: Mapping[str, Sequence[Ranked]], most: int) -> None:
    """The keywords for which another way is ahead, summed up by cause, and the worst of them."""
    losses = []
    for n, pool in enumerate(pools):
        for k, (keyword, relevant) in enumerate(zip(pool.keywords, pool.relevant, strict=True)):
            found = {name: lists[n][k] for name, lists in ranked.items()}
            best = max(found, key=lambda name: _judge(found[name], relevant).ndcg)
            ours = found["this one"]
            loss = _judge(found[best], relevant).ndcg - _judge(ours, relevant).ndcg
            if loss > 0:
                losses.append((loss, cause_of(ours, found[best], relevant), keyword, best, 2 * n + 1))
    losses.sort(reverse=True)
    print(f"\nbehind the best of the others on {len(losses):,} keywords:")
    for cause in sorted({cause for _, cause, *_ in losses}):
        lost = [loss for loss, its_cause, *_ in losses if its_cause == cause]
        print(f"  {len(lost):4} keywords, {sum(lost) / len(losses):.3f} of nDCG a keyword behind: {cause}")
    for loss, cause, keyword, name, pool_number in losses[:most]:
        print(f"  {loss:.3f}  {keyword}  ({name}, pool {pool_number}: {cause})")


def cause_of(ours: Sequence[int], theirs: Sequence[int], relevant: set[int]) -> str:
    """Why another list is better: what it has more, what it has not, or its order."""
    if (relevant & set(theirs[:DEPTH])) - set(ours):
        return "papers with the words apart, in other forms or within other words"
    if set(ours[:DEPTH]) - relevant - set(theirs):
        return "other forms of the keyword are found too"
    return "the same papers in another order"


if __name__ == "__main__":
    main()
