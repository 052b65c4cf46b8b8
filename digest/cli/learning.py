"""The command `subscribers learn`: shows how papers or a library would change a profile; changes it if asked to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tomlkit
import typer

from digest.changes import Change
from digest.cli import documents
from digest.cli.edge import (
    SAMPLE_ADDRESS,
    ExitCode,
    choose_reader,
    context_of,
    open_parts,
    require_one,
    subscriber_reader,
    today,
)
from digest.cli.options import Json
from digest.cli.output import print_json, say, say_error
from digest.composing.cleaning import one_line
from digest.composing.wording import counted
from digest.config import Config, edit_values, write_whole
from digest.domain import Paper, Profile, Refusal, Subscriber
from digest.errors import ConfigError, Mistake, SourceError
from digest.identity import canonical_id
from digest.learning import find_paper, interest_of, mute, propose, propose_from_library
from digest.links import Verb
from digest.parts import Parts
from digest.sources.formats.libraries import MOST_BYTES, parse_library

REFUSALS_SHOWN = 20
IMPORT = "import"
"""What the store calls a change that a saved file led to."""
_NOTHING_TO_LEARN = {
    Verb.MORE: "the profile says it already, or the papers have too little in common",
    Verb.LESS: "no keyword of the profile brought this paper, so there is none to lower",
    Verb.MUTE: "the profile mutes it already, or has no interest in which to mute it",
    IMPORT: "the profile says it already, or the papers have too little in common",
}


@dataclass(frozen=True, slots=True)
class Lessons:
    """What to learn: of these exactly one isn't empty."""

    more: tuple[str, ...]
    less: str
    mute: tuple[str, ...]
    saved: Path | None

    @property
    def verb(self) -> str:
        """The one that is asked for, as the store keeps it. Raises a usage error for none or several."""
        asked = {Verb.MORE: self.more, Verb.LESS: self.less, Verb.MUTE: self.mute, IMPORT: self.saved}
        verbs = [verb for verb, given in asked.items() if given]
        if len(verbs) != 1:
            raise typer.BadParameter("give one of --more PAPER, --less PAPER, --mute TERM and --from FILE")
        return verbs[0]


@dataclass(frozen=True, slots=True)
class Proposal:
    """What would change, and what it comes from."""

    change: Change
    papers: tuple[Paper, ...] = ()
    refused: tuple[Refusal, ...] = ()


def learn(
    context: typer.Context,
    email: Annotated[str, typer.Argument(help="The reader whose profile learns.")] = "",
    profile: Annotated[Path | None, typer.Option(metavar="FILE", help="A subscriber file instead.")] = None,
    more: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PAPER", help="More like this paper, such as arxiv:2606.28729; may be given several times."
        ),
    ] = None,
    less: Annotated[str, typer.Option(metavar="PAPER", help="Less like this paper.")] = "",
    mute: Annotated[
        list[str] | None,
        typer.Option(metavar="TERM", help="Nothing with this term any more; may be given several times."),
    ] = None,
    library: Annotated[
        Path | None,
        typer.Option(
            "--from", metavar="FILE", help="More like the papers of a BibTeX, RIS, CSL-JSON or Zotero export."
        ),
    ] = None,
    interest: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The interest that changes; else the one that fits, of mutes all."),
    ] = None,
    apply: Annotated[bool, typer.Option("--apply", help="Make the change; without it, it is only shown.")] = False,
    as_json: Json = False,
) -> int:
    """Show what a profile would learn from papers, entry by entry; with --apply, change it."""
    settings = context_of(context).settings
    require_one(email, profile)
    lessons = Lessons(tuple(more or ()), less, tuple(mute or ()), library)
    verb = lessons.verb
    with open_parts(settings) as parts:
        reader = choose_reader(email, profile, parts, settings)
        proposal = _propose(verb, lessons, reader.profile, interest, settings, parts)
        is_applied = apply and bool(proposal.change) and _apply(reader, proposal, verb, settings, parts)
    if as_json:
        print_json(
            documents.change_document(
                reader, proposal.change, is_applied=is_applied, papers=proposal.papers, refused=proposal.refused
            )
        )
    else:
        _say(reader, proposal, verb, is_applied=is_applied)
    return ExitCode.ATTENTION if proposal.refused else ExitCode.DONE


def _propose(
    verb: str, lessons: Lessons, profile: Profile, interest: str | None, settings: Config, parts: Parts
) -> Proposal:
    papers = parts.store.papers
    if lessons.saved is not None:
        return _from_library(lessons.saved, profile, interest, settings, parts)
    chosen = None if interest is None else _number_of(interest, profile)
    if verb is Verb.MUTE:
        everywhere = range(len(profile.interests))
        return Proposal(mute(profile, lessons.mute, interests=everywhere if chosen is None else [chosen]))
    read = tuple(_find(text, parts) for text in (lessons.more or [lessons.less]))
    number = interest_of(profile, read[0], papers) if chosen is None else chosen
    return Proposal(propose(profile, Verb(verb), read, papers, interest=number), read)


def _from_library(path: Path, profile: Profile, interest: str | None, settings: Config, parts: Parts) -> Proposal:
    try:
        with path.open("rb") as file:
            page = parse_library(file.read(MOST_BYTES + 1), day=today(settings))
    except OSError as error:
        raise ConfigError([Mistake(str(path), "", f"can't be read: {error.strerror}")]) from error
    except SourceError as error:
        raise ConfigError([Mistake(str(path), "", str(error))]) from error
    change = propose_from_library(profile, page.papers, parts.store.papers, name=interest or "")
    return Proposal(change, page.papers, page.refused)


def _number_of(name: str, profile: Profile) -> int:
    names = [interest.name for interest in profile.interests]
    if name not in names:
        known = ", ".join(filter(None, names)) or "none with a name"
        raise typer.BadParameter(f"there is no interest called {name!r}; there are: {known}")
    return names.index(name)


def _find(text: str, parts: Parts) -> Paper:
    paper = find_paper(canonical_id(text) or text, parts.store.papers)
    if paper is None:
        raise ConfigError([Mistake(text, "", "is no paper that is held here", "see digest papers")])
    return paper


def _apply(reader: Subscriber, proposal: Proposal, verb: str, settings: Config, parts: Parts) -> bool:
    """Whether the change was made: not if somebody made the same one, or the reader left, meanwhile."""
    if reader.origin == "file":
        _edit_file(Path(reader.file).resolve(), proposal.change, settings)
        return True
    paper_id = proposal.papers[0].id if len(proposal.papers) == 1 else ""
    return parts.store.changes.make(reader.id, proposal.change, verb=verb, paper_id=paper_id) is not None


def _edit_file(path: Path, change: Change, settings: Config) -> None:
    """Change a subscriber file, not its layout. Raises ConfigError, and writes nothing, if it were no profile."""
    document = tomlkit.parse(path.read_bytes().decode())
    edit_values(document, change)
    subscriber_reader(settings, file=str(path))({"email": SAMPLE_ADDRESS, **document.unwrap()})
    write_whole(path, tomlkit.dumps(document))


def _say(reader: Subscriber, proposal: Proposal, verb: str, *, is_applied: bool) -> None:
    if len(proposal.papers) == 1:
        say(one_line(proposal.papers[0].title, 200))
    elif proposal.papers:
        say(f"{counted(len(proposal.papers), 'paper')} read")
    _say_refused(proposal.refused)
    whose = reader.file if reader.origin == "file" else reader.email
    if not proposal.change:
        is_unread = verb == IMPORT and not proposal.papers
        say(f"Nothing to change: {'none of its records could be used' if is_unread else _NOTHING_TO_LEARN[verb]}.")
        return
    say(str(proposal.change))
    say(f"{whose} changed." if is_applied else f"Nothing is changed yet; --apply changes {whose}.")


def _say_refused(refused: Iterable[Refusal]) -> None:
    told = [f"  {refusal.place}: {refusal.reason}" for refusal in refused]
    if told:
        more = [f"  and {len(told) - REFUSALS_SHOWN} more"] if len(told) > REFUSALS_SHOWN else []
        say_error("\n".join([f"{counted(len(told), 'record')} left out:", *told[:REFUSALS_SHOWN], *more]))
