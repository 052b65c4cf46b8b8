"""Recognises what became known of a paper after the edition that took it. Pure; knows no table and no reader."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

from digest.domain import Paper, RevisionKind
from digest.identity import normalise_title
from digest.storage.dois import publishers_dois
from digest.storage.merging import all_ids

DETAIL_CHARACTERS = 300
"""Bounds what is kept of a comment: it is part of a key, and a database bounds those."""

News = tuple[RevisionKind, str]
"""A kind of revision with its detail."""

_ACCEPTANCE = re.compile(
    r"""\b(?:accepted (?:[\w\s-]{0,40}?\s(?:at|in|by|to|for))?
         |(?:to\s+appear|appear(?:s|ed)|published|presented|forthcoming|in\s+press)\s+(?:at|in|by))
        (?:\s+(?:publication|presentation)\s+(?:at|in|by))?
        \s+(?:the\s+)?(?P<place>[^,;()]+?)(?=[,;()]|\.\s|\.?$)""",
    re.IGNORECASE | re.VERBOSE,
)


def find_news(held: Paper, told: Collection[News], arrived: Paper) -> Iterator[News]:
    """What a record tells that neither the paper as its edition took it nor an earlier revision told.

    `told` are the paper's earlier revisions. A comment is news if it names a place that accepted the paper and that
    nobody named before; a first journal reference is; and so is a publisher's DOI, which a preprint server's isn't.
    """
    yield from _find_version(held, told, arrived)
    if arrived.is_withdrawn and not held.is_withdrawn and not _details(told, RevisionKind.WITHDRAWN):
        yield RevisionKind.WITHDRAWN, _detail(arrived.comment)
    yield from _find_acceptance(held, told, arrived)
    known = {*publishers_dois(all_ids(held)), *_details(told, RevisionKind.PUBLISHED)}
    for doi in sorted(publishers_dois(all_ids(arrived)) - known):
        yield RevisionKind.PUBLISHED, _detail(doi)


def places_of_acceptance(text: str) -> frozenset[str]:
    """Where a comment says that the paper was accepted or will appear, reduced to letters and digits."""
    places = (normalise_title(found["place"]) for found in _ACCEPTANCE.finditer(text))
    return frozenset(place for place in places if place)


def _find_version(held: Paper, told: Collection[News], arrived: Paper) -> Iterator[News]:
    newest = max([held.version or 1, *(int(detail[1:]) for detail in _details(told, RevisionKind.VERSION))])
    if arrived.version is None or arrived.version <= newest:
        return
    was_there = arrived.versions and arrived.versions[-1].date() < held.announced
    if held.version is None and was_there:  # nobody had told us the version that was announced
        return
    yield RevisionKind.VERSION, f"v{arrived.version}"


def _find_acceptance(held: Paper, told: Collection[News], arrived: Paper) -> Iterator[News]:
    earlier = _details(told, RevisionKind.ACCEPTED)
    named = frozenset[str]().union(*map(places_of_acceptance, [held.comment, held.journal_ref, *earlier]))
    if places_of_acceptance(arrived.comment) - named:
        yield RevisionKind.ACCEPTED, _detail(arrived.comment)
    journals = [held.journal_ref, *(detail for detail in earlier if not places_of_acceptance(detail))]
    if arrived.journal_ref and not any(journals):
        yield RevisionKind.ACCEPTED, _detail(arrived.journal_ref)


def _details(told: Iterable[News], kind: RevisionKind) -> list[str]:
    return [detail for found, detail in told if found is kind]


def _detail(text: str) -> str:
    return text[:DETAIL_CHARACTERS].strip()
