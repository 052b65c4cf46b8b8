"""Renders each paper's card once an edition; for each reader only marks and reasons are set in. Chooses no papers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from digest.composing.cleaning import ELLIPSIS, clean, one_line, safe_link, word_end
from digest.composing.marking import Markable, Span
from digest.composing.passages import opening_end, passage_of
from digest.composing.templates import Composer, wrap
from digest.composing.wording import TITLE_CHARACTERS, authors_of, facts_of, joined, standing_of, why_of
from digest.domain import Match, Paper, SectionKind

ABSTRACT_CHARACTERS = (500, 350, 200)
"""How much of an abstract is shown, and how much where an email would get too big: each step is tried in turn."""

# a private-use character: cleaning takes them out of every text, so this one can only be ours
_HOLE = "\ue000"
_CUT = f"\N{NO-BREAK SPACE}{ELLIPSIS}"


@dataclass(frozen=True, slots=True)
class Look:
    """A card as it looks to every reader, in pieces around what differs between them.

    HTML is cut at the title, the reasons and the abstract, text at the reasons; trending papers have no reasons.
    """

    html: tuple[str, ...]
    text: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """One paper, ready for all readers it fits and for those to whom it is shown because it is trending."""

    chosen: Look
    trending: Look
    title: str
    abstract: str
    title_html: Markable
    abstract_html: Markable
    title_end: int
    openings: tuple[int, ...]
    """Where the opening of the abstract ends, for each step of ABSTRACT_CHARACTERS."""


Cards = Mapping[str, Card]
"""Cards by the papers' ids."""


def render_cards(papers: Iterable[Paper], composer: Composer) -> Cards:
    """Render the card of each paper, once for all readers."""
    return {paper.id: _render_card(paper, composer) for paper in papers}


def card_html(card: Card, match: Match, kind: SectionKind, step: int) -> Markup:
    """One reader's card: matched words marked, reasons told, the abstract as long as `step` allows."""
    fillings = [_title(card, match)]
    if kind is not SectionKind.TRENDING:
        fillings.append(escape(why_of(match)))
    if card.abstract:
        fillings.append(_abstract(card, match, step))
    # the pieces come from autoescaping templates, the fillings are escaped
    return Markup(_fill(_look(card, kind).html, fillings))  # noqa: S704


def card_text(card: Card, match: Match, kind: SectionKind) -> str:
    """One reader's card in plain text, with the reasons and without marks."""
    fillings = [] if kind is SectionKind.TRENDING else [wrap(why_of(match), indent=2).lstrip()]
    return _fill(_look(card, kind).text, fillings)


def _render_card(paper: Paper, composer: Composer) -> Card:
    title = clean(paper.title).rstrip() or "Untitled"
    abstract = clean(paper.abstract).rstrip()
    title_end = len(title) if len(title) <= TITLE_CHARACTERS else word_end(title, TITLE_CHARACTERS - 1)
    openings = tuple(opening_end(abstract, limit) for limit in ABSTRACT_CHARACTERS)
    facts, standing = facts_of(paper), standing_of(paper)
    values = {
        "title": title[:title_end] + (ELLIPSIS if title_end < len(title) else ""),
        "authors": authors_of(paper),
        "links": _links(paper),
        "abstract": abstract[: openings[0]] + (_CUT if openings[0] < len(abstract) else ""),
    }
    return Card(
        chosen=_render_look(composer, {**values, "facts": joined(facts, standing), "why": _HOLE}),
        trending=_render_look(composer, {**values, "facts": facts, "why": standing}),
        title=title,
        abstract=abstract,
        title_html=Markable.of(title),
        abstract_html=Markable.of(abstract),
        title_end=title_end,
        openings=openings,
    )


def _render_look(composer: Composer, values: Mapping[str, object]) -> Look:
    cut = {"title": _HOLE, "abstract": _HOLE if values["abstract"] else ""}
    html = composer.card_html.render(**{**values, **cut, "short_title": one_line(str(values["title"]), 60)})
    return Look(tuple(html.strip().split(_HOLE)), tuple(composer.card_text.render(**values).split(_HOLE)))


def _links(paper: Paper) -> list[tuple[str, str]]:
    addresses = {"Abstract": paper.url, "PDF": paper.pdf_url, "Code": paper.code_url}
    safe = {label: safe_link(address) for label, address in addresses.items()}
    return [(label, address) for label, address in safe.items() if address]


def _title(card: Card, match: Match) -> str:
    shown = card.title_html.marked(_spans(match, "title"), (0, card.title_end))
    return shown + (ELLIPSIS if card.title_end < len(card.title) else "")


def _abstract(card: Card, match: Match, step: int) -> str:
    spans, end = _spans(match, "abstract"), card.openings[step]
    shown = card.abstract_html.marked(spans, (0, end))
    hits = [reason.spans for reason in match.reasons if reason.field == "abstract"]
    passage = passage_of(card.abstract, hits, end)
    if passage:
        shown += (f"{_CUT} " if passage[0] > end else "") + card.abstract_html.marked(spans, passage)
        end = passage[1]
    return shown + (_CUT if end < len(card.abstract) else "")


def _look(card: Card, kind: SectionKind) -> Look:
    return card.trending if kind is SectionKind.TRENDING else card.chosen


def _spans(match: Match, field: str) -> list[Span]:
    return [span for reason in match.reasons if reason.field == field for span in reason.spans]


def _fill(pieces: Sequence[str], fillings: Sequence[str]) -> str:
    first, *rest = pieces
    return first + "".join(f"{filling}{piece}" for filling, piece in zip(fillings, rest, strict=True))
