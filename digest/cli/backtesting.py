"""The command `backtest`: what a profile would have brought on the stored editions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from digest.backtest import Backtest, Difference, backtest_profile
from digest.cli import documents
from digest.cli.edge import ExitCode, choose_reader, context_of, open_parts, read_profile, require_one
from digest.cli.options import Json, ProfileFile
from digest.cli.output import open_progress, print_json, print_table, say, say_error
from digest.composing.cleaning import one_line
from digest.composing.wording import counted
from digest.domain import Profile

NOISY_SHARE = 0.5
"""A keyword that brings so much of all that matches is pointed at."""


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command()(backtest)


def backtest(
    context: typer.Context,
    email: Annotated[str, typer.Argument(help="The reader whose profile to try.")] = "",
    profile: ProfileFile = None,
    days: Annotated[int, typer.Option(min=1, max=3660, help="How many of the newest stored editions.")] = 30,
    against: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The profile as changed: what it would add and remove.")
    ] = None,
    as_json: Json = False,
) -> int:
    """Try a profile on the stored editions: papers a day, noisiest keywords, those that never hit. Sends nothing."""
    settings = context_of(context).settings
    require_one(email, profile)
    with open_progress() as show, open_parts(settings) as parts:
        wanted = choose_reader(email, profile, parts, settings).profile
        changed = read_profile(against, settings).profile if against is not None else None
        stored = parts.store.papers.latest_days(days)
        tried = backtest_profile(wanted, stored, parts.store.papers, changed=changed, on_progress=show)
    if as_json:
        print_json(documents.backtest_document(tried))
    if not stored:
        say_error("No edition is stored yet: digest collect --since DAY fetches past days.")
        return ExitCode.ATTENTION
    if not as_json:
        _say_backtest(tried, wanted)
        if against is not None:
            _say_differences(tried, against)
    return ExitCode.DONE


def _say_backtest(tried: Backtest, profile: Profile) -> None:
    print_table(
        ("Edition", "Papers", "Matched", "Shown"),
        [(day.edition, day.considered, day.matched, day.shown) for day in tried.days],
    )
    matched, shown = sum(day.matched for day in tried.days), sum(day.shown for day in tried.days)
    count = len(tried.days)
    say(f"{counted(count, 'edition')}: {matched} matched, {shown} shown; {shown / count:.1f} a day\n")
    if not profile.interests:
        say("The profile has no interests: such a reader gets the most upvoted papers.")
        return
    if tried.keywords:
        print_table(("Keyword", "Papers", "Alone"), [(k.keyword, k.papers, k.alone) for k in tried.keywords])
        say("Papers: those that match and that it speaks for. Alone: those that nothing else speaks for.\n")
    for keyword in tried.keywords:
        if keyword.alone and keyword.papers > NOISY_SHARE * matched:
            of_all = f"{keyword.papers} of the {matched} papers that matched"
            say(f"“{keyword.keyword}” brought {of_all}, {keyword.alone} of them alone.")
    if silent := [keyword.keyword for keyword in tried.keywords if not keyword.papers]:
        say(f"Found, but only in papers that don't match or were cut off: {_listed(silent)}")
    if tried.dead:
        say(f"Never found: {_listed(tried.dead)}")
    if full := sum(day.matched > day.shown for day in tried.days):
        say(f"More matched than a mail shows, {profile.max_papers} (max_papers), on {full} of {counted(count, 'day')}.")


def _say_differences(tried: Backtest, against: Path) -> None:
    for what, papers in (("add", tried.added), ("remove", tried.removed)):
        say(f"\n{against} would {what} {counted(len(papers), 'paper')}{':' if papers else '.'}")
        _say_papers(papers)


def _say_papers(papers: Sequence[Difference]) -> None:
    if papers:
        print_table(
            ("Edition", "Paper", "Title"), [(each.edition, each.paper_id, one_line(each.title, 300)) for each in papers]
        )


def _listed(keywords: Sequence[str]) -> str:
    return ", ".join(f"“{keyword}”" for keyword in keywords)
