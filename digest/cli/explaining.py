"""The command `explain`: why a paper was or wasn't chosen."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Annotated

import typer

from digest.cli import documents
from digest.cli.edge import ExitCode, choose_reader, context_of, open_parts, require_one
from digest.cli.options import Json, ProfileFile
from digest.cli.output import print_json, print_table, say, say_error
from digest.composing.building import UNNAMED_INTEREST
from digest.composing.cleaning import one_line
from digest.composing.language import ENGLISH
from digest.composing.wording import counted, note_in_words
from digest.domain import Paper, Status
from digest.explain import Answer, explain_choice, named_paper
from digest.matching import Cut, Place, Role, TracedInterest, TracedSlot

PASSAGES_SHOWN = 3
NOT_COVERED = (
    "no mail goes over it: it is older than the first edition, or was collected afterwards, or came too long ago"
)
NO_HIT = "no keyword, author, query or category of the profile hits it"
NOT_UPVOTED = "the profile has no interests, and it isn't among the most upvoted papers"
Row = tuple[str, str, str]
"""An entry of the profile, what was found of it, what it adds."""


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command()(explain)


def explain(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="PAPER", help="An id or link: arxiv:2606.28729, doi:10.1101/…")],
    email: Annotated[str, typer.Option("--for", metavar="EMAIL", help="The reader whose digest to explain.")] = "",
    profile: ProfileFile = None,
    as_json: Json = False,
) -> int:
    """Say why a paper was or wasn't chosen: each term and where it stands, score, rank, and what cut it off."""
    settings = context_of(context).settings
    require_one(email, profile)
    paper_id = named_paper(name)
    if paper_id is None:
        raise typer.BadParameter(
            f"{name!r:.80} is no paper's id — write it like arxiv:2606.28729, doi:10.1101/… or a link"
        )
    with open_parts(settings) as parts:
        reader = choose_reader(email, profile, parts, settings)
        paper = next(iter(parts.store.papers.named([paper_id])), None)
        answer = explain_choice(paper, reader, parts.store, is_trial=profile is not None) if paper else None
    if answer is None:
        if as_json:
            print_json(documents.missing_paper_document(paper_id, reader.email))
        say_error(f"No edition has {paper_id}: no source brought it. digest collect --since DAY fetches past days.")
        return ExitCode.ATTENTION
    if as_json:
        print_json(documents.explain_document(answer))
    else:
        _say_answer(answer)
    return ExitCode.DONE


def _say_answer(answer: Answer) -> None:
    paper, reader = answer.explanation.paper, answer.reader
    say(one_line(paper.title, 300))
    categories = one_line(", ".join(paper.categories), 200) or "no categories known"
    say(f"{paper.id} · edition of {paper.edition} · {categories}\n")
    say(_verdict(answer))
    for row in answer.mailed:
        say(f"Mail of {row.edition} to {row.email}: {row.state.value}, with this paper.")
    if reader.status is not Status.ACTIVE:
        say(f"{reader.email} is {reader.status.value}, so no mail goes out.")
    for interest in answer.explanation.interests:
        _say_interest(interest, paper)


def _say_interest(interest: TracedInterest, paper: Paper) -> None:
    """What an interest looked for and found, and the sum."""
    outcome = interest.cut.value if interest.cut else f"{interest.score:.4f}"
    say(f"\n{_name(interest)}: {outcome}")
    rows = [row for slot in interest.slots for row in _slot_rows(slot, paper)]
    rows += [(_further(place), "", f"{place.impact:+.4f}") for place in interest.further]
    if rows:
        print_table(("Entry", "Found", "Adds"), rows)
    if filters := interest.of(Role.FILTER):
        held = [slot.written for slot in filters if slot.holds]
        unmet = "can't be checked" if interest.is_unchecked else "not met"
        say(f"Filter {', '.join(slot.written for slot in filters)}: {', '.join(held) or unmet}")
    if silent := [_entry(slot) for slot in interest.slots if slot.role is not Role.FILTER and not _is_told(slot)]:
        say(f"Not found: {', '.join(silent)}")


def _name(interest: TracedInterest) -> str:
    return one_line(interest.name, 60) or UNNAMED_INTEREST


def _verdict(answer: Answer) -> str:
    explanation = answer.explanation
    days, papers = counted(len(answer.span.covers), "edition"), counted(len(answer.span.papers), "paper")
    of_digest = f"the digest of {answer.span.edition}, over {days} and {papers}"
    if answer.trending is not None:
        return f"Chosen: number {answer.rank} of the trending section, by its upvotes, in {of_digest}."
    place = f"number {explanation.rank} of the {explanation.matched} that match, with score {explanation.score:.4f}"
    if explanation.best and explanation.cut is None:
        return f"Chosen: {place}, under “{_name(explanation.best)}”, in {of_digest}."
    return f"Not chosen: {_why_not(answer, place)}. This is {of_digest}."


def _why_not(answer: Answer, place: str) -> str:
    explanation, profile = answer.explanation, answer.reader.profile
    match explanation.cut:
        case Cut.EXCLUDED:
            return "; ".join(map(_exclusion, explanation.excluded_by))
        case Cut.FILTERED:
            own, asked = explanation.paper.categories, dict.fromkeys(slot.written for slot in explanation.filtered_by)
            return f"its categories, {', '.join(own)}, are none of those asked for: {', '.join(asked)}"
        case Cut.MIN_SCORE:
            return f"its score, {explanation.score:.4f}, is below min_score, {profile.min_score:g}"
        case Cut.MAX_PAPERS:
            return f"{place}, and a mail shows the best {profile.max_papers} (max_papers)"
        case Cut.NOT_COVERED:
            return f"it would match with score {explanation.score:.4f}, but {NOT_COVERED}"
        case _:
            return NO_HIT if profile.interests else NOT_UPVOTED


def _exclusion(slot: TracedSlot) -> str:
    fields = dict.fromkeys(place.field for place in slot.places if place.count)
    return f"the exclusion “{slot.written}” hits its {' and '.join(fields)}"


def _entry(slot: TracedSlot) -> str:
    return ("exclude: " if slot.role is Role.EXCLUDED else "") + one_line(slot.written, 80)


def _is_told(slot: TracedSlot) -> bool:
    """Whether there is more to say of a slot than that it stands nowhere."""
    return slot.holds or any(place.count or place.hint for place in slot.places)


def _slot_rows(slot: TracedSlot, paper: Paper) -> Iterator[Row]:
    if slot.role is Role.FILTER or not _is_told(slot):
        return
    entry = _entry(slot)
    if slot.is_compound:
        yield entry, "holds" if slot.holds else "doesn't hold", ""
    for keyword, places in groupby(slot.places, key=lambda place: place.keyword):
        there = list(places)
        adds = sum(place.impact for place in there)
        found = "; ".join(_found(place, paper) for place in there)
        yield f"  {one_line(keyword, 80)}" if slot.is_compound else entry, found, f"{adds:.4f}" if adds else ""


def _found(place: Place, paper: Paper) -> str:
    """Where a term stands, and in which words: `title 1×, “pruned”`."""
    if not place.count:
        return f"— ({place.hint})" if place.hint else "—"
    if not place.spans:
        return f"{place.field} ({note_in_words(place.note, ENGLISH)})" if place.note else place.field
    text = paper.title if place.field == "title" else paper.abstract
    passages = dict.fromkeys(f"“{one_line(text[start:end], 60)}”" for start, end in place.spans)
    return f"{place.field} {place.count}×: {', '.join(list(passages)[:PASSAGES_SHOWN])}"


def _further(place: Place) -> str:
    if place.field == "upvotes":
        return f"▲ {counted(place.count, 'upvote')}"
    return f"nearly the same text as {place.keyword}, which ranks before it"
