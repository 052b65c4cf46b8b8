"""Invented papers and readers, and a composer with the product's own templates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default

import pytest
from lxml import html as lxml_html

from digest.composing import Composer, build_digest, compose_email, open_composer, render_cards
from digest.domain import Digest, Email, Interest, Letterhead, Match, Paper, Profile, Reason, Subscriber

DAY = date(2026, 6, 30)
MOMENT = datetime(2026, 6, 30, 5, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Read:
    """An email as a mail program reads it."""

    message: EmailMessage
    html: str
    text: str

    @property
    def tree(self) -> lxml_html.HtmlElement:
        return lxml_html.document_fromstring(self.html)

    @property
    def words(self) -> str:
        """What a reader sees of the HTML, in one line."""
        body = self.tree.find("body")
        assert body is not None
        return " ".join(body.text_content().split())


def read_email(email: Email) -> Read:
    message = BytesParser(policy=default).parsebytes(email.content)
    assert isinstance(message, EmailMessage)
    html, text = message.get_body(("html",)), message.get_body(("plain",))
    assert html is not None
    assert text is not None
    return Read(message, html.get_content(), text.get_content().replace("\r\n", "\n"))


@pytest.fixture(scope="session")
def read() -> Callable[[Email], Read]:
    return read_email


@pytest.fixture(scope="session")
def letterhead() -> Letterhead:
    return Letterhead(
        site_name="Paper digest",
        sender="Paper digest <digest@papers.example>",
        base_url="https://papers.example",
        secrets=("new-secret", "old-secret"),
        postal_address="Reading Room, 1 Example Street, Zürich",
    )


@pytest.fixture(scope="session")
def composer(letterhead: Letterhead) -> Composer:
    return open_composer(letterhead)


@pytest.fixture(scope="session")
def ada() -> Subscriber:
    interests = (Interest("Pruning", ("pruning",)), Interest("KV cache", ("KV cache",)))
    return Subscriber("s-ada", "ada@readers.example", Profile(interests), name="Ada")


@pytest.fixture(scope="session")
def paper() -> Paper:
    return Paper(
        id="arxiv:2606.00001",
        title="Gentle Pruning of Very Large Gardens",
        announced=DAY,
        edition=DAY,
        authors=("Ines Feld", "Tomás Prado"),
        abstract="We prune hedges. Pruning them gently keeps nine birds in ten.",
        categories=("cs.LG", "cs.CL"),
        published=date(2026, 6, 28),
        url="https://arxiv.example/abs/2606.00001",
        pdf_url="https://arxiv.example/pdf/2606.00001",
        code_url="https://code.example/gardens",
        comment="12 pages, 5 figures",
    )


@pytest.fixture(scope="session")
def match(paper: Paper) -> Match:
    """`paper` as Ada's pruning interest finds it."""
    reasons = (Reason("pruning", "title", ((7, 14),)), Reason("pruning", "abstract", ((17, 24),)))
    return Match(paper, "Pruning", 2.0, reasons)


@pytest.fixture(scope="session")
def digest_of(ada: Subscriber) -> Callable[..., Digest]:
    """Builds Ada's digest of the day from matches."""

    def build(*matches: Match, subscriber: Subscriber = ada, **details: object) -> Digest:
        values = {"edition": DAY, "covers": (DAY,), "considered": 412, "matched": len(matches)} | details
        return build_digest(subscriber, matches, **values)  # type: ignore[arg-type]  # details are a test's own

    return build


@pytest.fixture(scope="session")
def compose(composer: Composer) -> Callable[..., Email]:
    """Composes a digest with cards of its own papers."""

    def compose_one(digest: Digest, *, composer: Composer = composer) -> Email:
        cards = render_cards([match.paper for match in digest.shown], composer)
        return compose_email(digest, cards, composer, sent_at=MOMENT)

    return compose_one


@pytest.fixture(scope="session")
def many_matches(match: Match) -> Callable[[int, int], list[Match]]:
    """As many matches as asked for, with abstracts of as many sentences, the best first."""

    def make(count: int, sentences: int) -> list[Match]:
        abstract = " ".join(f"Sentence {n} says that hedges are cut & birds stay." for n in range(sentences))
        papers = [
            replace(match.paper, id=f"arxiv:2606.{n:05}", title=f"Hedge {n} of many", abstract=abstract)
            for n in range(count)
        ]
        return [Match(paper, "Pruning", 1000.0 - n, match.reasons[1:]) for n, paper in enumerate(papers)]

    return make
