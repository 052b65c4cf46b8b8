"""Emails compared with saved ones, so that every change of their look is seen and reviewed.

After a change that is meant, run these tests with DIGEST_RENEW_SAVED=1 and look at the difference in version control.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from digest.composing import Composer, compose_confirmation
from digest.domain import Digest, Doubt, Email, Match, Note, Profile, Reason, SourceAccount, Subscriber

DAY = date(2026, 6, 30)
SAVED = Path(__file__).parent / "saved"

Build = Callable[..., Digest]
Compose = Callable[..., Email]
ReadEmail = Callable[[Email], Any]


@pytest.fixture
def everything(digest_of: Build, match: Match) -> Digest:
    """A digest with every kind of section."""
    paper = match.paper
    cache = replace(
        match,
        interest="KV cache",
        paper=replace(
            paper, id="arxiv:2606.00002", title="A <Small> KV Cache & Its Friends", upvotes=18, picked_by="tove"
        ),
        reasons=(Reason("KV cache", "title", ((10, 18),)), Reason("Ines Feld", "author")),
        notes=(Note(Doubt.INITIALS, "I. Feld"),),
    )
    late = replace(match, paper=replace(paper, id="arxiv:2606.00003", announced=DAY - timedelta(days=4)))
    again = replace(match, paper=replace(paper, id="arxiv:2606.00004", edition=DAY - timedelta(days=1)))
    trending = Match(
        replace(paper, id="arxiv:2606.00005", title="Birds, Loved by All", upvotes=1630, picked_by="tove"),
        "Trending",
        1630.0,
        (Reason("tove", "upvotes"),),
    )
    return digest_of(
        match,
        cache,
        replace(late, paper=replace(late.paper, announced=DAY - timedelta(days=4), edition=DAY)),
        replace(again, paper=replace(again.paper, announced=DAY - timedelta(days=1))),
        covers=(DAY - timedelta(days=1), DAY),
        trending=(trending,),
        again_through=DAY - timedelta(days=1),
        older_papers=7,
        account=(
            SourceAccount("arxiv", DAY - timedelta(days=1), announced=401),
            SourceAccount("arxiv", DAY, announced=412, late=("cs.AI",)),
            SourceAccount("huggingface", DAY, announced=30),
        ),
    )


def test_a_digest_with_every_section_looks_as_saved(compose: Compose, read: ReadEmail, everything: Digest) -> None:
    _compare("everything", read(compose(everything)))


def test_a_trending_digest_looks_as_saved(
    compose: Compose, read: ReadEmail, digest_of: Build, everything: Digest, ada: Subscriber
) -> None:
    reader = replace(ada, profile=Profile(), name="")
    _compare("trending", read(compose(digest_of(subscriber=reader, trending=everything.sections[-1].matches))))


def test_a_digest_with_nothing_in_it_looks_as_saved(compose: Compose, read: ReadEmail, digest_of: Build) -> None:
    _compare("nothing", read(compose(digest_of())))


def test_a_confirmation_looks_as_saved(composer: Composer, read: ReadEmail) -> None:
    moment = datetime(2026, 6, 30, 5, 30, tzinfo=UTC)
    _compare(
        "confirmation", read(compose_confirmation("zed@readers.example", "s-zed", composer, issued=DAY, sent_at=moment))
    )


def _compare(name: str, mail: Any) -> None:
    headers = "".join(f"{key}: {value}\n" for key, value in mail.message.items())
    # a line for each element, so that a difference is readable
    html = re.sub(r"(?<=>)(?=<)", "\n", mail.html)
    for path, now in ((SAVED / f"{name}.txt", f"{headers}\n{mail.text}"), (SAVED / f"{name}.html", html)):
        if os.environ.get("DIGEST_RENEW_SAVED"):
            path.write_text(now, encoding="utf-8", newline="\n")
        assert now.splitlines() == path.read_text(encoding="utf-8").splitlines()
