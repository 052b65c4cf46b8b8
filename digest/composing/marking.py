"""Text escaped once for HTML, into which each reader's marks are spliced by offset. Finds no words itself."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate

from markupsafe import escape

_SIGNS = "&<>'\""
OPEN_MARK = '<span class="hit"\r\nstyle="background-color:#fff0b3">'
CLOSE_MARK = "</span>"

# what HTML in seven bits writes longer: its own signs, what isn't ASCII, and the sign that begins a boundary
_ESCAPED = re.compile("[&<>'\"]|[^\\x00-\\x7f]|=(?=_)")

Span = tuple[int, int]
"""The offsets of a passage's first character and of the one after its last."""


@dataclass(frozen=True, slots=True)
class Markable:
    """A text's HTML in ASCII, with what turns offsets into the text into offsets into the HTML."""

    html: str
    positions: tuple[int, ...]
    """Where the text has characters that HTML writes longer."""
    growth: tuple[int, ...]
    """By how much the HTML is longer before the first, second … of these positions, and after the last."""

    @classmethod
    def of(cls, text: str) -> Markable:
        """Escape a text."""
        found = list(_ESCAPED.finditer(text))
        growth = accumulate((len(_write(special[0])) - 1 for special in found), initial=0)
        html = _ESCAPED.sub(lambda special: _write(special[0]), text)
        return cls(html, tuple(special.start() for special in found), tuple(growth))

    def marked(self, spans: Iterable[Span], shown: Span) -> str:
        """The HTML of the part shown, with a mark around each span in it; overlapping spans share what they share."""
        end, pieces = self.offset(shown[0]), []
        for first, last in clip_spans(spans, shown):
            start, stop = self.offset(first), self.offset(last)
            pieces += [self.html[end:start], OPEN_MARK, self.html[start:stop], CLOSE_MARK]
            end = stop
        return "".join([*pieces, self.html[end : self.offset(shown[1])]])

    def offset(self, position: int) -> int:
        """Where a place of the text stands in the HTML."""
        return position + self.growth[bisect_left(self.positions, position)]


def _write(special: str) -> str:
    return str(escape(special)) if special in _SIGNS else f"&#{ord(special)};"


def clip_spans(spans: Iterable[Span], shown: Span) -> Iterator[Span]:
    """The spans in order, cut to the part shown, without overlaps and empty ones."""
    end, limit = shown
    for start, stop in sorted(spans):
        first, last = start if start > end else end, stop if stop < limit else limit  # noqa: FURB136 - twice as fast
        if first < last:
            yield first, last
            end = last
