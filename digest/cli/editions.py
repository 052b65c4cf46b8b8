"""The commands of the day: run and collect."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Annotated

import typer

from digest.cli import documents
from digest.cli.edge import (
    ExitCode,
    context_of,
    find_reader,
    open_parts,
    parse_address,
    parse_day,
    parse_past_day,
    today,
)
from digest.cli.ledger import read_ledger, say_ledger, say_trouble
from digest.cli.options import Day, Json
from digest.cli.output import open_progress, print_json, say, say_error
from digest.composing.wording import counted
from digest.delivery import Stopped
from digest.domain import BatchReport, BatchState, DeliveryState, Edition
from digest.parts import Choice, Parts, RunReport
from digest.pipeline import check_clock, collect_edition, nothing_to_run, run_edition

HOW_TO_GO_LIVE = """\
No source is configured, so there is nothing to collect. To turn on live sources:
  1. cp config.example.toml config.toml, and keep [sources.arxiv] and [sources.huggingface] with your categories
  2. digest check, then digest run — or look at the sample edition first: digest demo"""


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command()(run)
    app.command()(collect)


def run(
    context: typer.Context,
    day: Day = None,
    only: Annotated[str, typer.Option(metavar="EMAIL", help="This reader alone, whatever their frequency.")] = "",
    no_send: Annotated[
        bool, typer.Option("--no-send", help="Collect and compose; close, plan and send nothing.")
    ] = False,
    to: Annotated[
        str, typer.Option(metavar="ME", help="Send everything to this address instead; record nothing.")
    ] = "",
    as_json: Json = False,
) -> int:
    """Run one edition: collect, match, compose, deliver, record. Safe to repeat: nobody gets a second copy."""
    settings = context_of(context)
    if settings.config_path is None and not settings.settings.sources:
        if as_json:
            print_json(documents.run_document(nothing_to_run(today(settings.settings))))
        (say_error if as_json else say)(HOW_TO_GO_LIVE)
        return ExitCode.DONE
    edition = parse_past_day(day, settings.settings)
    to = parse_address(to) if to else ""
    with open_progress() as show, open_parts(settings.settings) as parts:
        only = find_reader(only, parts.readers()).email if only else ""
        report = run_edition(
            edition,
            replace(parts, on_progress=show),
            Choice(only=only, no_send=no_send, send_to=to, is_day_named=day is not None, probes_at_once=True),
        )
    return say_report(report, as_json=as_json, no_send=no_send, to=to)


def collect(
    context: typer.Context,
    names: Annotated[list[str] | None, typer.Argument(metavar="SOURCE", help="These sources alone.")] = None,
    day: Day = None,
    since: Annotated[
        str | None, typer.Option(metavar="DAY", help="Past editions too, about which nobody is mailed.")
    ] = None,
    as_json: Json = False,
) -> int:
    """Ask the sources for the day's papers and keep them; nobody is mailed."""
    settings = context_of(context).settings
    edition_day = parse_past_day(day, settings)
    first = parse_day(since, settings) if since else edition_day - settings.schedule.lookback
    if first > edition_day:
        raise typer.BadParameter(f"--since {first} is after the edition's day {edition_day}")
    edition = Edition(edition_day, first, is_backfill=since is not None)
    with open_progress() as show, open_parts(settings) as parts:
        chosen = _choose_sources(names or [], replace(parts, on_progress=show))
        if day is None:
            check_clock(edition_day, chosen)
        reports = collect_edition(edition, chosen)
        ledger = read_ledger(edition, chosen)
    if as_json:
        print_json(documents.collect_document(edition_day, reports, holes=ledger.holes, faults=ledger.faults))
    else:
        say_ledger(edition_day, reports, ledger, timezone=settings.schedule.timezone)
    for report in reports:
        say_trouble(report, edition_day)
    return collect_exit_code(reports)


def say_report(report: RunReport, *, as_json: bool, no_send: bool = False, to: str = "") -> ExitCode:
    """Print how a run went, and to stderr what a person should know; returns what that means for the caller."""
    if as_json:
        print_json(documents.run_document(report))
    else:
        _say_run(report, no_send=no_send, to=to)
    for batch in report.batches:
        say_trouble(batch, report.edition)
    for words in (*report.notices, report.paused or (report.end.words if report.end else ""), report.mismatch):
        if words:
            say_error(words)
    return run_exit_code(report)


def run_exit_code(report: RunReport) -> ExitCode:
    """What a run's outcome means for the caller."""
    stopped = report.end.stopped if report.end else Stopped.DONE
    states = report.totals.states if report.totals else {}
    rehearsed = report.end.counts if report.end else {}
    needs_help = [state for state in DeliveryState if not state.is_accepted and state is not DeliveryState.SUPPRESSED]
    needs_help.remove(DeliveryState.EXPIRED)  # a later edition covers it
    match stopped:
        case Stopped.INTERRUPTED:
            return ExitCode.INTERRUPTED
        case Stopped.RELAY_DOWN:
            return ExitCode.UNREACHABLE
        case Stopped.PAUSED:
            return ExitCode.ATTENTION
    if report.paused or report.mismatch or report.left_out:
        return ExitCode.ATTENTION
    if any(states.get(state, 0) or rehearsed.get(state, 0) for state in needs_help):
        return ExitCode.ATTENTION
    return collect_exit_code(report.batches)


def collect_exit_code(reports: Iterable[BatchReport]) -> ExitCode:
    """1 if papers may be missing; 3 if no source let us in at all."""
    reports = tuple(reports)
    if not any(report.needs_attention for report in reports):
        return ExitCode.DONE
    if all(report.batch.state is BatchState.BLOCKED for report in reports):
        return ExitCode.UNREACHABLE
    return ExitCode.ATTENTION


def _choose_sources(names: list[str], parts: Parts) -> Parts:
    unknown = [name for name in names if name not in parts.sources]
    if unknown:
        known = ", ".join(parts.sources) or "none"
        raise typer.BadParameter(f"no source is called {unknown[0]!r}; configured are: {known}")
    if not parts.sources:
        say_error(HOW_TO_GO_LIVE)
    return replace(parts, sources={name: parts.sources[name] for name in names}) if names else parts


def _say_run(report: RunReport, *, no_send: bool, to: str) -> None:
    totals = report.totals
    if totals is None:
        return
    say(f"Edition of {report.edition}: {counted(totals.papers, 'paper')}, {counted(totals.subscribers, 'subscriber')}")
    if no_send:
        say(f"  {counted(report.composed, 'digest')} composed; nothing was planned or sent")
    if to:
        counts = report.end.counts if report.end else {}
        went = ", ".join(f"{count} {state}" for state, count in counts.items()) or "nothing"
        say(f"  to {to}: {went}; nothing was recorded")
    for state, count in totals.states.items():
        if count:
            say(f"  {count} {state.value}")
    if totals.empty:
        say(f"  {totals.empty} empty: nothing matched, so no mail")
    if report.end is not None and not report.mismatch and not to:
        say(f"  the counts add up: {totals.planned} planned")
