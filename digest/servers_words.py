"""What another mail server wrote, as one bounded line that can be kept, logged and shown. Judges nothing."""

from __future__ import annotations

WORDS_KEPT = 500
"""How many characters of a server's words are kept; hostile servers write more."""


def tidy_words(text: str) -> str:
    """A server's words as one line of printable characters, at most WORDS_KEPT of them."""
    return printable_line(text, WORDS_KEPT)


def printable_line(text: str, characters: int) -> str:
    """Text from outside as one line of printable characters, at most so many."""
    text = text[: 4 * characters]
    printable = text if text.isprintable() else "".join(c if c.isprintable() else " " for c in text)
    return " ".join(printable.split())[:characters]
