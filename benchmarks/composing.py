"""How many mails a second does one core make? Cards rendered once an edition, beside MJML and Jinja for each mail.

Both sides make the same digests of 15 cards from the sample edition's papers, by the same templates: a mail's HTML, its
text and its wire form. The other side is what first comes to mind: Jinja writes MJML, the MJML compiler makes HTML of
it, a regular expression marks the words, `email.message` writes the wire form, and dkimpy signs. Mails are made by
turns, so that both meet the same machine. Prints a table of CPU time; the signature's own cost stands apart.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import dkim
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from jinja2 import Environment, FileSystemLoader, select_autoescape
from markupsafe import Markup, escape
from mjml import mjml2html

from digest import demo
from digest.composing import Cards, Composer, build_digest, compose_email, open_composer, open_signer, render_cards
from digest.composing.headers import digest_headers
from digest.composing.signing import Signer
from digest.composing.templates import default_templates, shared_values
from digest.composing.wording import authors_of, facts_of, headline_of, preheader_of, purpose_of, subject_of, why_of
from digest.composing.wrapping import underlined, wrap
from digest.domain import Digest, Interest, Letterhead, Match, Paper, Profile, Subscriber
from digest.matching import match_papers
from digest.sources.formats import parse_content
from digest.sources.formats.page import Dating

READERS = 150
CARDS = 15
TURN = 10
"""Mails that one way makes before it is another's turn."""
DAY = date(2026, 6, 30)
NOON = datetime(2026, 6, 30, 12, tzinfo=UTC)
WORDS = ("language model", "diffusion", "agent", "reasoning", "segmentation", "attention", "benchmark", "graph",
         "video", "retrieval", "quantiz*", "policy", "speech", "robot", "image", "search", "code", "memory",
         "translation", "noise", "sensor", "task", "train*", "model", "learning", "data")  # fmt: skip
WORDS_A_READER = 12
LETTERHEAD = Letterhead("Paper digest", "digest@example.org", "https://digest.example.org", ("benchmark",))
ABSTRACT_CHARACTERS = 420


@dataclass(frozen=True, slots=True)
class Way:
    """One way to make mails."""

    name: str
    make: Callable[[Digest], bytes]


def load_papers() -> tuple[Paper, ...]:
    """The arXiv papers of the sample edition."""
    path = Path(demo.__path__[0]) / "papers" / "arxiv-2026-06-30.jsonl"
    papers = parse_content(path.read_bytes(), Dating(undated=DAY, latest=DAY)).papers
    return tuple(replace(paper, edition=DAY) for paper in papers)


def make_digests(papers: Sequence[Paper]) -> list[Digest]:
    """A digest of 15 papers for each reader; each has words of their own choice."""
    chance = Random(DAY.toordinal())  # noqa: S311 - the same choice in every run
    readers = [
        Subscriber(
            id=f"{number:020}",
            email=f"reader{number}@example.org",
            profile=Profile((Interest("Words", tuple(chance.sample(WORDS, WORDS_A_READER))),)),
        )
        for number in range(READERS)
    ]
    found = match_papers(papers, [reader.profile for reader in readers])
    return [
        build_digest(reader, matches, edition=DAY, covers=(DAY,), considered=len(papers), matched=len(matches))
        for reader, matches in zip(readers, found, strict=True)
        if len(matches) >= CARDS
    ]


def cards_once(composer: Composer, cards: Cards) -> Callable[[Digest], bytes]:
    """As digest does it."""
    return lambda digest: compose_email(digest, cards, composer, sent_at=NOON).content


def mjml_for_each(composer: Composer) -> Callable[[Digest], bytes]:
    """Jinja and the MJML compiler for each mail, by the same templates."""
    environment = Environment(
        loader=FileSystemLoader(default_templates() / "email"),
        autoescape=select_autoescape(disabled_extensions=("txt",), default=True),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"wrap": wrap, "underlined": underlined}
    head = (default_templates() / "email" / "head.mjml").read_text(encoding="utf-8")
    language = composer.language_of("en")

    def card(match: Match, template: str, abstract: str) -> Markup:
        paper = match.paper
        links = (("Abstract", paper.url), ("PDF", paper.pdf_url))
        values = {"title": paper.title, "short_title": paper.title[:60], "authors": authors_of(paper, language),
                  "why": f"Why: {why_of(match.reasons, match.notes, language)}", "facts": facts_of(paper, language),
                  "links": links, "abstract": abstract, "feedback": None, "_": language.say,
                  "isolated": language.isolated}  # fmt: skip
        return Markup(environment.get_template(template).render(values))  # noqa: S704 - made by escaping templates

    def make(digest: Digest) -> bytes:
        link = {name: f"https://digest.example.org/{name}/{digest.subscriber.id}"
                for name in ("preferences", "unsubscribe", "everything", "pause")}  # fmt: skip
        subject = subject_of(digest, "Paper digest", language)
        section = {"title": "Words", "note": "", "day": "", "tail": "", "lines": ()}
        values = {**shared_values(LETTERHEAD, language), **link, "subject": subject,
                  "preheader": preheader_of(digest, language), "date": language.long_day(DAY), "account": (),
                  "headline": headline_of(digest, language),
                  "purpose": purpose_of(digest, LETTERHEAD, language)}  # fmt: skip
        marked = [card(match, "card.html", highlight(match)) for match in digest.shown]
        source = environment.get_template("digest.mjml").render(**values, sections=[{**section, "cards": marked}])
        html = mjml2html(source, fonts={}, include_loader=lambda _name: head)
        plain = [card(match, "card.txt", match.paper.abstract[:ABSTRACT_CHARACTERS]) for match in digest.shown]
        text = environment.get_template("digest.txt").render(**values, sections=[{**section, "cards": plain}])
        return _written(digest, subject, link, text, html)

    return make


def highlight(match: Match) -> Markup:
    """An abstract's beginning with the keywords marked."""
    words = sorted({reason.keyword for reason in match.reasons}, key=len, reverse=True)
    pattern = re.compile("|".join(re.escape(word) for word in words) or "$^", re.IGNORECASE)
    shown = str(escape(match.paper.abstract[:ABSTRACT_CHARACTERS]))
    return Markup(pattern.sub(r'<span class="hit">\g<0></span>', shown))  # noqa: S704 - escaped before


def signed_by(make: Callable[[Digest], bytes], sign: Callable[[bytes], bytes]) -> Callable[[Digest], bytes]:
    """The same with a signature."""
    return lambda digest: sign(make(digest))


def measure(ways: Iterable[Way], digests: Sequence[Digest]) -> dict[str, float]:
    """Microseconds of CPU a mail for each way in its best turn: whatever else runs on the machine only adds."""
    ways = tuple(ways)
    spent: dict[str, list[float]] = {way.name: [] for way in ways}
    for start in range(0, len(digests), TURN):
        for way in ways:
            started = time.process_time()
            for digest in digests[start : start + TURN]:
                way.make(digest)
            spent[way.name].append((time.process_time() - started) / TURN * 1e6)
    return {name: min(turns) for name, turns in spent.items()}


def main() -> None:
    """Measure and print the table."""
    papers, composer = load_papers(), open_composer(LETTERHEAD)
    digests, cards = make_digests(papers), render_cards(papers, composer)
    with TemporaryDirectory() as folder:
        rsa, pem = _open_key(Path(folder) / "rsa.pem", generate_private_key(65537, 2048))
        ed25519, _ = _open_key(Path(folder) / "ed25519.pem", Ed25519PrivateKey.generate())
    once, naive = cards_once(composer, cards), mjml_for_each(composer)
    size = sum(len(once(digest)) for digest in digests) / len(digests)
    found = measure(
        (
            Way("cards once an edition", once),
            Way("MJML and Jinja each mail", naive),
            Way("cards once, RSA-2048", signed_by(once, lambda content: rsa(content, NOON))),
            Way("MJML and Jinja, dkimpy RSA-2048", signed_by(naive, lambda content: _dkimpy(content, pem))),
            Way("cards once, Ed25519", signed_by(once, lambda content: ed25519(content, NOON))),
        ),
        digests,
    )
    plain, slow, signed, slow_signed, signed_ed25519 = found.values()
    print(f"{len(papers)} papers, {len(digests)} digests of {CARDS} cards, {size / 1000:.0f} kB a mail, one core")
    print(f"{'way':<34}{'µs a mail':>11}{'mails/s':>9}{'times faster':>14}")
    for name, other in (("cards once an edition", slow), ("MJML and Jinja each mail", slow),
                        ("cards once, RSA-2048", slow_signed), ("MJML and Jinja, dkimpy RSA-2048", slow_signed),
                        ("cards once, Ed25519", slow_signed)):  # fmt: skip
        print(f"{name:<34}{found[name]:>11.0f}{1e6 / found[name]:>9.0f}{other / found[name]:>14.1f}")
    print(f"the signature alone: RSA-2048 {signed - plain:.0f} µs, Ed25519 {signed_ed25519 - plain:.0f} µs, "
          f"dkimpy {slow_signed - slow:.0f} µs")  # fmt: skip


def _written(digest: Digest, subject: str, link: dict[str, str], text: str, html: str) -> bytes:
    message = EmailMessage()
    for name, value in digest_headers(
        digest, LETTERHEAD, subject="x", sent_at=NOON, unsubscribe=link["unsubscribe"], preferences=link["preferences"]
    ).items():
        message[name] = subject if name == "Subject" else value
    message.set_content(text)
    message.add_alternative(html, subtype="html")
    return message.as_bytes(policy=SMTP)


def _dkimpy(content: bytes, pem: bytes) -> bytes:
    signature: bytes = dkim.sign(content, b"digest", b"example.org", pem, canonicalize=(b"relaxed", b"relaxed"))
    return signature + content


def _open_key(path: Path, key: Ed25519PrivateKey | RSAPrivateKey) -> tuple[Signer, bytes]:
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(pem)
    return open_signer("example.org", "digest", path), pem


if __name__ == "__main__":
    main()
