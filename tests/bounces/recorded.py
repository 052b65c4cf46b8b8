"""Reads every recorded bounce and prints what became of it: `python -m tests.bounces.recorded [FOLDER]`.

The recordings lie outside the repository; DIGEST_TEST_DATA or the argument names their folder. What is right is read
from the raw lines by rules of our own here, and from KINDS, in which a person said what each report means.
"""

from __future__ import annotations

import os
import re
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from digest.bounces.reports import UNREADABLE, UNRECOGNISED, Report, read_report
from digest.domain import ReportKind

KINDS = {  # of the reports by RFC 3464
    ReportKind.HARD: "dsn_10 dsn_12 dsn_13 dsn_15 simple_13 simple_30 simple_33 lhost-amazonses-02 lhost-domino-02"
    " lhost-messagingserver-06 lhost-postfix-06 lhost-postfix-35 lhost-powermta-03 lhost-sendmail-25"
    " lhost-sendmail-37 lhost-surfcontrol-01 rfc3464-10 rfc3464-26 rfc3464-57 rfc3464-63 rfc3464-65 rfc3464-66"
    " rhost-aol-04 rhost-apple-04 rhost-godaddy-03",
    ReportKind.SOFT: "dsn_01 dsn_04 netscape_01 lhost-messagingserver-12 lhost-sendgrid-03 lhost-x3-06 rfc3464-36"
    " rfc3464-40 rfc3464-43 rfc3464-53 rfc3464-54 rfc3464-56 rfc3464-59 rfc3464-62 rhost-franceptt-07"
    " rhost-gsuite-04 rhost-gsuite-10",
    ReportKind.POLICY: "dsn_03 dsn_09 lhost-amazonses-21 lhost-exchange2007-03 lhost-office365-05 lhost-outlook-09"
    " lhost-postfix-29 lhost-postfix-65 lhost-postfix-71 lhost-sendmail-06 lhost-sendmail-43 rfc3464-03 rfc3464-08"
    " rfc3464-60 rhost-microsoft-01 rhost-mimecast-01 rhost-outlook-09 rhost-yahooinc-02",
    ReportKind.REFUSED: "simple_31 lhost-postfix-47 lhost-postfix-53 lhost-sendmail-18 rfc3464-04 rfc3464-29"
    " rfc3464-51",
    ReportKind.NONE: "dsn_06 dsn_07 lhost-sendmail-55 rfc3464-07",
}
_KIND_OF = {name: kind for kind, names in KINDS.items() for name in names.split()}
_RECIPIENT = re.compile(rb"(?im)^(?:final|original)-recipient\s*:\s*rfc822\s*;\s*<?([^\s<>]+@[^\s<>]+)")
_ACTION = re.compile(rb"(?im)^action\s*:\s*(\w+)")
_FEEDBACK = re.compile(rb"(?im)^feedback-type\s*:\s*([\w-]+)")
_REPORT = re.compile(rb"(?i)content-type\s*:\s*multipart/report")


@dataclass
class Figures:
    """What became of the files of one folder."""

    files: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    """By kind; of what is no bounce, by the reason."""
    unrecognised: list[str] = field(default_factory=list)
    statuses: int = 0
    """Reports by RFC 3464."""
    wrong_statuses: list[str] = field(default_factory=list)
    feedbacks: int = 0
    """Reports by RFC 5965."""
    wrong_feedbacks: list[str] = field(default_factory=list)


def read_folder(folder: Path) -> Figures:
    """The figures of one folder of recorded mails."""
    figures = Figures()
    for path in sorted(path for path in folder.iterdir() if path.is_file()):
        content = path.read_bytes()
        report = read_report(content)
        figures.files += 1
        figures.kinds[report.kind.value if report.kind is not ReportKind.NONE else f"none: {report.reason}"] += 1
        if report.reason in (UNREADABLE, UNRECOGNISED):
            figures.unrecognised.append(path.name)
        if found := _FEEDBACK.search(content):
            figures.feedbacks += 1
            if not _is_feedback_right(report, found[1].decode().lower()):
                figures.wrong_feedbacks.append(path.name)
        elif _REPORT.search(content):
            figures.statuses += 1
            if not _is_status_right(report, content, path.stem):
                figures.wrong_statuses.append(path.name)
    return figures


def _is_feedback_right(report: Report, kind: str) -> bool:
    complains = kind not in ("auth-failure", "not-spam")
    return (report.kind is ReportKind.COMPLAINT) == complains


def _is_status_right(report: Report, content: bytes, name: str) -> bool:
    """Whether the kind is the one a person said, else at least that of the actions, and the recipient is named."""
    named = {found.decode("utf-8", "replace").lower() for found in _RECIPIENT.findall(content)}
    if named and report.recipient.lower() not in named:
        return False
    if name in _KIND_OF:
        return report.kind is _KIND_OF[name]
    actions = {found.decode().lower() for found in _ACTION.findall(content)}
    has_failed = not actions or bool(actions - {"delayed", "delivered", "relayed", "expanded"})
    return (report.kind is not ReportKind.NONE) == has_failed


def print_figures(figures: dict[str, Figures]) -> None:
    """A table of the figures, and what was not read right."""
    table = Table("Folder", "Files", "Bounces", "Complaints", "No bounces", "Unrecognised", "RFC 3464", "RFC 5965")
    for name, found in figures.items():
        none = sum(count for kind, count in found.kinds.items() if kind.startswith("none"))
        complaints = found.kinds[ReportKind.COMPLAINT.value]
        table.add_row(
            name,
            str(found.files),
            str(found.files - none - complaints),
            str(complaints),
            str(none - len(found.unrecognised)),
            str(len(found.unrecognised)),
            f"{found.statuses - len(found.wrong_statuses)} of {found.statuses}",
            f"{found.feedbacks - len(found.wrong_feedbacks)} of {found.feedbacks}",
        )
    console = Console(width=120)
    console.print(table)
    for name, found in figures.items():
        for kind, count in found.kinds.most_common():
            console.print(f"{name}: {count} × {kind}", markup=False, highlight=False)
        for what, names in (("wrong", found.wrong_statuses + found.wrong_feedbacks), ("none", found.unrecognised)):
            console.print(f"{name}: {what}: {', '.join(names) or '–'}", markup=False, highlight=False)


def read_all(data: Path) -> dict[str, Figures]:
    """The figures of each folder of recorded bounces."""
    return {folder.name: read_folder(folder) for folder in sorted((data / "bounces").iterdir()) if folder.is_dir()}


if __name__ == "__main__":
    default = os.environ.get("DIGEST_TEST_DATA", Path(__file__).resolve().parents[3] / "shared" / "data")
    print_figures(read_all(Path(sys.argv[1] if len(sys.argv) > 1 else default)))
