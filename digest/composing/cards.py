"""Renders each paper once an edition and language; for each reader marks and reasons are set in. Chooses no papers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from markupsafe import escape

from digest.composing.cleaning import ELLIPSIS, clean, one_line, safe_link, word_end
from digest.composing.language import Language
from digest.composing.marking import Markable
from digest.composing.message import in_references, quoted_printable, seven_bit, short_lines, with_room_behind
from digest.composing.passages import opening_end, passage_of
from digest.composing.templates import Composer, Feedback, Page
from digest.composing.wording import (
    AUTHORS_IN_A_LINE,
    TITLE_CHARACTERS,
    authors_of,
    facts_of,
    joined,
    news_of,
    standings_of,
    why_of,
)
from digest.composing.wrapping import wrap
from digest.domain import Match, Note, Paper, Reason, Revision, SectionKind
from digest.links import Verb, address_lesson

ABSTRACT_CHARACTERS = (420, 300, 160)
"""How much of an abstract is shown, and how much where an email would get too big: each step is tried in turn."""

# private-use characters: cleaning takes them out of every text, so these can only be ours
_TITLE, _WHY, _ABSTRACT, _LINK = _HOLES = "\ue000\ue001\ue002\ue003"
_HOLE = re.compile(f"([{_HOLES}])")
_HOLE_IN_TEXT = re.compile(f"( *[{_TITLE}{_WHY}{_ABSTRACT}]|{_LINK})")  # what is filled in brings its indentation
_CUT = f"\N{NO-BREAK SPACE}{ELLIPSIS}"
_CUT_HERE, _ELLIPSIS = seven_bit(_CUT).decode(), seven_bit(ELLIPSIS).decode()

A_LINE = -1
"""In place of one of ABSTRACT_CHARACTERS: the paper gets a line and no card."""

Pieces = tuple[str, ...]
"""A rendered page cut at its holes: what stands between them, and in turn the holes."""


@dataclass(frozen=True, slots=True)
class Look:
    """A paper as it looks to every reader, encoded as in a mail, in pieces around what differs between readers."""

    html: Pieces
    text: Pieces


@dataclass(frozen=True, slots=True)
class Shown:
    """A paper as those readers see it whom the same words brought it, encoded: what a mail is joined of."""

    html: tuple[bytes, ...]
    text: tuple[bytes, ...]
    """Both cut where each reader's own link goes."""

    def html_with(self, link: bytes) -> bytes:
        """The HTML with one reader's link, encoded, which what they say follows."""
        return link.join(self.html)

    def text_with(self, link: bytes) -> bytes:
        """The text likewise."""
        return link.join(self.text)


@dataclass(frozen=True, slots=True, eq=False)  # only ever equal to itself, which makes it a cheap key
class Card:
    """One paper in one language, ready for all readers it fits and for those to whom it is shown as trending."""

    language: Language
    chosen: Look
    trending: Look
    """The same with its standing in place of reasons."""
    line: Look
    standing: str
    title: str
    abstract: str
    title_html: Markable
    abstract_html: Markable
    title_end: int
    openings: tuple[int, ...]
    """Where the opening of the abstract ends, for each step of ABSTRACT_CHARACTERS."""


Cards = Mapping[tuple[str, str], Card]
"""Cards by the papers' ids and the languages' codes."""


def render_cards(papers: Iterable[Paper], composer: Composer, language: str = "en") -> dict[tuple[str, str], Card]:
    """Render the card of each paper, once for all readers of a language."""
    spoken = composer.language_of(language)
    return {(paper.id, spoken.code): _render_card(paper, composer, spoken) for paper in papers}


def show_paper(card: Card, match: Match, kind: SectionKind, step: int) -> Shown:
    """What readers see of a paper: marks, reasons, and as much of the abstract as `step` allows; or A_LINE."""
    return _show(card, kind, match.reasons, match.notes, match.revisions, step)


@lru_cache(maxsize=4096)  # readers share their words, and so what these bring them
def _show(
    card: Card,
    kind: SectionKind,
    reasons: tuple[Reason, ...],
    notes: tuple[Note, ...],
    revisions: tuple[Revision, ...],
    step: int,
) -> Shown:
    said = _said_of(card, kind, reasons, notes, revisions)
    if step == A_LINE:
        look = card.line
    else:
        look = card.trending if kind is SectionKind.TRENDING else card.chosen
        said = card.language.say("Why: {reasons}", reasons=said)
    html = {
        _TITLE: _title(card, reasons),
        _WHY: in_references(escape(said)).decode(),
        _ABSTRACT: _abstract(card, reasons, step),
    }
    return Shown(_cut_at_links(look.html, html), _cut_at_links(look.text, {_WHY: _in_lines(said)}))


def _cut_at_links(pieces: Pieces, fillings: Mapping[str, str]) -> tuple[bytes, ...]:
    filled = "".join([fillings.get(piece, piece) for piece in pieces])
    return tuple(part.encode() for part in filled.split(_LINK))


def _said_of(
    card: Card, kind: SectionKind, reasons: tuple[Reason, ...], notes: tuple[Note, ...], revisions: tuple[Revision, ...]
) -> str:
    """Why a paper is there, or what became known of it."""
    match kind:
        case SectionKind.REVISED:
            return news_of(revisions, card.language)
        case SectionKind.TRENDING:
            return card.standing
        case _:
            return why_of(reasons, notes, card.language)


def _render_card(paper: Paper, composer: Composer, language: Language) -> Card:
    title = clean(paper.title).rstrip() or language.say("Untitled")
    abstract = clean(paper.abstract).rstrip()
    title_end = len(title) if len(title) <= TITLE_CHARACTERS else word_end(title, TITLE_CHARACTERS - 1)
    openings = tuple(opening_end(abstract, limit) for limit in ABSTRACT_CHARACTERS)
    facts, standings = facts_of(paper, language), standings_of(paper, language)
    standing = joined(*language.isolated(standings))
    values = {
        "_": language.say,
        "isolated": language.isolated,
        "title": title[:title_end] + (ELLIPSIS if title_end < len(title) else ""),
        "authors": authors_of(paper, language),
        "links": tuple(_links(paper, language)),
        "abstract": abstract[: openings[0]] + (_CUT if openings[0] < len(abstract) else ""),
        "feedback": _feedback_on(paper) if composer.has_own_links else None,
    }
    card, text = composer.card_html, composer.card_text
    return Card(
        language=language,
        chosen=_render_look(card, text, {**values, "facts": (*facts, *standings), "why": _WHY}),
        trending=_render_look(card, text, {**values, "facts": facts, "why": standing}),
        line=_render_look(
            composer.line_html,
            composer.line_text,
            {**values, "authors": authors_of(paper, language, AUTHORS_IN_A_LINE), "said": _WHY},
        ),
        standing=standing,
        title=title,
        abstract=abstract,
        title_html=Markable.of(title),
        abstract_html=Markable.of(abstract),
        title_end=title_end,
        openings=openings,
    )


def _render_look(html: Page, text: Page, values: Mapping[str, object]) -> Look:
    cut = {"title": _TITLE, "abstract": _ABSTRACT if values["abstract"] else ""}
    page = html.render(**{**values, **cut, "short_title": one_line(str(values["title"]), 60)})
    *before, last = _HOLE_IN_TEXT.split(text.render(**values))
    return Look(
        html=tuple(_encode(_HOLE.split(short_lines(page.strip())), seven_bit)),
        text=(*_encode(before, with_room_behind), *_encode([last], quoted_printable)),  # a link may follow all but one
    )


def _encode(pieces: Iterable[str], encode: Callable[[str], bytes]) -> Iterator[str]:
    """The pieces of a page encoded as its part will be, and the holes between them as they are."""
    for piece in pieces:
        hole = piece.strip(" ")
        yield hole if _HOLE.fullmatch(hole) else encode(piece).decode("ascii")


def _in_lines(text: str) -> str:
    return quoted_printable(wrap(text, indent=2)).decode("ascii")


def _feedback_on(paper: Paper) -> Feedback:
    return Feedback(*(f"{_LINK}{address_lesson(verb, paper.id)}" for verb in (Verb.MORE, Verb.LESS, Verb.MUTE)))


def _links(paper: Paper, language: Language) -> Iterator[tuple[str, str]]:
    addresses = (
        (language.say("Abstract"), paper.url),
        (language.say("PDF"), paper.pdf_url),
        (language.say("Code"), paper.code_url),
        (language.say("Project"), paper.project_url),
        ("Hugging Face", paper.page_url),
    )
    told = set[str]()
    for label, address in addresses:
        safe = safe_link(address)
        if safe and safe not in told:
            told.add(safe)
            yield label, safe


def _title(card: Card, reasons: Iterable[Reason]) -> str:
    spans = [span for reason in reasons if reason.field == "title" for span in reason.spans]
    shown = card.title_html.marked(spans, (0, card.title_end))
    return shown + (_ELLIPSIS if card.title_end < len(card.title) else "")


def _abstract(card: Card, reasons: Iterable[Reason], step: int) -> str:
    if not card.abstract or step == A_LINE:
        return ""
    hits, end = [reason.spans for reason in reasons if reason.field == "abstract"], card.openings[step]
    spans = [span for found in hits for span in found]
    shown = card.abstract_html.marked(spans, (0, end))
    passage = passage_of(card.abstract, hits, end)
    if passage:
        shown += (f"{_CUT_HERE} " if passage[0] > end else "") + card.abstract_html.marked(spans, passage)
        end = passage[1]
    return shown + (_CUT_HERE if end < len(card.abstract) else "")
