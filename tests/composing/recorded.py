"""Composes the mails of recorded days for recorded profiles and finds faults in them; nothing of it is kept here.

As a program: `python -m tests.composing.recorded DATA FOLDER [DAYS [READERS]]` writes the mails into FOLDER and prints
what was found and, where it is installed, what SpamAssassin thinks of them. docs/clients.md names other proofs.
"""

from __future__ import annotations

import gzip
import json
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
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
from digest.composing.cleaning import one_line, safe_link
from digest.composing.emails import CARDS_SHOWN, HTML_BYTES
from digest.composing.language import nearest_language, open_languages
from digest.composing.templates import default_templates
from digest.domain import Digest, Email, Frequency, Interest, Letterhead, Paper, Profile, Subscriber
from digest.errors import LinkError
from digest.links import Lesson, Purpose, Verb, read_dated_token, read_lesson
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
SPOKEN = open_languages([default_templates() / "email" / "languages"])
SAYINGS = {Verb.MORE: "More like this", Verb.LESS: "Less", Verb.MUTE: "Mute"}
SPAM_LIMIT = 1.0

MAILS_A_JUDGEMENT = 50
"""So many mails are given to one process of SpamAssassin, which takes seconds to begin."""

_SCORE = re.compile(r"\((-?[\d.]+) points")
_RULE = re.compile(r"^[ -]*\d\.\d ([A-Z][A-Z0-9_]+) ", re.MULTILINE)
_ASKING = re.compile(rf"^  {re.escape(LETTERHEAD.base_url)}(/learn/\S+)$", re.MULTILINE)


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
    yield from _faults_of_text(text.get_content().replace("\r\n", "\n"), digest)


def _faults_of_text(text: str, digest: Digest) -> Iterator[str]:
    for match in digest.shown:
        if safe_link(match.paper.url) not in text:
            yield f"the text leaves out {match.paper.id}"
    addresses = {match.paper.id: safe_link(match.paper.url) for match in digest.shown}
    cards = text.split("\n* ")[1:]
    for card in cards:
        lessons = [_lesson_of(address, digest) for address in _ASKING.findall(card)]
        if [addresses[lesson.paper_id] in card for lesson in lessons if lesson] != [True]:
            yield f"beside a paper of the text {len(lessons)} links ask of {lessons}"
    if len(cards) != min(len(digest.shown), CARDS_SHOWN):
        yield f"{len(cards)} cards in the text"


def _lesson_of(address: str, digest: Digest) -> Lesson | None:
    """What the address of a link to learn from stands for; None if it isn't a good one of the digest's reader."""
    parts = urlsplit(address)
    token, _, verb = parts.path.removeprefix("/learn/").partition("/")
    paper_id = dict(parse_qsl(parts.query)).get("paper", "")
    try:
        lesson = read_lesson(token, verb, paper_id, today=digest.edition, secrets=LETTERHEAD.secrets)
    except LinkError:
        return None
    return lesson if lesson.subscriber_id == digest.subscriber.id else None


def _links(tree: lxml_html.HtmlElement) -> Iterator[tuple[str, str]]:
    for link in tree.iter("a"):
        yield str(link.get("aria-label") or link.text_content()), str(link.get("href"))


def _is_right(label: str, address: str, digest: Digest) -> bool:
    for purpose in (Purpose.PREFERENCES, Purpose.UNSUBSCRIBE, Purpose.READ):
        if address.startswith(f"{LETTERHEAD.base_url}/{purpose}/"):
            token = address.rpartition("/")[2].removesuffix("#pause")
            try:
                found = read_dated_token(token, purpose, today=digest.edition, secrets=LETTERHEAD.secrets)
            except LinkError:
                return False
            return found == (digest.subscriber.id, digest.edition)
    lesson = _lesson_of(address.removeprefix(LETTERHEAD.base_url), digest)
    say = nearest_language(digest.subscriber.language, SPOKEN).say
    for paper in (match.paper for match in digest.shown):
        short_title = one_line(paper.title, 60)
        if lesson and lesson.paper_id == paper.id and label == f"{say(SAYINGS[lesson.verb])}: {short_title}":
            return True
        promised = {"Abstract": paper.url, "PDF": paper.pdf_url, "Code": paper.code_url}
        if any(label == f"{say(word)}: {short_title}" and address == safe_link(url) for word, url in promised.items()):
            return True
        if label.startswith(paper.title[:20]) and address == safe_link(paper.url):
            return True
    return False


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


def _judge(mails: Sequence[Path]) -> tuple[list[float], Counter[str]]:
    """SpamAssassin's scores by its local tests alone, and how many mails each of its rules met."""
    scores, rules = list[float](), Counter[str]()
    for first in range(0, len(mails), MAILS_A_JUDGEMENT):
        command = ["spamassassin", "--local", "--test-mode", *map(str, mails[first : first + MAILS_A_JUDGEMENT])]
        done = subprocess.run(command, capture_output=True, check=True, timeout=600)
        report = done.stdout.decode("utf-8", "replace")
        scores += map(float, _SCORE.findall(report))
        rules.update(_RULE.findall(report))
    assert len(scores) == len(mails)
    return scores, rules


def main(data: str, folder: str, days: str = "20", readers: str = "50") -> int:
    """Write the mails and print what was found; 1 if anything is wrong."""
    faults, sizes, mails = Counter[str](), list[int](), list[Path]()
    for number, email in enumerate(compose_recorded(Path(data), days=int(days), readers=int(readers))):
        mails.append(Path(folder) / f"{number:05}.eml")
        mails[-1].write_bytes(email.content)
        faults.update(faults_of(email))
        sizes.append(len(email.content))
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"{len(sizes)} mails, {min(sizes) / 1000:.0f} to {max(sizes) / 1000:.0f} kB, {faults.total()} faults")
    for fault, count in faults.most_common(20):
        console.print(f"{count} × {fault}", markup=False)
    if shutil.which("spamassassin") is None:
        return int(bool(faults))
    scores, rules = _judge(mails)
    console.print(f"SpamAssassin gives them {min(scores)} to {max(scores)}: {_counted(Counter(scores))}")
    console.print(f"Its rules: {_counted(rules)}")
    return int(bool(faults) or max(scores) >= SPAM_LIMIT)


def _counted(found: Counter[Any]) -> str:
    return ", ".join(f"{what} {count} times" for what, count in found.most_common())


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
