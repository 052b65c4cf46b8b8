"""Collecting: asks each source for its batches. Parses nothing itself and writes nothing."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Protocol

from digest.domain import Batch, Edition, Memory, Paper
from digest.errors import SourceError
from digest.sources._http import HttpClient, open_http
from digest.sources._interleaving import interleave
from digest.sources.batching import failed_batch

__all__ = ["HttpClient", "Source", "collect_papers", "open_http"]

log = logging.getLogger(__name__)


class Source(Protocol):
    """A place papers come from."""

    def fetch(self, edition: Edition, memory: Memory, http: HttpClient) -> Iterator[Batch]:
        """Yield what there is for the days `edition` takes, a batch for each category and day.

        A fault of one page or category is a batch with a state and reasons; SourceError means the whole source. It runs
        in a thread of its own, side by side with the other sources.
        """
        ...


def collect_papers(
    sources: Mapping[str, Source],
    edition: Edition,
    *,
    memory: Callable[[str, Edition], Memory],
    http: HttpClient,
    stopping: Callable[[], bool] = lambda: False,
) -> Iterator[Batch]:
    """Ask all sources side by side; one that fails becomes a broken batch and doesn't cost the others.

    `sources` are keyed by their table's name in the configuration; `memory` tells what is remembered of one, and is
    asked in the caller's thread. The batches of one source keep their order, those of different ones come as they
    come. Once `stopping` says so nothing more is yielded: what a stop cuts short is no fault of a source, so a caller
    asks `stopping` too before it takes the batches for all there are.
    """
    fetches = []
    for name, source in sources.items():
        if stopping():
            return
        fetches.append(_fetch_from(name, source, edition, memory(name, edition), http.for_source()))
    yield from interleave(fetches, stopping=stopping)


def _fetch_from(name: str, source: Source, edition: Edition, memory: Memory, http: HttpClient) -> Iterator[Batch]:
    try:
        for batch in source.fetch(edition, memory, http):
            papers, revised = (tuple(_name(paper, name) for paper in kind) for kind in (batch.papers, batch.revised))
            yield replace(batch, source=name, papers=papers, revised=revised)
    except SourceError as error:
        yield replace(failed_batch("", edition.day, error), source=name)
    except Exception as error:  # a mistake of ours in one source must not cost the others
        log.exception("the source %s has a fault of its own", name)
        fault = SourceError(f"a fault in the program: {type(error).__name__}: {error!s:.300}")
        yield replace(failed_batch("", edition.day, fault), source=name)


def _name(paper: Paper, source: str) -> Paper:
    return replace(paper, sources=(source,))
