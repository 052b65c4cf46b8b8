"""Composes the mails of recorded days for recorded profiles and finds faults in them; nothing of it is kept here.

As a program: `python -m tests.composing.recorded DATA FOLDER [DAYS [READERS]]` writes the mails into FOLDER and prints
what was found and, where it is installed, what SpamAssassin thinks of a sample. docs/clients.md names other proofs.
"""

from __future__ import annotations

import gzip
import json
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import strict
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from justhtml import JustHTML
from lxml import html as lxml_html
from rich.console import Console

from digest.composing import Composer, build_digest, compose_email, open_composer, render_cards
from digest.composing.cleaning import safe_link
from digest.composing.emails import HTML_BYTES
from digest.domain import Digest, Email, Frequency, Interest, Letterhead, Paper, Profile, Subscriber
from digest.errors import LinkError
from digest.links import Purpose, read_dated_token, read_lesson
from digest.matching import match_papers
from digest.sources.formats import parse_content
from digest.sources.formats.page import Dating

LETTERHEAD = Letterhead(
    "Paper digest",
    "Paper digest <digest@papers.example>",
    "https://papers.example",
    ("recorded",),
    postal_address="Reading Room, 1 Example Street, Zürich",
)
LANGUAGES = ("en", "de", "fr", "es", "zh")
SPAM_LIMIT = 1.0

_SCORE = re.compile(r"\((-?[\d.]+) points")


def compose_recorded(data: Path, *, days: int, readers: int) -> Iterator[Email]:
    """The mails of the last recorded days, one a reader and day for which something matched."""
    composer, crowd = open_composer(LETTERHEAD), _load_readers(data, readers)
    for path in sorted((data / "arxiv_days").glob("*.jsonl.gz"))[-days:]:
        yield from _compose_day(path, crowd, composer)


def faults_of(email: Email) -> Iterator[str]:
    """What is wrong with a mail: as a message, in its lines and sizes, in where its links lead."""
    message = BytesParser(policy=strict).parsebytes(email.content)
    assert isinstance(message, EmailMessage)
    lines = email.content.split(b"\r\n")
    if not email.content.isascii() or max(map(len, lines)) > 998 or b"\n" in b"".join(lines):
        yield "not seven bits in lines of at most 998 octets"
    html, text = message.get_body(("html",)), message.get_body(("plain",))
    if html is None or text is None:
        yield "a part is missing"
        return
    if len(html.get_payload()) > HTML_BYTES:
        yield "HTML above its limit"
    yield from map(str, JustHTML(html.get_content(), collect_errors=True).errors)
    tree = lxml_html.document_fromstring(html.get_content())
    if [len(list(tree.iter(tag))) for tag in ("h1", "script", "img")] != [1, 0, 0]:
        yield "not one heading, or scripts, or images"
    digest = email.digest
    assert digest is not None
    yield from (
        f"{label} leads to {address}" for label, address in _links(tree) if not _is_right(label, address, digest)
    )
    for match in digest.shown:
        if safe_link(match.paper.url) not in text.get_content():
            yield f"the text leaves out {match.paper.id}"


def _links(tree: lxml_html.HtmlElement) -> Iterator[tuple[str, str]]:
    for link in tree.iter("a"):
        yield str(link.get("aria-label") or link.text_content()), str(link.get("href"))


def _is_right(label: str, address: str, digest: Digest) -> bool:
    for purpose in (Purpose.PREFERENCES, Purpose.UNSUBSCRIBE, Purpose.READ):
        if address.startswith(f"https://papers.example/{purpose}/"):
            token = address.rpartition("/")[2].removesuffix("#pause")
            try:
                found = read_dated_token(token, purpose, today=digest.edition, secrets=LETTERHEAD.secrets)
            except LinkError:
                return False
            return found == (digest.subscriber.id, digest.edition)
    if address.startswith(f"https://papers.example/{Purpose.LEARN}/"):
        return _is_lesson(label, address, digest)
    of_papers = {safe_link(a) for m in digest.shown for a in (m.paper.url, m.paper.pdf_url, m.paper.code_url)}
    titles = {m.paper.title[:20] for m in digest.shown if address == safe_link(m.paper.url)}
    return address in of_papers and (":" in label or any(label.startswith(title) for title in titles))


def _is_lesson(label: str, address: str, digest: Digest) -> bool:
    parts = urlsplit(address)
    _, _, token, verb = parts.path.split("/")
    paper_id = dict(parse_qsl(parts.query))["paper"]
    try:
        lesson = read_lesson(token, verb, paper_id, today=digest.edition, secrets=LETTERHEAD.secrets)
    except LinkError:
        return False
    titles = [match.paper.title for match in digest.shown if match.paper.id == lesson.paper_id]
    return lesson.subscriber_id == digest.subscriber.id and any(title[:20] in label for title in titles)


def _compose_day(path: Path, crowd: list[Subscriber], composer: Composer) -> Iterator[Email]:
    day = date.fromisoformat(path.name[:10])
    found = parse_content(gzip.decompress(path.read_bytes()), Dating(undated=day, latest=day)).papers
    papers = tuple({paper.id: replace(paper, announced=day, edition=day) for paper in found}.values())
    matched = match_papers(papers, [reader.profile for reader in crowd])
    for reader, matches in zip(crowd, matched, strict=True):
        digest = build_digest(reader, matches, edition=day, covers=(day,), considered=len(papers), matched=len(matches))
        if not digest.is_empty:
            shown: list[Paper] = [match.paper for match in digest.shown]
            cards = render_cards(shown, composer, reader.language)
            yield compose_email(digest, cards, composer, sent_at=datetime.combine(day, time(6), UTC))


def _load_readers(data: Path, count: int) -> list[Subscriber]:
    paths = sorted((data / "profiles").glob("*.json"))[:count]
    return [
        Subscriber(
            id=path.stem,
            email=f"{path.stem}@readers.example",
            profile=_profile(json.loads(path.read_bytes())),
            language=LANGUAGES[number % len(LANGUAGES)],
            frequency=(Frequency.DAILY, Frequency.WEEKDAYS, Frequency.WEEKLY)[number % 3],
        )
        for number, path in enumerate(paths)
    ]


def _profile(recorded: Mapping[str, Any]) -> Profile:
    topics: Mapping[str, list[str]] = recorded["topics"]
    return Profile(tuple(Interest(name, tuple(words)) for name, words in topics.items()), max_papers=25)


def _spam_score(content: bytes) -> float:
    """SpamAssassin's score by its local tests alone."""
    command = ["spamassassin", "--local", "--test-mode"]
    done = subprocess.run(command, input=content, capture_output=True, check=True, timeout=120)
    found = _SCORE.search(done.stdout.decode("utf-8", "replace"))
    return float(found[1]) if found else SPAM_LIMIT


def main(data: str, folder: str, days: str = "20", readers: str = "50") -> int:
    """Write the mails and print what was found; 1 if anything is wrong."""
    faults, sizes, scores = Counter[str](), [], []
    has_judge = shutil.which("spamassassin") is not None
    for number, email in enumerate(compose_recorded(Path(data), days=int(days), readers=int(readers))):
        (Path(folder) / f"{number:05}.eml").write_bytes(email.content)
        faults.update(faults_of(email))
        sizes.append(len(email.content))
        if has_judge and number % 50 == 0:
            scores.append(_spam_score(email.content))
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"{len(sizes)} mails, {min(sizes) / 1000:.0f} to {max(sizes) / 1000:.0f} kB, {faults.total()} faults")
    for fault, count in faults.most_common(20):
        console.print(f"{count} × {fault}")
    if scores:
        console.print(f"SpamAssassin on {len(scores)} of them: {min(scores)} to {max(scores)}")
    return int(bool(faults) or any(score >= SPAM_LIMIT for score in scores))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
