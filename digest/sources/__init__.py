"""Collecting: asks each source for its batches. Parses nothing itself and writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Protocol

from digest.domain import Batch, Edition, Memory
from digest.errors import SourceError
from digest.sources._http import HttpClient, open_http
from digest.sources.batching import failed_batch

__all__ = ["HttpClient", "Source", "collect_papers", "open_http"]


class Source(Protocol):
    """A place papers come from."""

    def fetch(self, edition: Edition, memory: Memory, http: HttpClient) -> Iterator[Batch]:
        """Yield what there is for the days `edition` takes, a batch for each category and day.

        A fault of one page or category is a batch with a state and reasons; SourceError means the whole source.
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
    """Ask each source in turn; one that fails becomes a broken batch and doesn't cost the others.

    `sources` are keyed by their table's name in the configuration; `memory` tells what is remembered of one.
    Once `stopping` says so nothing more is yielded: what a stop cuts short is no fault of a source, so a caller asks
    `stopping` too before it takes the batches for all there are.
    """
    for name, source in sources.items():
        for batch in _fetch_from(name, source.fetch(edition, memory(name, edition), http), edition):
            if stopping():
                return
            yield batch


def _fetch_from(name: str, batches: Iterable[Batch], edition: Edition) -> Iterator[Batch]:
    try:
        for batch in batches:
            papers = tuple(replace(paper, sources=(name,)) for paper in batch.papers)
            yield replace(batch, source=name, papers=papers)
    except SourceError as error:
        yield replace(failed_batch("", edition.day, error), source=name)
